/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_EVIDENCE_H
#define ZCB_EXECUTOR_EVIDENCE_H

#include <stdint.h>

#include "bench/executor/observation.h"
#include "bench/results/exhibit.h"

/**
 * Wrong frames that a cell keeps for the report: of the first round that has any, the last before
 * the refill and the last after it, where staleness has grown oldest.
 */
struct zcb_evidence {
	struct zcb_exhibit exhibit[2];
	uint64_t round;
	uint32_t n;
};

/** Copies a wrong frame, if it is one to keep. Without memory it keeps nothing. */
void zcb_evidence_keep(struct zcb_evidence *evidence, uint64_t round, enum zcb_phase phase,
		       const struct zcb_frame_spec *spec, const uint64_t *want, const void *bytes,
		       const struct zcb_page_verdict *page, const enum zcb_hit *hit);

/** Sends each, a message of the kind "frame". Returns 0 or -errno. */
int zcb_evidence_send(const struct zcb_evidence *evidence, int out);

void zcb_evidence_finish(struct zcb_evidence *evidence);

#endif
