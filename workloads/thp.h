/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_THP_H
#define ZCB_WORKLOADS_THP_H

#include "workloads/workload.h"

/** 2 MiB of a memfd, aligned there and mapped here at an address that is aligned, too. */
struct zcb_block {
	char *reserved; /* what the aligned address was cut out of; NULL: not mapped */
	char *at;
};

/** Maps the block that an offset is in. Returns 0 or -errno; zcb_block_unmap() takes it back. */
int zcb_block_map(int memfd, zcb_memfd_off offset, struct zcb_block *ret_block,
		  struct zcb_error *err);
void zcb_block_unmap(struct zcb_block *block);

/** Whether blocks can be made huge and split on this kernel and memory: 0, or -EOPNOTSUPP for a skip. */
int zcb_thp_check(const struct zcb_guest *guest, struct zcb_error *err);

/** The check() of a workload that strikes whole blocks. */
int zcb_thp_check_blocks(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			 struct zcb_error *err);

/** Asks for one huge page in place of the block's pages: MADV_COLLAPSE. Returns 0 or -errno. */
int zcb_block_collapse(const struct zcb_block *block);

/** Asks for small pages again: debugfs, split_huge_pages. It does not say what came of it. */
int zcb_block_split(const struct zcb_block *block, struct zcb_error *err);

/**
 * Whether the page at this offset, which the memfd must have, lies where it would in one transparent
 * huge page: by number and by flag. Returns 0 or -errno.
 */
int zcb_block_is_huge(const struct zcb_block *block, zcb_memfd_off offset, bool *ret_huge,
		      struct zcb_error *err);

/** Makes all blocks of the frame huge, and proves it; they may be so already. Returns 0 or -errno. */
int zcb_thp_prepare(struct zcb_victim *victim, struct zcb_error *err);

/** Splits all of them again, as far as it goes. */
void zcb_thp_restore(struct zcb_victim *victim);

/**
 * Shows with a memfd of its own, which nobody else has, that blocks can be collapsed here, and split:
 * without that nothing can be told of one that is not. Returns 0, or -EIO with what did not work.
 */
int zcb_thp_prove(bool split, struct zcb_error *err);

/**
 * A strike at whole blocks: each that is chosen is mapped and given to `act`, which is to make it huge,
 * or to split it. Each page of the frame in it must have been the other before; what it is after
 * decides. Returns 0 or -errno.
 */
int zcb_thp_strike(const struct zcb_workload_params *params, struct zcb_victim *victim, bool to_huge,
		   int (*act)(struct zcb_victim *victim, const struct zcb_block *block,
			      struct zcb_error *err),
		   struct zcb_damage *damage, struct zcb_error *err);

#endif
