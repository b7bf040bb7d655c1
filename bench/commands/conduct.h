/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_COMMANDS_CONDUCT_H
#define ZCB_COMMANDS_CONDUCT_H

#include "bench/commands/request.h"

/** A run that was conducted. */
struct zcb_conducted {
	struct zcb_plan plan; /* as far as it was needed */
	struct zcb_run_totals totals;
};

void zcb_conducted_finish(struct zcb_conducted *conducted);

/**
 * Does what a command line asks for: makes or resumes the run, and its directory, whose name is
 * request->output afterwards; or only prints the kernels where it --needs no more, and *ret stays as it
 * was. Returns 0, or an exit code after a sentence where nothing could be run.
 */
int zcb_request_conduct(struct zcb_request *request, int argc, char **argv,
			const struct zcb_run_watcher *watcher, struct zcb_conducted *ret);

/** What a run came to, in lines on standard output; with --json, on standard error. */
void zcb_print_totals(const struct zcb_request *request, const struct zcb_conducted *conducted);

/** Writes the report, if it is wanted, and says where it is. */
void zcb_print_report(const struct zcb_request *request);

#endif
