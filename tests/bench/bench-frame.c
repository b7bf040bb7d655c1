// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/frame-mask.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/*
 * How fast frames are checked, beside what the same memory gives to a plain read and to memcpy.
 * The memory is a mapped memfd of 4 KiB pages, as a frame's is. All subjects take turns, so that
 * a busy machine slows each of them; the medians of the turns are printed. Nothing passes or
 * fails here.
 */

#define FRAME_PAGES 2025u /* 1920 x 1080 pixels of 4 bytes */
#define FRAMES 32u
#define PAGES (FRAME_PAGES * FRAMES)
#define SIZE ((size_t)PAGES * ZCB_STAMP_PAGE_SIZE)
#define KEY UINT64_C(0x5eed)
#define TURNS 15u
#define SUBJECTS_MAX 16u

struct memory {
	unsigned char *frames;
	unsigned char *copy;
};

struct subject {
	const char *name;
	const struct zcb_page_diff *diff; /* NULL: not a checker */
	const struct zcb_frame_mask *mask;
	void (*run)(const struct memory *memory);
	double rates[TURNS];
	double median;
};

/* Written to, so that the compiler keeps the reads. */
static volatile uint64_t sink;

#define READ_AHEAD 4

typedef uint64_t wide __attribute__((vector_size(64)));

/* The ceiling: each byte is loaded and added up, with the widest vectors there are. */
#ifdef __x86_64__
__attribute__((target_clones("default", "avx2", "avx512f")))
#endif
static void
run_read(const struct memory *memory)
{
	const wide *at = (const void *)memory->frames;
	wide sums[READ_AHEAD] = {0};
	uint64_t sum = 0;

	for (size_t i = 0; i < SIZE / sizeof(wide); i += READ_AHEAD) {
		sums[0] += at[i];
		sums[1] += at[i + 1];
		sums[2] += at[i + 2];
		sums[3] += at[i + 3];
	}
	sums[0] += sums[1] + sums[2] + sums[3];
	for (size_t i = 0; i < sizeof(wide) / sizeof(uint64_t); i++)
		sum += sums[0][i];
	sink = sum;
}

static void run_copy(const struct memory *memory)
{
	memcpy(memory->copy, memory->frames, SIZE);
}

static void run_check(const struct memory *memory, const struct zcb_page_diff *diff,
		      const struct zcb_frame_mask *mask)
{
	static struct zcb_page_verdict pages[FRAME_PAGES];

	for (uint32_t frame = 0; frame < FRAMES; frame++) {
		struct zcb_frame_spec spec = {KEY, frame, FRAME_PAGES, 1 + frame, false, mask};
		const unsigned char *at =
			memory->frames + (size_t)frame * FRAME_PAGES * ZCB_STAMP_PAGE_SIZE;
		struct zcb_frame_tally tally;

		if (zcb_frame_check_with(diff, &spec, NULL, at, pages, &tally) ||
		    !zcb_frame_good(&tally)) {
			fprintf(stderr, "zcbench bug: %s finds a good frame wrong\n", diff->name);
			exit(1);
		}
	}
}

static double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double run_once(const struct subject *subject, const struct memory *memory)
{
	double start = seconds_now();

	if (subject->diff)
		run_check(memory, subject->diff, subject->mask);
	else
		subject->run(memory);
	return (double)SIZE / (seconds_now() - start);
}

static int compare_rates(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void *map_memfd(const char *name)
{
	void *mem = MAP_FAILED;
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd >= 0 && ftruncate(fd, (off_t)SIZE) == 0)
		mem = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED) {
		fprintf(stderr, "host set-up: %zu MiB of memory: %s\n", SIZE >> 20,
			strerror(errno));
		exit(77);
	}
	close(fd);
	return mem;
}

static void pin_to_one_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		perror("host set-up: not pinned to a CPU");
}

static struct memory prepare_memory(void)
{
	struct memory memory = {map_memfd("frames"), map_memfd("copy")};

	for (uint32_t page = 0; page < PAGES; page++)
		zcb_stamp_fill(memory.frames + (size_t)page * ZCB_STAMP_PAGE_SIZE, KEY,
			       1 + page / FRAME_PAGES, (uint16_t)(page / FRAME_PAGES),
			       page % FRAME_PAGES);
	memset(memory.copy, 1, SIZE);
	return memory;
}

static size_t list_subjects(struct subject subjects[SUBJECTS_MAX])
{
	size_t count = 0;

	subjects[count++] = (struct subject){.name = "memcpy", .run = run_copy};
	subjects[count++] = (struct subject){.name = "read", .run = run_read};
	for (size_t i = 0; i < zcb_page_diff_count && count < SUBJECTS_MAX; i++) {
		const struct zcb_page_diff *diff = zcb_page_diffs[i];

		if (diff->usable())
			subjects[count++] = (struct subject){.name = diff->name, .diff = diff};
		else
			printf("%-10s  not on this CPU\n", diff->name);
	}
	return count;
}

/* The fastest checker again, for a reader that loses a byte of each pixel, without padding and with. */
static size_t list_masked(struct subject subjects[SUBJECTS_MAX], size_t count)
{
	static const struct zcb_geometry geometry[] = {
		{.width = 1920, .height = 1080, .stride = 7680},
		{.width = 1366, .height = 1505, .stride = 5504},
	};
	static const char *const names[] = {"xrgb8888", "padded"};
	static struct zcb_frame_mask masks[2];

	for (size_t i = 0; i < 2; i++) {
		zcb_frame_mask_init(&masks[i], &geometry[i], UINT64_C(0x00ffffff00ffffff));
		subjects[count++] = (struct subject){
			.name = names[i], .diff = zcb_page_diff_best(), .mask = &masks[i]};
	}
	return count;
}

static void print_results(const struct subject *subjects, size_t count)
{
	printf("%zu MiB of frames in 4 KiB pages, %u turns, GB/s of CLOCK_MONOTONIC\n", SIZE >> 20,
	       TURNS);
	printf("%-10s %8s %8s %8s %10s %8s\n", "subject", "median", "lowest", "highest",
	       "of memcpy", "of read");
	for (size_t i = 0; i < count; i++)
		printf("%-10s %8.2f %8.2f %8.2f %9.0f%% %7.0f%%\n", subjects[i].name,
		       subjects[i].median / 1e9, subjects[i].rates[0] / 1e9,
		       subjects[i].rates[TURNS - 1] / 1e9,
		       100 * subjects[i].median / subjects[0].median,
		       100 * subjects[i].median / subjects[1].median);
}

int main(void)
{
	struct subject subjects[SUBJECTS_MAX];
	struct memory memory;
	size_t count;

	pin_to_one_cpu();
	memory = prepare_memory();
	count = list_masked(subjects, list_subjects(subjects));
	for (size_t turn = 0; turn < TURNS; turn++)
		for (size_t i = 0; i < count; i++)
			subjects[i].rates[turn] = run_once(&subjects[i], &memory);
	for (size_t i = 0; i < count; i++) {
		qsort(subjects[i].rates, TURNS, sizeof(double), compare_rates);
		subjects[i].median = subjects[i].rates[TURNS / 2];
	}
	print_results(subjects, count);
	munmap(memory.frames, SIZE);
	munmap(memory.copy, SIZE);
	return 0;
}
