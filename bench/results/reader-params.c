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
		fputs(json_string_value(value), out);
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

/* The parameters of the first that the second has too. */
static const char *intersection(struct zcb_results *r, const char *first, const char *second)
{
	char *kept = (char *)zcb_results_string(r, "%s", first), *to = kept;

	for (; *kept && *first; first = after_first(first)) {
		size_t n = first_length(first);

		if (!has(second, first, n))
			continue;
		if (to != kept)
			to = stpcpy(to, comma);
		to = mempcpy(to, first, n);
	}
	if (*kept)
		*to = '\0';
	return kept;
}

/*
 * What says nothing of a cell: parameters at their usual value, and, of a workload that strikes no
 * page, how it would have chosen them.
 */
static bool is_idle_talk(const struct zcb_result_cell *cell, const char *one, size_t n)
{
	static const char usual[] = "unit page, blocks 0, seconds 0";
	bool first = one == cell->params;

	if (strcmp(cell->workload, "idle") == 0)
		return first || strncmp(one, "unit ", 5) == 0 || strncmp(one, "stride ", 7) == 0 ||
		       strncmp(one, "count ", 6) == 0 || has(usual, one, n);
	return has(usual, one, n);
}

static const char *brief_of(struct zcb_results *r, const struct zcb_result_cell *cell)
{
	char *brief = (char *)zcb_results_string(r, "%s", cell->params), *to = brief;

	for (const char *one = cell->params; *brief && *one; one = after_first(one)) {
		size_t n = first_length(one);

		/* The pattern is what a reader looks for, even where all cells have the same. */
		if ((one != cell->params && has(r->shared_params, one, n)) ||
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
	r->shared_params = r->n_cells > 1 ? r->cells[0].params : "";
	for (size_t i = 1; i < r->n_cells && *r->shared_params; i++) {
		if (strcmp(r->cells[i].params, r->cells[i - 1].params) != 0)
			r->shared_params = intersection(r, r->shared_params, r->cells[i].params);
	}
	for (size_t i = 0; i < r->n_cells; i++)
		r->cells[i].brief = brief_of(r, &r->cells[i]);
}
