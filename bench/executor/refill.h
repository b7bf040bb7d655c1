/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_REFILL_H
#define ZCB_EXECUTOR_REFILL_H

#include "bench/guest/frame.h"
#include "bench/guest/guest.h"
#include "workloads/workload.h"

/** Says why pages of that memory cannot be refilled so, in err with -EOPNOTSUPP: a skip. */
int zcb_refill_check(enum zcb_refill refill, enum zcb_memory memory, struct zcb_error *err);

/**
 * Brings the pages that were hit back by another way in than the guest's, proves it, and says in
 * `want` what guest RAM holds at them since: zeros, or the pattern of the next sequence, which
 * spec->published then is.
 */
int zcb_refill(enum zcb_refill refill, struct zcb_guest *guest, struct zcb_victim *victim,
	       const enum zcb_hit *hit, struct zcb_frame_spec *spec, uint64_t *want,
	       struct zcb_error *err);

#endif
