// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/comparison.h"
#include "reports/analysis/summary.h"

/*
 * How long ten million samples take to be read, summarized and compared, and in how much memory: of
 * cells with many samples each, and of many cells with few. Each analysis is a process of its own.
 * The aim is 5 s of the processor's time and 300 MB; more memory fails, more time is only printed.
 */

#define SAMPLES 10000000U
#define BOOTS 5U
#define LIMIT_MB 300

static uint64_t seed = 88172645463325252U;

static uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

static int write_samples(const char *dir, uint64_t index, uint32_t n)
{
	ZCB_FREE char *path = NULL;
	ZCB_FCLOSE FILE *f = NULL;
	const uint32_t rest[] = { 1, 24 };

	if (asprintf(&path, "%s/samples/%" PRIu64 ".punch.zcs", dir, index) < 0)
		return -1;
	f = fopen(path, "w");
	if (!f || fwrite("zcbsampl", 8, 1, f) != 1 || fwrite(rest, sizeof(rest), 1, f) != 1)
		return -1;
	for (uint32_t i = 0; i < n; i++) {
		/* Some 7 us, with a tail that is now and then a thousand times as long. */
		const uint64_t record[] = { i, i * 10000, 7000 + draw() % 2048 +
							  (draw() % 64 ? 0 : draw() % 8000000) };

		if (fwrite(record, sizeof(record), 1, f) != 1)
			return -1;
	}
	return 0;
}

/* `cells` cells an arm and boot; so each has SAMPLES / (cells * 2 * BOOTS) samples. */
static int write_run(const char *dir, uint64_t cells)
{
	uint32_t each = (uint32_t)(SAMPLES / (cells * 2 * BOOTS));
	ZCB_FREE char *folder = NULL, *path = NULL;
	ZCB_FCLOSE FILE *journal = NULL;

	if (asprintf(&folder, "%s/samples", dir) < 0 || asprintf(&path, "%s/cells.jsonl", dir) < 0 ||
	    mkdir(folder, 0700))
		return -1;
	journal = fopen(path, "w");
	for (uint64_t i = 0; journal && i < cells * 2 * BOOTS; i++) {
		fprintf(journal,
			"{\"schema\":1,\"index\":%" PRIu64 ",\"boot\":%" PRIu64 ",\"kernel\":\"variants\","
			"\"arm\":\"%c\",\"cell\":\"%s/shmem/micro/punch/mmap\",\"params\":{\"pages\":%" PRIu64 "},"
			"\"status\":\"pass\",\"clock\":\"wall\",\"metrics\":{\"punch\":{\"unit\":\"ns\",\"n\":%u}}}\n",
			i, 1 + i / (cells * 2), i % 2 ? 'B' : 'A', i % 2 ? "update" : "stock",
			1 + i / 2 % cells, each);
		if (write_samples(dir, i, each))
			return -1;
	}
	return journal ? 0 : -1;
}

static int analyse(const char *dir)
{
	ZCB_RESULTS_FREE struct zcb_results *results = NULL;
	ZCB_SUMMARY_FREE struct zcb_summary *summary = NULL;
	ZCB_COMPARISON_FREE struct zcb_comparison *c = NULL;
	const struct zcb_comparison_options options = { .seed = 1 };
	struct zcb_error err = { "" };
	struct zcb_arm a = { .arm = 'A' }, b = { .arm = 'B' };

	if (zcb_results_read(dir, &results, &err) || zcb_summary_make(results, &summary))
		return 1;
	a.results = b.results = results;
	if (zcb_comparison_make(&a, &b, NULL, &options, &c, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	return c->n_rows == 2 ? 0 : 1;
}

static int remove_run(const char *dir)
{
	ZCB_FREE char *command = NULL;

	return asprintf(&command, "rm -r '%s'", dir) < 0 ? -1 : system(command);
}

static int measure(uint64_t cells)
{
	char dir[] = "/tmp/zcbench-bench-XXXXXX";
	struct rusage usage = { 0 };
	int status = 1;
	double seconds, megabytes;

	if (!mkdtemp(dir) || write_run(dir, cells))
		return 1;
	pid_t child = fork();

	if (child == 0)
		_exit(analyse(dir));
	wait4(child, &status, 0, &usage);
	remove_run(dir);
	seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
		  (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
	megabytes = (double)usage.ru_maxrss * 1024 / 1e6;
	printf("%u samples in %" PRIu64 " files, summarized and compared: %.2f s of the processor's time, "
	       "%.0f MB\n",
	       SAMPLES, cells * 2 * BOOTS, seconds, megabytes);
	return status || megabytes > LIMIT_MB;
}

int main(void)
{
	return measure(1) | measure(20) | measure(400);
}
