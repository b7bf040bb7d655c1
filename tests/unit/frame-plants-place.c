// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/frame-plants.h"

#include <string.h>

static struct zcb_stamp_place place(const struct scene *s, uint32_t page, unsigned int line)
{
	return (struct zcb_stamp_place){(uint16_t)s->spec.frame, page, (uint16_t)line};
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

/* Without a fence, too, a word of neither sequence is damage. */
static void plant_flipped_bit_unfenced(struct scene *s, uint64_t seed)
{
	unsigned int line;
	uint32_t page;

	scene_init(s, seed);
	s->spec.unfenced = true;
	page = scene_pick_page(s);
	line = (unsigned int)scene_random(s, ZCB_STAMP_LINES);
	scene_line(s, page, line)[8 + scene_random(s, ZCB_STAMP_LINE_SIZE - 8)] ^=
		(unsigned char)(1u << scene_random(s, 8));
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
	scene_stamp_line(s, page, 3, s->spec.published - 5);
	scene_expect_stale(s, page, 3, 5);
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

const struct frame_plant frame_plants_place[] = {
	{"swapped pages", plant_swapped_pages},
	{"frame off by one page", plant_off_by_one_page},
	{"foreign frame", plant_foreign_frame},
	{"page of another frame", plant_page_of_other_frame},
	{"foreign key", plant_foreign_key},
	{"flipped bit", plant_flipped_bit},
	{"stride off by whole lines", plant_stride_off_by_lines},
	{"stride off by pixels", plant_stride_off_by_pixels},
	{"garbage", plant_garbage},
	{"truncated tail", plant_truncated_tail},
	{"duplicated line", plant_duplicated_line},
	{"bytes shifted by 1 to 7", plant_shifted_bytes},
	{"flipped bit, unfenced", plant_flipped_bit_unfenced},
	{"line that cannot be", plant_impossible_line},
	{"worst line wins", plant_worst_wins},
};

const size_t frame_plants_place_count = sizeof(frame_plants_place) / sizeof(frame_plants_place[0]);
