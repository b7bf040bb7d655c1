// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader-internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"

#define MAX_JOURNAL_BYTES (256U << 20)
/* A cell's index names files; a plan of more cells than this is not one of ours. */
#define MAX_CELLS 1000000U
/* Nor is one of more boots. */
#define MAX_BOOTS 131072

/* Cells as they are found, in the order of the files: the plan's first, then the journal's. */
struct found {
	struct zcb_results *results;
	struct zcb_result_cell *cells;
	size_t n, room;
};

static struct zcb_result_cell *append(struct found *found)
{
	if (found->n == found->room) {
		size_t room = found->room ? found->room * 2 : 64;
		void *grown = reallocarray(found->cells, room, sizeof(*found->cells));

		if (!grown)
			return NULL;
		found->cells = grown;
		found->room = room;
	}
	return &found->cells[found->n];
}

/* "VARIANT/MEMORY/GUEST/WORKLOAD/CONSUMER" */
static void split_name(const struct zcb_place *place, struct zcb_result_cell *cell)
{
	const char **parts[] = {&cell->variant, &cell->memory, &cell->guest, &cell->workload,
				&cell->consumer};
	char *rest = (char *)zcb_results_string(place->results, "%s", cell->cell);
	size_t n = sizeof(parts) / sizeof(parts[0]), i;

	for (i = 0; i < n; i++)
		*parts[i] = "";
	for (i = 0; i < n && rest; i++) {
		*parts[i] = rest;
		rest = i + 1 < n ? strchr(rest, '/') : NULL;
		if (rest)
			*rest++ = '\0';
	}
	if (i < n)
		zcb_results_note(
			place->results,
			"%s: “%s” does not name variant, memory, guest, workload and consumer.",
			place->name, cell->cell);
}

static enum zcb_result_status status_of(const struct zcb_place *place, const char *name)
{
	for (int s = 0; s < ZCB_RESULT_NOT_RUN; s++) {
		if (s != ZCB_RESULT_KNOWN_BUG && strcmp(name, zcb_result_status_name(s)) == 0)
			return s;
	}
	zcb_results_note(place->results, "%s: “%s” is no status; it is taken as an error.",
			 place->name, name);
	return ZCB_RESULT_ERROR;
}

/* What the plan and the journal both say of a cell. */
static void read_identity(const struct zcb_place *place, const json_t *object,
			  struct zcb_result_cell *cell)
{
	cell->boot = zcb_member_count(place, object, "boot");
	cell->block = zcb_member_count(place, object, "block");
	cell->seed = zcb_member_seed(place, object, "seed");
	cell->kernel = zcb_member_string(place, object, "kernel");
	cell->arm = zcb_member_string(place, object, "arm");
	cell->cell = zcb_member_string(place, object, "cell");
	cell->reading = zcb_member_string(place, object, "reading");
	cell->event = zcb_member_string(place, object, "event");
	cell->expected = zcb_member_string(place, object, "expected");
	cell->reason = cell->observed = cell->clock = cell->accel = cell->known_bug = "";
	cell->params =
		zcb_params_describe(place->results, zcb_member_object(place, object, "params"));
	cell->status = ZCB_RESULT_NOT_RUN;
	split_name(place, cell);
}

static void read_events(const struct zcb_place *place, const json_t *object,
			struct zcb_result_cell *cell)
{
	const json_t *events = zcb_member_object(place, object, "events");
	size_t n = json_object_size(events);
	const char *name;
	json_t *value;

	if (n)
		cell->events = zcb_results_alloc(place->results, n * sizeof(*cell->events));
	if (!cell->events)
		return;
	json_object_foreach((json_t *)events, name, value)
	{
		cell->events[cell->n_events].name = name;
		cell->events[cell->n_events++].n = zcb_member_count(place, events, name);
	}
}

static void read_metrics(const struct zcb_place *place, const json_t *object,
			 struct zcb_result_cell *cell)
{
	const json_t *metrics = zcb_member_object(place, object, "metrics");
	size_t n = json_object_size(metrics);
	const char *name;
	json_t *value;

	if (n)
		cell->metrics = zcb_results_alloc(place->results, n * sizeof(*cell->metrics));
	if (!cell->metrics)
		return;
	json_object_foreach((json_t *)metrics, name, value) cell->metrics[cell->n_metrics++] =
		(struct zcb_result_metric){
			.name = name,
			.unit = zcb_member_string(place, value, "unit"),
			.n = zcb_member_count(place, value, "n"),
		};
}

static void read_probes(const struct zcb_place *place, const json_t *object,
			struct zcb_result_cell *cell)
{
	const json_t *probes = zcb_member_object(place, object, "probes");
	size_t n = json_object_size(probes);
	const char *name;
	json_t *value;

	if (n)
		cell->probes = zcb_results_alloc(place->results, n * sizeof(*cell->probes));
	if (!cell->probes)
		return;
	json_object_foreach((json_t *)probes, name, value) cell->probes[cell->n_probes++] =
		(struct zcb_result_probe){
			.metric = name,
			.state = zcb_member_string(place, value, "state"),
			.reason = zcb_member_string(place, value, "reason"),
			.lost = zcb_member_count(place, value, "lost"),
			.unended = zcb_member_count(place, value, "unended"),
			.unbegun = zcb_member_count(place, value, "unbegun"),
		};
}

static void read_pages(const struct zcb_place *place, const json_t *object,
		       struct zcb_result_cell *cell)
{
	const json_t *pages = zcb_member_object(place, object, "pages");
	const json_t *frames = zcb_member_object(place, object, "frames");

	cell->pages_checked = zcb_member_count(place, pages, "checked");
	for (int v = 0; v < ZCB_VERDICTS; v++)
		cell->pages[v] = zcb_member_count(place, pages, zcb_result_verdict_name(v));
	cell->frames_checked = zcb_member_count(place, frames, "checked");
	cell->frames_fresh = zcb_member_count(place, frames, "fresh");
	cell->frames_bad = zcb_member_count(place, frames, "bad");
}

static void read_harness(const struct zcb_place *place, const json_t *object,
			 struct zcb_result_cell *cell)
{
	const json_t *harness = zcb_member_object(place, object, "harness");

	cell->ended = zcb_member_real(place, object, "ended");
	cell->has_harness = json_object_size(harness) > 0;
	cell->harness_cell_s = zcb_member_real(place, harness, "cell");
	cell->harness_runner_s = zcb_member_real(place, harness, "runner");
	cell->harness_guest_s = zcb_member_real(place, harness, "guest");
}

static void read_result(const struct zcb_place *place, const json_t *object,
			struct zcb_result_cell *cell)
{
	cell->status = status_of(place, zcb_member_string(place, object, "status"));
	cell->known_bug = zcb_member_string(place, object, "known_bug");
	if (*cell->known_bug && cell->status == ZCB_RESULT_PASS)
		cell->status = ZCB_RESULT_KNOWN_BUG;
	cell->reason = zcb_member_string(place, object, "reason");
	cell->observed = zcb_member_string(place, object, "observed");
	cell->clock = zcb_member_string(place, object, "clock");
	cell->accel = zcb_member_string(place, object, "accel");
	cell->kernel_faults = zcb_member_strings(place, object, "kernel_faults");
	cell->seconds = zcb_member_real(place, object, "seconds");
	read_harness(place, object, cell);
	read_pages(place, object, cell);
	read_events(place, object, cell);
	read_metrics(place, object, cell);
	read_probes(place, object, cell);
}

static int read_cell(struct found *found, const struct zcb_place *place, const json_t *object,
		     bool journal)
{
	const json_t *index = json_object_get(object, "index");
	struct zcb_result_cell *cell = append(found);

	if (!cell)
		return -ENOMEM;
	if (!json_is_integer(index) || json_integer_value(index) < 0 ||
	    json_integer_value(index) >= (json_int_t)MAX_CELLS) {
		zcb_results_note(place->results, "%s has no usable “index”, and is ignored.",
				 place->name);
		return 0;
	}
	*cell = (struct zcb_result_cell){.index = (uint64_t)json_integer_value(index)};
	read_identity(place, object, cell);
	if (journal)
		read_result(place, object, cell);
	found->n++;
	return 0;
}

/* What a shard's plan.json has beside the whole plan: which boots are its own. NULL of a run that is no shard. */
static const bool *read_shard(const struct zcb_place *place, const json_t *plan)
{
	const json_t *shard = zcb_member_object(place, plan, "shard");
	const json_t *boots = zcb_member_array(place, shard, "boots");
	struct zcb_results *r = place->results;
	bool *own = json_object_size(shard) ? zcb_results_alloc(r, MAX_BOOTS) : NULL;
	const json_t *boot;
	size_t i;

	r->shard = zcb_member_count(place, shard, "number");
	r->shards = zcb_member_count(place, shard, "of");
	json_array_foreach(boots, i, boot) {
		json_int_t at = json_integer_value(boot);

		if (own && at > 0 && at < MAX_BOOTS)
			own[at] = true;
		if (i < 200)
			r->shard_boots = zcb_results_string(r, "%s%s%lld", r->shard_boots, i ? ", " : "",
							    (long long)at);
	}
	return own;
}

static bool is_elsewhere(const bool *own, const json_t *cell)
{
	json_int_t boot = json_integer_value(json_object_get(cell, "boot"));

	return own && !(boot > 0 && boot < MAX_BOOTS && own[boot]);
}

static int read_plan(struct found *found)
{
	struct zcb_results *r = found->results;
	const struct zcb_place place = {r, "plan.json"};
	const char *why = "";
	json_t *plan = NULL;
	const json_t *cells, *cell;
	const bool *own;
	size_t i;

	if (zcb_results_load(r, place.name, &plan, &why)) {
		zcb_results_note(
			r,
			"plan.json cannot be used: %s. Cells that were planned and not run "
			"are therefore not shown.",
			why);
		return 0;
	}
	r->plan_boots = zcb_member_count(&place, plan, "boots");
	r->plan_boots_planned = zcb_member_count(&place, plan, "boots_planned");
	own = read_shard(&place, plan);
	cells = zcb_member_array(&place, plan, "cells");
	json_array_foreach(cells, i, cell)
	{
		const struct zcb_place at = {r, zcb_results_string(r, "plan.json, cell %zu", i)};
		int err = is_elsewhere(own, cell) ? 0 : read_cell(found, &at, cell, false);

		if (err)
			return err;
	}
	return 0;
}

static int read_line(struct found *found, const char *line, size_t n, size_t number)
{
	struct zcb_results *r = found->results;
	const struct zcb_place place = {r, zcb_results_string(r, "cells.jsonl, line %zu", number)};
	const char *why = "";
	json_t *object = NULL;
	int err = zcb_results_parse(r, line, n, &object, &why);

	if (err == -ENOMEM)
		return err;
	if (err) {
		zcb_results_note(r, "%s is ignored: %s.", place.name, why);
		return 0;
	}
	return read_cell(found, &place, object, true);
}

static int read_lines(struct found *found, const char *at, const char *end)
{
	for (size_t number = 1; at < end; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		int err;

		if (!newline) {
			zcb_results_note(found->results,
					 "The last line of cells.jsonl was torn off while it was "
					 "written; its cell counts as not run.");
			return 0;
		}
		err = read_line(found, at, (size_t)(newline - at), number);
		if (err)
			return err;
		at = newline + 1;
	}
	return 0;
}

static int read_journal(struct found *found)
{
	ZCB_FREE char *bytes = NULL;
	size_t n = 0;
	int err =
		zcb_results_read_file(found->results, "cells.jsonl", MAX_JOURNAL_BYTES, &bytes, &n);

	if (err == -ENOMEM)
		return err;
	if (err) {
		zcb_results_note(found->results,
				 "cells.jsonl cannot be read (%s): no cell finished.",
				 strerror(-err));
		return 0;
	}
	return read_lines(found, bytes, bytes + n);
}

static int by_index(const void *a, const void *b)
{
	const struct zcb_result_cell *left = *(const struct zcb_result_cell *const *)a;
	const struct zcb_result_cell *right = *(const struct zcb_result_cell *const *)b;

	if (left->index != right->index)
		return left->index < right->index ? -1 : 1;
	return left < right ? -1 : left > right;
}

/* What a journal line leaves out, the plan says. */
static void fill_from_plan(struct zcb_result_cell *cell, const struct zcb_result_cell *plan)
{
	if (!cell->boot)
		cell->boot = plan->boot;
	if (!*cell->kernel)
		cell->kernel = plan->kernel;
	if (!*cell->params)
		cell->params = plan->params;
	if (!*cell->expected)
		cell->expected = plan->expected;
}

static int join(struct found *found)
{
	struct zcb_results *r = found->results;
	ZCB_FREE struct zcb_result_cell **order =
		calloc(found->n + 1, sizeof(struct zcb_result_cell *));

	r->cells = zcb_results_alloc(r, (found->n + 1) * sizeof(*r->cells));
	if (!order || !r->cells)
		return -ENOMEM;
	for (size_t i = 0; i < found->n; i++)
		order[i] = &found->cells[i];
	qsort(order, found->n, sizeof(struct zcb_result_cell *), by_index);
	for (size_t i = 0; i < found->n; i++) {
		struct zcb_result_cell *last = r->n_cells ? &r->cells[r->n_cells - 1] : NULL;

		if (!last || last->index != order[i]->index) {
			r->cells[r->n_cells++] = *order[i];
			continue;
		}
		if (last->status != ZCB_RESULT_NOT_RUN)
			zcb_results_note(
				r, "Cell %llu stands twice in cells.jsonl; the later line counts.",
				(unsigned long long)last->index);
		fill_from_plan(order[i], last);
		*last = *order[i];
	}
	return 0;
}

static void taint_cells_of(struct zcb_results *r, uint64_t boot)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		if (r->cells[i].boot == boot)
			r->cells[i].tainted = true;
	}
}

/* A boot that never got its boot.json is tainted by what a cell of it saw. */
static void taint(struct zcb_results *r)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct zcb_result_cell *cell = &r->cells[i];

		if (cell->kernel_faults.n == 0 || cell->tainted)
			continue;
		taint_cells_of(r, cell->boot);
		for (size_t b = 0; b < r->n_boots; b++) {
			if (r->boots[b].number == cell->boot)
				r->boots[b].tainted = true;
		}
	}
	for (size_t b = 0; b < r->n_boots; b++) {
		if (r->boots[b].tainted)
			taint_cells_of(r, r->boots[b].number);
	}
}

int zcb_results_read_cells(struct zcb_results *r, bool *ret_any)
{
	struct found found = {.results = r};
	int err = read_plan(&found);

	if (!err)
		err = read_journal(&found);
	if (!err)
		err = join(&found);
	free(found.cells);
	if (err)
		return err;
	taint(r);
	zcb_params_shorten(r);
	*ret_any = r->n_cells > 0;
	return 0;
}
