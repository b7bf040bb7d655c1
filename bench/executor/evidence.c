// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/evidence.h"

#include <stdlib.h>

#include "bench/base/cleanup.h"

static const char *after(enum zcb_phase phase)
{
	return phase == ZCB_PHASE_REFILLED ? "refill" : phase == ZCB_PHASE_STRUCK ? "punch" : "baseline";
}

void zcb_evidence_keep(struct zcb_evidence *evidence, uint64_t round, enum zcb_phase phase,
		       const struct zcb_frame_spec *spec, const uint64_t *want, const void *bytes,
		       const struct zcb_page_verdict *page, const enum zcb_hit *hit)
{
	struct zcb_exhibit *exhibit = &evidence->exhibit[phase == ZCB_PHASE_REFILLED];
	ZCB_FREE bool *was_hit = NULL;

	if (evidence->n && round != evidence->round)
		return;
	was_hit = calloc(spec->pages, sizeof(*was_hit));
	if (!was_hit)
		return;
	for (uint32_t i = 0; i < spec->pages; i++)
		was_hit[i] = hit[i] != ZCB_HIT_NONE;
	evidence->round = round;
	evidence->n++;
	exhibit->after = after(phase);
	exhibit->round = round;
	zcb_exhibit_take(exhibit, spec, want, page, was_hit, bytes);
}

int zcb_evidence_send(const struct zcb_evidence *evidence, int out)
{
	int number = 0, ret = 0;

	/* What a reader sees for good comes first, what it saw before the refill second. */
	for (int i = 1; i >= 0 && !ret; i--)
		if (evidence->exhibit[i].n)
			ret = zcb_exhibit_send(&evidence->exhibit[i], number++, out);
	return ret;
}

void zcb_evidence_finish(struct zcb_evidence *evidence)
{
	zcb_exhibit_finish(&evidence->exhibit[0]);
	zcb_exhibit_finish(&evidence->exhibit[1]);
}
