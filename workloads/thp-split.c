// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the kernel to split the huge page that the frame is in, as reclaim and partial truncation do,
 * through split_huge_pages of debugfs. No byte is copied and no page of memory changes its number; but
 * the small folios are others than the huge one was.
 *
 * A folio that somebody holds beside page cache and page tables is refused before anybody is told of
 * it: can_split_folio() in split_huge_pages_pid(), mm/huge_memory.c. That huge pages can be split here
 * is shown by one of a memfd of its own.
 */
#include "bench/base/io.h"
#include "workloads/thp.h"

static int split(struct zcb_victim *victim, const struct zcb_block *block, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	int ret = zcb_block_split(block, err);

	if (!ret)
		victim->sample(victim->recorder, "thp.split", victim->operation++, (zcb_ns){ start },
			       (zcb_ns){ zcb_now_ns() - start });
	return ret;
}

static int split_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
			 struct zcb_error *err)
{
	return zcb_thp_prepare(victim, err);
}

static int split_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			struct zcb_damage *damage, struct zcb_error *err)
{
	int ret = zcb_thp_prove(true, err);

	return ret ? ret : zcb_thp_strike(params, victim, false, split, damage, err);
}

const struct zcb_workload_ops zcb_workload_thp_split = {
	.name = "thp-split",
	.summary = "collapses the blocks of the frame first, and splits them again under the udmabuf",
	.needs = "CONFIG_TRANSPARENT_HUGEPAGE, split_huge_pages of debugfs",
	.effect = "its huge folio becomes small ones where it lies; a page that is held stops that",
	.event = ZCB_EVENT_SPLIT,
	.check = zcb_thp_check_blocks,
	.prepare = split_prepare,
	.strike = split_strike,
	.restore = zcb_thp_restore,
};
