/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_PLAN_H
#define ZCB_PLAN_PLAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/plan/arms.h"
#include "bench/plan/cell.h"
#include "bench/plan/shard.h"

/** A plan that is part of the program. */
struct zcb_builtin_plan {
	const char *name;
	const char *json;
};

/** All of them; the last has no name. */
extern const struct zcb_builtin_plan zcb_builtin_plans[];

/** What the command line says over the plan. NULL and 0: as the plan says. Lists have commas. */
struct zcb_plan_options {
	const char *kernels, *variants, *memory, *guests, *workloads, *consumers;
	const char *fence;
	uint32_t boots;
	uint32_t seconds;
	bool show; /* a clip is kept of every cell */
	uint64_t seed;
	const struct zcb_arms *arms; /* a comparison, over the plan's kernels and variants; or NULL */
	struct zcb_shard shard;
};

/** A plan, expanded: every cell, in the order in which it runs. */
struct zcb_plan {
	char name[ZCB_NAME_SIZE];
	uint64_t seed;
	uint32_t boots; /* boots of a HUT in all: each boot of each kernel */
	uint32_t boots_planned; /* of a comparison that was settled before its last boot; else 0 */
	bool compares; /* the cells are those of arms */
	struct zcb_arms arms;
	struct zcb_cell *cell; /* all, whoever plays them */
	uint32_t n;
	struct zcb_shard shard;
	bool *elsewhere; /* of each boot, from 0: another shard plays it; NULL: none does */
};

/**
 * Expands the plan called `name`, or that of a file. Errors: -EINVAL with the culprit in err, for a
 * plan that names what there is not, or that leaves no cell.
 */
int zcb_plan_make(const char *name, const struct zcb_plan_options *options,
		  struct zcb_plan *ret_plan, struct zcb_error *err);

/** The content of plan.json. A new reference. */
json_t *zcb_plan_to_json(const struct zcb_plan *plan);

/** Reads plan.json again, to go on with a run. */
int zcb_plan_from_json(json_t *json, struct zcb_plan *ret_plan, struct zcb_error *err);

/** After how many boots each arm has had as many turns as the others. 1 where nothing is compared. */
uint32_t zcb_plan_round_boots(const struct zcb_plan *plan);

void zcb_plan_finish(struct zcb_plan *plan);

#endif
