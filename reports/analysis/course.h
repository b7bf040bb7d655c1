/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_COURSE_H
#define ZCB_REPORTS_COURSE_H

#include "bench/results/reader.h"

/** When the cells of a run were played, in seconds since its first boot began. Zero-initialized is empty. */
struct zcb_course {
	double *began;		   /* of each cell of the results */
	double *boot_from, *boot_up; /* of each boot of the results: its begin, and its first cell's earliest */
	double seconds;		   /* when the last cell ended */
	bool known;		   /* the run wrote down when boots began and cells ended; else see below */
};

/**
 * Finds it. Where the run did not write it down (an older one, or one that was joined of several machines', or by
 * the clock that counts instructions), boots stand one after the other as long as they took, and the cells of each
 * one after the other from when it was up. Returns 0 or -ENOMEM.
 */
int zcb_course_make(const struct zcb_results *results, struct zcb_course *ret_course);

void zcb_course_finish(struct zcb_course *course);

#endif
