// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/meter.h"

#include <sys/resource.h>
#include <time.h>

static double seconds_of(clockid_t clock)
{
	struct timespec t;

	return clock_gettime(clock, &t) ? 0 : (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void zcb_meter_enter(struct zcb_meter *meter)
{
	meter->entered_s = seconds_of(CLOCK_THREAD_CPUTIME_ID);
	meter->inside = true;
}

void zcb_meter_leave(struct zcb_meter *meter)
{
	if (meter->inside)
		meter->calls_s += seconds_of(CLOCK_THREAD_CPUTIME_ID) - meter->entered_s;
	meter->inside = false;
}

double zcb_meter_own_s(const struct zcb_meter *meter)
{
	return seconds_of(CLOCK_THREAD_CPUTIME_ID) - meter->calls_s;
}

double zcb_meter_cpu_s(void)
{
	return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

double zcb_meter_family_s(void)
{
	struct rusage children;

	getrusage(RUSAGE_CHILDREN, &children);
	return zcb_meter_cpu_s() + zcb_meter_usage_s(&children);
}

double zcb_meter_usage_s(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
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
