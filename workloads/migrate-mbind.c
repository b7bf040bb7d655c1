// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moves the frame's pages to another NUMA node by a memory policy, as numactl or libvirt do to a
 * guest's RAM: mbind() with MPOL_MF_MOVE_ALL. On a memfd a policy is the file's and not the
 * mapping's (shmem_set_policy() in mm/shmem.c), so that it would stay: it is put back at once.
 */
#include <errno.h>
#include <linux/mempolicy.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "workloads/move.h"

#define NODE_BITS (8 * sizeof(unsigned long))

static int mbind_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		       struct zcb_error *err)
{
	int ret = zcb_two_nodes_check(err);

	return ret ? ret : zcb_move_check(params, guest, err);
}

static int put_policy_back(const struct zcb_mapped_page *page, struct zcb_error *err)
{
	int mode = -1;

	if (syscall(SYS_mbind, page->map, page->size, MPOL_DEFAULT, NULL, 0UL, 0U) < 0 ||
	    syscall(SYS_get_mempolicy, &mode, NULL, 0UL, page->map, MPOL_F_ADDR) < 0)
		return zcb_fail(err, -errno, "kernel: the policy of a page cannot be put back: %m");
	if (mode != MPOL_DEFAULT)
		return zcb_fail(err, -EIO, "kernel: the policy of a page was put back and is still %d",
				mode);
	return 0;
}

static int move(struct zcb_victim *victim, const struct zcb_mapped_page *page, zcb_ns *ret_start,
		zcb_ns *ret_took, struct zcb_error *err)
{
	unsigned long nodes = 1UL << zcb_other_node(zcb_page_node(page));
	uint64_t start = zcb_now_ns();
	long ret = syscall(SYS_mbind, page->map, page->size, MPOL_BIND, &nodes, NODE_BITS,
			   MPOL_MF_MOVE_ALL);

	*ret_start = (zcb_ns){ start };
	*ret_took = (zcb_ns){ zcb_now_ns() - start };
	if (ret < 0) {
		zcb_fail(err, 0, "kernel: mbind(): %m (it takes root to move shared pages)");
		put_policy_back(page, NULL);
		return -EIO;
	}
	return put_policy_back(page, err);
}

static int mbind_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			struct zcb_damage *damage, struct zcb_error *err)
{
	static const struct zcb_mover mover = {
		.move = move, .to_other_node = true, .doubt = "is the other node full?",
	};

	return zcb_move_frame(&mover, params, victim, damage, err);
}

const struct zcb_workload_ops zcb_workload_migrate_mbind = {
	.name = "migrate-mbind",
	.summary = "moves pages of the frame to another NUMA node, with mbind()",
	.needs = "two NUMA nodes (numa=fake=2 makes them)",
	.effect = "its folios are replaced on another node; the VMM and KVM fault them in again",
	.event = ZCB_EVENT_MIGRATE,
	.check = mbind_check,
	.strike = mbind_strike,
};
