// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/frame-plants.h"

#include <string.h>

static void stale_page_at(struct scene *s, uint32_t page, uint64_t age)
{
	scene_stamp(s, page, s->spec.published - age, (uint16_t)s->spec.frame, page);
	scene_expect_page(s, page, ZCB_VERDICT_STALE);
	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++)
		scene_expect_stale(s, page, line, age);
}

static void stale_line_at(struct scene *s, uint32_t page, unsigned int line, uint64_t age)
{
	scene_stamp_line(s, page, line, s->spec.published - age);
	scene_expect_stale(s, page, line, age);
}

/* Ages from 3 on are older than any sequence that scene_init() wants. */
static uint64_t some_age(struct scene *s)
{
	return 3 + scene_random(s, 990);
}

static void plant_stale_page(struct scene *s, uint64_t seed)
{
	scene_init(s, seed);
	stale_page_at(s, scene_pick_page(s), some_age(s));
}

static void plant_stale_frame(struct scene *s, uint64_t seed)
{
	uint64_t age;

	scene_init_whole(s, seed, 1);
	age = 1 + scene_random(s, 990);
	for (uint32_t page = 0; page < s->spec.pages; page++)
		stale_page_at(s, page, age);
}

static void plant_stale_line(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	stale_line_at(s, page, (unsigned int)scene_random(s, ZCB_STAMP_LINES), some_age(s));
	s->pages[page] = ZCB_VERDICT_TORN;
}

/* All lines of a page stale, but not all equally. */
static void plant_ages_mixed_in_page(struct scene *s, uint64_t seed)
{
	uint64_t age;
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	age = some_age(s);
	stale_page_at(s, page, age);
	for (unsigned int i = 0; i < 10; i++)
		stale_line_at(s, page, 6 * i + (unsigned int)scene_random(s, 6),
			      some_age(s) % 900 + (i == 0 ? age + 1 : 3));
	s->pages[page] = ZCB_VERDICT_TORN;
}

/* Each page whole, and of another age. */
static void plant_ages_mixed_in_frame(struct scene *s, uint64_t seed)
{
	scene_init_whole(s, seed, 2);
	for (uint32_t page = 0; page < s->spec.pages; page++)
		stale_page_at(s, page, 1 + page * 100 + scene_random(s, 100));
}

/* The first lines new, the others of the frame before: the guest was in the middle of it. */
static void plant_half_written_page(struct scene *s, uint64_t seed)
{
	unsigned int split;
	uint32_t page;

	scene_init_whole(s, seed, 1);
	page = scene_pick_page(s);
	split = 1 + (unsigned int)scene_random(s, ZCB_STAMP_LINES - 1);
	for (unsigned int line = split; line < ZCB_STAMP_LINES; line++)
		stale_line_at(s, page, line, 1);
	s->pages[page] = ZCB_VERDICT_TORN;
}

static void plant_newer_page(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	scene_stamp(s, page, s->spec.published + 1 + scene_random(s, 9), (uint16_t)s->spec.frame,
		    page);
	scene_expect_page(s, page, ZCB_VERDICT_TORN);
}

static void plant_newer_line(struct scene *s, uint64_t seed)
{
	unsigned int line;
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	scene_stamp_line(s, page, line, s->spec.published + 1);
	scene_expect_line(s, page, line, ZCB_VERDICT_TORN);
	s->pages[page] = ZCB_VERDICT_TORN;
}

/* Published before, but this page is wanted as it was two frames ago. */
static void plant_newer_than_wanted(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init_whole(s, seed, 1);
	page = scene_pick_page(s);
	s->want[page] = s->spec.published - 2;
	scene_stamp(s, page, s->spec.published - scene_random(s, 2), (uint16_t)s->spec.frame, page);
	scene_expect_page(s, page, ZCB_VERDICT_TORN);
}

static void plant_zero_page(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	memset(scene_line(s, page, 0), 0, ZCB_STAMP_PAGE_SIZE);
	scene_expect_page(s, page, ZCB_VERDICT_ZERO);
}

static void plant_zero_line(struct scene *s, uint64_t seed)
{
	unsigned int line;
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	memset(scene_line(s, page, line), 0, ZCB_STAMP_LINE_SIZE);
	scene_expect_line(s, page, line, ZCB_VERDICT_ZERO);
	s->pages[page] = ZCB_VERDICT_TORN;
}

/* Punched, but the reader still sees the bytes from before the hole: of any age, 0 included. */
static void plant_old_bytes_in_hole(struct scene *s, uint64_t seed)
{
	scene_init(s, seed);
	stale_page_at(s, scene_pick_hole(s), scene_random(s, 5));
}

static void plant_newer_bytes_in_hole(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_hole(s);
	scene_stamp(s, page, s->spec.published + 1, (uint16_t)s->spec.frame, page);
	scene_expect_page(s, page, ZCB_VERDICT_TORN);
}

static void plant_old_line_in_hole(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_hole(s);
	stale_line_at(s, page, (unsigned int)scene_random(s, ZCB_STAMP_LINES), scene_random(s, 5));
	s->pages[page] = ZCB_VERDICT_TORN;
}

static void plant_byte_in_hole(struct scene *s, uint64_t seed)
{
	unsigned int line;
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_hole(s);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	scene_line(s, page, line)[scene_random(s, ZCB_STAMP_LINE_SIZE)] =
		(unsigned char)(1 + scene_random(s, 255));
	scene_expect_line(s, page, line, ZCB_VERDICT_CORRUPT);
	s->pages[page] = ZCB_VERDICT_CORRUPT;
}

/* Some words of a line are of one sequence, the others of another; 0 stands for zero. */
static void mix_line(struct scene *s, uint32_t page, unsigned int line, uint64_t first,
		     uint64_t other)
{
	uint64_t words[2][ZCB_STAMP_WORDS] = {0};
	uint64_t from_other = 2 + 2 * scene_random(s, 63); /* bit i - 1: word i; word 1 is not */

	for (size_t i = 0; i < 2; i++) {
		if (i ? other : first) {
			scene_stamp_line(s, page, line, i ? other : first);
			memcpy(words[i], scene_line(s, page, line), ZCB_STAMP_LINE_SIZE);
		}
	}
	for (size_t i = 1; i < ZCB_STAMP_WORDS; i++)
		if (from_other >> (i - 1) & 1)
			words[0][i] = words[1][i];
	memcpy(scene_line(s, page, line), words[0], ZCB_STAMP_LINE_SIZE);
}

/* The guest was writing the line when it was read. */
static void half_written_line(struct scene *s, uint64_t seed, enum zcb_verdict verdict)
{
	static const int64_t reach = ZCB_UNFENCED_REACH;
	uint64_t first, other;
	unsigned int line;
	uint32_t page;

	scene_init_whole(s, seed, 1);
	page = scene_pick_page(s);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	first = s->spec.published + (uint64_t)(reach - (int64_t)scene_random(s, 1000));
	other = s->spec.published + (uint64_t)(reach - (int64_t)scene_random(s, 17));
	other = scene_random(s, 4) && other != first ? other : 0;
	if (other && scene_random(s, 8) == 0)
		first = 0;
	mix_line(s, page, line, first, other);
	scene_expect_line(s, page, line, verdict);
	s->pages[page] = verdict;
}

static void plant_half_written_line(struct scene *s, uint64_t seed)
{
	half_written_line(s, seed, ZCB_VERDICT_CORRUPT);
}

static void plant_half_written_unfenced(struct scene *s, uint64_t seed)
{
	half_written_line(s, seed, ZCB_VERDICT_TORN);
	s->spec.unfenced = true;
}

/* No frame is that new: these words cannot be the guest's. */
static void plant_half_written_beyond_reach(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init_whole(s, seed, 1);
	s->spec.unfenced = true;
	page = scene_pick_page(s);
	mix_line(s, page, 9, s->spec.published + ZCB_UNFENCED_REACH + 1, s->spec.published);
	scene_expect_line(s, page, 9, ZCB_VERDICT_CORRUPT);
	s->pages[page] = ZCB_VERDICT_CORRUPT;
}

const struct frame_plant frame_plants_time[] = {
	{"stale page", plant_stale_page},
	{"stale frame", plant_stale_frame},
	{"stale line", plant_stale_line},
	{"several ages in one page", plant_ages_mixed_in_page},
	{"several ages in one frame", plant_ages_mixed_in_frame},
	{"half-written page", plant_half_written_page},
	{"page newer than published", plant_newer_page},
	{"line newer than published", plant_newer_line},
	{"page newer than wanted", plant_newer_than_wanted},
	{"zero page", plant_zero_page},
	{"zero line", plant_zero_line},
	{"old bytes in a hole", plant_old_bytes_in_hole},
	{"newer bytes in a hole", plant_newer_bytes_in_hole},
	{"old line in a hole", plant_old_line_in_hole},
	{"stray byte in a hole", plant_byte_in_hole},
	{"half-written line", plant_half_written_line},
	{"half-written line, unfenced", plant_half_written_unfenced},
	{"half-written line, beyond reach", plant_half_written_beyond_reach},
};

const size_t frame_plants_time_count = sizeof(frame_plants_time) / sizeof(frame_plants_time[0]);
