/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_ARMS_H
#define ZCB_PLAN_ARMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"

/** What a comparison compares: A with B, and the twin Z, which is A once more, with A. */
enum zcb_plan_arm { ZCB_PLAN_ARM_A = 'A', ZCB_PLAN_ARM_B = 'B', ZCB_PLAN_ARM_TWIN = 'Z' };

/** How many arms a comparison plays, and how many plays of a cell a boot holds where it can: each twice. */
#define ZCB_PLAN_ARMS 3
#define ZCB_PLAN_PLAYS (2 * ZCB_PLAN_ARMS)

/** One side of a comparison. */
struct zcb_arm_spec {
	char kernel[256];
	char variant[64];
};

struct zcb_arms {
	struct zcb_arm_spec a, b;
};

/**
 * Reads KERNEL[:VARIANT]; the variant is `stock` where none is given. Errors: -EINVAL with the
 * culprit in err, for a kernel or a variant that there is not.
 */
int zcb_arm_parse(const char *text, struct zcb_arm_spec *ret_spec, struct zcb_error *err);

/** Which of the two an arm is; NULL for a letter that is none. */
const struct zcb_arm_spec *zcb_arms_find(const struct zcb_arms *arms, char arm);

/** Whether one boot can hold both: they differ in the variant alone. */
bool zcb_arms_share_kernel(const struct zcb_arms *arms);

/** Whether there is a kernel of this name: one of ours, a package's, a file's, or this machine's. */
bool zcb_kernel_exists(const char *name);

/**
 * The order of the arms in the n-th of a row of turns: all six orders of three come before one comes
 * again, each time shuffled by the seed.
 */
void zcb_arms_order(uint64_t seed, uint32_t n, char ret_order[ZCB_PLAN_ARMS]);

/** The "arms" of plan.json. A new reference; reads it again, 0 or -EINVAL. */
json_t *zcb_arms_to_json(const struct zcb_arms *arms);
int zcb_arms_from_json(json_t *json, struct zcb_arms *ret_arms);

#endif
