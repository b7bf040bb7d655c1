/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_MERGE_INTERNAL_H
#define ZCB_MERGE_INTERNAL_H

#include <jansson.h>

#include "bench/merge/merge.h"

/** A line of a shard's journal. */
struct merge_line {
	const char *text; /* within the shard's journal, without the newline */
	size_t n;
	json_t *json;
	uint32_t life; /* the number of its boot in boots/; 0: it had none */
};

/** One life of a boot: a folder of boots/, or what lines of the journal say of one. */
struct merge_life {
	uint32_t number;  /* in its shard */
	uint32_t planned; /* the boot of the plan that it is one of; 0: not known yet */
	uint32_t becomes; /* its number in the joined run */
};

/** One shard, as it was read. */
struct merge_shard {
	const char *path;
	int fd; /* holds a shared lock, or -1 */
	json_t *metadata, *plan;
	uint32_t number, of;
	uint32_t n_cells, n_boots; /* of the whole plan */
	bool *plays;               /* of each boot, from 1 */
	uint32_t n_own, n_done;    /* of its own cells: all, and those in the journal */
	char *journal;
	struct merge_line *line; /* of each cell of the plan; json is NULL where it has none */
	struct merge_life *life; /* by number */
	size_t n_lives;
};

/** All of them, by their numbers. */
struct merge {
	const struct zcb_merge_options *options;
	struct merge_shard *shard;
	size_t n;
	struct zcb_error *err;
};

/** Reads a run directory; *shard is to be finished whatever is returned. As zcb_merge(). */
int zcb_merge_read_shard(const char *path, struct merge_shard *shard, struct zcb_error *err);
void zcb_merge_finish_shard(struct merge_shard *shard);

/** Refuses what is not of one run: another plan, machine or program, the same shard or cell twice. */
int zcb_merge_check(const struct merge *merge);

/** What is missing, in words; "" where nothing is. */
void zcb_merge_missing(const struct merge *merge, char *ret_text, size_t room);

/** Says which boot of the plan each life is one of, and numbers them as one machine had. */
void zcb_merge_number_lives(struct merge *merge);

/** What a life's number becomes. */
uint32_t zcb_merge_life_becomes(const struct merge_shard *shard, uint32_t number);

/** Counts the cells, and finds the exit code. */
void zcb_merge_count(const struct merge *merge, struct zcb_merged *ret);

/** The joined metadata.json and plan.json. New references; NULL without memory. */
json_t *zcb_merge_metadata(const struct merge *merge, const struct zcb_merged *merged);
json_t *zcb_merge_plan(const struct merge *merge);

/** Writes everything below a folder that is there. 0, or as zcb_merge(). */
int zcb_merge_write(const struct merge *merge, int fd, const struct zcb_merged *merged);

/** The sentence for a failed write: a full disk has its own mend. */
int zcb_merge_blame_disk(const struct merge *merge, const char *name, int code);

#endif
