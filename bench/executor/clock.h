/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_CLOCK_H
#define ZCB_EXECUTOR_CLOCK_H

#include <stdint.h>

/** What the clock of all times, CLOCK_MONOTONIC, is like here. */
struct zcb_clock_check {
	uint64_t readings;
	uint64_t backwards;	/* readings that were before the last one, whatever processor that was on */
	uint64_t resolution_ns; /* as clock_getres() says */
	uint64_t reading_ns;	/* median cost of a reading */
};

/** The clock, as in clock_gettime(CLOCK_MONOTONIC): a test brings one of its own. */
typedef uint64_t zcb_clock_fn(void);

/** Reads the clock on each processor that this process may run on, which takes some milliseconds. */
void zcb_clock_check(zcb_clock_fn *now_ns, struct zcb_clock_check *ret_check);

#endif
