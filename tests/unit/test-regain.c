// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How the agent has its pages again. The page numbers are this test's: the kernel that is played here
 * hands out the pages of a list, one after the other, and each page carries its number.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include "vm-images/guest/agent.h"

#define PAGES 70
#define PAGE ((size_t)ZCB_ABI_PAGE_SIZE)
#define FIRST_GFN 5000

static uint64_t next_gfn; /* that the kernel hands out */
static uint64_t kept_gfn; /* that it keeps for itself */

/* In place of the one that reads /proc/self/pagemap. */
void gfns_of(const void *pages, uint32_t n, uint64_t *ret_gfns)
{
	for (uint32_t i = 0; i < n; i++) {
		uint64_t gfn = next_gfn++;

		ret_gfns[i] = gfn == kept_gfn ? 1 : gfn;
		memcpy((char *)(uintptr_t)pages + i * PAGE, &ret_gfns[i], 8);
	}
}

static unsigned long free_bytes; /* of the guest that is played */
static unsigned int times_asked;

/* In place of the C library's: a piece less each time. */
int sysinfo(struct sysinfo *info)
{
	*info = (struct sysinfo){ .freeram = free_bytes, .mem_unit = 1 };
	free_bytes -= 256 * 1024;
	times_asked++;
	return 0;
}

/* A frame whose pages lie backwards, page i being number FIRST_GFN + i. */
static int make(void **state)
{
	struct frame *frame = calloc(1, sizeof(*frame));

	frame->pages = PAGES;
	frame->mapped = PAGES * PAGE;
	frame->base = mmap(NULL, frame->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	frame->page = calloc(PAGES, sizeof(*frame->page));
	frame->gfn = calloc(PAGES, sizeof(*frame->gfn));
	for (uint32_t i = 0; i < PAGES; i++) {
		frame->page[i] = (uint8_t *)frame->base + (PAGES - 1 - i) * PAGE;
		frame->gfn[i] = FIRST_GFN + i;
		memset(frame->page[i], 0xee, PAGE);
	}
	next_gfn = FIRST_GFN - 1000;
	kept_gfn = 0;
	free_bytes = 1UL << 30;
	times_asked = 0;
	*state = frame;
	return 0;
}

static int unmake(void **state)
{
	struct frame *frame = *state;

	munmap(frame->base, frame->mapped);
	free(frame->page);
	free(frame->gfn);
	free(frame);
	return 0;
}

static bool is_wanted(uint32_t i)
{
	return i % 3 == 0;
}

static struct zcb_abi_some some(void)
{
	struct zcb_abi_some some = { .frame = 0 };

	for (uint32_t i = 0; i < PAGES; i++)
		if (is_wanted(i)) {
			some.bits[i / 64] |= 1ULL << i % 64;
			some.pages++;
		}
	return some;
}

static long mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	long size = 0, n = 0;
	unsigned long start, end;

	while (fscanf(maps, "%lx-%lx%*[^\n]\n", &start, &end) == 2) {
		size += (long)(end - start);
		n++;
	}
	fclose(maps);
	assert_true(n > 0);
	return size;
}

static void the_very_same_pages(void **state)
{
	struct frame *frame = *state;
	struct zcb_abi_some request = some();
	long before = mappings();

	assert_null(frame_give(frame, &request));
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(*frame->page[i], is_wanted(i) ? 0 : 0xee);
	if (frame_regain(frame, &request))
		fail_msg("not regained");
	for (uint32_t i = 0; i < PAGES; i++) {
		uint64_t wanted = is_wanted(i) ? FIRST_GFN + i : UINT64_C(0xeeeeeeeeeeeeeeee);

		assert_memory_equal(frame->page[i], &wanted, 8);
	}
	assert_in_range(mappings(), before - (1 << 20), before + (1 << 20)); /* the rest is free again */
}

/* Once more, with the frame in the pieces that the first time left of its mapping. */
static void again_and_again(void **state)
{
	for (int round = 0; round < 5; round++) {
		next_gfn = FIRST_GFN - 64;
		the_very_same_pages(state);
		for (uint32_t i = 0; i < PAGES; i++)
			memset(((struct frame *)*state)->page[i], 0xee, PAGE);
	}
}

static void page_that_cannot_be_had(void **state)
{
	struct zcb_abi_some request = some();
	struct frame *frame = *state;
	const char *problem;

	assert_null(frame_give(frame, &request));
	kept_gfn = FIRST_GFN + 33;
	next_gfn = FIRST_GFN;
	free_bytes = 6UL << 20;
	problem = frame_regain(frame, &request);
	assert_non_null(problem);
	if (strncmp(problem, "page 33 of the frame, guest page 0x13a9, cannot be had again (", 61) != 0 ||
	    !strstr(problem, "448 taken"))
		fail_msg("\"%s\"", problem);
	assert_int_equal(times_asked, 8); /* 4 MiB are spared, and 256 KiB are taken at a time */
}

static void impossible_requests(void **state)
{
	struct zcb_abi_some none = { .pages = 0 }, wrong = some(), far = some();
	struct frame *frame = *state;

	assert_string_equal(frame_give(frame, &none), "not so many pages as it says");
	wrong.pages++;
	assert_string_equal(frame_regain(frame, &wrong), "not so many pages as it says");
	far.bits[PAGES / 64] |= 1ULL << PAGES % 64;
	far.pages++;
	assert_string_equal(frame_give(frame, &far), "the frame has not so many pages");
	frame->huge = 1;
	wrong.pages--;
	assert_string_equal(frame_give(frame, &wrong), "single pages of a frame in huge pages cannot be freed");
	for (uint32_t i = 0; i < PAGES; i++)
		assert_int_equal(*frame->page[i], 0xee);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_very_same_pages, make, unmake),
		cmocka_unit_test_setup_teardown(again_and_again, make, unmake),
		cmocka_unit_test_setup_teardown(page_that_cannot_be_had, make, unmake),
		cmocka_unit_test_setup_teardown(impossible_requests, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
