// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/variants.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bench/base/kernels.h"
#include "bench/consumers/consumer.h"
#include "bench/plan/cell.h"

static const char *const events[ZCB_EVENTS] = {
	[ZCB_EVENT_NONE] = "none",
	[ZCB_EVENT_FAULT] = "fault",
	[ZCB_EVENT_REFILL_WRITE] = "refill-write",
	[ZCB_EVENT_REFILL_READ] = "refill-read",
	[ZCB_EVENT_REFILL_READ_FAULT] = "refill-read-fault",
	[ZCB_EVENT_REFILL_ONLY] = "refill-only",
	[ZCB_EVENT_REFILL_UFFD] = "refill-uffd",
	[ZCB_EVENT_ZEROED] = "zeroed",
	[ZCB_EVENT_THP_PUNCH] = "thp-punch",
	[ZCB_EVENT_THP_PUNCH_ALL] = "thp-punch-all",
	[ZCB_EVENT_MIGRATE] = "migrate",
	[ZCB_EVENT_MOVABLE] = "movable",
	[ZCB_EVENT_COLLAPSE] = "collapse",
	[ZCB_EVENT_SPLIT] = "split",
	[ZCB_EVENT_SWAP] = "swap",
	[ZCB_EVENT_UNDER] = "under",
	[ZCB_EVENT_MIX] = "mix",
};

const char *zcb_event_name(enum zcb_event event)
{
	return events[event];
}

/* The declarations: a word for each event, those of "expected" in docs/run-directory.md. */

#define UNTIL "stale-until-refill"

/*
 * Nothing happens, or the same folio stays: alike for all. Before they tell anybody, collapsing and
 * splitting count who holds a folio (is_refcount_suitable() in mm/khugepaged.c, can_split_folio() in
 * mm/huge_memory.c), and a reference that is given back when asked counts as well as a pin.
 */
#define OF_ALL \
	[ZCB_EVENT_NONE] = "fresh", [ZCB_EVENT_ZEROED] = "zero-in-place", \
	[ZCB_EVENT_THP_PUNCH] = "zero-in-place", [ZCB_EVENT_UNDER] = "declared", \
	[ZCB_EVENT_MIX] = "declared", \
	[ZCB_EVENT_COLLAPSE] = "refused", [ZCB_EVENT_SPLIT] = "refused"

/*
 * What is pinned when the udmabuf is created (memfd_pin_folios() in mm/gup.c) cannot be moved or
 * swapped. And it is moved out of CMA and ZONE_MOVABLE at once, by
 * check_and_migrate_movable_folios(), so that whoever clears them finds nothing of the frame. (Under
 * `invalidate` too, but there what the pins let go may lie there again, and move again.)
 */
#define OF_PINNED \
	[ZCB_EVENT_MIGRATE] = "refused", [ZCB_EVENT_MOVABLE] = "fresh", \
	[ZCB_EVENT_SWAP] = "refused", [ZCB_EVENT_THP_PUNCH_ALL] = "zero-in-place"

/* Told where a fault finds a page: shmem_fault() is not called where filemap_map_pages() finds it. */
#define OF_FAULT_HOOK \
	[ZCB_EVENT_FAULT] = UNTIL, [ZCB_EVENT_REFILL_WRITE] = UNTIL, \
	[ZCB_EVENT_REFILL_READ] = "stale", [ZCB_EVENT_REFILL_READ_FAULT] = UNTIL, \
	[ZCB_EVENT_REFILL_ONLY] = "stale", [ZCB_EVENT_REFILL_UFFD] = "stale"

/*
 * Told where a page enters the page table: set_pte_range() is how fault-around maps, too. But
 * mfill_atomic_install_pte() in mm/userfaultfd.c is a place of its own, and not hooked.
 */
#define OF_PTE_HOOK \
	[ZCB_EVENT_FAULT] = UNTIL, [ZCB_EVENT_REFILL_WRITE] = UNTIL, \
	[ZCB_EVENT_REFILL_READ] = UNTIL, [ZCB_EVENT_REFILL_READ_FAULT] = UNTIL, \
	[ZCB_EVENT_REFILL_ONLY] = "stale", [ZCB_EVENT_REFILL_UFFD] = "stale"

const struct zcb_variant zcb_variants[] = {
	{
		/* udmabuf never looks again. */
		.name = "stock",
		.summary = "pinned pages, no notifier",
		.declares = { OF_ALL, OF_PINNED, [ZCB_EVENT_FAULT] = "stale",
			      [ZCB_EVENT_REFILL_WRITE] = "stale", [ZCB_EVENT_REFILL_READ] = "stale",
			      [ZCB_EVENT_REFILL_READ_FAULT] = "stale",
			      [ZCB_EVENT_REFILL_ONLY] = "stale", [ZCB_EVENT_REFILL_UFFD] = "stale" },
	},
	{
		.name = "update-nolock",
		.summary = "told where a fault finds a page, without the page table lock; brings the pfn",
		.declares = { OF_ALL, OF_PINNED, OF_FAULT_HOOK },
	},
	{
		.name = "update-ptl",
		.summary = "told where a page enters the page table, under its lock",
		.declares = { OF_ALL, OF_PINNED, OF_PTE_HOOK },
	},
	{
		.name = "change-pte",
		.summary = "change_pte brought back, with a reason; called where update-ptl is, and more",
		.declares = { OF_ALL, OF_PINNED, OF_PTE_HOOK },
	},
	{
		.name = "update-lookup",
		.summary = "told where a fault finds a page; looks it up in the memfd itself",
		.declares = { OF_ALL, OF_PINNED, OF_FAULT_HOOK },
	},
	{
		.name = "update-seq",
		.summary = "told after the page table lock, with a sequence that outdates what is told",
		.declares = { OF_ALL, OF_PINNED, OF_PTE_HOOK },
	},
	{
		/*
		 * The next look-up makes the page, and so is first to refill the hole. Of holes in all of
		 * a huge page the last finds nobody who holds it, so that it is split and one page leaves:
		 * truncate_inode_partial_folio() in mm/truncate.c.
		 */
		.name = "invalidate",
		.summary = "told that pages leave, by interval notifiers; looks them up at the next access",
		.tells_importers = true,
		.declares = { OF_ALL, [ZCB_EVENT_FAULT] = "lookup", [ZCB_EVENT_REFILL_WRITE] = "lookup",
			      [ZCB_EVENT_REFILL_READ] = "lookup",
			      [ZCB_EVENT_REFILL_READ_FAULT] = "lookup",
			      [ZCB_EVENT_REFILL_ONLY] = "lookup", [ZCB_EVENT_REFILL_UFFD] = "lookup",
			      [ZCB_EVENT_MIGRATE] = "lookup", [ZCB_EVENT_MOVABLE] = "lookup",
			      [ZCB_EVENT_SWAP] = "lookup", [ZCB_EVENT_THP_PUNCH_ALL] = "lookup" },
	},
	{ 0 },
};

/*
 * What is kept has references to the pages that it was made of, as a pin has, and nobody takes them
 * back: whatever the variant, it is with the pages of a kept table as with those of stock's buffer.
 */
const char *zcb_variant_declares(const struct zcb_variant *variant, enum zcb_reading reading,
				 enum zcb_event event)
{
	bool follows = reading == ZCB_READS_MAPPING || reading == ZCB_READS_VMAP ||
		       (reading == ZCB_READS_DYNAMIC && variant->tells_importers);

	return follows ? variant->declares[event] : zcb_variants[0].declares[event];
}

bool zcb_kernel_may_have(const char *kernel, const char *variant)
{
	bool debians = !strcmp(kernel, "stock") || zcb_kernel_is_package(kernel);

	return !debians || !strcmp(variant, "stock");
}

const struct zcb_variant *zcb_variant_find(const char *name)
{
	for (const struct zcb_variant *v = zcb_variants; v->name; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

/*
 * Fault-around maps what the page cache has, unless it is off. It passes over what fallocate()
 * brought, which is not up to date before somebody touches it: shmem_fallocate() in mm/shmem.c,
 * next_uptodate_folio() in mm/filemap.c.
 */
static enum zcb_event event_of_read(const struct zcb_cell *cell)
{
	bool own_fault = cell->memory == ZCB_MEMORY_HUGETLB || cell->params.fault_around == 4096 ||
			 cell->params.workload.refill == ZCB_REFILL_FALLOCATE;

	return own_fault ? ZCB_EVENT_REFILL_READ_FAULT : ZCB_EVENT_REFILL_READ;
}

enum zcb_event zcb_cell_event(const struct zcb_cell *cell)
{
	const struct zcb_workload_ops *workload = zcb_workload_find(cell->workload);
	const struct zcb_workload_params *params = &cell->params.workload;

	if (workload && workload->event == ZCB_EVENT_UNDER)
		workload = zcb_workload_find(params->under);
	if (!workload)
		return ZCB_EVENT_NONE;
	if (workload->event != ZCB_EVENT_FAULT)
		return workload->event;
	if (params->backing == ZCB_BACKING_THP && params->unit == ZCB_UNIT_PAGE)
		return params->pattern == ZCB_PATTERN_FRAME ? ZCB_EVENT_THP_PUNCH_ALL :
							      ZCB_EVENT_THP_PUNCH;
	if (cell->memory == ZCB_MEMORY_HUGETLB && params->unit == ZCB_UNIT_PAGE)
		return ZCB_EVENT_ZEROED;
	if (params->refill == ZCB_REFILL_NONE || params->refill == ZCB_REFILL_VMM)
		return ZCB_EVENT_FAULT;
	if (params->refill == ZCB_REFILL_UFFD_COPY || params->refill == ZCB_REFILL_UFFD_CONTINUE)
		return ZCB_EVENT_REFILL_UFFD;
	switch (params->touch) {
	case ZCB_TOUCH_WRITE:
		return ZCB_EVENT_REFILL_WRITE;
	case ZCB_TOUCH_READ:
		return event_of_read(cell);
	case ZCB_TOUCH_NONE:
	case ZCB_TOUCHES:
		break;
	}
	return ZCB_EVENT_REFILL_ONLY;
}

/*
 * Who maps the buffer anew for each reading follows the variant, but where its import is kept the
 * sg_table of that holds the pages: to be moved they must not be held by anybody.
 */
static enum zcb_reading reading_of(const struct zcb_cell *cell, const struct zcb_consumer_ops *consumer)
{
	enum zcb_event event = zcb_cell_event(cell);
	bool moves = event == ZCB_EVENT_MIGRATE || event == ZCB_EVENT_MOVABLE || event == ZCB_EVENT_SWAP ||
		     event == ZCB_EVENT_THP_PUNCH_ALL;

	if (consumer->reading == ZCB_READS_VMAP && moves && cell->params.import == ZCB_IMPORT_ONCE)
		return ZCB_READS_TABLE;
	return consumer->reading;
}

const char *zcb_cell_expected(const struct zcb_cell *cell)
{
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	const struct zcb_workload_ops *workload = zcb_workload_find(cell->workload);
	const struct zcb_variant *variant = zcb_variant_find(cell->variant);

	if (!consumer || !workload || !variant || consumer->reading == ZCB_READS_NOTHING)
		return NULL;
	if (cell->params.fence == ZCB_FENCE_NONE)
		return "torn";
	if (consumer->reading == ZCB_READS_MEMFD)
		return "fresh";
	return zcb_variant_declares(variant, reading_of(cell, consumer), zcb_cell_event(cell));
}

/* docs/findings.md, "The vmap bug of stock udmabuf". */
const char *zcb_cell_known_bug(const struct zcb_cell *cell)
{
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	bool large = cell->memory == ZCB_MEMORY_HUGETLB || cell->params.workload.backing == ZCB_BACKING_THP;

	if (large && consumer &&
	    (consumer->reading == ZCB_READS_VMAP || consumer->reading == ZCB_READS_KEPT_VMAP))
		return "without \"udmabuf: fix vmap missed offset page\" it maps the first page of a "
		       "huge one in place of each page of it";
	return NULL;
}
