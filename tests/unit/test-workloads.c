// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Workloads on a plain memfd, without a guest: what they prove, what they say when their work is
 * prevented, and when each operation is meant to start. What takes a kernel of ours is in
 * tests/kernel/prevent.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "workloads/aim.h"
#include "workloads/holes.h"
#include "workloads/pace.h"

#define PAGE 4096U
#define PAGES 16U
#define SAMPLES 256U

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* Takes the place of the recorder. */
struct book {
	struct {
		char metric[32];
		uint64_t operation, at, value;
	} sample[SAMPLES];
	uint32_t n;
};

static void record(void *recorder, const char *metric, uint64_t operation, zcb_ns at, zcb_ns value)
{
	struct book *book = recorder;

	assert_true(book->n < SAMPLES);
	snprintf(book->sample[book->n].metric, sizeof(book->sample[0].metric), "%s", metric);
	book->sample[book->n].operation = operation;
	book->sample[book->n].at = at.ns;
	book->sample[book->n++].value = value.ns;
}

struct scene {
	struct zcb_victim victim;
	struct zcb_damage damage;
	zcb_memfd_off page[PAGES];
	enum zcb_hit hit[PAGES];
	uint64_t random;
	struct book book;
	struct zcb_error err;
};

/* The frame's pages lie backwards in a memfd that is all there. */
static int set_up(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));
	char bytes[PAGE];
	struct zcb_error err;

	assert_non_null(scene);
	memset(bytes, 7, PAGE);
	scene->random = 5;
	scene->damage.hit = scene->hit;
	scene->victim = (struct zcb_victim){
		.memory = ZCB_MEMORY_SHMEM, .page = scene->page, .pages = PAGES, .sample = record,
		.random = &scene->random, .recorder = &scene->book, .operation = 1,
	};
	assert_int_equal(zcb_memfd_create(ZCB_MEMORY_SHMEM, PAGES * PAGE, &scene->victim.memfd, &err), 0);
	for (uint32_t i = 0; i < PAGES; i++) {
		scene->page[i] = (zcb_memfd_off){ (uint64_t)(PAGES - 1 - i) * PAGE };
		assert_int_equal(zcb_write_all(scene->victim.memfd, bytes, PAGE), 0);
	}
	*state = scene;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *scene = *state;

	close(scene->victim.memfd);
	free(scene);
	return 0;
}

static int strike(struct scene *scene, const char *name, struct zcb_workload_params params)
{
	const struct zcb_workload_ops *workload = zcb_workload_find(name);

	assert_non_null(workload);
	return workload->strike(&params, &scene->victim, &scene->damage, &scene->err);
}

#define FRAME { .pattern = ZCB_PATTERN_FRAME }

static void expect_error(struct scene *scene, int ret, int wanted, const char *words)
{
	assert_int_equal(ret, wanted);
	if (!strstr(scene->err.text, words))
		fail_msg("\"%s\" does not say \"%s\"", scene->err.text, words);
	assert_int_equal(scene->damage.work, 0);
}

/* -- rows */

static void expect_words(const struct zcb_workload_ops *row, const char *member, const char *words)
{
	if (!words || !*words)
		fail_msg("the workload %s has no .%s", row->name, member);
}

/* What `zcbench list` and a cell take for granted. */
static void rows_are_whole(void **state)
{
	for (size_t i = 0; zcb_workloads[i]; i++) {
		const struct zcb_workload_ops *row = zcb_workloads[i];

		assert_ptr_equal(zcb_workload_find(row->name), row);
		assert_true(strlen(row->name) < ZCB_WORKLOAD_NAME);
		expect_words(row, "summary", row->summary);
		expect_words(row, "needs", row->needs);
		expect_words(row, "effect", row->effect);
		assert_true(row->check && row->strike);
	}
	assert_null(zcb_workload_find("none"));
}

/* -- patterns */

static void runs_are_runs(void **state)
{
	struct zcb_workload_params params = { .pattern = ZCB_PATTERN_RUNS, .stride = 5, .run = 2 };
	struct scene *scene = *state;
	bool wanted[PAGES] = { false }, leads[PAGES] = { false };

	zcb_aim(&params, &scene->victim, wanted, leads);
	for (uint32_t i = 0; i < PAGES; i++) {
		assert_int_equal(wanted[i], i % 5 < 2);
		assert_int_equal(leads[i], wanted[i]);
	}
}

/* -- holes */

static void expect_holes(struct scene *scene, const char *name)
{
	struct zcb_workload_params params = { .pattern = ZCB_PATTERN_RUNS, .stride = 4, .run = 2 };

	assert_int_equal(strike(scene, name, params), 0);
	assert_int_equal(scene->damage.work, PAGES / 2);
	assert_int_equal(scene->damage.punched, PAGES / 2);
	for (uint32_t i = 0; i < PAGES; i++) {
		assert_int_equal(scene->hit[i], i % 4 < 2 ? ZCB_HIT_HOLE : ZCB_HIT_NONE);
		assert_int_equal(zcb_memfd_has_page(scene->victim.memfd, scene->page[i]), i % 4 >= 2);
	}
}

static void fallocate_makes_holes(void **state)
{
	expect_holes(*state, "punch");
}

static void madvise_makes_holes(void **state)
{
	expect_holes(*state, "punch-madvise");
}

static void sealed_memory_is_not_punched(void **state)
{
	struct scene *scene = *state;

	assert_return_code(fcntl(scene->victim.memfd, F_ADD_SEALS, F_SEAL_WRITE), errno);
	expect_error(scene, strike(scene, "punch", (struct zcb_workload_params)FRAME), -EPERM,
		     "kernel: punching 4096 bytes at 0xf000 with fallocate(): Operation not permitted");
	expect_error(scene, strike(scene, "punch-madvise", (struct zcb_workload_params)FRAME), -EPERM,
		     "kernel: mapping the memfd to be written, as MADV_REMOVE wants it");
}

static void memory_sealed_for_the_future_is_not_punched(void **state)
{
	struct scene *scene = *state;

	assert_return_code(fcntl(scene->victim.memfd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), errno);
	expect_error(scene, strike(scene, "punch", (struct zcb_workload_params)FRAME), -EPERM,
		     "with fallocate()");
	expect_error(scene, strike(scene, "punch-madvise", (struct zcb_workload_params)FRAME), -EPERM,
		     "MADV_REMOVE");
}

static void read_only_memory_is_not_punched(void **state)
{
	struct scene *scene = *state;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", scene->victim.memfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	close(scene->victim.memfd);
	scene->victim.memfd = fd;
	expect_error(scene, strike(scene, "punch", (struct zcb_workload_params)FRAME), -EBADF,
		     "with fallocate()");
	expect_error(scene, strike(scene, "punch-madvise", (struct zcb_workload_params)FRAME), -EACCES,
		     "MADV_REMOVE");
}

static int punch_nothing(void *state, zcb_memfd_off at, uint64_t bytes)
{
	return 0;
}

/* A way that says it punched is not believed. */
static void a_hole_that_is_none_is_found(void **state)
{
	const struct zcb_hole_way way = { .call = "nothing", .punch = punch_nothing };
	const struct zcb_workload_params params = FRAME;
	struct scene *scene = *state;

	expect_error(scene, zcb_holes_strike(&params, &scene->victim, &way, &scene->damage, &scene->err),
		     -EIO, "page 0 of the frame was punched and is still in the memfd");
}

/* -- pace */

static uint64_t nth(const struct book *book, const char *metric, uint32_t n, bool at)
{
	for (uint32_t i = 0; i < book->n; i++)
		if (!strcmp(book->sample[i].metric, metric) && !n--)
			return at ? book->sample[i].at : book->sample[i].value;
	fail_msg("too few samples of %s", metric);
	return 0;
}

#define MS 1000000ULL

static void without_a_rate_nothing_waits(void **state)
{
	struct scene *scene = *state;
	uint64_t start = zcb_now_ns();

	assert_int_equal(strike(scene, "punch", (struct zcb_workload_params)FRAME), 0);
	assert_true(zcb_now_ns() - start < 10000 * MS);
	assert_int_equal(scene->book.n, PAGES); /* and nothing is late */
}

/* Each intended start is where the rate has it, to the nanosecond; no operation begins before. */
static void the_rate_is_held(void **state)
{
	struct zcb_workload_params params = { .pattern = ZCB_PATTERN_FRAME, .rate = 100, .burst = 4 };
	struct scene *scene = *state;
	uint64_t start = zcb_now_ns(), first;

	assert_int_equal(strike(scene, "punch", params), 0);
	assert_true(zcb_now_ns() - start >= 120 * MS);
	assert_int_equal(scene->book.n, 2 * PAGES);
	first = nth(&scene->book, "punch", 0, true);
	for (uint32_t i = 0; i < PAGES; i++) {
		assert_int_equal(nth(&scene->book, "punch", i, true) - first, i / 4 * 40 * MS);
		assert_int_equal(nth(&scene->book, "workload.late", i, true),
				 nth(&scene->book, "punch", i, true));
		assert_true(nth(&scene->book, "workload.late", i, false) < 10000 * MS);
		assert_true(nth(&scene->book, "punch", i, false) >=
			    nth(&scene->book, "workload.late", i, false));
	}
}

struct stall {
	int memfd;
	uint32_t calls;
};

/* The fourth operation takes 50 ms: as long as ten take by the rate. */
static int punch_and_stall(void *state, zcb_memfd_off at, uint64_t bytes)
{
	struct stall *stall = state;

	if (++stall->calls == 4)
		nanosleep(&(struct timespec){ .tv_nsec = 50 * MS }, NULL);
	return zcb_memfd_punch(stall->memfd, at, bytes);
}

/* A closed loop would show one slow sample; here those that had to wait behind it are slow, too. */
static void a_stall_is_not_hidden(void **state)
{
	const struct zcb_workload_params params = { .pattern = ZCB_PATTERN_FRAME, .rate = 200 };
	struct scene *scene = *state;
	struct stall stall = { .memfd = scene->victim.memfd };
	const struct zcb_hole_way way = { .call = "a stall", .punch = punch_and_stall, .state = &stall };

	assert_int_equal(zcb_holes_strike(&params, &scene->victim, &way, &scene->damage, &scene->err), 0);
	assert_true(nth(&scene->book, "punch", 3, false) >= 50 * MS);
	/* Intended i × 5 ms later, begun when the stall was over. */
	for (uint32_t i = 1; i <= 9; i++) {
		assert_true(nth(&scene->book, "punch", 3 + i, false) >= (50 - 5 * i) * MS);
		assert_true(nth(&scene->book, "workload.late", 3 + i, false) >= (50 - 5 * i) * MS);
	}
}

#define SCENE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		SCENE_TEST(runs_are_runs),
		cmocka_unit_test(rows_are_whole),
		SCENE_TEST(fallocate_makes_holes),
		SCENE_TEST(madvise_makes_holes),
		SCENE_TEST(sealed_memory_is_not_punched),
		SCENE_TEST(memory_sealed_for_the_future_is_not_punched),
		SCENE_TEST(read_only_memory_is_not_punched),
		SCENE_TEST(a_hole_that_is_none_is_found),
		SCENE_TEST(without_a_rate_nothing_waits),
		SCENE_TEST(the_rate_is_held),
		SCENE_TEST(a_stall_is_not_hidden),
	};

	return cmocka_run_group_tests_name("workloads", tests, NULL, NULL);
}
