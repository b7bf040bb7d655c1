// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Punches holes into the guest's memfd under the frame with fallocate(): what virtio-mem or free-page
 * reporting come down to. The guest refills the holes by writing its next frame.
 */
#include "workloads/holes.h"

static int punch(void *state, zcb_memfd_off at, uint64_t bytes)
{
	const struct zcb_victim *victim = state;

	return zcb_memfd_punch(victim->memfd, at, bytes);
}

static int punch_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			struct zcb_damage *damage, struct zcb_error *err)
{
	const struct zcb_hole_way way = { .call = "fallocate()", .punch = punch, .state = victim };

	return zcb_holes_strike(params, victim, &way, damage, err);
}

const struct zcb_workload_ops zcb_workload_punch = {
	.name = "punch",
	.summary = "punches holes into the memfd; the guest refills them with its next frame",
	.needs = "fallocate(FALLOC_FL_PUNCH_HOLE)",
	.effect = "its pages leave the memfd; part of a huge page is zeroed in place",
	.event = ZCB_EVENT_FAULT,
	.check = zcb_holes_check,
	.prepare = zcb_holes_prepare,
	.strike = punch_strike,
	.restore = zcb_holes_restore,
};
