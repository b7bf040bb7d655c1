// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/micro/tsc.h"

#define TOLERANCE 100U /* a hundredth: what the host's own clock is steered by is far less */

static uint64_t width(const struct zcb_micro_reading *reading)
{
	return reading->after_ns - reading->before_ns;
}

void zcb_micro_tsc_add(struct zcb_micro_tsc *tsc, const struct zcb_micro_reading *reading)
{
	if (!tsc->readings)
		tsc->first = tsc->narrowest = *reading;
	if (width(reading) < width(&tsc->narrowest))
		tsc->narrowest = *reading;
	tsc->last = *reading;
	tsc->readings++;
}

/* Ticks in a time, as kHz. */
static uint64_t rate(uint64_t ticks, uint64_t ns)
{
	return (uint64_t)((unsigned __int128)ticks * 1000000U / ns);
}

static int64_t apart(uint64_t host_ns, uint64_t ticks, uint32_t khz)
{
	return (int64_t)(host_ns - (uint64_t)((unsigned __int128)ticks * 1000000U / khz));
}

/*
 * The host's clock was somewhere between before and after when the TSC was read: what passed between two
 * readings is at least from the first's after to the last's before.
 */
bool zcb_micro_tsc_measure(const struct zcb_micro_tsc *tsc, uint32_t khz, struct zcb_guest_clock *ret_clock)
{
	uint64_t ticks = tsc->last.ticks - tsc->first.ticks;

	if (!khz || !tsc->readings || tsc->last.before_ns <= tsc->first.after_ns)
		return false;
	*ret_clock = (struct zcb_guest_clock){
		.khz = khz,
		.khz_low = rate(ticks, tsc->last.after_ns - tsc->first.before_ns),
		.khz_high = rate(ticks, tsc->last.before_ns - tsc->first.after_ns),
		.apart_low_ns = apart(tsc->narrowest.before_ns, tsc->narrowest.ticks, khz),
		.apart_high_ns = apart(tsc->narrowest.after_ns, tsc->narrowest.ticks, khz),
	};
	return true;
}

bool zcb_micro_tsc_contradicts(const struct zcb_guest_clock *clock)
{
	return clock->khz + clock->khz / TOLERANCE < clock->khz_low ||
	       clock->khz - clock->khz / TOLERANCE > clock->khz_high;
}
