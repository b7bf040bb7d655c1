// SPDX-License-Identifier: GPL-2.0-or-later
/* The control: nothing happens to the frame's pages, so nothing may go stale. */
#include "workloads/workload.h"

static int idle_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		      struct zcb_error *err)
{
	return 0;
}

static int idle_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		       struct zcb_damage *damage, struct zcb_error *err)
{
	return 0;
}

const struct zcb_workload_ops zcb_workload_idle = {
	.name = "idle",
	.summary = "the control: takes nothing away",
	.needs = "nothing",
	.effect = "none",
	.event = ZCB_EVENT_NONE,
	.control = true,
	.check = idle_check,
	.strike = idle_strike,
};
