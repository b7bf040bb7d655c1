// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Unplugs the memory that the frame is in. It was plugged in for the frame, into ZONE_MOVABLE, where the
 * guest's kernel takes the pages of programs from first. The guest gives the frame's pages, and when the
 * driver has evacuated the rest and unplugged all, QEMU punches what was unplugged (virtio_mem_set_block_state()
 * of QEMU). Plugged in again, the guest finds the very same pages.
 */
#include <errno.h>

#include "workloads/taken.h"

static int virtio_mem_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			    struct zcb_error *err)
{
	int ret = zcb_taken_check(params, guest, ZCB_GUEST_PLUG, err);

	/* A page that stays would be moved away by the guest, and its place in the list be wrong. */
	if (!ret && params->pattern != ZCB_PATTERN_FRAME)
		ret = zcb_fail(err, -EINVAL, "usage: what is unplugged is the whole frame: say "
			       "\"pattern\":\"frame\"");
	return ret;
}

static int virtio_mem_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			     struct zcb_damage *damage, struct zcb_error *err)
{
	uint32_t pages;
	int ret = zcb_taken_give(params, victim, &pages, err);

	if (!ret)
		ret = zcb_guest_resize_wait(victim->guest, ZCB_GUEST_PLUG, 0, err);
	return ret ? ret : zcb_taken_note(victim, damage, zcb_taken_left(victim), "qemu: all is unplugged", err);
}

static int virtio_mem_give_back(const struct zcb_workload_params *params, struct zcb_victim *victim,
				struct zcb_error *err)
{
	int ret = zcb_guest_resize_wait(victim->guest, ZCB_GUEST_PLUG, ZCB_GUEST_PLUGGED_BYTES, err);

	return ret ? ret : zcb_taken_regain(victim, err);
}

const struct zcb_workload_ops zcb_workload_virtio_mem = {
	.name = "virtio-mem",
	.summary = "unplugs the memory that the frame is in, and plugs it in again",
	.needs = "the guest linux, on shmem",
	.effect = "its pages leave the memfd, punched by QEMU",
	.event = ZCB_EVENT_FAULT,
	.devices = ZCB_GUEST_PLUG,
	.plugged = true,
	.check = virtio_mem_check,
	.strike = virtio_mem_strike,
	.give_back = virtio_mem_give_back,
	.restore = zcb_taken_restore,
};
