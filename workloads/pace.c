// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/pace.h"

#include <errno.h>
#include <time.h>

#include "bench/base/io.h"

#define SECOND 1000000000ULL

void zcb_pace_start(struct zcb_pace *pace, const struct zcb_workload_params *params)
{
	*pace = (struct zcb_pace){ .start_ns = zcb_now_ns(), .rate = params->rate,
				   .burst = params->burst ? params->burst : 1 };
}

static void sleep_until(uint64_t ns)
{
	struct timespec at = { .tv_sec = (time_t)(ns / SECOND), .tv_nsec = (long)(ns % SECOND) };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
		continue;
}

zcb_ns zcb_pace_wait(struct zcb_pace *pace)
{
	uint64_t before, intended, now = zcb_now_ns();

	if (!pace->rate)
		return (zcb_ns){ now };
	before = pace->operations++ / pace->burst * pace->burst;
	/* Whole seconds apart, so that no product overflows and nothing drifts. */
	intended = pace->start_ns + before / pace->rate * SECOND +
		   before % pace->rate * SECOND / pace->rate;
	if (intended > now)
		sleep_until(intended);
	return (zcb_ns){ intended };
}

void zcb_pace_sample(const struct zcb_pace *pace, struct zcb_victim *victim, const char *metric,
		     zcb_ns intended, uint64_t begun, uint64_t ended)
{
	uint64_t operation = victim->operation++;

	victim->sample(victim->recorder, metric, operation, intended, (zcb_ns){ ended - intended.ns });
	if (pace->rate)
		victim->sample(victim->recorder, "workload.late", operation, intended,
			       (zcb_ns){ begun - intended.ns });
}
