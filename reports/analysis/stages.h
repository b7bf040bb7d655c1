/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_STAGES_H
#define ZCB_REPORTS_STAGES_H

#include "bench/results/samples-reader.h"

/** The stages of an operation, in the order in which they begin. */
enum zcb_stage {
	ZCB_STAGE_CALL, /* the strike: punch, migrate… */
	ZCB_STAGE_DISPATCH,
	ZCB_STAGE_INVALIDATE,
	ZCB_STAGE_REFILL,
	ZCB_STAGE_VMM,
	ZCB_STAGE_VMM_KERNEL,
	ZCB_STAGE_GUEST,
	ZCB_STAGE_KVM,
	ZCB_STAGE_CAME,
	ZCB_STAGE_UPDATE,
	ZCB_STAGE_ZAP,
	ZCB_STAGE_LOOKUP,
	ZCB_STAGE_CONSUMER,
	ZCB_STAGE_FRESH, /* of a whole frame, not of one operation */
	ZCB_STAGES,
};

/** The metrics of calls that strike, any of which is ZCB_STAGE_CALL; NULL-terminated. */
extern const char *const zcb_stage_calls[];

/** What a stage is called: the metric that it is made of, and what of it is its own, in words. */
const char *zcb_stage_metric(enum zcb_stage stage);
const char *zcb_stage_words(enum zcb_stage stage);

/** One sample that is part of an operation. */
struct zcb_stage_span {
	uint64_t operation, start_ns, value;
	uint64_t own; /* of value, what no stage inside it took */
	enum zcb_stage stage;
	bool placed; /* start_ns tells when it began, by the clock of the others */
};

/** All of a cell, by operation, then start. Zero-initialized is empty. */
struct zcb_stage_spans {
	struct zcb_stage_span *span;
	size_t n;
};

/**
 * Fills in what is each span's own. Which span is inside of which, their places tell, among those that may
 * be by what they are; of fault.guest, fault.vmm and refill, whose clock or place is another, their being of
 * the same operation. A zap may be done by a worker: it is inside of what it interrupts where there is one
 * processor alone, and beside it else. Spans are sorted. Returns 0 or -ENOMEM.
 */
int zcb_stages_nest(struct zcb_stage_spans *spans, bool one_cpu);

/** Reads the samples of a cell and nests them. Returns 0 or -ENOMEM. */
int zcb_stages_read(const struct zcb_results *results, const struct zcb_result_cell *cell,
		    struct zcb_stage_spans *ret_spans);

void zcb_stages_finish(struct zcb_stage_spans *spans);

/** What the operations of some cells took: medians of each stage's own time. */
struct zcb_stage_medians {
	size_t operations, frames; /* the latter that became fresh */
	double median[ZCB_STAGES]; /* ns; an operation without the stage counts as 0. Of FRESH over frames */
	size_t seen[ZCB_STAGES];   /* operations, or frames, that had it */
};

/** Over all cells in spans. Returns 0 or -ENOMEM. */
int zcb_stages_summarize(const struct zcb_stage_spans *spans, size_t n, struct zcb_stage_medians *ret_medians);

#endif
