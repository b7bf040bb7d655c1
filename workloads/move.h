/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_MOVE_H
#define ZCB_WORKLOADS_MOVE_H

#include "workloads/workload.h"

/** A page of the memfd, mapped here: calls that move pages go by addresses of a process. */
struct zcb_mapped_page {
	char *map; /* the page, or the huge page that it is in */
	uint64_t size;
	char *at;
};

/** Maps the page at that offset and touches it. Returns 0 or -errno. */
int zcb_map_page(int memfd, enum zcb_memory memory, zcb_memfd_off offset,
		 struct zcb_mapped_page *ret_page, struct zcb_error *err);

/** For ZCB_CLEANUP(); a page of zeros is none. */
void zcb_page_unmap(struct zcb_mapped_page *page);

/** The NUMA node the page is on, or -errno, by move_pages() without nodes. */
int zcb_page_node(const struct zcb_mapped_page *page);

/**
 * The number of the page frame at this address of ours, from /proc/self/pagemap
 * (Documentation/admin-guide/mm/pagemap.rst). Returns 0, -ENOENT where no page is mapped, -EPERM
 * without CAP_SYS_ADMIN, or -errno.
 */
int zcb_page_frame(const void *address, uint64_t *ret_pfn);

/** The same of a page of the memfd, which is there already. Returns 0 or -errno. */
int zcb_memfd_frame(int memfd, enum zcb_memory memory, zcb_memfd_off offset, uint64_t *ret_pfn,
		    struct zcb_error *err);

/** Asks for a page to be moved to that node; whether it was, its frame tells. 0 or -errno. */
int zcb_page_to_node(const struct zcb_mapped_page *page, int node, struct zcb_error *err);

/** Whether the page at this offset, or its huge page, holds a page of the frame. */
bool zcb_is_of_frame(const struct zcb_victim *victim, zcb_memfd_off offset);

/**
 * A page of the guest's RAM that is there and none of the frame's, at `from` or after it. Returns 0
 * or -ENOENT.
 */
int zcb_bystander_find(const struct zcb_victim *victim, zcb_memfd_off from,
		       zcb_memfd_off *ret_offset);

/** With two nodes, numbered 0 and 1 as `numa=fake=2` makes them: the one that is not this. */
static inline int zcb_other_node(int node)
{
	return node == 0 ? 1 : 0;
}

/** Says why nothing can be moved to another node, in err with -EOPNOTSUPP. */
int zcb_two_nodes_check(struct zcb_error *err);

/** Says why the parameters make no sense where whole pages of the memfd are moved: -EINVAL. */
int zcb_move_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		   struct zcb_error *err);

/** Notes what became of the pages of the frame that are in the same page of the memfd as `lead`. */
void zcb_note_move(const struct zcb_victim *victim, struct zcb_damage *damage, const bool *wanted,
		   uint32_t lead, bool moved);

/** A way to have the kernel move one page. */
struct zcb_mover {
	/** Asks once; *ret_start and *ret_took are of the call alone. -errno: it was not tried. */
	int (*move)(struct zcb_victim *victim, const struct zcb_mapped_page *page, zcb_ns *ret_start,
		    zcb_ns *ret_took, struct zcb_error *err);
	bool to_other_node; /* a page that moved must be there */
	const char *doubt;  /* what to look at where a page that nobody holds does not move */
};

/**
 * A strike that moves pages one at a time, each a sample of "migrate". Whether a page moved, its
 * frame number before and after tells. A page of the guest's that nobody holds goes first: if that one stays,
 * nothing can be told of those that do, and it is -EIO.
 */
int zcb_move_frame(const struct zcb_mover *mover, const struct zcb_workload_params *params,
		   struct zcb_victim *victim, struct zcb_damage *damage, struct zcb_error *err);

#endif
