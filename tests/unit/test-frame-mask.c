// SPDX-License-Identifier: GPL-2.0-or-later
/* The plants of test-frame.c, seen by readers that do not carry every byte. */
#include "bench/guest/frame-mask.h"
#include "tests/unit/frame-plants.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SEEDS 300u
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define GOOD_FRAMES 20000u
#else
#define GOOD_FRAMES 200000u
#endif

/* A line of which so much is carried says what it is: two check words or more, after sequence and place. */
#define STRONG 32u

/* A scene, and the reading of it by somebody who loses bytes. */
struct reading {
	struct scene scene;
	struct zcb_frame_mask mask;
	unsigned char bits[SCENE_SIZE]; /* the mask, worked out byte by byte */
};

/* Of the page's lines as they were found; a strong one as the plant has it. */
struct lines {
	unsigned int carried, n[ZCB_VERDICT_COUNT];
	uint64_t oldest, youngest;
};

static uint32_t random_below(struct scene *s, uint32_t below)
{
	return (uint32_t)scene_random(s, below);
}

/* A picture of just so many pages, with padding more often than not. */
static bool choose_geometry(struct scene *s, struct zcb_geometry *ret_geometry)
{
	struct zcb_geometry g = { .format = random_below(s, ZCB_FORMATS), .offset = 64 * random_below(s, 64) };
	uint32_t bytes = s->spec.pages * 4096, pixel = g.format == ZCB_FORMAT_RGB565 ? 2 : 4;

	if (g.format == ZCB_FORMAT_NV12)
		pixel = 1;
	g.stride = 64 + 64 * random_below(s, 31);
	g.width = (g.stride - 4 * random_below(s, g.stride / 8)) / pixel;
	if (scene_random(s, 3) == 0)
		g.width = g.stride / pixel;
	g.height = (bytes - g.offset) / g.stride;
	if (g.format == ZCB_FORMAT_NV12)
		g.height = g.height * 2 / 3 / 2 * 2;
	*ret_geometry = g;
	return g.height && zcb_geometry_settle(ret_geometry, s->spec.pages, NULL) == 0;
}

static void mark(struct reading *r, const struct zcb_plane *plane)
{
	for (uint32_t row = 0; row < plane->rows; row++)
		for (uint32_t x = 0; x < plane->row_bytes; x++)
			r->bits[plane->offset + row * plane->stride + x] =
				(unsigned char)(r->mask.bits >> (x % 8 * 8));
}

/* What is not carried may be anything: noise, or what another reading left there. */
static void lose(struct reading *r)
{
	bool noise = scene_random(&r->scene, 2);

	for (size_t i = 0; i < r->scene.spec.pages * ZCB_STAMP_PAGE_SIZE; i++) {
		unsigned char lost = (unsigned char)~r->bits[i];

		r->scene.bytes[i] &= (unsigned char)~lost;
		if (noise)
			r->scene.bytes[i] |= lost & (unsigned char)scene_random(&r->scene, 256);
	}
}

/* Returns false where no picture fits. */
static bool look(struct reading *r)
{
	struct zcb_geometry geometry;
	struct zcb_plane plane[2];

	if (!choose_geometry(&r->scene, &geometry))
		return false;
	zcb_frame_mask_init(&r->mask, &geometry,
			    scene_random(&r->scene, 2) ? UINT64_C(0x00ffffff00ffffff) : UINT64_MAX);
	memset(r->bits, 0, sizeof(r->bits));
	for (unsigned int i = 0; i < zcb_geometry_planes(&geometry, plane); i++)
		mark(r, &plane[i]);
	r->scene.spec.mask = &r->mask;
	lose(r);
	return true;
}

/* How many bytes of a line are carried, and whether any of them is not as wanted. */
static unsigned int carried(const struct reading *r, uint32_t page, unsigned int line, bool *ret_wrong)
{
	const struct scene *s = &r->scene;
	size_t at = page * ZCB_STAMP_PAGE_SIZE + line * ZCB_STAMP_LINE_SIZE;
	unsigned char want[ZCB_STAMP_LINE_SIZE];
	struct zcb_stamp_page pattern;
	uint64_t words[ZCB_STAMP_WORDS];
	unsigned int n = 0;

	zcb_frame_pattern(&s->spec, s->want[page], page, &pattern);
	zcb_stamp_line(&pattern, line, words);
	memcpy(want, words, sizeof(want));
	*ret_wrong = false;
	for (size_t i = 0; i < ZCB_STAMP_LINE_SIZE; i++) {
		n += r->bits[at + i] != 0;
		*ret_wrong |= ((want[i] ^ s->bytes[at + i]) & r->bits[at + i]) != 0;
	}
	return n;
}

static const char *check_strong(const struct zcb_line_verdict *expected, bool wrong,
				const struct zcb_line_verdict *seen)
{
	if (!wrong) /* the damage is where nobody looks */
		return seen->verdict == ZCB_VERDICT_FRESH ? NULL : "a line whose damage is lost";
	if (seen->verdict != expected->verdict)
		return "a line's verdict";
	if (seen->age != expected->age)
		return "a line's age";
	return zcb_stamp_location(seen->claims) == zcb_stamp_location(expected->claims) ?
		       NULL : "the place a line claims";
}

static const char *check_line(const struct reading *r, uint32_t page, unsigned int line,
			      const unsigned char *completed, struct lines *lines)
{
	const struct scene *s = &r->scene;
	struct zcb_line_verdict seen;
	bool wrong;
	unsigned int n = carried(r, page, line, &wrong);

	zcb_line_judge(&s->spec, s->want[page], page, line, completed, &seen);
	if (!n)
		return NULL;
	lines->carried++;
	lines->n[seen.verdict]++;
	if (seen.verdict == ZCB_VERDICT_STALE) {
		lines->oldest = seen.age > lines->oldest ? seen.age : lines->oldest;
		lines->youngest = seen.age < lines->youngest ? seen.age : lines->youngest;
	}
	/* Of a line that is cut off, the rest may be what was damaged, or shows how. */
	if (n >= STRONG && (r->bits[page * ZCB_STAMP_PAGE_SIZE + (line + 1) * ZCB_STAMP_LINE_SIZE - 2] ||
			    (s->lines[page][line].verdict != ZCB_VERDICT_CORRUPT &&
			     s->lines[page][line].verdict != ZCB_VERDICT_TORN)))
		return check_strong(&s->lines[page][line], wrong, &seen);
	/* A few bytes may fit both what is wanted and what its neighbour is. */
	return !wrong || seen.verdict != ZCB_VERDICT_FRESH ? NULL : "a line of few bytes";
}

/* What is to be said of a page, of its carried lines alone: the others say nothing. */
static enum zcb_verdict page_of(const struct lines *l)
{
	if (l->n[ZCB_VERDICT_CORRUPT])
		return ZCB_VERDICT_CORRUPT;
	if (l->n[ZCB_VERDICT_FOREIGN])
		return ZCB_VERDICT_FOREIGN;
	if (l->n[ZCB_VERDICT_FRESH] == l->carried)
		return ZCB_VERDICT_FRESH;
	if (l->n[ZCB_VERDICT_STALE] == l->carried && l->oldest == l->youngest)
		return ZCB_VERDICT_STALE;
	return l->n[ZCB_VERDICT_ZERO] == l->carried ? ZCB_VERDICT_ZERO : ZCB_VERDICT_TORN;
}

static const char *check_page(const struct reading *r, uint32_t page, const unsigned char *completed,
			      const struct zcb_page_verdict *seen)
{
	struct lines lines = { .youngest = UINT64_MAX };
	const char *wrong = NULL;

	for (unsigned int i = 0; i < ZCB_STAMP_LINES && !wrong; i++)
		wrong = check_line(r, page, i, completed + i * ZCB_STAMP_LINE_SIZE, &lines);
	if (wrong)
		return wrong;
	if (!lines.carried)
		return "a page that nobody reads";
	if (seen->verdict != page_of(&lines) || seen->changed)
		return "a page's verdict";
	return seen->verdict == ZCB_VERDICT_STALE && seen->age != lines.oldest ? "a page's age" : NULL;
}

static const char *check_reading(const struct reading *r, const struct zcb_page_diff *diff)
{
	const struct scene *s = &r->scene;
	unsigned char completed[SCENE_SIZE];
	struct zcb_page_verdict pages[SCENE_PAGES];
	struct zcb_frame_tally tally;
	const char *wrong = NULL;

	if (zcb_frame_check_with(diff, &s->spec, s->want, s->bytes, pages, &tally))
		return "the check's return code";
	memcpy(completed, s->bytes, s->spec.pages * ZCB_STAMP_PAGE_SIZE);
	zcb_frame_complete(&s->spec, s->want, completed);
	for (size_t i = 0; i < s->spec.pages * ZCB_STAMP_PAGE_SIZE; i++)
		if ((completed[i] ^ s->bytes[i]) & r->bits[i])
			return "a carried byte, changed";
	for (uint32_t page = 0; page < s->spec.pages && !wrong; page++)
		wrong = check_page(r, page, completed + page * ZCB_STAMP_PAGE_SIZE, &pages[page]);
	return wrong;
}

static size_t plant_count(void)
{
	return frame_plants_time_count + frame_plants_place_count;
}

static const struct frame_plant *plant_of(size_t kind)
{
	return kind < frame_plants_time_count ? &frame_plants_time[kind] :
						&frame_plants_place[kind - frame_plants_time_count];
}

/* Plants one, and looks until a picture fits its pages. */
static void plant(struct reading *r, size_t kind, uint64_t seed)
{
	do
		plant_of(kind)->plant(&r->scene, seed);
	while (!look(r) && (seed += UINT64_C(1) << 40));
}

static void test_plants_are_named(void **state)
{
	for (size_t kind = 0; kind < plant_count(); kind++) {
		for (uint64_t i = 0; i < SEEDS; i++) {
			const struct zcb_page_diff *diff = zcb_page_diffs[i % zcb_page_diff_count];
			struct reading r;
			const char *wrong;

			plant(&r, kind, kind * SEEDS + i);
			wrong = check_reading(&r, diff->usable() ? diff : zcb_page_diff_best());
			if (wrong)
				fail_msg("%s, seed %" PRIu64 ", %s: %s", plant_of(kind)->name,
					 kind * SEEDS + i, diff->name, wrong);
		}
	}
	print_message("%zu kinds of damage, %u seeds each\n", plant_count(), SEEDS);
}

static uint64_t differs_never(const struct zcb_stamp_page *pattern, const void *mask, const void *bytes)
{
	return 0;
}

static bool usable_always(void)
{
	return true;
}

/* To a checker that compares nothing, every plant comes out wrong, where anything of it is carried. */
static void test_blind_checker_is_found_out(void **state)
{
	static const struct zcb_page_diff blind = { "blind", usable_always, NULL, differs_never };
	unsigned int found = 0;

	for (size_t kind = 0; kind < plant_count(); kind++) {
		unsigned int of_kind = 0;

		for (uint64_t i = 0; i < 50; i++) {
			struct reading r;

			plant(&r, kind, kind * SEEDS + i);
			of_kind += check_reading(&r, &blind) != NULL;
		}
		if (!of_kind)
			fail_msg("%s: no damage done", plant_of(kind)->name);
		found += of_kind;
	}
	print_message("found out %u times of %zu\n", found, 50 * plant_count());
}

/* Each bit that is carried counts, and no other does. */
static void test_every_bit_counts(void **state)
{
	for (size_t i = 0; i < zcb_page_diff_count; i++) {
		const struct zcb_page_diff *diff = zcb_page_diffs[i];
		struct zcb_mask_window window = { 0 };
		struct zcb_frame_mask mask;
		struct zcb_geometry geometry = { .width = 35, .stride = 192, .offset = 64 };
		struct zcb_stamp_page pattern;
		unsigned char page[ZCB_STAMP_PAGE_SIZE + 1];
		const unsigned char *bits;

		if (!diff->usable())
			continue;
		assert_int_equal(zcb_geometry_settle(&geometry, 1, NULL), 0);
		zcb_frame_mask_init(&mask, &geometry, UINT64_C(0x00ffffff00ffffff));
		window.mask = &mask;
		bits = zcb_mask_of(&window, 0);
		zcb_stamp_page_init(&pattern, 1, 2, 3, 0);
		zcb_stamp_write(&pattern, page + 1);
		for (size_t bit = 0; bit < ZCB_STAMP_PAGE_SIZE * 8; bit++) {
			unsigned char flip = (unsigned char)(1u << bit % 8);

			page[1 + bit / 8] ^= flip;
			if (!diff->differs_masked(&pattern, bits, page + 1) != !(bits[bit / 8] & flip))
				fail_msg("%s: bit %zu", diff->name, bit);
			page[1 + bit / 8] ^= flip;
		}
	}
}

static void test_no_false_alarm(void **state)
{
	for (uint64_t i = 0; i < GOOD_FRAMES; i++) {
		const struct zcb_page_diff *diff = zcb_page_diffs[i % zcb_page_diff_count];
		struct zcb_frame_tally tally;
		struct reading r;
		uint64_t seed = UINT64_C(1) << 32 | i;

		do
			scene_init(&r.scene, seed);
		while (!look(&r) && (seed += UINT64_C(1) << 40));
		if (!diff->usable())
			diff = zcb_page_diff_best();
		assert_int_equal(zcb_frame_check_with(diff, &r.scene.spec, r.scene.want, r.scene.bytes, NULL,
						      &tally), 0);
		if (!zcb_frame_good(&tally))
			fail_msg("%s, frame %" PRIu64, diff->name, i);
		if (i % 50 == 0 && check_reading(&r, diff))
			fail_msg("judged, %s, frame %" PRIu64, diff->name, i);
	}
	print_message("%u good frames\n", GOOD_FRAMES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_counts),
		cmocka_unit_test(test_plants_are_named),
		cmocka_unit_test(test_blind_checker_is_found_out),
		cmocka_unit_test(test_no_false_alarm),
	};

	return cmocka_run_group_tests_name("frame-mask", tests, NULL, NULL);
}
