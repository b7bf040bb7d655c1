// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/commands/progress.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted_by;

static void on_signal(int number)
{
	interrupted_by = number;
}

static bool was_interrupted(void *opaque)
{
	return interrupted_by != 0;
}

bool zcb_progress_interrupted(void)
{
	return interrupted_by != 0;
}

static void cell_starts(void *opaque, const struct zcb_cell *cell, uint32_t done, uint32_t all)
{
	char key[5 * ZCB_NAME_SIZE];

	if (!isatty(STDERR_FILENO))
		return;
	zcb_cell_key(cell, key, sizeof(key));
	fprintf(stderr, "\r\033[K[%u/%u] %s %s …", done + 1, all, key,
		zcb_pattern_name(cell->params.workload.pattern));
}

static void cell_ended(void *opaque, json_t *line, uint32_t done, uint32_t all, double left_s)
{
	const char *reason = json_string_value(json_object_get(line, "reason"));
	const char *observed = json_string_value(json_object_get(line, "observed"));
	json_t *params = json_object_get(line, "params");
	const char *pattern = json_string_value(json_object_get(params, "pattern"));
	const char *event = json_string_value(json_object_get(line, "event"));
	const char *cell = json_string_value(json_object_get(line, "cell"));
	const char *status = json_string_value(json_object_get(line, "status"));
	bool hits = event && strcmp(event, "none") != 0, passed = status && !strcmp(status, "pass");

	if (!observed)
		observed = passed ? "reads nothing" : "no verdict";
	fprintf(stderr, "%s[%u/%u] %-5s %s%s%s%s%s: %s%s%s", isatty(STDERR_FILENO) ? "\r\033[K" : "", done,
		all, status, cell, hits ? " " : "", hits && pattern ? pattern : "", hits ? ", " : "",
		hits ? event : "", observed, reason && *reason ? "; " : "", reason ? reason : "");
	if (left_s >= 1)
		fprintf(stderr, "  (%.0f s left)", left_s);
	fputc('\n', stderr);
}

static void note(void *opaque, const char *text)
{
	fprintf(stderr, "%szcbench: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", text);
}

void zcb_progress_catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

const struct zcb_run_watcher zcb_progress = {
	.cell_starts = cell_starts,
	.cell_ended = cell_ended,
	.note = note,
	.interrupted = was_interrupted,
};
