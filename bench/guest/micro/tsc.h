/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_TSC_H
#define ZCB_GUEST_MICRO_TSC_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/guest/guest.h"

/** One reading of the vCPU's TSC, and CLOCK_MONOTONIC of the host before and after it. */
struct zcb_micro_reading {
	uint64_t ticks;
	uint64_t before_ns, after_ns;
};

/** What readings tell of the TSC; zero-initialized: there were none. */
struct zcb_micro_tsc {
	uint64_t readings;
	struct zcb_micro_reading first, last, narrowest;
};

void zcb_micro_tsc_add(struct zcb_micro_tsc *tsc, const struct zcb_micro_reading *reading);

/**
 * How fast it is by the host's clock, as bounds that are certain, and how far it is from that clock. The
 * rate that KVM says is given. Returns false where the readings are too near each other for an upper bound.
 */
bool zcb_micro_tsc_measure(const struct zcb_micro_tsc *tsc, uint32_t khz, struct zcb_guest_clock *ret_clock);

/** Whether the given rate is not within the bounds, nor within a hundredth of them. */
bool zcb_micro_tsc_contradicts(const struct zcb_guest_clock *clock);

#endif
