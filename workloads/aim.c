// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/aim.h"

#include <errno.h>
#include <string.h>

#define HUGE (2U << 20)

int zcb_aim_check(const struct zcb_workload_params *params, struct zcb_error *err)
{
	if (params->pattern == ZCB_PATTERN_STRIDE && params->stride < 1)
		return zcb_fail(err, -EINVAL, "usage: a stride of 0 pages");
	if (params->pattern == ZCB_PATTERN_RANDOM && params->count < 1)
		return zcb_fail(err, -EINVAL, "usage: a random pattern of 0 pages");
	return 0;
}

/* Chooses pages: wanted[i] is set for each page of the frame that is to be hit. */
static void choose_pages(const struct zcb_workload_params *params, struct zcb_victim *victim,
			 bool *wanted)
{
	uint32_t n = victim->pages;

	switch (params->pattern) {
	case ZCB_PATTERN_SINGLE:
		wanted[zcb_random_next(victim->random) % n] = true;
		break;
	case ZCB_PATTERN_STRIDE:
		for (uint32_t i = 0; i < n; i += params->stride)
			wanted[i] = true;
		break;
	case ZCB_PATTERN_RUNS:
		for (uint32_t i = 0; i < n; i++)
			wanted[i] = i % params->stride < params->run;
		break;
	case ZCB_PATTERN_RANDOM:
		for (uint32_t left = params->count < n ? params->count : n; left > 0;) {
			uint32_t i = (uint32_t)(zcb_random_next(victim->random) % n);

			left -= !wanted[i];
			wanted[i] = true;
		}
		break;
	case ZCB_PATTERN_FRAME:
		memset(wanted, 1, n * sizeof(*wanted));
		break;
	case ZCB_PATTERNS:
		break;
	}
}

/* A huge page is struck once, however many pages of the frame it holds; all of them are hit. */
static void spread_over_huge_pages(const struct zcb_victim *victim, bool *wanted, bool *leads)
{
	for (uint32_t i = 0; i < victim->pages; i++) {
		leads[i] = wanted[i];
		for (uint32_t j = 0; j < i && leads[i]; j++)
			leads[i] = !leads[j] ||
				   victim->page[j].off / HUGE != victim->page[i].off / HUGE;
	}
	for (uint32_t i = 0; i < victim->pages; i++)
		for (uint32_t j = 0; j < victim->pages && leads[i]; j++)
			wanted[j] |= victim->page[j].off / HUGE == victim->page[i].off / HUGE;
}

void zcb_aim(const struct zcb_workload_params *params, struct zcb_victim *victim, bool *wanted,
	     bool *leads)
{
	choose_pages(params, victim, wanted);
	memcpy(leads, wanted, victim->pages * sizeof(*leads));
	if (params->unit == ZCB_UNIT_HUGE)
		spread_over_huge_pages(victim, wanted, leads);
}
