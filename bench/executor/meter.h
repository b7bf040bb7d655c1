/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_METER_H
#define ZCB_EXECUTOR_METER_H

#include <stdbool.h>
#include <sys/resource.h>

/**
 * Tells what a cell is about (its guest, workload, consumer, the kernel's udmabuf, the checks and
 * copies that are timed) from what zcbench does around that: its process, notes, proofs, samples,
 * results. In CPU time of the thread that plays the rounds: it alone works for zcbench, and waiting
 * costs nobody anything. Zero-initialized is new.
 */
struct zcb_meter {
	bool inside;       /* of a call */
	double entered_s;  /* CPU time when the call under way began */
	double calls_s;    /* in calls that the cell is about */
};

void zcb_meter_enter(struct zcb_meter *meter);

/** Nothing where no call is under way. */
void zcb_meter_leave(struct zcb_meter *meter);

/** A call that the cell is about; its value. */
#define ZCB_METERED(meter, call) \
	({ \
		zcb_meter_enter(meter); \
		__auto_type metered_ = (call); \
		zcb_meter_leave(meter); \
		metered_; \
	})

/** CPU seconds of this thread so far outside of calls; where it is the first of a process, from its fork. */
double zcb_meter_own_s(const struct zcb_meter *meter);

/** CPU seconds of this process so far, of all its threads and of none of its children. */
double zcb_meter_cpu_s(void);

/** The same, and of the children that it has waited for: what wait4() will tell of it, so far. */
double zcb_meter_family_s(void);

/** The CPU seconds in such a record. */
double zcb_meter_usage_s(const struct rusage *usage);

/**
 * Tells the CPU time of this process that zcbench itself is to answer for from that which is another's,
 * or is counted elsewhere: all that passes belongs to one of the two. Zero-initialized begins with the
 * process.
 */
struct zcb_cpu_meter {
	double seen_s; /* CPU time so far that was told apart */
	double own_s;  /* of it zcbench's, and not taken yet */
};

/** The CPU time since the last of these calls was zcbench's own. */
void zcb_cpu_meter_own(struct zcb_cpu_meter *meter);

/** It was another's. */
void zcb_cpu_meter_other(struct zcb_cpu_meter *meter);

/** Takes zcbench's own seconds, up to now: the next ones begin at 0. */
double zcb_cpu_meter_take(struct zcb_cpu_meter *meter);

#endif
