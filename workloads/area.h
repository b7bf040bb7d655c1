/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_AREA_H
#define ZCB_WORKLOADS_AREA_H

#include "workloads/move.h"

/** A range of page frames that must stay movable: an area of CMA, a block of ZONE_MOVABLE. */
struct zcb_area {
	uint64_t first_pfn, pages;
	int node;
};

/** What differs between such ranges. */
struct zcb_area_ops {
	/** Makes the next pages that this processor is given be of the area; NULL: they are. */
	int (*offer)(const struct zcb_area *area, void *state, struct zcb_error *err);
	/** Has the kernel clear the whole area; *ret_start and *ret_took are of that call. */
	int (*clear)(const struct zcb_area *area, void *state, zcb_ns *ret_start, zcb_ns *ret_took,
		     struct zcb_error *err);
};

/** The node of a page frame, by its memory block in sysfs, or -ENOENT. */
int zcb_node_of_frame(uint64_t pfn);

/**
 * Brings all pages of the frame into the area, by moving them to another node and back: -EIO where
 * one does not come. For prepare(), when nobody holds them.
 */
int zcb_area_bring_frame(const struct zcb_area *area, const struct zcb_area_ops *ops,
			 struct zcb_victim *victim, void *state, struct zcb_error *err);

/**
 * The strike. That the frame is no longer in the area is what making a udmabuf does in every variant
 * (check_and_migrate_movable_folios() in mm/gup.c); that is looked at first. Then pages of the guest's
 * are brought into it, as the kernel may at any time: bystanders, which must come, and those of the frame that were
 * aimed at, of which only those come that nobody holds. Then the area is cleared: what was in it must
 * be elsewhere. Hit are the pages of the frame that were in it.
 */
int zcb_area_strike(const struct zcb_area *area, const struct zcb_area_ops *ops, void *state,
		    const struct zcb_workload_params *params, struct zcb_victim *victim,
		    struct zcb_damage *damage, struct zcb_error *err);

#endif
