// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Leads a run: boots each HUT of the plan, sends it its cells one by one, and writes down what
 * comes back. A HUT that dies under a cell costs that cell; the others go on in a new boot.
 */
#include "bench/conductor/conductor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/conductor/internal.h"
#include "bench/results/failure.h"

/* A HUT that keeps dying is not booted for ever: its remaining cells become errors. */
#define MAX_DEATHS 3

static double seconds_left(const struct conduct *run)
{
	double passed = (double)(zcb_now_ns() - run->started_ns) / 1e9;

	return run->done_here ? passed / run->done_here * (run->n_all - run->n_done) : 0;
}

/* A cell that crashed does not know what zcbench took of it. */
static void count_harness(struct zcb_run_totals *totals, json_t *line)
{
	json_t *harness = json_object_get(line, "harness"), *cell = json_object_get(harness, "cell");

	totals->harness_cells_s += json_number_value(json_object_get(harness, "runner"));
	if (!cell)
		return;
	totals->harness_cells_s += json_number_value(cell);
	totals->seconds_cells += json_number_value(json_object_get(line, "seconds"));
}

static int finish_cell(struct conduct *run, const struct zcb_cell *cell, json_t *result)
{
	json_t *line;
	int ret = zcb_journal_result(run, cell, result, &line);

	if (ret)
		return ret;
	run->done[cell->index] = true;
	run->n_done++;
	run->done_here++;
	count_harness(run->totals, line);
	run->watcher->cell_ended(run->watcher->opaque, line, run->n_done, run->n_all, seconds_left(run));
	json_decref(line);
	return 0;
}

/* Returns 1 with a message, 0 when the HUT ended before, -errno when the run must end. */
static int play(struct conduct *run, const struct zcb_cell *cell, struct zcb_wire_message *ret_message)
{
	int fd = zcb_target_channel(run->boot.target);

	if (!zcb_requests_are_staged(run) && zcb_wire_send(fd, zcb_request_cell(run, cell), NULL, 0)) {
		zcb_boot_lost(run);
		return 0;
	}
	return zcb_boot_listen(run, cell, ret_message);
}

/* What was lost when the run was told to end, on this machine the guest's QEMU too, may have been lost to that. */
static bool is_lost_with_run(const struct conduct *run, json_t *result)
{
	const char *status = json_string_value(json_object_get(result, "status"));

	return run->watcher->interrupted(run->watcher->opaque) && status &&
	       (!strcmp(status, "error") || !strcmp(status, "crash"));
}

/* Returns 1 when the cell is done, 0 when the HUT ended under it, -errno when the run must end. */
static int run_cell(struct conduct *run, const struct zcb_cell *cell)
{
	struct zcb_wire_message message;
	char reason[512];
	int ret;

	run->watcher->cell_starts(run->watcher->opaque, cell, run->n_done, run->n_all);
	ret = play(run, cell, &message);
	if (ret < 0)
		return ret;
	if (ret == 1 && is_lost_with_run(run, message.json))
		run->totals->interrupted = true;
	else if (ret == 1 && !strcmp(message.type, "result")) {
		zcb_boot_add_faults(&run->boot, json_object_get(message.json, "kernel_faults"));
		ret = finish_cell(run, cell, message.json);
		return ret ? ret : 1;
	}
	if (ret == 1)
		json_decref(message.json);
	if (run->totals->interrupted)
		return 0;
	zcb_drop_metrics(run);
	zcb_target_stop(run->boot.target, ZCB_OUTCOME_LOST);
	snprintf(reason, sizeof(reason), "the host under test ended under this cell (%s): %s",
		 zcb_outcome_name(zcb_target_outcome(run->boot.target)),
		 zcb_target_reason(run->boot.target));
	return finish_cell(run, cell, zcb_failure(reason));
}

static const struct zcb_cell *next_cell(const struct conduct *run, uint32_t boot)
{
	for (uint32_t i = 0; i < run->plan->n && zcb_plan_plays(run->plan, boot); i++)
		if (!run->done[i] && run->plan->cell[i].boot == boot)
			return &run->plan->cell[i];
	return NULL;
}

static int fail_rest(struct conduct *run, uint32_t boot, const char *reason)
{
	const struct zcb_cell *cell;
	int ret = 0;

	while (!ret && (cell = next_cell(run, boot)))
		ret = finish_cell(run, cell, zcb_failure(reason));
	return ret;
}

/* As many cells as one life of the HUT allows. Returns 0, or -errno when the run must end. */
static int live_once(struct conduct *run, uint32_t number)
{
	const struct zcb_cell *cell = next_cell(run, number);
	char reason[600];
	int ret = zcb_boot_start(run, number, cell->kernel), ended;

	if (ret == 0 && !run->totals->interrupted) {
		snprintf(reason, sizeof(reason), "the host under test did not come up (%s): %s",
			 zcb_outcome_name(zcb_target_outcome(run->boot.target)),
			 zcb_target_reason(run->boot.target));
		ret = fail_rest(run, number, reason);
	} else if (ret == 1) {
		ret = zcb_write_metadata(run, "running", NULL);
		while (ret == 0 && (cell = next_cell(run, number))) {
			ret = run_cell(run, cell);
			if (ret == 0)
				break;
			ret = ret == 1 ? 0 : ret;
		}
	}
	ended = zcb_boot_end(run);
	return ret ? ret : ended;
}

static int conduct_boot(struct conduct *run, uint32_t number)
{
	for (int deaths = 0; next_cell(run, number); deaths++) {
		int ret;

		if (run->totals->interrupted)
			return 0;
		if (deaths == MAX_DEATHS)
			return fail_rest(run, number, "the host under test died too often in this boot");
		ret = live_once(run, number);
		if (ret)
			return ret;
	}
	return 0;
}

static void mark_done(void *opaque, json_t *line)
{
	struct conduct *run = opaque;
	json_int_t index = json_integer_value(json_object_get(line, "index"));

	if (json_object_get(line, "index") && index >= 0 && index < run->plan->n && !run->done[index]) {
		run->done[index] = true;
		run->n_done++;
		zcb_count_line(run->totals, line);
	}
}

static void settle(struct conduct *run, int failed)
{
	struct zcb_run_totals *t = run->totals;
	uint32_t ran = t->passed + t->known_bugs + t->failed + t->errors + t->crashed;

	t->not_run = run->n_all - run->n_done;
	while (t->boots < run->plan->boots && !next_cell(run, t->boots + 1))
		t->boots++;
	t->exit_code = ZCB_EXIT_CLEAN;
	if (!failed && !t->interrupted && !ran)
		t->exit_code = ZCB_EXIT_NOTHING_RAN;
	if (t->failed || t->interrupted)
		t->exit_code = ZCB_EXIT_INCONCLUSIVE;
	if (t->corrupt)
		t->exit_code = ZCB_EXIT_CORRUPTION;
	if (t->errors || t->crashed || failed)
		t->exit_code = zcb_exit_worse(t->exit_code, ZCB_EXIT_INFRASTRUCTURE);
	if (t->tainted_boots)
		t->exit_code = ZCB_EXIT_KERNEL_FAULT;
}

/* The plan ends with this boot: what it planned beyond is not "not run". */
static int cut_plan(struct conduct *run, uint32_t boots)
{
	run->cut = *run->plan;
	run->cut.boots_planned = run->plan->boots;
	run->cut.boots = boots;
	while (run->cut.n > 0 && run->cut.cell[run->cut.n - 1].boot > boots)
		run->cut.n--;
	run->plan = &run->cut;
	run->n_all = zcb_plan_cells_played(run->plan);
	return zcb_rundir_put_json(run->dir, "plan.json", zcb_plan_to_json(run->plan), run->err);
}

static bool is_enough(const struct conduct *run, uint32_t boots)
{
	return boots < run->plan->boots && !run->totals->interrupted && run->watcher->enough &&
	       run->watcher->enough(run->watcher->opaque, boots);
}

static int conduct_all(struct conduct *run)
{
	int ret = zcb_write_metadata(run, "running", NULL);

	for (uint32_t boot = 1; !ret && boot <= run->plan->boots && !run->totals->interrupted; boot++) {
		bool known = !next_cell(run, boot);

		ret = conduct_boot(run, boot);
		if (!ret && !known && is_enough(run, boot))
			ret = cut_plan(run, boot);
	}
	return ret;
}

int zcb_conduct(const struct zcb_run_config *config, const struct zcb_plan *plan,
		struct zcb_rundir *dir, const struct zcb_run_watcher *watcher,
		struct zcb_run_totals *ret_totals, struct zcb_error *err)
{
	ZCB_FREE bool *done = calloc(plan->n, sizeof(*done));
	struct conduct run = {
		.config = config, .plan = plan, .dir = dir, .watcher = watcher, .totals = ret_totals,
		.err = err, .done = done, .started_ns = zcb_now_ns(), .kernels = json_array(), .n_all = zcb_plan_cells_played(plan),
	};
	struct zcb_error end_err = { "" };
	int ret, end;

	memset(ret_totals, 0, sizeof(*ret_totals));
	if (!done)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a plan of %u cells", plan->n);
	ret = zcb_rundir_replay(dir, mark_done, &run);
	if (ret)
		zcb_fail(err, ret, "host set-up: the journal of %s cannot be read: %s", dir->path,
			 strerror(-ret));
	if (!ret)
		ret = zcb_read_earlier(&run);
	if (!ret)
		ret = conduct_all(&run);
	settle(&run, ret != 0);
	/* The sentence that ended the run is the one to keep. */
	run.err = ret ? &end_err : err;
	end = zcb_write_metadata(&run, ret ? "failed" : ret_totals->interrupted ? "interrupted" :
				 "complete", ret ? err->text : "");
	json_decref(run.kernels);
	json_decref(run.host);
	json_decref(run.earlier);
	zcb_drop_metrics(&run);
	return ret ? ret : end;
}
