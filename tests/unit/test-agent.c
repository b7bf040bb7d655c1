// SPDX-License-Identifier: GPL-2.0-or-later
/* The agent's frames, on this machine's own pages: the numbers are those of /proc/self/pagemap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "bench/guest/frame.h"
#include "vm-images/guest/agent.h"

#define PAGES 96
#define KEY UINT64_C(0xfeed)

static int need_page_numbers(void **state)
{
	static char page[ZCB_ABI_PAGE_SIZE];

	page[0] = 1;
	if (!gfn_of(page)) {
		print_message("skipped: /proc/self/pagemap tells page numbers to root alone: run the "
			      "tests as root\n");
		return 1;
	}
	return 0;
}

static void make(struct frame *frame, uint64_t seed)
{
	struct zcb_abi_alloc request = { .pages = PAGES, .block_pages = 1, .seed = seed, .key = KEY };
	const char *problem;

	if (need_page_numbers(NULL))
		skip();
	problem = frame_alloc(frame, &request);
	if (problem)
		fail_msg("%s", problem);
	assert_int_equal(frame->pages, PAGES);
}

static void page_list_is_that_of_the_pages(void **state)
{
	struct frame frame = { 0 };

	make(&frame, 1);
	for (uint32_t i = 0; i < PAGES; i++) {
		assert_int_equal(frame.gfn[i], gfn_of(frame.page[i]));
		assert_int_equal((uintptr_t)frame.page[i] % ZCB_ABI_PAGE_SIZE, 0);
	}
	frame_free(&frame);
}

static void no_page_is_there_twice(void **state)
{
	struct frame frame = { 0 };

	make(&frame, 2);
	for (uint32_t i = 0; i < PAGES; i++) {
		for (uint32_t j = 0; j < i; j++) {
			assert_true(frame.gfn[i] != frame.gfn[j]);
			assert_true(frame.page[i] != frame.page[j]);
		}
	}
	frame_free(&frame);
}

/* Of pages drawn at random from four times as many, next to none is followed by its neighbour. */
static void pages_are_scattered(void **state)
{
	struct frame frame = { 0 };
	uint32_t neighbours = 0, backwards = 0;

	make(&frame, 3);
	for (uint32_t i = 1; i < PAGES; i++) {
		neighbours += frame.page[i] == frame.page[i - 1] + ZCB_ABI_PAGE_SIZE;
		backwards += frame.page[i] < frame.page[i - 1];
	}
	assert_true(neighbours < PAGES / 10);
	assert_in_range(backwards, PAGES / 4, PAGES * 3 / 4);
	frame_free(&frame);
}

static void order_of(const struct frame *frame, uint64_t *ret_order)
{
	for (uint32_t i = 0; i < PAGES; i++)
		ret_order[i] = (uint64_t)(frame->page[i] - (uint8_t *)frame->base);
}

static void order_follows_from_the_seed(void **state)
{
	uint64_t order[3][PAGES];
	static const uint64_t seeds[3] = { 7, 7, 8 };

	for (size_t i = 0; i < 3; i++) {
		struct frame frame = { 0 };

		make(&frame, seeds[i]);
		order_of(&frame, order[i]);
		frame_free(&frame);
	}
	assert_memory_equal(order[0], order[1], sizeof(order[0]));
	assert_memory_not_equal(order[0], order[2], sizeof(order[0]));
}

/* What a reader on the host would see: the pages in the order of the list. */
static void check(const struct frame *frame, uint64_t published, struct zcb_frame_tally *ret_tally)
{
	struct zcb_frame_spec spec = { .key = KEY, .frame = 5, .pages = PAGES,
				       .published = published };
	char *seen = malloc((size_t)PAGES * ZCB_ABI_PAGE_SIZE);

	assert_non_null(seen);
	for (size_t i = 0; i < PAGES; i++)
		memcpy(seen + i * ZCB_ABI_PAGE_SIZE, frame->page[i], ZCB_ABI_PAGE_SIZE);
	assert_int_equal(zcb_frame_check(&spec, NULL, seen, NULL, ret_tally), 0);
	free(seen);
}

static void drawn_frame_is_fresh(void **state)
{
	struct zcb_frame_tally tally;
	struct frame frame = { 0 };

	make(&frame, 4);
	check(&frame, 0, &tally); /* nothing drawn: all zero, as a hole */
	assert_true(zcb_frame_good(&tally));
	for (uint64_t sequence = 1; sequence < 4; sequence++) {
		frame_draw(&frame, 5, sequence);
		check(&frame, sequence, &tally);
		assert_true(zcb_frame_good(&tally));
		assert_int_equal(tally.bytes, (uint64_t)PAGES * ZCB_ABI_PAGE_SIZE);
	}
	check(&frame, 4, &tally); /* a sequence that was not drawn */
	assert_false(zcb_frame_good(&tally));
	assert_int_equal(tally.pages[ZCB_VERDICT_STALE], PAGES);
	frame_free(&frame);
}

static void expect_refused(struct zcb_abi_alloc request)
{
	static const struct frame empty;
	struct frame frame = { 0 };

	assert_non_null(frame_alloc(&frame, &request));
	assert_memory_equal(&frame, &empty, sizeof(frame));
}

static void impossible_frames_are_refused(void **state)
{
	expect_refused((struct zcb_abi_alloc){ .pages = 0, .block_pages = 1 });
	expect_refused((struct zcb_abi_alloc){ .pages = ZCB_ABI_MAX_PAGES + 1, .block_pages = 1 });
	expect_refused((struct zcb_abi_alloc){ .pages = UINT32_MAX, .block_pages = 1 });
	expect_refused((struct zcb_abi_alloc){ .pages = 1U << 30, .block_pages = 1 });
	expect_refused((struct zcb_abi_alloc){ .pages = 1, .block_pages = 512, .blocks = 0 });
	expect_refused((struct zcb_abi_alloc){ .pages = 513, .block_pages = 512, .blocks = 1 });
	expect_refused((struct zcb_abi_alloc){ .pages = 1, .block_pages = 512, .blocks = 1U << 23 });
	expect_refused((struct zcb_abi_alloc){ .pages = 1, .block_pages = 512, .blocks = UINT32_MAX });
}

static void given_pages_are_gone(void **state)
{
	struct zcb_abi_some some = { .pages = 2, .bits = { 1ULL << 7, 1ULL << (95 - 64) } };
	struct frame frame = { 0 };

	make(&frame, 6);
	frame_draw(&frame, 5, 1);
	assert_null(frame_give(&frame, &some));
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(gfn_of(frame.page[i]), i == 7 || i == 95 ? 0 : frame.gfn[i]);
	assert_int_equal(*(uint64_t *)frame.page[7], 0);
	frame_free(&frame);
}

static void freed_frame_is_empty(void **state)
{
	struct frame frame = { 0 };

	make(&frame, 6);
	frame_free(&frame);
	assert_null(frame.page);
	assert_null(frame.base);
	assert_int_equal(frame.pages, 0);
	frame_free(&frame);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_list_is_that_of_the_pages),
		cmocka_unit_test(no_page_is_there_twice),
		cmocka_unit_test(pages_are_scattered),
		cmocka_unit_test(order_follows_from_the_seed),
		cmocka_unit_test(drawn_frame_is_fresh),
		cmocka_unit_test(impossible_frames_are_refused),
		cmocka_unit_test(given_pages_are_gone),
		cmocka_unit_test(freed_frame_is_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
