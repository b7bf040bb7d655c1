// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/frame-plants.h"

#include <string.h>

static struct zcb_stamp_place place(const struct scene *s, uint32_t page, unsigned int line)
{
	return (struct zcb_stamp_place){(uint16_t)s->spec.frame, page, (uint16_t)line};
}

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

/* A page of another place, whole, where `page` should be. */
static void foreign_page_at(struct scene *s, uint32_t at, uint16_t frame, uint32_t page)
{
	scene_stamp(s, at, s->spec.published, frame, page);
	scene_expect_page(s, at, ZCB_VERDICT_FOREIGN);
	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++)
		scene_expect_foreign(s, at, line,
				     (struct zcb_stamp_place){frame, page, (uint16_t)line});
}

static uint16_t other_frame(struct scene *s)
{
	return (uint16_t)(s->spec.frame + 1 + scene_random(s, ZCB_STAMP_FRAME_MAX));
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

static void plant_swapped_pages(struct scene *s, uint64_t seed)
{
	uint32_t a, b;

	scene_init_whole(s, seed, 2);
	a = (uint32_t)scene_random(s, s->spec.pages);
	b = (a + 1 + (uint32_t)scene_random(s, s->spec.pages - 1)) % s->spec.pages;
	foreign_page_at(s, a, (uint16_t)s->spec.frame, b);
	foreign_page_at(s, b, (uint16_t)s->spec.frame, a);
}

/* The whole frame shows the next page, or the one before. */
static void plant_off_by_one_page(struct scene *s, uint64_t seed)
{
	uint32_t by;

	scene_init_whole(s, seed, 1);
	by = scene_random(s, 2) ? 1 : UINT32_MAX;
	for (uint32_t page = 0; page < s->spec.pages; page++)
		foreign_page_at(s, page, (uint16_t)s->spec.frame, page + by);
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

static void plant_foreign_frame(struct scene *s, uint64_t seed)
{
	uint16_t frame;

	scene_init_whole(s, seed, 1);
	frame = other_frame(s);
	for (uint32_t page = 0; page < s->spec.pages; page++)
		foreign_page_at(s, page, frame, page);
}

static void plant_page_of_other_frame(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	foreign_page_at(s, page, other_frame(s), page);
}

static void plant_foreign_key(struct scene *s, uint64_t seed)
{
	scene_init_whole(s, seed, 1);
	s->spec.key += 1 + scene_random(s, UINT64_MAX - 1);
	for (uint32_t page = 0; page < s->spec.pages; page++)
		scene_expect_page(s, page, ZCB_VERDICT_CORRUPT);
}

static void plant_flipped_bit(struct scene *s, uint64_t seed)
{
	unsigned int line;
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	scene_line(s, page, line)[scene_random(s, ZCB_STAMP_LINE_SIZE)] ^=
		(unsigned char)(1u << scene_random(s, 8));
	scene_expect_line(s, page, line, ZCB_VERDICT_CORRUPT);
	s->pages[page] = ZCB_VERDICT_CORRUPT;
}

/* One line is the bytes that belong at `from` in the frame, which may lie between two lines. */
static void expect_moved(struct scene *s, uint32_t page, unsigned int line, size_t from)
{
	size_t from_line = from / ZCB_STAMP_LINE_SIZE;

	if (from % ZCB_STAMP_LINE_SIZE) {
		scene_expect_line(s, page, line, ZCB_VERDICT_CORRUPT);
		s->pages[page] = ZCB_VERDICT_CORRUPT;
	} else if (from_line != page * ZCB_STAMP_LINES + line) {
		scene_expect_foreign(s, page, line,
				     place(s, (uint32_t)(from_line / ZCB_STAMP_LINES),
					   from_line % ZCB_STAMP_LINES));
		if (s->pages[page] != ZCB_VERDICT_CORRUPT)
			s->pages[page] = ZCB_VERDICT_FOREIGN;
	}
}

/* Rows of `row` bytes are read as if they lay `row + off` bytes apart, round the frame's end. */
static void misread_rows(struct scene *s, size_t row, size_t off)
{
	size_t size = s->spec.pages * (size_t)ZCB_STAMP_PAGE_SIZE;
	unsigned char good[SCENE_SIZE];

	memcpy(good, s->bytes, size);
	for (size_t at = 0; at < size; at++)
		s->bytes[at] = good[(at + at / row * off) % size];
	for (size_t at = 0; at < size; at += ZCB_STAMP_LINE_SIZE)
		expect_moved(s, (uint32_t)(at / ZCB_STAMP_PAGE_SIZE),
			     at / ZCB_STAMP_LINE_SIZE % ZCB_STAMP_LINES,
			     (at + at / row * off) % size);
}

static void plant_stride_off_by_lines(struct scene *s, uint64_t seed)
{
	scene_init_whole(s, seed, 1);
	misread_rows(s, ZCB_STAMP_LINE_SIZE * (1 + scene_random(s, 32)),
		     ZCB_STAMP_LINE_SIZE * (1 + scene_random(s, 8)));
}

static void plant_stride_off_by_pixels(struct scene *s, uint64_t seed)
{
	scene_init_whole(s, seed, 1);
	misread_rows(s, ZCB_STAMP_LINE_SIZE * (1 + scene_random(s, 32)),
		     4 * (1 + scene_random(s, 15)));
}

/* Every byte of a run is wrong, wherever it begins and ends. */
static void plant_garbage(struct scene *s, uint64_t seed)
{
	size_t size, begin, end;

	scene_init(s, seed);
	size = s->spec.pages * (size_t)ZCB_STAMP_PAGE_SIZE;
	begin = scene_random(s, size);
	end = begin + 1 + scene_random(s, size - begin);
	for (size_t at = begin; at < end; at++)
		s->bytes[at] ^= (unsigned char)(1 + scene_random(s, 255));
	for (size_t line = begin / ZCB_STAMP_LINE_SIZE; line * ZCB_STAMP_LINE_SIZE < end; line++) {
		s->pages[line / ZCB_STAMP_LINES] = ZCB_VERDICT_CORRUPT;
		scene_expect_line(s, (uint32_t)(line / ZCB_STAMP_LINES), line % ZCB_STAMP_LINES,
				  ZCB_VERDICT_CORRUPT);
	}
}

/* The page where the cut lies: good lines, perhaps a cut one, and zero ones. */
static void expect_cut_page(struct scene *s, uint32_t page, unsigned int line, bool line_is_cut)
{
	for (unsigned int i = line; i < ZCB_STAMP_LINES; i++)
		scene_expect_line(s, page, i, ZCB_VERDICT_ZERO);
	s->pages[page] = line == 0 && !line_is_cut ? ZCB_VERDICT_ZERO : ZCB_VERDICT_TORN;
	if (line_is_cut) {
		scene_expect_line(s, page, line, ZCB_VERDICT_CORRUPT);
		s->pages[page] = ZCB_VERDICT_CORRUPT;
	}
}

/* The frame's end never arrived. At least the last word is cut: the last byte may be 0 anyway. */
static void plant_truncated_tail(struct scene *s, uint64_t seed)
{
	size_t size, cut;

	scene_init_whole(s, seed, 1);
	size = s->spec.pages * (size_t)ZCB_STAMP_PAGE_SIZE;
	cut = scene_random(s, size / 8) * 8;
	if (scene_random(s, 4) == 0)
		cut -= cut % ZCB_STAMP_PAGE_SIZE;
	memset(s->bytes + cut, 0, size - cut);
	expect_cut_page(s, (uint32_t)(cut / ZCB_STAMP_PAGE_SIZE),
			cut / ZCB_STAMP_LINE_SIZE % ZCB_STAMP_LINES, cut % ZCB_STAMP_LINE_SIZE);
	for (uint32_t page = (uint32_t)(cut / ZCB_STAMP_PAGE_SIZE) + 1; page < s->spec.pages;
	     page++)
		scene_expect_page(s, page, ZCB_VERDICT_ZERO);
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

static void plant_duplicated_line(struct scene *s, uint64_t seed)
{
	unsigned int from, to;
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	from = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	to = (from + 1 + (unsigned int)scene_random(s, ZCB_STAMP_LINES - 1)) % ZCB_STAMP_LINES;
	memcpy(scene_line(s, page, to), scene_line(s, page, from), ZCB_STAMP_LINE_SIZE);
	scene_expect_foreign(s, page, to, place(s, page, from));
	s->pages[page] = ZCB_VERDICT_FOREIGN;
}

static void plant_shifted_bytes(struct scene *s, uint64_t seed)
{
	scene_init_whole(s, seed, 1);
	size_t size = s->spec.pages * (size_t)ZCB_STAMP_PAGE_SIZE, by = 1 + scene_random(s, 7);
	unsigned char good[SCENE_SIZE];

	memcpy(good, s->bytes, size);
	for (size_t at = 0; at < size; at++)
		s->bytes[at] = good[(at + by) % size];
	for (uint32_t page = 0; page < s->spec.pages; page++)
		scene_expect_page(s, page, ZCB_VERDICT_CORRUPT);
}

/* The first words of a line new, the others old: finer than anything a page can do. */
static void plant_half_written_line(struct scene *s, uint64_t seed)
{
	unsigned char new[ZCB_STAMP_LINE_SIZE];
	unsigned int line;
	uint32_t page;

	scene_init_whole(s, seed, 1);
	page = scene_pick_page(s);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	memcpy(new, scene_line(s, page, line), sizeof(new));
	scene_stamp_line(s, page, line, s->spec.published - 1);
	memcpy(scene_line(s, page, line), new, 8 * (1 + scene_random(s, 7)));
	scene_expect_line(s, page, line, ZCB_VERDICT_CORRUPT);
	s->pages[page] = ZCB_VERDICT_CORRUPT;
}

/* The pattern can be worked out for a sequence of 0 and for line 64 on: neither is a line. */
static void plant_impossible_line(struct scene *s, uint64_t seed)
{
	unsigned int line, shown;
	uint64_t words[ZCB_STAMP_WORDS];
	struct zcb_stamp_page pattern;
	uint32_t page;
	bool past_end;

	scene_init(s, seed);
	page = scene_pick_page(s);
	past_end = scene_random(s, 2);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	shown = line + (past_end ? ZCB_STAMP_LINES : 0);
	zcb_stamp_page_init(&pattern, s->spec.key, past_end ? s->spec.published : 0,
			    (uint16_t)s->spec.frame, page);
	zcb_stamp_line(&pattern, shown, words);
	memcpy(scene_line(s, page, line), words, sizeof(words));
	scene_expect_line(s, page, line, ZCB_VERDICT_CORRUPT);
	s->pages[page] = ZCB_VERDICT_CORRUPT;
}

/* Foreign wins over torn, and corrupt over foreign; the counts name them all. */
static void plant_worst_wins(struct scene *s, uint64_t seed)
{
	uint32_t page;

	scene_init(s, seed);
	page = scene_pick_page(s);
	stale_line_at(s, page, 3, some_age(s));
	memset(scene_line(s, page, 5), 0, ZCB_STAMP_LINE_SIZE);
	scene_expect_line(s, page, 5, ZCB_VERDICT_ZERO);
	scene_stamp_line(s, page, 7, s->spec.published + 1);
	scene_expect_line(s, page, 7, ZCB_VERDICT_TORN);
	memcpy(scene_line(s, page, 9), scene_line(s, page, 8), ZCB_STAMP_LINE_SIZE);
	scene_expect_foreign(s, page, 9, place(s, page, 8));
	s->pages[page] = ZCB_VERDICT_FOREIGN;
	if (scene_random(s, 2)) {
		scene_line(s, page, 1)[9] ^= 1;
		scene_expect_line(s, page, 1, ZCB_VERDICT_CORRUPT);
		s->pages[page] = ZCB_VERDICT_CORRUPT;
	}
}

const struct frame_plant frame_plants[] = {
	{"stale page", plant_stale_page},
	{"stale frame", plant_stale_frame},
	{"stale line", plant_stale_line},
	{"several ages in one page", plant_ages_mixed_in_page},
	{"several ages in one frame", plant_ages_mixed_in_frame},
	{"swapped pages", plant_swapped_pages},
	{"frame off by one page", plant_off_by_one_page},
	{"half-written page", plant_half_written_page},
	{"page newer than published", plant_newer_page},
	{"line newer than published", plant_newer_line},
	{"page newer than wanted", plant_newer_than_wanted},
	{"zero page", plant_zero_page},
	{"zero line", plant_zero_line},
	{"foreign frame", plant_foreign_frame},
	{"page of another frame", plant_page_of_other_frame},
	{"foreign key", plant_foreign_key},
	{"flipped bit", plant_flipped_bit},
	{"stride off by whole lines", plant_stride_off_by_lines},
	{"stride off by pixels", plant_stride_off_by_pixels},
	{"garbage", plant_garbage},
	{"truncated tail", plant_truncated_tail},
	{"old bytes in a hole", plant_old_bytes_in_hole},
	{"newer bytes in a hole", plant_newer_bytes_in_hole},
	{"old line in a hole", plant_old_line_in_hole},
	{"stray byte in a hole", plant_byte_in_hole},
	{"duplicated line", plant_duplicated_line},
	{"bytes shifted by 1 to 7", plant_shifted_bytes},
	{"half-written line", plant_half_written_line},
	{"line that cannot be", plant_impossible_line},
	{"worst line wins", plant_worst_wins},
};

const size_t frame_plant_count = sizeof(frame_plants) / sizeof(frame_plants[0]);
