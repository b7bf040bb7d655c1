/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_METER_H
#define ZCB_EXECUTOR_METER_H

#include <jansson.h>
#include <stdint.h>

/**
 * Tells what a cell is about (its guest, workload, consumer, the kernel's udmabuf, the checks and
 * copies that are timed) from what zcbench does around that: notes, evidence, samples, results. By
 * the clock, not by CPU time, which costs a system call at each turn; so what preempts zcbench counts
 * as its own, and the figure is rather too large.
 */
struct zcb_meter {
	uint64_t begun_ns;
	uint64_t entered_ns; /* the call under way began then; 0: none is */
	uint64_t calls_ns;   /* in calls that the cell is about */
};

void zcb_meter_begin(struct zcb_meter *meter);
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

/** Seconds since zcb_meter_begin() outside of such calls. */
double zcb_meter_own_s(const struct zcb_meter *meter);

/** CPU seconds of this process so far, of all its threads and of none of its children. */
double zcb_meter_cpu_s(void);

#endif
