/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_STALENESS_H
#define ZCB_REPORTS_STALENESS_H

#include "reports/analysis/summary.h"

/** All checked frames that were the same number of frames after a hole. */
struct zcb_staleness_point {
	uint64_t frames_since_hole;
	size_t frames;		      /* how many were checked */
	uint64_t least, median, most; /* stale pages of one of them */
};

/**
 * How many pages of a row's frames were stale, against the frames drawn since the hole: from the
 * metric frame.stale of its cells that count. *ret_points (by frames_since_hole) is the caller's to
 * free, NULL where there is no such metric. Returns 0 or -ENOMEM.
 */
int zcb_staleness_of(struct zcb_results *results, const struct zcb_summary_row *row,
		     struct zcb_staleness_point **ret_points, size_t *ret_n);

#endif
