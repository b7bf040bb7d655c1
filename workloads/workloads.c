// SPDX-License-Identifier: GPL-2.0-or-later
#include <stddef.h>
#include <string.h>

#include "workloads/workload.h"

const struct zcb_workload_ops *zcb_workload_find(const char *name)
{
	for (size_t i = 0; zcb_workloads[i]; i++)
		if (!strcmp(zcb_workloads[i]->name, name))
			return zcb_workloads[i];
	return NULL;
}

unsigned int zcb_workload_devices(const struct zcb_workload_ops *workload, const char *under)
{
	const struct zcb_workload_ops *beside =
		workload->event == ZCB_EVENT_UNDER && under ? zcb_workload_find(under) : NULL;

	return workload->devices | (beside ? beside->devices : 0);
}

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 */
uint64_t zcb_random_next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

void zcb_victim_struck(struct zcb_victim *victim, zcb_memfd_off at, uint64_t bytes, uint64_t operation)
{
	for (uint32_t i = 0; victim->struck_by && i < victim->pages; i++)
		if (victim->page[i].off >= at.off && victim->page[i].off < at.off + bytes)
			victim->struck_by[i] = operation;
}
