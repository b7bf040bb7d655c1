// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/variants.h"

#include <stddef.h>
#include <string.h>

#include "bench/consumers/consumer.h"
#include "bench/plan/cell.h"

const struct zcb_variant zcb_variants[] = {
	{
		/*
		 * udmabuf pins the folios it found when it was created (memfd_pin_folios in
		 * mm/gup.c) and never looks again.
		 */
		.name = "stock",
		.summary = "pinned pages, no notifier",
		.after_hole = "stale",
		.after_zeroing = "zero-in-place",
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

const char *zcb_cell_expected(const struct zcb_cell *cell)
{
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	const struct zcb_workload_ops *workload = zcb_workload_find(cell->workload);
	const struct zcb_variant *variant = zcb_variant_find(cell->variant);

	if (!consumer || !workload || !variant || consumer->reads_nothing)
		return NULL;
	if (consumer->reads_memfd || workload->control)
		return "fresh";
	if (cell->memory == ZCB_MEMORY_HUGETLB && cell->params.workload.unit == ZCB_UNIT_PAGE)
		return variant->after_zeroing;
	return variant->after_hole;
}
