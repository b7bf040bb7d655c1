// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "bench/results/recorder.h"

/*
 * What it costs to record one sample, while a cell has eight metrics, each in its turn. Batches are
 * timed, since a clock costs more than a sample; the first ones, in which memory grows, are among them.
 * Nothing passes or fails here: the aim is a median of 25 ns on real hardware.
 */

#define BATCH 1000U
#define BATCHES 2000U

static const char *const metrics[] = { "punch",	     "refill",	   "fault.guest", "fault.vmm",
				       "frame.read", "frame.copy", "export.create", "export.close" };

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_nsec;
}

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

int main(void)
{
	static struct zcb_recorder recorder;
	static double cost[BATCHES];

	for (uint64_t b = 0; b < BATCHES; b++) {
		uint64_t start = now();

		for (uint64_t i = 0; i < BATCH; i++)
			zcb_recorder_add(&recorder, metrics[i % 8], "ns", i, start + i, i * b);
		cost[b] = (double)(now() - start) / BATCH;
	}
	qsort(cost, BATCHES, sizeof(cost[0]), ascending);
	printf("recording one sample: median %.1f ns, p90 %.1f ns, p99 %.1f ns, most %.1f ns (means of %u)\n",
	       cost[BATCHES / 2], cost[BATCHES * 9 / 10], cost[BATCHES * 99 / 100], cost[BATCHES - 1],
	       BATCH);
	zcb_recorder_finish(&recorder);
	return recorder.dropped ? 1 : 0;
}
