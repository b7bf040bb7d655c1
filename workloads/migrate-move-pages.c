// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the kernel to move the frame's pages to another NUMA node: what balancing, compaction and
 * taking memory offline come down to. The guest's bytes stay; where they lie changes.
 */
#include "bench/base/io.h"
#include "workloads/move.h"

static int migrate_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			 struct zcb_error *err)
{
	int ret = zcb_two_nodes_check(err);

	return ret ? ret : zcb_move_check(params, guest, err);
}

static int move(struct zcb_victim *victim, const struct zcb_mapped_page *page, zcb_ns *ret_start,
		zcb_ns *ret_took, struct zcb_error *err)
{
	int target = zcb_other_node(zcb_page_node(page)), ret;
	uint64_t start = zcb_now_ns();

	ret = zcb_page_to_node(page, target, err);
	*ret_start = (zcb_ns){ start };
	*ret_took = (zcb_ns){ zcb_now_ns() - start };
	return ret;
}

static int migrate_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			  struct zcb_damage *damage, struct zcb_error *err)
{
	static const struct zcb_mover mover = {
		.move = move, .to_other_node = true, .doubt = "is the other node full?",
	};

	return zcb_move_frame(&mover, params, victim, damage, err);
}

const struct zcb_workload_ops zcb_workload_migrate_move_pages = {
	.name = "migrate-move-pages",
	.summary = "moves pages of the frame to another NUMA node, with move_pages()",
	.needs = "two NUMA nodes (numa=fake=2 makes them)",
	.effect = "its folios are replaced on another node; the VMM and KVM fault them in again",
	.event = ZCB_EVENT_MIGRATE,
	.check = migrate_check,
	.strike = migrate_strike,
};
