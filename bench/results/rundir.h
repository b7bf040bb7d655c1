/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_RUNDIR_H
#define ZCB_RESULTS_RUNDIR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"

/** A run directory while it is written; one writer at a time. docs/run-directory.md is the format. */
struct zcb_rundir {
	const char *path; /* borrowed */
	int fd;           /* of the folder; holds the lock */
	int journal;
	uint64_t synced_ns; /* when the journal was, last */
};

/**
 * Makes the folder and its parts, or opens one to go on with. Errors: -EEXIST where it holds a run
 * and `resume` is false; -ENOENT where there is nothing to resume; -EWOULDBLOCK where another zcbench
 * writes it; -errno of the disk.
 */
int zcb_rundir_open(const char *path, bool resume, struct zcb_rundir *ret_dir, struct zcb_error *err);

/** Replaces a JSON file in one step; takes the reference. */
int zcb_rundir_put_json(struct zcb_rundir *dir, const char *name, json_t *json,
			struct zcb_error *err);

/** Writes a file anew. `name` is relative and ours, never a name from the host under test. */
int zcb_rundir_put(struct zcb_rundir *dir, const char *name, const void *bytes, size_t n,
		   struct zcb_error *err);

/** Appends to a file of at most `cap` bytes in all; what is beyond is marked once and dropped. */
int zcb_rundir_append(struct zcb_rundir *dir, const char *name, const void *bytes, size_t n, size_t cap,
		      struct zcb_error *err);

/**
 * Appends one line to the journal and syncs it, though not more than once a second, and when it is closed: that
 * is what a loss of power may cost. A line that does not fit on the disk is taken back
 * whole, so that the journal stays readable. Takes the reference.
 */
int zcb_rundir_journal(struct zcb_rundir *dir, json_t *line, struct zcb_error *err);

/** Calls `seen` for each whole line of the journal, in order. Returns 0 or -errno. */
int zcb_rundir_replay(struct zcb_rundir *dir, void (*seen)(void *opaque, json_t *line), void *opaque);

void zcb_rundir_close(struct zcb_rundir *dir);

#endif
