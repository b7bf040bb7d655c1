// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The stress mode: each round is of another workload, with other parameters, by a schedule that
 * follows from the cell's seed. The executor chooses (bench/executor/mix.c), since each round is held
 * to its own declaration; this is the row by which plans name it.
 */
#include <errno.h>

#include "workloads/workload.h"

static int mix_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		     struct zcb_error *err)
{
	return 0;
}

static int mix_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		      struct zcb_damage *damage, struct zcb_error *err)
{
	return zcb_fail(err, -EINVAL, "zcbench bug: a mix strikes by the workloads it chooses");
}

const struct zcb_workload_ops zcb_workload_mix = {
	.name = "mix",
	.summary = "the stress mode: in each round another workload and parameters, by a schedule of the seed",
	.needs = "nothing: it chooses among the workloads that can run",
	.effect = "those of the workloads it chooses",
	.event = ZCB_EVENT_MIX,
	.devices = ZCB_GUEST_BALLOON | ZCB_GUEST_REPORTING,
	.check = mix_check,
	.strike = mix_strike,
};
