// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/clock.h"

#include <sched.h>
#include <stdlib.h>
#include <time.h>

#define BATCHES 101U	  /* of which the median one counts: an interrupt spoils some */
#define BATCH_READINGS 64U

struct checked {
	zcb_clock_fn *now_ns;
	uint64_t last;
	struct zcb_clock_check *check;
};

static uint64_t read_clock(struct checked *checked)
{
	uint64_t now = checked->now_ns();

	checked->check->readings++;
	checked->check->backwards += now < checked->last;
	checked->last = now;
	return now;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint64_t time_readings(struct checked *checked)
{
	uint64_t took[BATCHES];

	for (unsigned int i = 0; i < BATCHES; i++) {
		uint64_t start = read_clock(checked), end = start;

		for (unsigned int k = 0; k < BATCH_READINGS; k++)
			end = read_clock(checked);
		took[i] = end > start ? (end - start) / BATCH_READINGS : 0;
	}
	qsort(took, BATCHES, sizeof(took[0]), compare);
	return took[BATCHES / 2];
}

void zcb_clock_check(zcb_clock_fn *now_ns, struct zcb_clock_check *ret_check)
{
	struct checked checked = { .now_ns = now_ns, .check = ret_check };
	struct timespec resolution = { 0 };
	cpu_set_t before, one;

	*ret_check = (struct zcb_clock_check){ 0 };
	clock_getres(CLOCK_MONOTONIC, &resolution);
	ret_check->resolution_ns = (uint64_t)resolution.tv_sec * 1000000000U + (uint64_t)resolution.tv_nsec;
	ret_check->reading_ns = time_readings(&checked);
	if (sched_getaffinity(0, sizeof(before), &before) < 0)
		return;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		if (CPU_ISSET(cpu, &before) && sched_setaffinity(0, sizeof(one), &one) == 0)
			time_readings(&checked);
	}
	sched_setaffinity(0, sizeof(before), &before);
}
