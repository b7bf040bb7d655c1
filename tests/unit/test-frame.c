// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/frame.h"
#include "tests/unit/frame-plants.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 1000u

/*
 * How many good frames to look at for a false alarm. The sanitizers make it slower by far;
 * ZCB_TEST_FRAMES says another number, and the test prints the one it used.
 */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GOOD_FRAMES 50000u
#else
#define GOOD_FRAMES 1000000u
#endif

/* A line as the layout in bench/guest/stamp.h has it, worked out by other means than this code. */
static void test_layout(void **state)
{
	static const uint64_t want[ZCB_STAMP_WORDS] = {
		UINT64_C(0x000000000000002a), UINT64_C(0x0007000003e8003f),
		UINT64_C(0x1e0f17d7952af876), UINT64_C(0x87312869c49837d9),
		UINT64_C(0x25918bfcabc0b4a0), UINT64_C(0x140ebf3338814990),
		UINT64_C(0xc87964fdc35dd238), UINT64_C(0x3696f869fd5cfa76),
	};
	unsigned char page[ZCB_STAMP_PAGE_SIZE];

	zcb_stamp_fill(page, UINT64_C(0x0123456789abcdef), 42, 7, 1000);
	assert_memory_equal(page + 63 * ZCB_STAMP_LINE_SIZE, want, sizeof(want));
}

static void test_names(void **state)
{
	assert_string_equal(zcb_verdict_name(ZCB_VERDICT_FRESH), "fresh");
	assert_string_equal(zcb_verdict_name(ZCB_VERDICT_CORRUPT), "corrupt");
	assert_string_equal(zcb_verdict_name(ZCB_VERDICT_COUNT), "unknown");
}

static void test_bad_requests(void **state)
{
	struct zcb_frame_tally tally = {.bytes = 77};
	struct scene s;

	scene_init_whole(&s, 1, 2);
	s.want[1]++;
	assert_int_equal(zcb_frame_check(&s.spec, s.want, s.bytes, NULL, &tally), -EINVAL);
	s.spec.frame = ZCB_STAMP_FRAME_MAX + 1;
	assert_int_equal(zcb_frame_check(&s.spec, NULL, s.bytes, NULL, &tally), -EINVAL);
	s.spec.frame = 0;
	s.spec.pages = 0;
	assert_int_equal(zcb_frame_check(&s.spec, NULL, s.bytes, NULL, &tally), -EINVAL);
	assert_int_equal(tally.bytes, 77);
}

/* Without a list all pages are wanted as published; with nothing published, as holes. */
static void test_want_nothing_said(void **state)
{
	struct zcb_frame_tally tally;
	struct scene s;

	scene_init_whole(&s, 2, 3);
	assert_int_equal(zcb_frame_check(&s.spec, NULL, s.bytes, NULL, &tally), 0);
	assert_true(zcb_frame_good(&tally));
	s.spec.published = 0;
	assert_int_equal(zcb_frame_check(&s.spec, NULL, s.bytes, NULL, &tally), 0);
	assert_int_equal(tally.pages[ZCB_VERDICT_TORN], s.spec.pages);
	memset(s.bytes, 0, s.spec.pages * ZCB_STAMP_PAGE_SIZE);
	assert_int_equal(zcb_frame_check(&s.spec, NULL, s.bytes, NULL, &tally), 0);
	assert_true(zcb_frame_good(&tally));
}

/* The very first frame, half written over a page nobody has touched yet. */
static void test_first_frame_unfenced(void **state)
{
	struct zcb_frame_spec spec = {.key = 1, .frame = 2, .pages = 1, .published = 1};
	unsigned char page[ZCB_STAMP_PAGE_SIZE];
	struct zcb_page_verdict verdict;

	spec.unfenced = true;
	zcb_stamp_fill(page, spec.key, 1, (uint16_t)spec.frame, 0);
	memset(page + 5 * ZCB_STAMP_LINE_SIZE + 24, 0, 40);
	zcb_page_judge(&spec, 1, 0, page, &verdict);
	assert_int_equal(verdict.verdict, ZCB_VERDICT_TORN);
	assert_int_equal(verdict.lines[ZCB_VERDICT_TORN], 1);
	assert_int_equal(verdict.first_wrong, 5);
}

static void test_tally_add(void **state)
{
	struct zcb_frame_tally one = {.bytes = 4096, .pages = {1}, .lines = {60, 4}, .age = 3};
	struct zcb_frame_tally sum = {.bytes = 8192, .pages = {1, 1}, .lines = {64, 64}, .age = 9};

	assert_false(zcb_frame_good(&(struct zcb_frame_tally){0}));
	zcb_frame_tally_add(&sum, &one);
	assert_int_equal(sum.bytes, 12288);
	assert_int_equal(sum.pages[ZCB_VERDICT_FRESH], 2);
	assert_int_equal(sum.lines[ZCB_VERDICT_FRESH], 124);
	assert_int_equal(sum.lines[ZCB_VERDICT_STALE], 68);
	assert_int_equal(sum.age, 9);
}

static size_t plant_count(void)
{
	return frame_plants_time_count + frame_plants_place_count;
}

static const struct frame_plant *plant_of(size_t kind)
{
	if (kind < frame_plants_time_count)
		return &frame_plants_time[kind];
	return &frame_plants_place[kind - frame_plants_time_count];
}

static void check_plant(const struct frame_plant *plant, uint64_t seed)
{
	struct scene s;

	plant->plant(&s, seed);
	for (size_t i = 0; i < zcb_page_diff_count; i++) {
		const struct zcb_page_diff *diff = zcb_page_diffs[i];
		const char *wrong = diff->usable() ? scene_check(&s, diff) : NULL;

		if (wrong)
			fail_msg("%s, seed %" PRIu64 ", %s: %s", plant->name, seed, diff->name,
				 wrong);
	}
}

static void test_plants_are_named(void **state)
{
	for (size_t kind = 0; kind < plant_count(); kind++)
		for (uint64_t i = 0; i < SEEDS; i++)
			check_plant(plant_of(kind), kind * SEEDS + i);
	print_message("%zu kinds of damage, %u seeds each\n", plant_count(), SEEDS);
}

static uint64_t differs_never(const struct zcb_stamp_page *pattern, const void *bytes)
{
	return 0;
}

static uint64_t differs_always(const struct zcb_stamp_page *pattern, const void *bytes)
{
	return 1;
}

static bool usable_always(void)
{
	return true;
}

/* The test above can fail: to a checker that compares nothing, every plant comes out wrong. */
static void test_blind_checker_is_found_out(void **state)
{
	static const struct zcb_page_diff blind = {"blind", usable_always, differs_never};

	for (size_t kind = 0; kind < plant_count(); kind++) {
		for (uint64_t i = 0; i < SEEDS; i++) {
			struct scene s;

			plant_of(kind)->plant(&s, kind * SEEDS + i);
			if (!scene_check(&s, &blind))
				fail_msg("%s, seed %" PRIu64 ": no damage done",
					 plant_of(kind)->name, kind * SEEDS + i);
		}
	}
}

/* A page that is right when it is read again changed under the reader: not fresh. */
static void test_changing_page(void **state)
{
	static const struct zcb_page_diff always = {"always", usable_always, differs_always};
	struct zcb_page_verdict pages[SCENE_PAGES];
	struct zcb_frame_tally tally;
	struct scene s;

	scene_init(&s, 3);
	assert_int_equal(zcb_frame_check_with(&always, &s.spec, s.want, s.bytes, pages, &tally), 0);
	assert_int_equal(tally.pages[ZCB_VERDICT_TORN], s.spec.pages);
	for (uint32_t page = 0; page < s.spec.pages; page++) {
		assert_true(pages[page].changed);
		assert_int_equal(pages[page].lines[ZCB_VERDICT_FRESH], ZCB_STAMP_LINES);
	}
}

/* The plain comparison and each vector one must agree on any damage, down to a bit. */
static void test_every_bit_counts(void **state)
{
	struct zcb_stamp_page pattern, hole = {0};
	unsigned char page[ZCB_STAMP_PAGE_SIZE + 1], empty[ZCB_STAMP_PAGE_SIZE + 1] = {0};

	zcb_stamp_page_init(&pattern, 1, 2, 3, 4);
	zcb_stamp_write(&pattern, page + 1);
	for (size_t i = 0; i < zcb_page_diff_count; i++) {
		const struct zcb_page_diff *diff = zcb_page_diffs[i];

		if (!diff->usable()) {
			print_message("%s: not on this CPU\n", diff->name);
			continue;
		}
		assert_true(diff->differs(&pattern, page + 1) == 0);
		assert_true(diff->differs(&hole, empty + 1) == 0);
		for (size_t bit = 0; bit < ZCB_STAMP_PAGE_SIZE * 8; bit++) {
			unsigned char mask = (unsigned char)(1u << bit % 8);

			page[1 + bit / 8] ^= mask;
			empty[1 + bit / 8] ^= mask;
			if (!diff->differs(&pattern, page + 1) || !diff->differs(&hole, empty + 1))
				fail_msg("%s: bit %zu", diff->name, bit);
			page[1 + bit / 8] ^= mask;
			empty[1 + bit / 8] ^= mask;
		}
	}
}

/* A good frame, each byte of which is right: neither the check nor the judge may cry wolf. */
static void test_no_false_alarm(void **state)
{
	const char *asked = getenv("ZCB_TEST_FRAMES");
	uint64_t frames = asked ? strtoull(asked, NULL, 10) : GOOD_FRAMES;

	assert_true(frames > 0);
	for (uint64_t i = 0; i < frames; i++) {
		const struct zcb_page_diff *diff = zcb_page_diffs[i % zcb_page_diff_count];
		struct zcb_frame_tally tally;
		struct scene s;

		scene_init(&s, UINT64_C(1) << 32 | i);
		if (!diff->usable())
			diff = zcb_page_diff_best();
		assert_int_equal(zcb_frame_check_with(diff, &s.spec, s.want, s.bytes, NULL, &tally),
				 0);
		if (!zcb_frame_good(&tally))
			fail_msg("%s, frame %" PRIu64, diff->name, i);
		if (i % 50 == 0 && scene_check(&s, diff))
			fail_msg("judged, %s, frame %" PRIu64, diff->name, i);
	}
	print_message("%" PRIu64 " good frames of %u\n", frames, GOOD_FRAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layout),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_want_nothing_said),
		cmocka_unit_test(test_first_frame_unfenced),
		cmocka_unit_test(test_tally_add),
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_changing_page),
		cmocka_unit_test(test_plants_are_named),
		cmocka_unit_test(test_blind_checker_is_found_out),
		cmocka_unit_test(test_no_false_alarm),
	};

	return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
