/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PROBES_TRACE_H
#define ZCB_PROBES_TRACE_H

#include <stdbool.h>

#include "bench/base/error.h"
#include "bench/probes/spans.h"

/** The kernel's trace of one cell: an instance of tracefs of its own. */
struct zcb_trace;

/** How a source is seen on this kernel, or why it is not. */
struct zcb_trace_source {
	bool there;
	char by[128];	  /* "udmabuf:udmabuf_update_begin", "kprobe handle_mm_fault" */
	char reason[160]; /* where it is not there: one sentence */
};

/**
 * Makes the instance, with so many KiB per processor, and enables in it whatever this kernel has of zcb_probe_sources. Nothing is recorded
 * yet. Returns 0, -EOPNOTSUPP where there is no tracefs, or -errno.
 */
int zcb_trace_open(uint32_t kib, struct zcb_trace **ret_trace, struct zcb_error *err);

const struct zcb_trace_source *zcb_trace_source(const struct zcb_trace *trace, enum zcb_probe_source source);

/** From now on events are recorded, or no more. */
void zcb_trace_record(struct zcb_trace *trace, bool on);

/**
 * Takes all that was recorded, CPU by CPU, out of the kernel's buffers; the events are the caller's to
 * free. Returns 0 or -errno.
 */
int zcb_trace_take(struct zcb_trace *trace, struct zcb_probe_event **ret_events, size_t *ret_n);

/** Events that the kernel had to drop since the trace was opened, by its own counts over all CPUs. */
uint64_t zcb_trace_lost(const struct zcb_trace *trace);

/**
 * Enables the same events in an instance that records nothing, so that traces come and go without a patch
 * of the kernel's code. zcb_trace_close() ends that, too. Returns 0 or -errno.
 */
int zcb_trace_hold(struct zcb_trace **ret_held, struct zcb_error *err);

/** Ends the trace; NULL is allowed. */
void zcb_trace_close(struct zcb_trace *trace);

/** Removes what the trace of a process that died has left in the kernel. */
void zcb_trace_sweep(void);

#endif
