/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PROBES_SPANS_H
#define ZCB_PROBES_SPANS_H

#include <stddef.h>
#include <stdint.h>

#include "bench/probes/rows.h"

/** One event of the trace. */
struct zcb_probe_event {
	uint64_t at_ns;
	int32_t task;
	uint8_t source; /* enum zcb_probe_source */
	bool ends;
	uint32_t order; /* zcb_spans_make() sets it */
	uint64_t value[2]; /* of a begin as the source's row has it; of an end the function's result first */
	uint64_t buffer;   /* the inode number of the dma-buf that a begin is about; 0: it does not say */
};

#define ZCB_NO_SPAN UINT32_MAX

/** Something that was begun and ended by one task. */
struct zcb_span {
	uint64_t start_ns, end_ns; /* end 0: it has not been seen to end */
	uint64_t inner_ns;	   /* of it, what the spans right inside it took */
	uint64_t value[2], buffer, result;
	int32_t task;
	uint32_t around; /* the span that this one is right inside, or ZCB_NO_SPAN */
	uint8_t source;
};

/** All spans of a round, by their begins. Zero-initialized is empty. */
struct zcb_spans {
	struct zcb_span *span;
	uint32_t n;
	uint64_t unended[ZCB_PROBE_SOURCES]; /* begins whose end was not seen */
	uint64_t unbegun[ZCB_PROBE_SOURCES]; /* ends whose begin was not seen, where that means anything */
};

/**
 * Makes spans of events, which may be in any order and are sorted. Each end belongs to the last begin of
 * its source in its task; what was begun inside that and did not end is unended. A page fault that the
 * kernel tried again is one span. Returns 0 or -ENOMEM.
 */
int zcb_spans_make(struct zcb_probe_event *event, size_t n, struct zcb_spans *ret_spans);

void zcb_spans_finish(struct zcb_spans *spans);

#endif
