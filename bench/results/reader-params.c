// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader-internal.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"

/* Between the parameters of a description. A hostile value may hold it too; it is only shown. */
static const char comma[] = ", ";

static int by_name(const void *a, const void *b)
{
	const char *left = *(const char *const *)a, *right = *(const char *const *)b;
	int left_first = strcmp(left, "pattern") == 0, right_first = strcmp(right, "pattern") == 0;

	return left_first != right_first ? right_first - left_first : strcmp(left, right);
}

static void print_parameter(FILE *out, const char *name, const json_t *value)
{
	ZCB_FREE char *text = NULL;

	if (strcmp(name, "pattern") != 0)
		fprintf(out, "%s ", name);
	if (json_is_string(value)) {
		fputs(*json_string_value(value) ? json_string_value(value) : "\"\"", out);
		return;
	}
	text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));
	fputs(text ? text : "?", out);
}

const char *zcb_params_describe(struct zcb_results *results, const json_t *params)
{
	size_t n = json_object_size(params), i = 0, length;
	ZCB_FREE const char **names = calloc(n + 1, sizeof(*names));
	ZCB_FREE char *text = NULL;
	FILE *out = names ? open_memstream(&text, &length) : NULL;
	const char *name;
	json_t *value;

	if (!out)
		return "";
	json_object_foreach((json_t *)params, name, value) names[i++] = name;
	qsort(names, n, sizeof(*names), by_name);
	for (i = 0; i < n; i++) {
		if (i)
			fputs(comma, out);
		print_parameter(out, names[i], json_object_get(params, names[i]));
	}
	fclose(out);
	return zcb_results_string(results, "%s", text);
}

/* The length of the first parameter of a description; 0 at its end. */
static size_t first_length(const char *params)
{
	const char *end = strstr(params, comma);

	return end ? (size_t)(end - params) : strlen(params);
}

static const char *after_first(const char *params)
{
	params += first_length(params);
	return *params ? params + strlen(comma) : params;
}

bool zcb_result_param(const struct zcb_result_cell *cell, const char *name, double *ret_value)
{
	size_t n = strlen(name);

	for (const char *one = cell->params; *one; one = after_first(one)) {
		char *end;
		double value;

		if (strncmp(one, name, n) != 0 || one[n] != ' ')
			continue;
		value = strtod(one + n + 1, &end);
		if (end != one + first_length(one) || end == one + n + 1)
			continue;
		*ret_value = value;
		return true;
	}
	return false;
}

static bool has(const char *params, const char *one, size_t n)
{
	for (; *params; params = after_first(params)) {
		if (first_length(params) == n && strncmp(params, one, n) == 0)
			return true;
	}
	return false;
}

/* A parameter as the cells have it, or its name alone, and how many cells have it. */
struct tally {
	const char *at;
	size_t n, cells;
};

/* More different ones than this a run of ours does not have: what is beyond is said of each cell. */
#define MAX_TALLIES 1024U

struct tallies {
	struct tally *items;
	size_t n;
};

static void count_one(struct tallies *all, const char *at, size_t n, size_t cells)
{
	for (size_t i = 0; i < all->n; i++) {
		if (all->items[i].n == n && memcmp(all->items[i].at, at, n) == 0) {
			all->items[i].cells += cells;
			return;
		}
	}
	if (all->n < MAX_TALLIES)
		all->items[all->n++] = (struct tally){at, n, cells};
}

/* "pages 64" has the name "pages"; a pattern has none. */
static size_t name_length(const char *one, size_t n)
{
	const char *space = memchr(one, ' ', n);

	return space ? (size_t)(space - one) : n;
}

static void count_params(struct tallies *values, struct tallies *names, const char *params,
			 size_t cells)
{
	for (; *params; params = after_first(params)) {
		size_t n = first_length(params);

		count_one(values, params, n, cells);
		if (name_length(params, n) < n)
			count_one(names, params, name_length(params, n), cells);
	}
}

/* Neighbours mostly have the same: they are counted at once. */
static void count_cells(const struct zcb_results *r, struct tallies *values, struct tallies *names)
{
	for (size_t i = 0, same; i < r->n_cells; i += same) {
		const char *params = r->cells[i].params;

		for (same = 1; i + same < r->n_cells &&
			       strcmp(r->cells[i + same].params, params) == 0;)
			same++;
		count_params(values, names, params, same);
	}
}

/* What goes without saying of any run: no other value becomes the usual one. */
static const char silent[] = "unit page, blocks 0, seconds 0";

static bool is_silent_name(const char *one, size_t n)
{
	for (const char *known = silent; *known; known = after_first(known)) {
		if (name_length(known, first_length(known)) == n && strncmp(known, one, n) == 0)
			return true;
	}
	return false;
}

static size_t cells_with(const struct tallies *names, const char *at, size_t n)
{
	for (size_t i = 0; i < names->n; i++) {
		if (names->items[i].n == n && memcmp(names->items[i].at, at, n) == 0)
			return names->items[i].cells;
	}
	return 0;
}

/*
 * Usual is what all cells have, or more than half of them where each says the parameter: a cell
 * without a word of it has the usual one.
 */
static bool is_usual(const struct tally *one, const struct tallies *names, size_t cells)
{
	size_t name = name_length(one->at, one->n);

	if (one->cells == cells)
		return true;
	return name < one->n && one->cells > cells / 2 && !is_silent_name(one->at, name) &&
	       cells_with(names, one->at, name) == cells;
}

static const char *usual_of(struct zcb_results *r)
{
	struct tallies values = {calloc(MAX_TALLIES, sizeof(struct tally)), 0};
	struct tallies names = {calloc(MAX_TALLIES, sizeof(struct tally)), 0};
	const char *usual = "";

	if (values.items && names.items)
		count_cells(r, &values, &names);
	for (size_t i = 0; i < values.n; i++) {
		const struct tally *one = &values.items[i];

		if (is_usual(one, &names, r->n_cells))
			usual = zcb_results_string(r, "%s%s%.*s", usual, *usual ? comma : "",
						   (int)one->n, one->at);
	}
	free(values.items);
	free(names.items);
	return usual;
}

/*
 * What says nothing of a cell: parameters at their usual value, and, of a workload that strikes no
 * page, how it would have chosen them.
 */
static bool is_idle_talk(const struct zcb_result_cell *cell, const char *one, size_t n)
{
	bool first = one == cell->params;

	if (strcmp(cell->workload, "idle") == 0)
		return first || strncmp(one, "unit ", 5) == 0 || strncmp(one, "stride ", 7) == 0 ||
		       strncmp(one, "count ", 6) == 0 || has(silent, one, n);
	return has(silent, one, n);
}

static const char *brief_of(struct zcb_results *r, const struct zcb_result_cell *cell)
{
	char *brief = (char *)zcb_results_string(r, "%s", cell->params), *to = brief;

	for (const char *one = cell->params; *brief && *one; one = after_first(one)) {
		size_t n = first_length(one);

		/* The pattern is what a reader looks for, even where all cells have the same. */
		if ((one != cell->params && has(r->usual_params, one, n)) ||
		    is_idle_talk(cell, one, n))
			continue;
		if (to != brief)
			to = stpcpy(to, comma);
		to = mempcpy(to, one, n);
	}
	if (*brief)
		*to = '\0';
	return brief;
}

void zcb_params_shorten(struct zcb_results *r)
{
	r->usual_params = r->n_cells > 1 ? usual_of(r) : "";
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].brief = brief_of(r, &r->cells[i]);
}
