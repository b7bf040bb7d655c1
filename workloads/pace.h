/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_PACE_H
#define ZCB_WORKLOADS_PACE_H

#include "workloads/workload.h"

/**
 * An open-loop schedule: when each operation of a strike is meant to start does not depend on how
 * long those before it took. So one that stalls makes the next ones late, and is not hidden by them
 * starting later.
 */
struct zcb_pace {
	uint64_t start_ns;
	uint64_t operations; /* that were waited for */
	uint32_t rate;       /* per second; 0: each starts as soon as it can */
	uint32_t burst;      /* start together, at each tick */
};

/** The schedule begins now. */
void zcb_pace_start(struct zcb_pace *pace, const struct zcb_workload_params *params);

/** Waits for the next operation's time, or not, where it is over; returns it. */
zcb_ns zcb_pace_wait(struct zcb_pace *pace);

/**
 * Takes the sample of an operation that was meant to start at `intended`, started at `begun` and has
 * ended just now: its time from the intended start, and where there is a rate, "workload.late".
 */
void zcb_pace_sample(const struct zcb_pace *pace, struct zcb_victim *victim, const char *metric,
		     zcb_ns intended, uint64_t begun, uint64_t ended);

#endif
