// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/store/trends.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/exports/outcome.h"
#include "reports/store/alerts.h"
#include "reports/store/store.h"

/* More than any plan has: a store that has more is not one of ours. */
#define MAX_CELLS 200000U

/* Between the parts of a key: no part has it. */
#define UNIT_SEPARATOR '\x1f'

struct reader {
	struct zcb_trends *t;
	json_t *cells, *trends; /* key → number */
	size_t night, room_cells, room_trends;
	int err;
};

/* A key has room for this; longer ones are cut, and are then another's. */
#define KEY_ROOM 4096U

/* Appends a text and a separator to a key of *used letters. */
static void append(char *key, size_t *used, const char *text)
{
	size_t n = strlen(text);

	if (*used + n + 2 > KEY_ROOM)
		n = KEY_ROOM - 2 - *used;
	for (size_t i = 0; i < n; i++)
		key[*used + i] = text[i] == UNIT_SEPARATOR ? '?' : text[i];
	*used += n;
	key[(*used)++] = UNIT_SEPARATOR;
	key[*used] = '\0';
}

/* Each part has a separator behind it; a key that was cut has fewer parts. */
static void split_key(struct zcb_trend *trend)
{
	char *at = trend->key;

	for (size_t i = 0; i < ZCB_TREND_PARTS; i++) {
		char *end = strchr(at, UNIT_SEPARATOR);

		trend->part[i] = at;
		at = end ? end + 1 : at + strlen(at);
		if (end)
			*end = '\0';
	}
}

static void *grow(struct reader *r, void *items, size_t n, size_t *room, size_t size)
{
	void *grown = items;

	if (n < *room)
		return items;
	*room = *room ? *room * 2 : 256;
	grown = reallocarray(items, *room, size);
	if (!grown) {
		r->err = -ENOMEM;
		*room /= 2;
		return items;
	}
	return grown;
}

/* The trend of a key, which is the first n letters of a cell's. */
static size_t trend_of(struct reader *r, const char *cell_key, size_t n)
{
	ZCB_FREE char *key = strndup(cell_key, n);
	const json_t *known = key ? json_object_get(r->trends, key) : NULL;
	struct zcb_trends *t = r->t;

	if (known)
		return (size_t)json_integer_value(known);
	t->trends = grow(r, t->trends, t->n_trends, &r->room_trends, sizeof(*t->trends));
	if (!key || r->err) {
		r->err = -ENOMEM;
		return 0;
	}
	json_object_set_new(r->trends, key, json_integer((json_int_t)t->n_trends));
	t->trends[t->n_trends] = (struct zcb_trend){.key = zcb_steal_ptr(&key)};
	split_key(&t->trends[t->n_trends]);
	return t->n_trends++;
}

static double *no_values(size_t n)
{
	double *values = calloc(n + 1, sizeof(*values));

	for (size_t i = 0; values && i < n; i++)
		values[i] = (double)NAN;
	return values;
}

/* The cell of a key; a new one joins its trend. */
static struct zcb_trend_cell *cell_of(struct reader *r, const char *key, size_t of_trend)
{
	const json_t *known = json_object_get(r->cells, key);
	struct zcb_trends *t = r->t;
	struct zcb_trend_cell *cell;

	if (known)
		return &t->cells[json_integer_value(known)];
	t->cells = grow(r, t->cells, t->n_cells, &r->room_cells, sizeof(*t->cells));
	if (r->err || t->n_cells == MAX_CELLS)
		return NULL;
	cell = &t->cells[t->n_cells];
	*cell = (struct zcb_trend_cell){trend_of(r, key, of_trend), no_values(t->n_nights)};
	if (!cell->p50 || r->err) {
		free(cell->p50);
		r->err = -ENOMEM;
		return NULL;
	}
	json_object_set_new(r->cells, key, json_integer((json_int_t)t->n_cells));
	t->n_cells++;
	return cell;
}

/* "variant/memory/guest/workload/consumer" */
static void split_cell(char *text, const char *parts[5])
{
	for (size_t i = 0; i < 5; i++) {
		parts[i] = text ? text : "";
		text = text && i < 4 ? strchr(text, '/') : NULL;
		if (text)
			*text++ = '\0';
	}
}

/* [number in the night's list of metrics, n, censored, p50, p99, mean] */
static void read_metric(struct reader *r, const json_t *night, const json_t *row,
			const char *const cell[5], const char *params, const json_t *figures)
{
	size_t index = (size_t)json_integer_value(json_array_get(figures, 0));
	const char *metric =
		json_string_value(json_array_get(json_object_get(night, "metrics"), index));
	const char *unit = metric ? strchr(metric, ' ') : NULL;
	double p50 = json_number_value(json_array_get(figures, 3));
	char key[KEY_ROOM], name[128];
	struct zcb_trend_cell *found;
	size_t used = 0, of_trend;

	if (!unit || !(p50 > 0))
		return;
	snprintf(name, sizeof(name), "%.*s", (int)(unit - metric), metric);
	append(key, &used, zcb_store_text(row, "kernel"));
	append(key, &used, cell[0]);
	append(key, &used, cell[1]);
	append(key, &used, cell[3]);
	append(key, &used, name);
	append(key, &used, unit + 1);
	append(key, &used, zcb_store_text(row, "clock"));
	append(key, &used, zcb_store_text(row, "accel"));
	append(key, &used, zcb_store_text(night, "cpu"));
	of_trend = used;
	append(key, &used, cell[2]);
	append(key, &used, cell[4]);
	append(key, &used, params);
	found = cell_of(r, key, of_trend);
	if (found)
		found->p50[r->night] = p50;
}

static void read_row(struct reader *r, const json_t *night, const json_t *row)
{
	ZCB_FREE char *names = strdup(zcb_store_text(row, "cell"));
	size_t number = (size_t)json_integer_value(json_object_get(row, "params")), i;
	const char *params =
		json_string_value(json_array_get(json_object_get(night, "params"), number));
	const char *cell[5];
	char hash[24];
	json_t *figures;

	if (!names)
		return;
	split_cell(names, cell);
	/* They are long, and each metric of each night is looked up by its key. */
	snprintf(hash, sizeof(hash), "%016" PRIx64,
		 zcb_export_hash(ZCB_EXPORT_HASH, params ? params : ""));
	json_array_foreach(json_object_get(row, "metrics"), i, figures)
		read_metric(r, night, row, cell, hash, figures);
}

static size_t count_of(const json_t *night, const char *status)
{
	json_int_t n = json_integer_value(json_object_get(json_object_get(night, "cells"), status));

	return n > 0 ? (size_t)n : 0;
}

/* "stock 6.12.94, variants 6.12.94-zcbench" */
static char *kernels_of(const json_t *night)
{
	char *text = NULL;
	size_t length, i;
	json_t *kernel;
	FILE *out = open_memstream(&text, &length);

	if (!out)
		return NULL;
	json_array_foreach(json_object_get(night, "kernels"), i, kernel)
		fprintf(out, "%s%.60s %.80s", i ? ", " : "", zcb_store_text(kernel, "name"),
			zcb_store_text(kernel, "release"));
	return fclose(out) == 0 ? text : NULL;
}

static bool read_head(struct zcb_trend_night *to, const json_t *night)
{
	const char *started = zcb_store_text(night, "started");
	const json_t *code = json_object_get(night, "exit_code");

	to->when = zcb_export_time(started);
	if (to->when < 0)
		return false;
	snprintf(to->started, sizeof(to->started), "%.23s", started);
	to->run = strdup(zcb_store_text(night, "run"));
	to->plan = strdup(zcb_store_text(night, "plan"));
	to->version = strdup(zcb_store_text(night, "git"));
	to->kernels = kernels_of(night);
	to->exit_code = json_is_integer(code) ? (int)json_integer_value(code) : -1;
	to->pass = count_of(night, "pass");
	to->fail = count_of(night, "fail");
	to->broken = count_of(night, "error") + count_of(night, "crash") +
		     count_of(night, "tainted");
	to->skipped = count_of(night, "skip");
	to->not_run = count_of(night, "not run");
	to->kernel_faults = (size_t)json_integer_value(json_object_get(night, "kernel_faults"));
	return to->run && to->plan && to->version && to->kernels;
}

/* A file that cannot be read is a night of which nothing is known: it is counted and left out. */
static void read_night(struct reader *r, int storefd, const char *name)
{
	json_t *night = zcb_store_night(storefd, name), *row;
	struct zcb_trend_night head = {0};
	size_t i;

	if (!night || !read_head(&head, night)) {
		free(head.run);
		free(head.plan);
		free(head.version);
		free(head.kernels);
		r->t->unreadable++;
		json_decref(night);
		return;
	}
	r->t->nights[r->night] = head;
	json_array_foreach(json_object_get(night, "rows"), i, row)
		read_row(r, night, row);
	json_decref(night);
	r->night++;
}

static int level_of(struct zcb_trends *t, size_t trend, const double **room)
{
	size_t n = 0;

	for (size_t c = 0; c < t->n_cells; c++) {
		if (t->cells[c].trend == trend)
			room[n++] = t->cells[c].p50;
	}
	t->trends[trend].n_cells = n;
	t->trends[trend].level = no_values(t->n_nights);
	t->trends[trend].last = t->n_nights;
	if (!t->trends[trend].level ||
	    zcb_trend_level(room, n, t->n_nights, t->trends[trend].level))
		return -ENOMEM;
	for (size_t night = 0; night < t->n_nights; night++) {
		if (t->trends[trend].level[night] > 0)
			t->trends[trend].last = night;
	}
	return 0;
}

/* Series of one metric, unit and clock have like noise. */
static unsigned int kind_of(const struct zcb_trends *t, size_t trend)
{
	for (size_t i = 0; i < trend; i++) {
		if (strcmp(t->trends[i].part[ZCB_TREND_METRIC],
			   t->trends[trend].part[ZCB_TREND_METRIC]) == 0 &&
		    strcmp(t->trends[i].part[ZCB_TREND_UNIT],
			   t->trends[trend].part[ZCB_TREND_UNIT]) == 0 &&
		    strcmp(t->trends[i].part[ZCB_TREND_CLOCK],
			   t->trends[trend].part[ZCB_TREND_CLOCK]) == 0)
			return t->changes[i].kind;
	}
	return (unsigned int)trend;
}

/* Kinds are numbered without gaps: the search for changes keeps something for each. */
static void number_kinds(struct zcb_trends *t)
{
	unsigned int next = 0;

	for (size_t i = 0; i < t->n_trends; i++) {
		unsigned int kind = kind_of(t, i);

		t->changes[i].kind = kind == i ? next++ : kind;
	}
}

static int analyse(struct zcb_trends *t)
{
	ZCB_FREE const double **room = calloc(t->n_cells + 1, sizeof(*room));
	int err = room ? 0 : -ENOMEM;

	t->changes = calloc(t->n_trends + 1, sizeof(*t->changes));
	if (!t->changes)
		return -ENOMEM;
	for (size_t i = 0; !err && i < t->n_trends; i++) {
		err = level_of(t, i, room);
		t->changes[i].values = t->trends[i].level;
		t->changes[i].n = t->n_nights;
	}
	if (err)
		return err;
	number_kinds(t);
	err = zcb_changes_find(t->changes, t->n_trends);
	return err ? err : zcb_alerts_make(t);
}

static int read_files(struct zcb_trends *t, int storefd, const struct zcb_store_files *files)
{
	struct reader r = {.t = t, .cells = json_object(), .trends = json_object()};

	t->n_nights = files->n;
	t->nights = calloc(files->n + 1, sizeof(*t->nights));
	if (!t->nights || !r.cells || !r.trends)
		r.err = -ENOMEM;
	for (size_t i = 0; !r.err && i < files->n; i++)
		read_night(&r, storefd, files->names[i]);
	t->n_nights = r.night;
	json_decref(r.cells);
	json_decref(r.trends);
	return r.err;
}

int zcb_trends_read(int storefd, struct zcb_trends **ret_trends, struct zcb_error *err)
{
	ZCB_TRENDS_FREE struct zcb_trends *t = calloc(1, sizeof(*t));
	ZCB_CLEANUP(zcb_store_files_finish) struct zcb_store_files files = {0};
	int result = t ? zcb_store_list(storefd, &files) : -ENOMEM;

	if (result)
		return zcb_fail(err, result, "host set-up: reading the store: %s",
				strerror(-result));
	t->acknowledged = zcb_store_acknowledged(storefd);
	result = read_files(t, storefd, &files);
	if (!result)
		result = analyse(t);
	if (result)
		return zcb_fail(err, result, "host set-up: memory is short");
	*ret_trends = zcb_steal_ptr(&t);
	return 0;
}

static void free_nights(struct zcb_trends *t)
{
	for (size_t i = 0; t->nights && i < t->n_nights; i++) {
		free(t->nights[i].run);
		free(t->nights[i].plan);
		free(t->nights[i].version);
		free(t->nights[i].kernels);
	}
	free(t->nights);
}

void zcb_trends_free(struct zcb_trends *t)
{
	if (!t)
		return;
	free_nights(t);
	for (size_t i = 0; i < t->n_cells; i++)
		free(t->cells[i].p50);
	for (size_t i = 0; i < t->n_trends; i++) {
		free(t->trends[i].key);
		free(t->trends[i].level);
	}
	for (size_t i = 0; i < t->n_alerts; i++) {
		free(t->alerts[i].trends);
		free(t->alerts[i].ratios);
	}
	free(t->cells);
	free(t->trends);
	free(t->changes);
	free(t->alerts);
	json_decref(t->acknowledged);
	free(t);
}
