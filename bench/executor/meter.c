// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/meter.h"

#include <time.h>

#include "bench/base/io.h"

void zcb_meter_enter(struct zcb_meter *meter)
{
	meter->entered_ns = zcb_now_ns();
}

void zcb_meter_leave(struct zcb_meter *meter)
{
	if (meter->entered_ns)
		meter->calls_ns += zcb_now_ns() - meter->entered_ns;
	meter->entered_ns = 0;
}

double zcb_meter_cpu_s(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) ? 0 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void zcb_cpu_meter_own(struct zcb_cpu_meter *meter)
{
	double now = zcb_meter_cpu_s();

	meter->own_s += now - meter->seen_s;
	meter->seen_s = now;
}

void zcb_cpu_meter_other(struct zcb_cpu_meter *meter)
{
	meter->seen_s = zcb_meter_cpu_s();
}

double zcb_cpu_meter_take(struct zcb_cpu_meter *meter)
{
	double own;

	zcb_cpu_meter_own(meter);
	own = meter->own_s;
	meter->own_s = 0;
	return own;
}
