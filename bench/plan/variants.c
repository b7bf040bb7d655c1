// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/variants.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bench/consumers/consumer.h"
#include "bench/plan/cell.h"

static const char *const events[ZCB_EVENTS] = {
	[ZCB_EVENT_NONE] = "none",
	[ZCB_EVENT_FAULT] = "fault",
	[ZCB_EVENT_REFILL_WRITE] = "refill-write",
	[ZCB_EVENT_REFILL_READ] = "refill-read",
	[ZCB_EVENT_REFILL_READ_FAULT] = "refill-read-fault",
	[ZCB_EVENT_REFILL_ONLY] = "refill-only",
	[ZCB_EVENT_ZEROED] = "zeroed",
	[ZCB_EVENT_MIGRATE] = "migrate",
};

const char *zcb_event_name(enum zcb_event event)
{
	return events[event];
}

/* The declarations, in the order of enum zcb_event; nothing and zeroing are alike for all. */
#define DECLARES(fault, refill_write, refill_read, refill_read_fault, refill_only, migrate) \
	{ "fresh", fault, refill_write, refill_read, refill_read_fault, refill_only, \
	  "zero-in-place", migrate }

#define UNTIL "stale-until-refill"

const struct zcb_variant zcb_variants[] = {
	{
		/*
		 * udmabuf pins the folios it found when it was created (memfd_pin_folios in
		 * mm/gup.c) and never looks again. What is pinned cannot be moved.
		 */
		.name = "stock",
		.summary = "pinned pages, no notifier",
		.declares = DECLARES("stale", "stale", "stale", "stale", "stale", "refused"),
	},
	{
		/* shmem_fault() is not called where filemap_map_pages() finds the page. */
		.name = "update-nolock",
		.summary = "told where a fault finds a page, without the page table lock; brings the pfn",
		.declares = DECLARES(UNTIL, UNTIL, "stale", UNTIL, "stale", "refused"),
	},
	{
		/* set_pte_range() is how fault-around maps, too. */
		.name = "update-ptl",
		.summary = "told where a page enters the page table, under its lock",
		.declares = DECLARES(UNTIL, UNTIL, UNTIL, UNTIL, "stale", "refused"),
	},
	{
		.name = "change-pte",
		.summary = "change_pte brought back, with a reason; called where update-ptl is, and more",
		.declares = DECLARES(UNTIL, UNTIL, UNTIL, UNTIL, "stale", "refused"),
	},
	{
		/* As update-nolock: the hook is in shmem_fault(). */
		.name = "update-lookup",
		.summary = "told where a fault finds a page; looks it up in the memfd itself",
		.declares = DECLARES(UNTIL, UNTIL, "stale", UNTIL, "stale", "refused"),
	},
	{
		.name = "update-seq",
		.summary = "told after the page table lock, with a sequence that outdates what is told",
		.declares = DECLARES(UNTIL, UNTIL, UNTIL, UNTIL, "stale", "refused"),
	},
	{
		/* The next look-up makes the page, and so is first to refill the hole. */
		.name = "invalidate",
		.summary = "told that pages leave, by interval notifiers; looks them up at the next access",
		.declares = DECLARES("lookup", "lookup", "lookup", "lookup", "lookup", "lookup"),
	},
	{ 0 },
};

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

	if (!workload || workload->control)
		return ZCB_EVENT_NONE;
	if (workload->moves)
		return ZCB_EVENT_MIGRATE;
	if (cell->memory == ZCB_MEMORY_HUGETLB && params->unit == ZCB_UNIT_PAGE)
		return ZCB_EVENT_ZEROED;
	if (params->refill == ZCB_REFILL_NONE || params->refill == ZCB_REFILL_VMM)
		return ZCB_EVENT_FAULT;
	switch (params->touch) {
	case ZCB_TOUCH_WRITE:
		return ZCB_EVENT_REFILL_WRITE;
	case ZCB_TOUCH_READ:
		return event_of_read(cell);
	case ZCB_TOUCH_NONE:
		break;
	}
	return ZCB_EVENT_REFILL_ONLY;
}

const char *zcb_cell_expected(const struct zcb_cell *cell)
{
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	const struct zcb_workload_ops *workload = zcb_workload_find(cell->workload);
	const struct zcb_variant *variant = zcb_variant_find(cell->variant);

	if (!consumer || !workload || !variant || consumer->reads_nothing)
		return NULL;
	if (consumer->reads_memfd)
		return "fresh";
	return variant->declares[zcb_cell_event(cell)];
}
