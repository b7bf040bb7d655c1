// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the kernel to put one huge page in the place of the small ones that the frame is in, as
 * khugepaged does by itself and programs do with MADV_COLLAPSE. The bytes stay; where they lie changes.
 *
 * A page that somebody holds beside page cache and page tables is refused before anybody is told of
 * it: is_refcount_suitable() in hpage_collapse_scan_file(), mm/khugepaged.c. That blocks can be
 * collapsed here is shown by one of a memfd of its own.
 */
#include <errno.h>

#include "bench/base/io.h"
#include "workloads/thp.h"

#define TRIES 3

/* The kernel says of a page that is held that trying again might help: so it is tried again. */
static int collapse(struct zcb_victim *victim, const struct zcb_block *block, struct zcb_error *err)
{
	int said = -EAGAIN;

	for (int i = 0; i < TRIES && said == -EAGAIN; i++) {
		uint64_t start = zcb_now_ns(), end;

		said = zcb_block_collapse(block);
		end = zcb_now_ns();
		victim->sample(victim->recorder, "thp.collapse", victim->operation++, (zcb_ns){ start },
			       (zcb_ns){ end - start });
	}
	return 0;
}

static int collapse_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			   struct zcb_damage *damage, struct zcb_error *err)
{
	int ret = zcb_thp_prove(false, err);

	return ret ? ret : zcb_thp_strike(params, victim, true, collapse, damage, err);
}

const struct zcb_workload_ops zcb_workload_thp_collapse = {
	.name = "thp-collapse",
	.summary = "puts one huge page in the place of the frame's small ones, with MADV_COLLAPSE",
	.needs = "CONFIG_TRANSPARENT_HUGEPAGE, shmem_enabled other than deny",
	.effect = "its small folios are copied into a huge one and freed; a page that is held stops that",
	.event = ZCB_EVENT_COLLAPSE,
	.check = zcb_thp_check_blocks,
	.strike = collapse_strike,
	.restore = zcb_thp_restore,
};
