// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/mix.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/executor/refill.h"
#include "bench/results/wire.h"

#define TRIES 100U      /* of workloads; and of parameters for each, since few go together with some */
#define LOG_MAX (4U << 20)
#define SETTLED 16U     /* rounds after which memory should grow no more */

static uint32_t pick(uint64_t *state, uint32_t n)
{
	return (uint32_t)(zcb_random_next(state) % n);
}

static const struct zcb_workload_ops *pick_workload(uint64_t *state)
{
	uint32_t n = 0;

	while (zcb_workloads[n])
		n++;
	return zcb_workloads[pick(state, n)];
}

/* Any combination: whether it makes sense is asked afterwards. */
static void draw_params(uint64_t *state, struct zcb_cell *cell)
{
	struct zcb_workload_params *params = &cell->params.workload;

	snprintf(params->under, sizeof(params->under), "%s", pick_workload(state)->name);
	params->pattern = (enum zcb_pattern)pick(state, ZCB_PATTERNS);
	params->unit = pick(state, 2) ? ZCB_UNIT_HUGE : ZCB_UNIT_PAGE;
	params->backing = pick(state, 4) ? ZCB_BACKING_GIVEN : ZCB_BACKING_THP;
	params->run = params->run < params->stride ? params->run : params->stride;
	params->refill = (enum zcb_refill)pick(state, ZCB_REFILLS);
	params->touch = (enum zcb_touch)pick(state, ZCB_TOUCHES);
}

static bool can_run(const struct zcb_cell *cell, const struct zcb_guest *guest)
{
	const struct zcb_workload_ops *workload = zcb_workload_find(cell->workload);
	const struct zcb_workload_ops *under = zcb_workload_find(cell->params.workload.under);
	struct zcb_error why;

	/* Memory that is plugged in is a frame of its own, and of a huge page no small one can be given. */
	if (workload->event == ZCB_EVENT_MIX || workload->plugged || under->plugged ||
	    (cell->params.blocks && (workload->devices || zcb_workload_devices(workload, under->name))))
		return false;
	return !zcb_cell_params_check(&cell->params, &why) &&
	       !zcb_refill_check(cell->params.workload.refill, cell->memory, &why) &&
	       !workload->check(&cell->params.workload, guest, &why);
}

/* Workloads are drawn first, so that one which goes with few parameters comes as often as the others. */
static bool draw_round(uint64_t *state, const struct zcb_guest *guest, struct zcb_cell *cell)
{
	snprintf(cell->workload, sizeof(cell->workload), "%s", pick_workload(state)->name);
	for (unsigned int i = 0; i < TRIES; i++) {
		draw_params(state, cell);
		if (can_run(cell, guest))
			return true;
	}
	return false;
}

/* What a guest or a kernel lacks changes which choices are left, and so the schedule. */
static int choose(struct zcb_mix *mix, const struct zcb_cell *cell, const struct zcb_guest *guest,
		  struct zcb_cell *ret_cell, struct zcb_error *err)
{
	for (unsigned int i = 0; i < TRIES; i++) {
		struct zcb_cell chosen = *cell;

		if (draw_round(&mix->schedule, guest, &chosen)) {
			*ret_cell = chosen;
			return 0;
		}
	}
	return zcb_fail(err, -EIO, "zcbench bug: a mix found nothing to do in %u tries", TRIES);
}

static uint64_t resident_kib(void)
{
	ZCB_FCLOSE FILE *f = fopen("/proc/self/statm", "re");
	unsigned long size, resident = 0;

	if (!f || fscanf(f, "%lu %lu", &size, &resident) != 2)
		return 0;
	return resident * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

/* Of the parameters those that are chosen anew in each round. */
static json_t *chosen_params(const struct zcb_cell *cell)
{
	static const char *const names[] = { "pattern", "unit", "backing", "refill", "touch", "under" };
	json_t *all = zcb_cell_params_to_json(&cell->params), *chosen = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		json_object_set(chosen, names[i], json_object_get(all, names[i]));
	json_decref(all);
	return chosen;
}

/* The choice in words, for a sentence. */
static void describe(const struct zcb_cell *cell, char *ret_text, size_t room)
{
	json_t *params = chosen_params(cell);
	ZCB_FREE char *text = json_dumps(params, JSON_COMPACT);

	json_decref(params);
	snprintf(ret_text, room, "%s %s", cell->workload, text ? text : "");
}

static void add_to_log(struct zcb_mix *mix, const struct zcb_cell *cell, const char *expected,
		       const char *observed)
{
	json_t *json = json_pack("{s:I, s:s, s:o, s:s, s:s?, s:s?}", "round", (json_int_t)mix->rounds,
				 "workload", cell->workload, "params", chosen_params(cell), "event",
				 zcb_event_name(zcb_cell_event(cell)), "expected", expected, "observed",
				 observed);
	ZCB_FREE char *line = json_dumps(json, JSON_COMPACT);
	size_t n = line ? strlen(line) : 0;

	json_decref(json);
	if (!mix->log && (mix->log = malloc(LOG_MAX)))
		memset(mix->log, 1, LOG_MAX); /* so that what grows later is not the log */
	if (!mix->log || !n || mix->log_n + n + 1 > LOG_MAX)
		return;
	memcpy(mix->log + mix->log_n, line, n);
	mix->log_n += n;
	mix->log[mix->log_n++] = '\n';
}

static void hold_to_declaration(struct zcb_mix *mix, const struct zcb_cell *cell,
				const struct zcb_observation *seen, const struct zcb_consumer_ops *consumer)
{
	const char *expected = zcb_cell_expected(cell);
	const char *observed = seen->frames_checked ?
				       zcb_observation_word(seen, consumer->reading == ZCB_READS_MEMFD) : NULL;
	uint64_t unexplained = zcb_observation_unexplained(seen, expected);
	char what[300];

	add_to_log(mix, cell, expected, observed);
	if (!expected || (observed && !strcmp(expected, observed) && !unexplained))
		return;
	if (mix->wrong++)
		return;
	describe(cell, what, sizeof(what));
	zcb_fail(&mix->first, 0, "round %" PRIu64 " declared %s, observed %s, %" PRIu64 " pages unexplained: %s",
		 mix->rounds, expected, observed ? observed : "nothing", unexplained, what);
}

static int play_chosen(struct zcb_mix *mix, struct zcb_running *run, struct zcb_cell *chosen,
		       struct zcb_error *err)
{
	struct zcb_error why = { "" };
	char what[300];
	int ret;

	run->cell = chosen;
	run->workload = zcb_workload_find(chosen->workload);
	run->victim.params = &chosen->params.workload;
	ret = zcb_round_play(run, &why);
	if (!ret) {
		hold_to_declaration(mix, chosen, &run->observation, &run->consumer);
		return 0;
	}
	describe(chosen, what, sizeof(what));
	return zcb_fail(err, ret, "%.200s (round %" PRIu64 ": %s)", why.text, mix->rounds, what);
}

int zcb_mix_play(struct zcb_mix *mix, struct zcb_running *run, struct zcb_error *err)
{
	const struct zcb_workload_ops *workload = run->workload;
	struct zcb_observation sum = run->observation;
	const struct zcb_cell *cell = run->cell;
	struct zcb_cell chosen;
	int ret;

	if (!mix->rounds)
		mix->schedule = cell->seed;
	ret = choose(mix, cell, run->guest, &chosen, err);
	if (ret)
		return ret;
	run->recorder.muted = true; /* times of all workloads together are times of nothing */
	run->observation = (struct zcb_observation){ 0 };
	ret = play_chosen(mix, run, &chosen, err);
	zcb_observation_merge(&sum, &run->observation);
	run->observation = sum;
	run->workload = workload;
	run->cell = cell;
	run->victim.params = &cell->params.workload;
	mix->rounds++;
	mix->rss_kib[mix->rounds > SETTLED] = resident_kib();
	return ret;
}

int zcb_mix_send(const struct zcb_mix *mix, int out)
{
	if (!mix->log_n)
		return 0;
	return zcb_wire_send(out, json_pack("{s:s, s:s}", "type", "file", "kind", "schedule"), mix->log,
			     mix->log_n);
}

void zcb_mix_finish(struct zcb_mix *mix)
{
	free(mix->log);
}
