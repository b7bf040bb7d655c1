/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_AIM_H
#define ZCB_WORKLOADS_AIM_H

#include "workloads/workload.h"

/** Says what is wrong with a pattern, in err with -EINVAL. */
int zcb_aim_check(const struct zcb_workload_params *params, struct zcb_error *err);

/**
 * Chooses the pages of a strike. wanted[i] says whether page i of the frame is hit, leads[i] whether
 * it leads a call: of the pages in one huge page only the first does, where the unit is huge. Both
 * have victim->pages entries, and are all false before.
 */
void zcb_aim(const struct zcb_workload_params *params, struct zcb_victim *victim, bool *wanted,
	     bool *leads);

#endif
