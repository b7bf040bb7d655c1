// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Blows up the guest's balloon until the frame's pages are in it. The guest gives them to its kernel,
 * whose balloon driver takes free pages, those freed last first, and tells QEMU, which punches each
 * (virtio_balloon_handle_output() and ram_block_discard_range() of QEMU). Then the balloon is emptied,
 * and the guest has the very same pages again.
 */
#include <errno.h>
#include <inttypes.h>

#include "workloads/taken.h"

#define PAGE 4096ULL
#define FIRST_SPARE 64U      /* pages: what the agent frees after the frame's (vm-images/guest/regain.c) */
#define STEP (1ULL << 20)    /* then so much more at a time */

static int balloon_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			 struct zcb_error *err)
{
	return zcb_taken_check(params, guest, ZCB_GUEST_BALLOON, err);
}

/* The guest keeps three quarters of its RAM: an agent without memory is no agent. */
static int blow_up(struct zcb_victim *victim, uint32_t pages, uint32_t *ret_left, struct zcb_error *err)
{
	struct zcb_guest *guest = victim->guest;
	uint64_t size = (pages + FIRST_SPARE) * PAGE;
	int ret = zcb_guest_resize_wait(guest, ZCB_GUEST_BALLOON, guest->ram_bytes - size, err);

	*ret_left = ret ? pages : zcb_taken_left(victim);
	while (!ret && *ret_left && size + STEP <= guest->ram_bytes / 4) {
		size += STEP;
		ret = zcb_guest_resize_wait(guest, ZCB_GUEST_BALLOON, guest->ram_bytes - size, err);
		*ret_left = zcb_taken_left(victim);
	}
	return ret;
}

static int balloon_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			  struct zcb_damage *damage, struct zcb_error *err)
{
	uint64_t size = 0;
	uint32_t pages, left;
	int ret = victim->guest->ops->size(victim->guest, ZCB_GUEST_BALLOON, &size, err);

	if (!ret && size != victim->guest->ram_bytes)
		ret = zcb_fail(err, -EIO, "guest: its balloon is to be empty, and of %" PRIu64 " bytes the "
			       "guest has %" PRIu64, victim->guest->ram_bytes, size);
	if (!ret)
		ret = zcb_taken_give(params, victim, &pages, err);
	if (!ret)
		ret = blow_up(victim, pages, &left, err);
	return ret ? ret : zcb_taken_note(victim, damage, left, "guest: its balloon is a quarter of its RAM",
					  err);
}

static int balloon_give_back(const struct zcb_workload_params *params, struct zcb_victim *victim,
			     struct zcb_error *err)
{
	int ret = zcb_guest_resize_wait(victim->guest, ZCB_GUEST_BALLOON, victim->guest->ram_bytes, err);

	return ret ? ret : zcb_taken_regain(victim, err);
}

const struct zcb_workload_ops zcb_workload_balloon = {
	.name = "balloon",
	.summary = "the guest gives pages, QEMU's balloon takes them, and gives them back",
	.needs = "the guest linux, on shmem",
	.effect = "its pages leave the memfd, punched by QEMU",
	.event = ZCB_EVENT_FAULT,
	.devices = ZCB_GUEST_BALLOON,
	.check = balloon_check,
	.strike = balloon_strike,
	.give_back = balloon_give_back,
	.restore = zcb_taken_restore,
};
