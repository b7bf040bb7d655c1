/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_SHARD_H
#define ZCB_PLAN_SHARD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"

struct zcb_plan;

/** Which part of a plan one of several machines plays. All zeros: the whole of it. */
struct zcb_shard {
	uint32_t number; /* from 1 */
	uint32_t of;
};

/** Reads I/N, I from 1 to N. Errors: -EINVAL with the culprit in err. */
int zcb_shard_parse(const char *text, struct zcb_shard *ret_shard, struct zcb_error *err);

/**
 * Leaves the plan as it is, and marks the boots that other shards play. The same plan is always dealt
 * out alike: the longest boot that is left, by its cells and their seconds, goes to the shard that has
 * least, so that all take about as long. Boots of one round of a comparison stay together: they are
 * compared with each other, which takes one machine. Errors: -EINVAL where there are more shards than
 * that can go to.
 */
int zcb_plan_take_shard(struct zcb_plan *plan, struct zcb_shard shard, struct zcb_error *err);

/** Whether this shard, or the whole plan, plays a boot, from 1. */
bool zcb_plan_plays(const struct zcb_plan *plan, uint32_t boot);

/** How many of the plan's cells it plays. */
uint32_t zcb_plan_cells_played(const struct zcb_plan *plan);

/** The "shard" of plan.json, which lists the boots that it plays; NULL of a whole plan. A new reference. */
json_t *zcb_plan_shard_to_json(const struct zcb_plan *plan);

/** Reads it again, where there is one. 0, -EINVAL or -ENOMEM. */
int zcb_plan_shard_from_json(json_t *json, struct zcb_plan *plan);

#endif
