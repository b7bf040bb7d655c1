/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_EXECUTOR_H
#define ZCB_EXECUTOR_EXECUTOR_H

#include <jansson.h>
#include <stdbool.h>

#include "bench/guest/guest.h"
#include "bench/plan/cell.h"

/** What became of a cell. zcb_executor_finish() releases it. */
struct zcb_executed {
	char *files;  /* messages that go on before it, if there are any: see zcb_executor_run() */
	size_t files_n;
	char *line;   /* a journal line's members as far as the cell knows them: the text of one JSON object */
	bool sound;   /* it ended as it should, and so the guest is as it was */
	bool fresh;   /* some frame was as it should be */
	double seconds;
	double own_s; /* of the CPU time that it took zcbench's own; < 0: not known, as of a crash */
};

/**
 * Runs one cell in a child process of its own and survives whatever it does there. Its events are
 * passed on to `out` as they come, and its files, unless all of them are few bytes: those the caller passes
 * on with the line, in one write. What it printed, a signal, or the time-out become part of the
 * result. The cell's own line is not parsed: that takes as long as to make it.
 * Returns 0, or -errno where `out` cannot be written or there is no memory.
 */
int zcb_executor_run(const struct zcb_cell *cell, struct zcb_guest *guest, unsigned int timeout_s,
		     int out, struct zcb_executed *ret_executed);

/** The same for a cell that could not be run: takes the reference of its line. Returns 0 or -ENOMEM. */
int zcb_executor_refuse(json_t *line, struct zcb_executed *ret_executed);

void zcb_executor_finish(struct zcb_executed *executed);

#endif
