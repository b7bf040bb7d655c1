// SPDX-License-Identifier: GPL-2.0-or-later
/* Puts what the runner sent into the run directory, under names that are made here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/conductor/internal.h"
#include "bench/results/exhibit.h"
#include "bench/results/recorder.h"

/* The HUT is not trusted with paths: a metric is a word of letters and dots. */
static bool is_metric_name(const char *name)
{
	return name && *name && strlen(name) < 32 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._") == strlen(name) && *name != '.';
}

/* Its figures are made here, where no emulated processor takes its time for that. */
static int summarize(struct conduct *run, const char *metric, const char *unit, const char *bytes, size_t n)
{
	struct zcb_series series = { .unit = unit };
	int ret = zcb_series_parse(bytes, n, &series);

	if (ret)
		return zcb_fail(run->err, ret, "zcbench bug: samples that make no sense: %s", strerror(-ret));
	if (!run->metrics)
		run->metrics = json_object();
	json_object_set_new(run->metrics, metric, zcb_series_summary(&series));
	free(series.sample);
	return 0;
}

static int keep_series(struct conduct *run, const struct zcb_cell *cell, json_t *series, const char *bytes,
		       size_t n)
{
	const char *metric = json_string_value(json_array_get(series, 0));
	const char *unit = json_string_value(json_array_get(series, 1));
	char name[96];
	int ret;

	if (!is_metric_name(metric) || !is_metric_name(unit))
		return zcb_fail(run->err, -EPROTO, "zcbench bug: samples of a metric without a name or unit");
	ret = summarize(run, metric, unit, bytes, n);
	snprintf(name, sizeof(name), "samples/%u.%s.zcs", cell->index, metric);
	return ret ? ret : zcb_rundir_put(run->dir, name, bytes, n, run->err);
}

/* The files of all metrics, one behind the other. */
static int keep_samples(struct conduct *run, const struct zcb_cell *cell,
			struct zcb_wire_message *message)
{
	size_t i, left = message->payload_n;
	const char *bytes = message->payload;
	json_t *series;

	json_array_foreach(json_object_get(message->json, "series"), i, series) {
		json_int_t n = json_integer_value(json_array_get(series, 2));
		int ret;

		if (n < 0 || (uint64_t)n > left)
			return zcb_fail(run->err, -EPROTO, "zcbench bug: more samples than bytes");
		ret = keep_series(run, cell, series, bytes, (size_t)n);
		if (ret)
			return ret;
		bytes += n;
		left -= (size_t)n;
	}
	return 0;
}

static void frame_file(char *ret_name, size_t room, const struct zcb_cell *cell, int number,
		       const char *rest)
{
	snprintf(ret_name, room, "frames/%u-%d%s", cell->index, number, rest);
}

static int keep_picture(struct conduct *run, const struct zcb_cell *cell, int number,
			const struct zcb_pictures *pictures, enum zcb_picture_kind kind, json_t *names)
{
	const char *part = zcb_picture_name(kind);
	char name[96], rest[32];

	snprintf(rest, sizeof(rest), "-%s.png", part);
	frame_file(name, sizeof(name), cell, number, rest);
	json_object_set_new(names, part, json_string(name));
	return zcb_rundir_put(run->dir, name, pictures->kinds[kind].png, pictures->kinds[kind].size,
			      run->err);
}

static int keep_map(struct conduct *run, const struct zcb_cell *cell, int number, json_t *map,
		    json_t *names)
{
	char key[5 * ZCB_NAME_SIZE], name[96];

	zcb_cell_key(cell, key, sizeof(key));
	json_object_set_new(map, "index", json_integer(cell->index));
	json_object_set_new(map, "cell", json_string(key));
	json_object_set(map, "png", names);
	frame_file(name, sizeof(name), cell, number, ".json");
	return zcb_rundir_put_json(run->dir, name, map, run->err);
}

/* The map comes last: it names the pictures, which are there by then. */
static int keep_exhibit(struct conduct *run, const struct zcb_cell *cell, int number,
			const struct zcb_exhibit *exhibit)
{
	ZCB_CLEANUP(zcb_pictures_finish) struct zcb_pictures pictures = { 0 };
	json_t *names = json_object();
	int ret = zcb_exhibit_draw(exhibit, &pictures);

	if (ret)
		zcb_fail(run->err, ret, "host set-up: no memory for the pictures of a frame");
	for (int k = 0; k < ZCB_PICTURE_COUNT && !ret; k++)
		ret = keep_picture(run, cell, number, &pictures, (enum zcb_picture_kind)k, names);
	if (!ret)
		ret = keep_map(run, cell, number, zcb_exhibit_map(exhibit), names);
	json_decref(names);
	return ret;
}

static int keep_frame(struct conduct *run, const struct zcb_cell *cell,
		      struct zcb_wire_message *message)
{
	ZCB_CLEANUP(zcb_exhibit_finish) struct zcb_exhibit exhibit = { 0 };
	int number = (int)json_integer_value(json_object_get(message->json, "number"));
	int ret = zcb_exhibit_receive(message->json, message->payload, message->payload_n, &exhibit);

	if (ret)
		return zcb_fail(run->err, ret, "zcbench bug: a wrong frame that makes no sense: %s",
				strerror(-ret));
	return keep_exhibit(run, cell, number, &exhibit);
}

/* What each round of a mix was. */
static int keep_schedule(struct conduct *run, const struct zcb_cell *cell,
			 struct zcb_wire_message *message)
{
	char name[96];

	snprintf(name, sizeof(name), "samples/%u.schedule.jsonl", cell->index);
	return zcb_rundir_put(run->dir, name, message->payload, message->payload_n, run->err);
}

/* The frames of a cell that was to be shown. */
static int keep_clip(struct conduct *run, const struct zcb_cell *cell,
		     struct zcb_wire_message *message)
{
	char name[96];

	snprintf(name, sizeof(name), "frames/%u-clip.png", cell->index);
	return zcb_rundir_put(run->dir, name, message->payload, message->payload_n, run->err);
}

int zcb_keep_file(struct conduct *run, const struct zcb_cell *cell, struct zcb_wire_message *message)
{
	const char *kind = json_string_value(json_object_get(message->json, "kind"));

	if (kind && !strcmp(kind, "samples"))
		return keep_samples(run, cell, message);
	if (kind && !strcmp(kind, "frame"))
		return keep_frame(run, cell, message);
	if (kind && !strcmp(kind, "clip"))
		return keep_clip(run, cell, message);
	if (kind && !strcmp(kind, "schedule"))
		return keep_schedule(run, cell, message);
	return 0;
}

/* Wrong where the declaration says right: the worst that a run can find. */
static bool is_corruption(json_t *line)
{
	const char *expected = json_string_value(json_object_get(line, "expected"));
	const char *observed = json_string_value(json_object_get(line, "observed"));
	json_t *events = json_object_get(line, "events");

	if (!expected || !observed)
		return false;
	return strcmp(expected, "stale") != 0 || !strcmp(observed, "wrong") ||
	       !strcmp(observed, "mixed") ||
	       json_integer_value(json_object_get(events, "stale_not_punched")) > 0;
}

void zcb_count_line(struct zcb_run_totals *totals, json_t *line)
{
	const char *status = json_string_value(json_object_get(line, "status"));

	if (!status)
		return;
	if (!strcmp(status, "pass") && json_object_get(line, "known_bug"))
		totals->known_bugs++;
	else if (!strcmp(status, "pass"))
		totals->passed++;
	else if (!strcmp(status, "fail"))
		totals->failed++;
	else if (!strcmp(status, "skip"))
		totals->skipped++;
	else if (!strcmp(status, "crash"))
		totals->crashed++;
	else
		totals->errors++;
	totals->corrupt |= !strcmp(status, "fail") && is_corruption(line);
}

static const char *known_status(json_t *result)
{
	static const char *const known[] = { "pass", "fail", "skip", "error", "crash" };
	const char *status = json_string_value(json_object_get(result, "status"));

	for (size_t i = 0; status && i < sizeof(known) / sizeof(known[0]); i++)
		if (!strcmp(known[i], status))
			return known[i];
	return "error";
}

/* A cell that crashed has no figures, even if its samples came. */
static void set_metrics(struct conduct *run, json_t *line)
{
	bool crashed = !strcmp(json_string_value(json_object_get(line, "status")), "crash");

	json_object_set_new(line, "metrics", run->metrics && !crashed ? json_incref(run->metrics) : json_object());
	zcb_drop_metrics(run);
}

void zcb_drop_metrics(struct conduct *run)
{
	json_decref(run->metrics);
	run->metrics = NULL;
}

int zcb_journal_result(struct conduct *run, const struct zcb_cell *cell, json_t *result,
		       json_t **ret_line)
{
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	bool icount = run->config->accel == ZCB_ACCEL_ICOUNT;
	char key[5 * ZCB_NAME_SIZE], arm[2] = { cell->arm, '\0' };
	json_t *line;
	int ret;

	zcb_cell_key(cell, key, sizeof(key));
	line = json_pack("{s:i, s:i, s:s, s:s, s:i, s:s, s:i, s:o, s:s, s:s, s:s?, s:s?, s:s, s:s, s:I}", "schema", 1,
			 "index", (int)cell->index, "cell", key, "kernel", cell->kernel, "boot",
			 (int)run->boot.number, "arm", arm, "block", (int)cell->block, "params", zcb_cell_params_to_json(&cell->params),
			 "status", known_status(result), "event", zcb_event_name(zcb_cell_event(cell)),
			 "reading", consumer ? zcb_reading_name(consumer->reading) : NULL,
			 "expected", zcb_cell_expected(cell), "clock",
			 icount ? "icount" : "wall", "accel",
			 run->config->accel == ZCB_ACCEL_KVM ? "kvm" : "tcg", "seed",
			 (json_int_t)cell->seed);
	json_object_update_missing(line, result);
	json_object_del(line, "type");
	json_decref(result);
	json_object_set_new(line, "ended", json_real((double)(zcb_now_ns() - run->boot.started_ns) / 1e9));
	set_metrics(run, line);
	ret = zcb_rundir_journal(run->dir, json_incref(line), run->err);
	if (ret) {
		json_decref(line);
		return ret;
	}
	zcb_count_line(run->totals, line);
	*ret_line = line;
	return 0;
}
