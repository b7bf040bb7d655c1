/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_MIX_H
#define ZCB_EXECUTOR_MIX_H

#include "bench/executor/round.h"

/*
 * A cell of the workload mix: each round is played as a cell of its own, of a workload and parameters
 * that a schedule chooses, and is held to what the variant declares for just that.
 */

/** How a mix went. Zero-initialized is before its first round. */
struct zcb_mix {
	uint64_t schedule;   /* the state of its random numbers: the schedule follows from the seed alone */
	uint64_t rounds, wrong; /* rounds played, and those that were not as declared */
	struct zcb_error first; /* the sentence of the first wrong one */
	char *log;           /* one JSON line a round; owned */
	size_t log_n, log_room;
	uint64_t rss_kib[2]; /* of this process: after its first rounds, and now */
};

/** Plays one round. Returns 0 whatever was seen, or -errno: then the round is named in err. */
int zcb_mix_play(struct zcb_mix *mix, struct zcb_running *run, struct zcb_error *err);

/** Sends the schedule as a message of kind "schedule". Returns 0 or -errno. */
int zcb_mix_send(const struct zcb_mix *mix, int out);

void zcb_mix_finish(struct zcb_mix *mix);

#endif
