// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/meter.h"

#include <time.h>

#include "bench/base/io.h"

void zcb_meter_begin(struct zcb_meter *meter)
{
	*meter = (struct zcb_meter){ .begun_ns = zcb_now_ns() };
}

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

double zcb_meter_own_s(const struct zcb_meter *meter)
{
	return (double)(zcb_now_ns() - meter->begun_ns - meter->calls_ns) / 1e9;
}

double zcb_meter_cpu_s(void)
{
	struct timespec t;

	return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) ? 0 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
