// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/cleanup.h"
#include "bench/results/picture.h"

#include <errno.h>
#include <png.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define KEY UINT64_C(0x9e1)
#define FRAME 5u
#define PAGES_MAX 2025u
#define PUBLISHED 100u
#define SIZE_MAX_PNG (64u * 4096u * 3 / 4 + 16384u) /* 64 pages of noise, some for the rest */

/* The layout that picture.h promises. */
#define PITCH 36u
#define FIRST 3u

static unsigned char frame[PAGES_MAX * ZCB_STAMP_PAGE_SIZE];

static unsigned char *page_of(uint32_t page)
{
	return frame + (size_t)page * ZCB_STAMP_PAGE_SIZE;
}

static struct zcb_frame_spec good_frame(uint32_t pages)
{
	for (uint32_t page = 0; page < pages; page++)
		zcb_stamp_fill(page_of(page), KEY, PUBLISHED, FRAME, page);
	return (struct zcb_frame_spec){KEY, FRAME, pages, PUBLISHED};
}

struct decoded {
	uint32_t width, height;
	unsigned char *rgb;
};

static void decode(const struct zcb_pictures *pictures, enum zcb_picture_kind kind,
		   struct decoded *ret_decoded)
{
	png_image image = {.version = PNG_IMAGE_VERSION};

	assert_true(pictures->kinds[kind].size <= SIZE_MAX_PNG);
	assert_true(png_image_begin_read_from_memory(&image, pictures->kinds[kind].png,
						     pictures->kinds[kind].size));
	assert_int_equal(!!(image.format & PNG_FORMAT_FLAG_COLORMAP),
			 kind == ZCB_PICTURE_DIFFERENCE);
	image.format = PNG_FORMAT_RGB;
	ret_decoded->width = image.width;
	ret_decoded->height = image.height;
	ret_decoded->rgb = malloc((size_t)image.width * image.height * 3);
	assert_non_null(ret_decoded->rgb);
	assert_true(png_image_finish_read(&image, NULL, ret_decoded->rgb, 0, NULL));
}

static void decoded_finish(struct decoded *decoded)
{
	free(decoded->rgb);
}

#define DECODED ZCB_CLEANUP(decoded_finish) struct decoded
#define PICTURES ZCB_CLEANUP(zcb_pictures_finish) struct zcb_pictures

static uint32_t colour_at(const struct decoded *decoded, uint32_t x, uint32_t y)
{
	const unsigned char *at = decoded->rgb + ((size_t)y * decoded->width + x) * 3;

	assert_true(x < decoded->width && y < decoded->height);
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

/* Where the nth drawn page has the pixel of its byte, in a grid of so many columns. */
static uint32_t x_of(uint32_t nth, uint32_t columns, uint32_t byte)
{
	return FIRST + nth % columns * PITCH + byte / 4 % 32;
}

static uint32_t y_of(uint32_t nth, uint32_t columns, uint32_t byte)
{
	return FIRST + nth / columns * PITCH + byte / 4 / 32;
}

static void assert_pixels(const struct decoded *decoded, uint32_t nth, uint32_t columns,
			  const unsigned char *bytes)
{
	for (uint32_t byte = 0; byte < ZCB_STAMP_PAGE_SIZE; byte += 4) {
		uint32_t xrgb;

		memcpy(&xrgb, bytes + byte, 4);
		assert_int_equal(
			colour_at(decoded, x_of(nth, columns, byte), y_of(nth, columns, byte)),
			xrgb & 0xffffff);
	}
}

/* In the difference: the colour of a byte, and of the ring round its page. */
static uint32_t difference_at(const struct decoded *decoded, uint32_t nth, uint32_t columns,
			      uint32_t byte)
{
	return colour_at(decoded, 2 * x_of(nth, columns, byte), 2 * y_of(nth, columns, byte));
}

static uint32_t ring_at(const struct decoded *decoded, uint32_t nth, uint32_t columns)
{
	return colour_at(decoded, 2 * x_of(nth, columns, 0) - 1, 2 * y_of(nth, columns, 0) - 1);
}

static uint32_t colour_of(enum zcb_verdict verdict)
{
	return zcb_picture_colour(verdict).rgb;
}

static void test_pixels_are_the_bytes(void **state)
{
	struct zcb_frame_spec spec = good_frame(7);
	uint64_t want[7] = {PUBLISHED, 0, PUBLISHED, PUBLISHED, PUBLISHED, PUBLISHED, PUBLISHED};
	unsigned char expected[ZCB_STAMP_PAGE_SIZE], hole[ZCB_STAMP_PAGE_SIZE] = {0};
	DECODED left = {0}, right = {0};
	PICTURES pictures = {0};

	zcb_stamp_fill(page_of(4), KEY, PUBLISHED - 3, FRAME, 4);
	assert_int_equal(zcb_pictures_draw(&spec, want, frame, &pictures), 0);
	decode(&pictures, ZCB_PICTURE_EXPECTED, &left);
	decode(&pictures, ZCB_PICTURE_SEEN, &right);
	assert_int_equal(left.width, right.width);
	assert_int_equal(left.height, right.height);
	for (uint32_t page = 0; page < 7; page++) {
		zcb_stamp_fill(expected, KEY, PUBLISHED, FRAME, page);
		assert_pixels(&left, page, 3, want[page] ? expected : hole);
		assert_pixels(&right, page, 3, page_of(page));
	}
}

static void test_difference_names_lines(void **state)
{
	struct zcb_frame_spec spec = good_frame(4);
	unsigned char old[ZCB_STAMP_PAGE_SIZE];
	DECODED decoded = {0};
	PICTURES pictures = {0};

	zcb_stamp_fill(old, KEY, PUBLISHED - 1, FRAME, 1);
	memcpy(page_of(1) + 9 * ZCB_STAMP_LINE_SIZE, old + 9 * ZCB_STAMP_LINE_SIZE,
	       ZCB_STAMP_LINE_SIZE);
	memset(page_of(2), 0, ZCB_STAMP_PAGE_SIZE);
	page_of(3)[1000] ^= 1;
	assert_int_equal(zcb_pictures_draw(&spec, NULL, frame, &pictures), 0);
	decode(&pictures, ZCB_PICTURE_DIFFERENCE, &decoded);
	assert_int_equal(ring_at(&decoded, 0, 2), colour_of(ZCB_VERDICT_FRESH));
	assert_int_equal(ring_at(&decoded, 1, 2), colour_of(ZCB_VERDICT_TORN));
	assert_int_equal(ring_at(&decoded, 2, 2), colour_of(ZCB_VERDICT_ZERO));
	assert_int_equal(ring_at(&decoded, 3, 2), colour_of(ZCB_VERDICT_CORRUPT));
	assert_int_equal(difference_at(&decoded, 1, 2, 9 * 64), colour_of(ZCB_VERDICT_STALE));
	assert_int_not_equal(difference_at(&decoded, 1, 2, 8 * 64), colour_of(ZCB_VERDICT_STALE));
	assert_int_not_equal(difference_at(&decoded, 1, 2, 10 * 64), colour_of(ZCB_VERDICT_STALE));
	assert_int_equal(difference_at(&decoded, 2, 2, 3000 & ~63u), colour_of(ZCB_VERDICT_ZERO));
	assert_int_equal(difference_at(&decoded, 3, 2, 1000), colour_of(ZCB_VERDICT_CORRUPT));
	assert_int_not_equal(difference_at(&decoded, 3, 2, 996), colour_of(ZCB_VERDICT_CORRUPT));
}

static void test_good_frame_shows_no_damage(void **state)
{
	struct zcb_frame_spec spec = good_frame(64);
	DECODED decoded = {0};
	PICTURES pictures = {0};

	assert_int_equal(zcb_pictures_draw(&spec, NULL, frame, &pictures), 0);
	decode(&pictures, ZCB_PICTURE_DIFFERENCE, &decoded);
	for (uint32_t y = 0; y < decoded.height; y++)
		for (uint32_t x = 0; x < decoded.width; x++)
			for (int v = ZCB_VERDICT_STALE; v < ZCB_VERDICT_COUNT; v++)
				if (colour_at(&decoded, x, y) == colour_of((enum zcb_verdict)v))
					fail_msg("damage at %u, %u", x, y);
}

/* The window has to hold the first wrong page, wherever it lies. */
static void test_window_of_large_frame(void **state)
{
	static const uint32_t wrong[] = {0, 1, 7, 8, 63, 64, 803, 1960, 1961, 2024};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct zcb_frame_spec spec = good_frame(PAGES_MAX);
		uint32_t nth, dot = wrong[i];
		DECODED decoded = {0};
		PICTURES pictures = {0};

		zcb_stamp_fill(page_of(wrong[i]), KEY, PUBLISHED - 9, FRAME, wrong[i]);
		assert_int_equal(zcb_pictures_draw(&spec, NULL, frame, &pictures), 0);
		assert_int_equal(pictures.window.pages, ZCB_PICTURE_PAGES);
		assert_true(pictures.window.first <= wrong[i]);
		nth = wrong[i] - pictures.window.first;
		assert_true(nth < pictures.window.pages);
		decode(&pictures, ZCB_PICTURE_SEEN, &decoded);
		assert_pixels(&decoded, nth, 8, page_of(wrong[i]));
		decoded_finish(&decoded);
		decode(&pictures, ZCB_PICTURE_DIFFERENCE, &decoded);
		/* Dots of 5 pixels from 4 on, in a picture of 580: 114 a row. */
		assert_int_equal(colour_at(&decoded, 4 + dot % 114 * 5, 4 + dot / 114 * 5),
				 colour_of(ZCB_VERDICT_STALE));
		dot = dot ? dot - 1 : 1;
		assert_int_equal(colour_at(&decoded, 4 + dot % 114 * 5, 4 + dot / 114 * 5),
				 colour_of(ZCB_VERDICT_FRESH));
	}
}

/* Bytes that no encoder can make smaller. */
static void test_size_is_bounded(void **state)
{
	struct zcb_frame_spec spec = good_frame(PAGES_MAX);
	DECODED decoded = {0};
	PICTURES pictures = {0};

	for (size_t at = 0; at < sizeof(frame); at += sizeof(uint64_t)) {
		uint64_t noise = zcb_stamp_mix(at + 1);

		memcpy(frame + at, &noise, sizeof(noise));
	}
	assert_int_equal(zcb_pictures_draw(&spec, NULL, frame, &pictures), 0);
	decode(&pictures, ZCB_PICTURE_SEEN, &decoded);
	for (size_t i = 0; i < ZCB_PICTURE_COUNT; i++) {
		print_message("%s: %zu bytes\n", zcb_picture_name((enum zcb_picture_kind)i),
			      pictures.kinds[i].size);
		assert_true(pictures.kinds[i].size <= SIZE_MAX_PNG);
	}
}

static void test_same_frame_same_bytes(void **state)
{
	struct zcb_frame_spec spec = good_frame(65);
	PICTURES first = {0}, second = {0};

	page_of(3)[1] ^= 1;
	assert_int_equal(zcb_pictures_draw(&spec, NULL, frame, &first), 0);
	assert_int_equal(zcb_pictures_draw(&spec, NULL, frame, &second), 0);
	for (size_t i = 0; i < ZCB_PICTURE_COUNT; i++) {
		assert_int_equal(first.kinds[i].size, second.kinds[i].size);
		assert_memory_equal(first.kinds[i].png, second.kinds[i].png, first.kinds[i].size);
	}
}

static void test_bad_requests(void **state)
{
	struct zcb_pictures pictures = {.window.pages = 77};
	struct zcb_frame_spec spec = good_frame(1);
	uint64_t want = PUBLISHED + 1;

	assert_int_equal(zcb_pictures_draw(&spec, &want, frame, &pictures), -EINVAL);
	spec.pages = 0;
	assert_int_equal(zcb_pictures_draw(&spec, NULL, frame, &pictures), -EINVAL);
	assert_int_equal(pictures.window.pages, 77);
}

static void test_colours_differ(void **state)
{
	for (int a = 0; a < ZCB_VERDICT_COUNT; a++)
		for (int b = 0; b < a; b++)
			assert_int_not_equal(colour_of((enum zcb_verdict)a),
					     colour_of((enum zcb_verdict)b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pixels_are_the_bytes),
		cmocka_unit_test(test_difference_names_lines),
		cmocka_unit_test(test_good_frame_shows_no_damage),
		cmocka_unit_test(test_window_of_large_frame),
		cmocka_unit_test(test_size_is_bounded),
		cmocka_unit_test(test_same_frame_same_bytes),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_colours_differ),
	};

	return cmocka_run_group_tests_name("picture", tests, NULL, NULL);
}
