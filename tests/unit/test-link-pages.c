// SPDX-License-Identifier: GPL-2.0-or-later
/* The memory map, and the parser of page lists against a guest that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/guest/link.h"

#define MIB (1ULL << 20)
#define GIB (1ULL << 30)
#define UNTOUCHED UINT64_C(0x1234567)

static const struct zcb_ram_map small = { .below_4g = 192 * MIB };
static const struct zcb_ram_map split = { .below_4g = 2 * GIB, .above_4g = 1 * GIB };

static const struct zcb_ram_map plug = { .below_4g = 192 * MIB, .plug_at = 4 * GIB, .plug = 128 * MIB };
static const struct zcb_ram_map all_three = { .below_4g = 2 * GIB, .above_4g = GIB, .plug_at = 6 * GIB,
					      .plug = 2 * MIB };

static void expect_offset(const struct zcb_ram_map *map, uint64_t gpa, uint64_t wanted)
{
	zcb_memfd_off offset = { UNTOUCHED };

	assert_int_equal(zcb_ram_map_offset(map, (zcb_gpa){ gpa }, &offset), 0);
	assert_int_equal(offset.off, wanted);
}

static void expect_no_ram(const struct zcb_ram_map *map, uint64_t gpa)
{
	zcb_memfd_off offset = { UNTOUCHED };

	assert_int_equal(zcb_ram_map_offset(map, (zcb_gpa){ gpa }, &offset), -EFAULT);
	assert_int_equal(offset.off, UNTOUCHED);
}

static void all_ram_below_the_hole(void **state)
{
	expect_offset(&small, 0, 0);
	expect_offset(&small, 4097, 4097);
	expect_offset(&small, 192 * MIB - 1, 192 * MIB - 1);
	expect_no_ram(&small, 192 * MIB);
	expect_no_ram(&small, 4 * GIB - 1);
	expect_no_ram(&small, 4 * GIB);
	expect_no_ram(&small, UINT64_MAX);
}

static void ram_on_both_sides_of_the_hole(void **state)
{
	expect_offset(&split, 2 * GIB - 1, 2 * GIB - 1);
	expect_no_ram(&split, 2 * GIB);
	expect_no_ram(&split, 3 * GIB);
	expect_no_ram(&split, 4 * GIB - 1);
	expect_offset(&split, 4 * GIB, 2 * GIB);
	expect_offset(&split, 5 * GIB - 1, 3 * GIB - 1);
	expect_no_ram(&split, 5 * GIB);
	expect_no_ram(&split, UINT64_MAX);
}

static void pluggable_memory(void **state)
{
	expect_offset(&plug, 192 * MIB - 1, 192 * MIB - 1);
	expect_no_ram(&plug, 192 * MIB);
	expect_no_ram(&plug, 4 * GIB - 1);
	expect_offset(&plug, 4 * GIB, 192 * MIB);
	expect_offset(&plug, 4 * GIB + 128 * MIB - 1, 320 * MIB - 1);
	expect_no_ram(&plug, 4 * GIB + 128 * MIB);
	expect_no_ram(&plug, UINT64_MAX);
	expect_offset(&all_three, 5 * GIB - 1, 3 * GIB - 1);
	expect_no_ram(&all_three, 5 * GIB);
	expect_no_ram(&all_three, 6 * GIB - 1);
	expect_offset(&all_three, 6 * GIB, 3 * GIB);
	expect_offset(&all_three, 6 * GIB + 2 * MIB - 1, 3 * GIB + 2 * MIB - 1);
	expect_no_ram(&all_three, 6 * GIB + 2 * MIB);
}

#define PAGES 8

/* A page list as bytes, at an odd address as it may well come. */
struct list {
	char bytes[1 + sizeof(struct zcb_abi_pages) + 8 * PAGES];
	size_t n;
};

static const struct zcb_abi_alloc request = { .frame = 3, .pages = PAGES, .block_pages = 1 };

static char *start_of(struct list *list)
{
	return list->bytes + 1;
}

static void set_gfn(struct list *list, size_t i, uint64_t gfn)
{
	memcpy(start_of(list) + sizeof(struct zcb_abi_pages) + 8 * i, &gfn, 8);
}

static struct list good_list(void)
{
	struct list list = { .n = sizeof(list.bytes) - 1 };
	struct zcb_abi_pages head = { .frame = 3, .pages = PAGES };

	memcpy(start_of(&list), &head, sizeof(head));
	for (size_t i = 0; i < PAGES; i++)
		set_gfn(&list, i, 100 - 7 * i);
	return list;
}

/*
 * The list is parsed where it ends at the end of its allocation, so that a sanitizer sees one byte
 * too many being read.
 */
static int parse(struct list *list, const struct zcb_ram_map *map, zcb_memfd_off *ret_offsets,
		 struct zcb_error *err)
{
	char *copy = malloc(list->n + 1);
	int ret;

	assert_non_null(copy);
	memcpy(copy + 1, start_of(list), list->n);
	ret = zcb_link_parse_pages(copy + 1, list->n, &request, map, ret_offsets, err);
	free(copy);
	return ret;
}

static void expect_refused(struct list *list, const struct zcb_ram_map *map, const char *word)
{
	zcb_memfd_off offset[PAGES];
	struct zcb_error err = { "" };

	for (size_t i = 0; i < PAGES; i++)
		offset[i].off = UNTOUCHED;
	assert_int_equal(parse(list, map, offset, &err), -EPROTO);
	if (strncmp(err.text, "guest: ", 7) != 0 || !strstr(err.text, word))
		fail_msg("\"%s\" does not say \"%s\" of the guest", err.text, word);
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(offset[i].off, UNTOUCHED);
}

static void good_list_becomes_offsets(void **state)
{
	struct list list = good_list();
	zcb_memfd_off offset[PAGES];
	struct zcb_error err;

	assert_int_equal(parse(&list, &small, offset, &err), 0);
	for (size_t i = 0; i < PAGES; i++)
		assert_int_equal(offset[i].off, (100 - 7 * i) * 4096);
}

static void good_list_above_4g(void **state)
{
	struct list list = good_list();
	zcb_memfd_off offset[PAGES];
	struct zcb_error err;

	set_gfn(&list, 0, 4 * GIB / 4096);
	set_gfn(&list, 7, 5 * GIB / 4096 - 1);
	assert_int_equal(parse(&list, &split, offset, &err), 0);
	assert_int_equal(offset[0].off, 2 * GIB);
	assert_int_equal(offset[7].off, 3 * GIB - 4096);
	assert_int_equal(offset[1].off, 93 * 4096);
}

static void good_list_of_pluggable_pages(void **state)
{
	struct list list = good_list();
	zcb_memfd_off offset[PAGES];
	struct zcb_error err;

	set_gfn(&list, 2, 4 * GIB / 4096 + 5);
	assert_int_equal(parse(&list, &plug, offset, &err), 0);
	assert_int_equal(offset[2].off, 192 * MIB + 5 * 4096);
	set_gfn(&list, 2, 6 * GIB / 4096 + 511);
	assert_int_equal(parse(&list, &all_three, offset, &err), 0);
	assert_int_equal(offset[2].off, 3 * GIB + 511 * 4096);
	set_gfn(&list, 2, 6 * GIB / 4096 + 512);
	expect_refused(&list, &all_three, "is not in its memory");
	set_gfn(&list, 2, 6 * GIB / 4096 - 1);
	expect_refused(&list, &all_three, "is not in its memory");
	set_gfn(&list, 2, (UINT64_C(1) << 52) + 6 * GIB / 4096);
	expect_refused(&list, &all_three, "is not in its memory");
}

static void wrong_length(void **state)
{
	struct list list = good_list();
	size_t whole = list.n;

	for (list.n = 0; list.n < whole; list.n++)
		expect_refused(&list, &small, "a page list of");
	list.n = whole + 1;
	assert_true(list.n <= sizeof(list.bytes));
	expect_refused(&list, &small, "a page list of");
}

static void other_frame(void **state)
{
	struct list list = good_list();

	start_of(&list)[0] = 4;
	expect_refused(&list, &small, "another frame");
}

static void other_number_of_pages(void **state)
{
	struct list list = good_list();

	start_of(&list)[4] = PAGES - 1;
	expect_refused(&list, &small, "another frame");
	memset(start_of(&list) + 4, 0xff, 4);
	expect_refused(&list, &small, "another frame");
}

static void outside_of_ram(void **state)
{
	static const uint64_t outside[] = { 192 * MIB / 4096, 3 * GIB / 4096, 4 * GIB / 4096,
					    UINT64_C(1) << 40 };

	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		struct list list = good_list();

		set_gfn(&list, i * 2, outside[i]);
		expect_refused(&list, &small, "is not in its memory");
	}
}

static void in_the_pci_hole(void **state)
{
	static const uint64_t hole[] = { 2 * GIB / 4096, 3 * GIB / 4096, 4 * GIB / 4096 - 1,
					 5 * GIB / 4096 };

	for (size_t i = 0; i < sizeof(hole) / sizeof(hole[0]); i++) {
		struct list list = good_list();

		set_gfn(&list, PAGES - 1, hole[i]);
		expect_refused(&list, &split, "is not in its memory");
	}
}

/* Times 4096 these wrap around to addresses that are in RAM. */
static void overflow(void **state)
{
	static const uint64_t wraps[] = { UINT64_C(1) << 52, (UINT64_C(1) << 52) + 9,
					  (UINT64_C(1) << 63) + 9, UINT64_MAX };

	for (size_t i = 0; i < sizeof(wraps) / sizeof(wraps[0]); i++) {
		struct list list = good_list();

		set_gfn(&list, 0, wraps[i]);
		expect_refused(&list, &small, "is not in its memory");
		expect_refused(&list, &split, "is not in its memory");
	}
}

static void same_page_twice(void **state)
{
	for (size_t i = 0; i + 1 < PAGES; i++) {
		struct list list = good_list();

		set_gfn(&list, i, 100 - 7 * (PAGES - 1));
		expect_refused(&list, &small, "is in the page list twice");
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_ram_below_the_hole),
		cmocka_unit_test(ram_on_both_sides_of_the_hole),
		cmocka_unit_test(pluggable_memory),
		cmocka_unit_test(good_list_of_pluggable_pages),
		cmocka_unit_test(good_list_becomes_offsets),
		cmocka_unit_test(good_list_above_4g),
		cmocka_unit_test(wrong_length),
		cmocka_unit_test(other_frame),
		cmocka_unit_test(other_number_of_pages),
		cmocka_unit_test(outside_of_ram),
		cmocka_unit_test(in_the_pci_hole),
		cmocka_unit_test(overflow),
		cmocka_unit_test(same_page_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
