/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_MERGE_MERGE_H
#define ZCB_MERGE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"

/** What to join, and how. Strings are borrowed. */
struct zcb_merge_options {
	const char *const *dirs; /* run directories, one a shard, in any order */
	size_t n_dirs;
	const char *output;
	bool partial;              /* join what there is, even where shards or cells are missing */
	bool (*interrupted)(void); /* asked between files; NULL: nothing interrupts */
};

/** What the joined run came to. */
struct zcb_merged {
	uint32_t passed, known_bugs, failed, errors, crashed, skipped, not_run;
	uint32_t shards, of;
	char missing[400]; /* what is, as a sentence without its stop; "": nothing is */
	enum zcb_exit exit_code; /* that of the run, had one machine played all of it */
};

/**
 * Joins the run directories of shards to the one that the undivided run would have left. They are only
 * read; the new directory gets its name when all of it is on the disk. Errors, each with a sentence in
 * err: -ENOTDIR for what is no run directory; -EINVAL where they are no shards of one run, or some are
 * missing; -EEXIST where the output holds something; -EBUSY where one is still written; -EBADMSG for a
 * damaged one; -EINTR; -errno of the disk.
 */
int zcb_merge(const struct zcb_merge_options *options, struct zcb_merged *ret_merged, struct zcb_error *err);

#endif
