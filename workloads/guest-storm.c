// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest rewrites a second frame as fast as it can while another workload strikes the first: its
 * vCPU is in the middle of stores, and KVM of faults, when pages of the same memfd go.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/beside.h"

#define AT_LEAST 2U /* frames, or it was no storm */
#define PATIENCE_NS 30000000000ULL

/* The last sequence is known only when the storm ends: so it is let go on until it has drawn. */
static int let_it_blow(struct zcb_beside *beside, uint64_t start, uint64_t *ret_last,
		       struct zcb_error *err)
{
	struct timespec pause = { .tv_nsec = 1000000 };
	int ret;

	for (;;) {
		ret = beside->guest->ops->calm(beside->guest, beside->frame, ret_last, err);
		if (ret || *ret_last >= AT_LEAST)
			return ret;
		if (zcb_now_ns() - start > PATIENCE_NS)
			return zcb_fail(err, -EIO, "guest: it drew %" PRIu64 " frames in a storm of %llu s",
					*ret_last, PATIENCE_NS / 1000000000ULL);
		ret = beside->guest->ops->storm(beside->guest, beside->frame, *ret_last + 1, err);
		if (ret)
			return ret;
		nanosleep(&pause, NULL);
	}
}

static int storm(const struct zcb_workload_params *params, struct zcb_victim *victim,
		 struct zcb_beside *beside, struct zcb_damage *damage, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns(), last = 0;
	int ret = beside->guest->ops->storm(beside->guest, beside->frame, 1, err), calmed;
	struct zcb_error calm_err = { "" };

	if (ret)
		return ret;
	ret = beside->under->strike(params, victim, damage, err);
	calmed = let_it_blow(beside, start, &last, &calm_err);
	if (!ret && calmed)
		ret = zcb_fail(err, calmed, "%s", calm_err.text);
	if (!ret)
		victim->sample(victim->recorder, "storm.frame", victim->operation++, (zcb_ns){ start },
			       (zcb_ns){ (zcb_now_ns() - start) / last });
	if (!ret)
		ret = zcb_beside_prove(beside, last, err);
	if (!ret)
		damage->work += last;
	return ret;
}

static int guest_storm_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			      struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_beside_close) struct zcb_beside beside = { 0 };
	int ret = zcb_beside_open(params, victim, &beside, err);

	return ret ? ret : storm(params, victim, &beside, damage, err);
}

const struct zcb_workload_ops zcb_workload_guest_storm = {
	.name = "guest-storm",
	.summary = "the guest rewrites a second frame as fast as it can while `under` strikes the first",
	.needs = "what the workload named by \"under\" needs",
	.effect = "that of `under`; the second frame's pages are written all the time",
	.event = ZCB_EVENT_UNDER,
	.check = zcb_beside_check,
	.prepare = zcb_beside_prepare,
	.strike = guest_storm_strike,
	.give_back = zcb_beside_give_back,
	.restore = zcb_beside_restore,
};
