/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_OBSERVATION_H
#define ZCB_EXECUTOR_OBSERVATION_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench/guest/frame.h"
#include "workloads/workload.h"

/** When a frame was looked at, within a round. */
enum zcb_phase {
	ZCB_PHASE_BASELINE, /* drawn once, nothing happened yet */
	ZCB_PHASE_STRUCK,   /* the workload struck; the guest has not drawn since */
	ZCB_PHASE_REFILLED, /* the guest drew its next frame over the holes */
};

/**
 * What a cell saw, summed over its frames: from this the word `observed` follows. Pages that the
 * workload hit are counted apart from the others, which must be fresh whatever the variant.
 */
struct zcb_observation {
	struct zcb_frame_tally tally;
	uint64_t frames_checked, frames_fresh;
	uint64_t hits;                        /* pages hit, over all frames looked at */
	uint64_t zeroed_hits;                 /* of them, those zeroed in place */
	uint64_t refused_hits;                /* of them, those that could not be moved */
	uint64_t struck_right, struck_stale;  /* hit pages, before the refill */
	uint64_t refill_right, refill_stale;  /* hit pages, after it */
	uint64_t bystanders_wrong;            /* pages not hit, and not fresh */
	uint64_t nonsense;                    /* torn, foreign, corrupt; or zero before the refill */
	uint64_t unfenced, unfenced_torn; /* frames that no fence kept together, and those that were not */
	uint64_t stale_in_frame;              /* of the frame added last */
};

/** Adds one checked frame; hit has one entry per page. */
void zcb_observation_add(struct zcb_observation *observation, enum zcb_phase phase,
			 const enum zcb_hit *hit, const struct zcb_page_verdict *page, uint32_t pages,
			 const struct zcb_frame_tally *tally);

/** Adds a frame that was read while the guest drew: whatever it is, it is of no page's event. */
void zcb_observation_add_unfenced(struct zcb_observation *observation,
				  const struct zcb_frame_tally *tally);

/** Adds one observation to a sum of many. */
void zcb_observation_merge(struct zcb_observation *sum, const struct zcb_observation *one);

/**
 * The word for what was seen: fresh, torn (some unfenced frame was), stale, stale-until-refill, lookup, refused or zero-in-place;
 * or `mixed` where pages that were hit alike did not behave alike, and `wrong` where bytes were seen
 * that no variant explains.
 */
const char *zcb_observation_word(const struct zcb_observation *observation, bool reads_memfd);

/** Pages that make the set of stale pages differ from the set that was hit, as `expected` has it. */
uint64_t zcb_observation_unexplained(const struct zcb_observation *observation,
				     const char *expected);

/** "pages" and "frames" of a journal line. New references. */
json_t *zcb_observation_pages(const struct zcb_observation *observation);
json_t *zcb_observation_frames(const struct zcb_observation *observation);

#endif
