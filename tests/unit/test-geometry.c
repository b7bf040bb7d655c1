// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/geometry.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct zcb_geometry settle(struct zcb_geometry geometry, uint32_t pages)
{
	struct zcb_error err = { "" };

	if (zcb_geometry_settle(&geometry, pages, &err))
		fail_msg("%u pages: %s", pages, err.text);
	return geometry;
}

static void refuse(struct zcb_geometry geometry, uint32_t pages, const char *says)
{
	struct zcb_geometry before = geometry;
	struct zcb_error err = { "" };

	assert_int_equal(zcb_geometry_settle(&geometry, pages, &err), -EINVAL);
	assert_memory_equal(&geometry, &before, sizeof(before));
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

static void test_defaults_fit(void **state)
{
	struct zcb_geometry g = settle((struct zcb_geometry){ 0 }, 64);

	assert_int_equal(g.width, 256);
	assert_int_equal(g.height, 256);
	assert_int_equal(g.stride, 1024);
	g = settle((struct zcb_geometry){ .format = ZCB_FORMAT_RGB565 }, 1);
	assert_int_equal(g.width, 32);
	assert_int_equal(g.height, 64);
}

/* Whatever the number of pages, all formats have a picture that reaches into each. */
static void test_any_number_of_pages(void **state)
{
	for (uint32_t format = 0; format < ZCB_FORMATS; format++) {
		for (uint32_t pages = 1; pages <= 16384; pages++) {
			struct zcb_geometry g = settle((struct zcb_geometry){ .format = format }, pages);

			assert_int_equal(zcb_geometry_pages(&g), pages);
			assert_true(g.width <= ZCB_GEOMETRY_MAX && g.height <= ZCB_GEOMETRY_MAX);
		}
	}
}

static void test_screens(void **state)
{
	struct zcb_geometry g = settle((struct zcb_geometry){ .width = 1920, .height = 1080 }, 2025);

	assert_int_equal(g.stride, 7680);
	g = settle((struct zcb_geometry){ .width = 1366, .height = 768 }, 1032);
	assert_int_equal(g.stride, 5504);
	g = settle((struct zcb_geometry){ .format = ZCB_FORMAT_NV12, .width = 1920, .height = 1080 }, 760);
	assert_int_equal(g.stride, 1920);
	settle((struct zcb_geometry){ .width = 3840, .height = 2160 }, 8100);
}

static void test_planes(void **state)
{
	struct zcb_geometry g = settle((struct zcb_geometry){ .format = ZCB_FORMAT_NV12, .width = 60,
							      .height = 64, .offset = 128 }, 2);
	struct zcb_plane plane[2];

	assert_int_equal(zcb_geometry_planes(&g, plane), 2);
	assert_int_equal(plane[0].offset, 128);
	assert_int_equal(plane[0].stride, 64);
	assert_int_equal(plane[0].row_bytes, 60);
	assert_int_equal(plane[0].rows, 64);
	assert_int_equal(plane[1].offset, 128 + 64 * 64);
	assert_int_equal(plane[1].row_bytes, 60);
	assert_int_equal(plane[1].rows, 32);
	g = settle((struct zcb_geometry){ 0 }, 1);
	assert_int_equal(zcb_geometry_planes(&g, plane), 1);
}

static void test_refusals(void **state)
{
	refuse((struct zcb_geometry){ .width = 1920, .height = 1080 }, 64,
	       "\"pages\":64 must be 2025 for a picture of 1920x1080 xrgb8888");
	refuse((struct zcb_geometry){ .width = 64, .height = 64 }, 5, "\"pages\":5 must be 4");
	refuse((struct zcb_geometry){ .offset = 4096 }, 64, "\"offset\":4096");
	refuse((struct zcb_geometry){ .offset = 4 }, 64, "\"offset\":4 must be a multiple of 64");
	refuse((struct zcb_geometry){ .width = 20000 }, 64, "\"width\":20000");
	refuse((struct zcb_geometry){ .height = 20000 }, 64, "\"height\":20000");
	refuse((struct zcb_geometry){ .width = 2048 }, 1, "not one row of \"width\":2048");
	refuse((struct zcb_geometry){ .width = 64, .stride = 100 }, 4, "\"row_stride\":100");
	refuse((struct zcb_geometry){ .width = 64, .stride = 192 }, 4, "at least the 256 bytes");
	refuse((struct zcb_geometry){ .width = 64, .stride = 8192 }, 4, "leaves pages between rows");
	refuse((struct zcb_geometry){ .format = ZCB_FORMAT_RGB565, .width = 33 }, 4, "\"width\":33");
	refuse((struct zcb_geometry){ .format = ZCB_FORMAT_NV12, .width = 64, .height = 33 }, 1,
	       "\"height\":33 is odd");
}

static void test_fourcc(void **state)
{
	assert_int_equal(zcb_format_fourcc(ZCB_FORMAT_XRGB8888), 0x34325258);
	assert_int_equal(zcb_format_fourcc(ZCB_FORMAT_ARGB8888), 0x34325241);
	assert_int_equal(zcb_format_fourcc(ZCB_FORMAT_RGB565), 0x36314752);
	assert_int_equal(zcb_format_fourcc(ZCB_FORMAT_NV12), 0x3231564e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_fit),
		cmocka_unit_test(test_any_number_of_pages),
		cmocka_unit_test(test_screens),
		cmocka_unit_test(test_planes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_fourcc),
	};

	return cmocka_run_group_tests_name("geometry", tests, NULL, NULL);
}
