// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes the frame's pages out of use as if their memory had begun to fail: what the kernel does to a
 * page with many corrected errors (soft_offline_page() in mm/memory-failure.c). The guest's bytes
 * move to another page; the old one is given back afterwards, by hwpoison/unpoison-pfn, or each
 * round would cost the host memory.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "workloads/move.h"

/* The C library leaves it out. */
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

#define UNPOISON "/sys/kernel/debug/hwpoison/unpoison-pfn"
#define ENABLED "/proc/sys/vm/enable_soft_offline"
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

static int soft_offline_check(const struct zcb_workload_params *params,
			      const struct zcb_guest *guest, struct zcb_error *err)
{
	uint64_t enabled;

	if (access(UNPOISON, F_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no " UNPOISON ", without which each "
				"page would be lost to the host: it needs CONFIG_MEMORY_FAILURE and "
				"CONFIG_HWPOISON_INJECT (modprobe hwpoison-inject)");
	if (!zcb_read_number(ENABLED, &enabled) && !enabled)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: " ENABLED " is 0: sysctl vm.enable_soft_offline=1");
	return zcb_move_check(params, guest, err);
}

static int unpoison(uint64_t pfn, struct zcb_error *err)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%" PRIu64, pfn);
	ret = zcb_write_text(UNPOISON, text);
	return ret ? zcb_fail(err, ret, "kernel: page frame %#" PRIx64 " was put out of use and cannot be "
			      "put back: %s", pfn, strerror(-ret)) : 0;
}

/* A huge page is dissolved when it goes out of use: its pool is one smaller. */
static int refill_pool(uint64_t pages, struct zcb_error *err)
{
	uint64_t now = 0;
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%" PRIu64, pages);
	ret = zcb_write_text(POOL, text);
	if (!ret)
		ret = zcb_read_number(POOL, &now);
	if (ret || now != pages)
		return zcb_fail(err, ret ? ret : -ENOMEM, "kernel: the pool of huge pages had %" PRIu64
				" and cannot be made so again: it has %" PRIu64, pages, now);
	return 0;
}

static int give_back(const struct zcb_victim *victim, uint64_t pfn, uint64_t pool,
		     struct zcb_error *err)
{
	int ret = unpoison(pfn, err);

	return ret || victim->memory != ZCB_MEMORY_HUGETLB ? ret : refill_pool(pool, err);
}

/* Refused with -EBUSY, -EAGAIN or -EIO: whether it moved, the caller sees for itself. */
static int move(struct zcb_victim *victim, const struct zcb_mapped_page *page, zcb_ns *ret_start,
		zcb_ns *ret_took, struct zcb_error *err)
{
	uint64_t pfn, pool = 0, start;
	int ret = zcb_page_frame(page->map, &pfn), failed = 0;

	if (!ret && victim->memory == ZCB_MEMORY_HUGETLB)
		ret = zcb_read_number(POOL, &pool);
	if (ret)
		return zcb_fail(err, ret, "kernel: where a page is, cannot be told: %s", strerror(-ret));
	start = zcb_now_ns();
	if (madvise(page->map, 4096, MADV_SOFT_OFFLINE) < 0)
		failed = errno;
	*ret_start = (zcb_ns){ start };
	*ret_took = (zcb_ns){ zcb_now_ns() - start };
	if (failed == EPERM || failed == EINVAL)
		return zcb_fail(err, -failed, "kernel: MADV_SOFT_OFFLINE: %s (it takes root)",
				strerror(failed));
	return failed ? 0 : give_back(victim, pfn, pool, err);
}

static int soft_offline_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			       struct zcb_damage *damage, struct zcb_error *err)
{
	static const struct zcb_mover mover = {
		.move = move, .doubt = "has it no free memory left to move it to?",
	};

	return zcb_move_frame(&mover, params, victim, damage, err);
}

const struct zcb_workload_ops zcb_workload_soft_offline = {
	.name = "soft-offline",
	.summary = "takes pages of the frame out of use as failing memory, and puts them back later",
	.needs = "hwpoison/unpoison-pfn in debugfs (CONFIG_HWPOISON_INJECT)",
	.effect = "its folios are replaced; the VMM and KVM fault them in again",
	.event = ZCB_EVENT_MIGRATE,
	.check = soft_offline_check,
	.strike = soft_offline_strike,
};
