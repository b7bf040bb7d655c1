// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/picture.h"

#include "bench/base/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* In pixels. A pitch is a tile, the ring round it and the gap to the next one. */
#define TILE 32u
#define RING 1u
#define GAP 2u
#define PITCH (TILE + 2 * RING + GAP)
#define PIXEL_SIZE ((size_t)4)
#define LINE_PIXELS (ZCB_STAMP_LINE_SIZE / PIXEL_SIZE)
#define SCALE 2u /* of the difference */
#define DOT 5u	 /* of the map, with its gap of 1 */
#define DOTS_MAX 8192u

#define GAP_COLOUR ((zcb_colour){0x808080})

/*
 * The difference's palette: first the verdicts, then the same paler, then the rest. Black, blue,
 * vermillion, purple and sky blue are of Okabe and Ito's set for all kinds of colour vision
 * (jfly.uni-koeln.de/color); of that set, they and the grey are furthest apart for each kind.
 */
enum {
	PALE = ZCB_VERDICT_COUNT,
	BACKGROUND = 2 * ZCB_VERDICT_COUNT,
	MARK,
	PALETTE_COUNT,
};

static const zcb_colour palette[PALETTE_COUNT] = {
	[ZCB_VERDICT_FRESH] = {0xd4d4d4},
	[ZCB_VERDICT_STALE] = {0xd55e00},
	[ZCB_VERDICT_ZERO] = {0x000000},
	[ZCB_VERDICT_TORN] = {0x56b4e9},
	[ZCB_VERDICT_FOREIGN] = {0xcc79a7},
	[ZCB_VERDICT_CORRUPT] = {0x0072b2},
	[PALE + ZCB_VERDICT_FRESH] = {0xe8e8e8},
	[PALE + ZCB_VERDICT_STALE] = {0xf0c4a0},
	[PALE + ZCB_VERDICT_ZERO] = {0x909090},
	[PALE + ZCB_VERDICT_TORN] = {0xc4e3f7},
	[PALE + ZCB_VERDICT_FOREIGN] = {0xedd0df},
	[PALE + ZCB_VERDICT_CORRUPT] = {0x9cc6df},
	[BACKGROUND] = {0xffffff},
	[MARK] = {0x606060},
};

/* The frame that is drawn, and where its pages lie. */
struct sheet {
	const struct zcb_frame_spec *spec;
	const uint64_t *want;
	const unsigned char *bytes; /* of the window alone */
	const struct zcb_page_verdict *verdicts;
	uint32_t first, count;
	uint32_t columns, rows;
};

static uint32_t divide_up(uint32_t a, uint32_t b)
{
	return a / b + (a % b != 0);
}

const char *zcb_picture_name(enum zcb_picture_kind kind)
{
	static const char *const names[ZCB_PICTURE_COUNT] = {"expected", "seen", "difference"};

	return (unsigned int)kind < ZCB_PICTURE_COUNT ? names[kind] : "unknown";
}

zcb_colour zcb_picture_colour(enum zcb_verdict verdict)
{
	return palette[(unsigned int)verdict < ZCB_VERDICT_COUNT ? verdict : MARK];
}

/* The least number of columns that makes the grid no higher than it is wide. */
static uint32_t columns_of(uint32_t count)
{
	uint32_t columns = 1;

	while (columns * columns < count)
		columns++;
	return columns;
}

struct zcb_picture_window zcb_picture_window(const struct zcb_page_verdict *verdicts, uint32_t pages)
{
	struct zcb_picture_window window = {.pages = pages < ZCB_PICTURE_PAGES ? pages : ZCB_PICTURE_PAGES};
	uint32_t columns = columns_of(window.pages), wrong = 0;

	while (wrong < pages && verdicts[wrong].verdict == ZCB_VERDICT_FRESH)
		wrong++;
	if (wrong == pages)
		wrong = 0;
	/* The row before the first wrong page is drawn too, if there is one. */
	window.first = wrong - wrong % columns;
	window.first -= window.first >= columns ? columns : 0;
	if (window.first > pages - window.pages)
		window.first = pages - window.pages;
	return window;
}

/* Where the tile of the window's nth page begins. */
static struct zcb_rect tile_at(const struct sheet *sheet, uint32_t nth)
{
	return (struct zcb_rect){
		.x = GAP + RING + nth % sheet->columns * PITCH,
		.y = GAP + RING + nth / sheet->columns * PITCH,
		.width = TILE,
		.height = TILE,
	};
}

static struct zcb_rect grown(struct zcb_rect rect, uint32_t by)
{
	return (struct zcb_rect){rect.x - by, rect.y - by, rect.width + 2 * by,
				 rect.height + 2 * by};
}

/* On the difference, below the map. */
static struct zcb_rect scaled(struct zcb_rect rect, uint32_t top)
{
	return (struct zcb_rect){rect.x * SCALE, top + rect.y * SCALE, rect.width * SCALE,
				 rect.height * SCALE};
}

static void expected_bytes(const struct sheet *sheet, uint32_t page,
			   unsigned char ret_bytes[ZCB_STAMP_PAGE_SIZE])
{
	struct zcb_stamp_page pattern;

	zcb_frame_pattern(sheet->spec, zcb_frame_wanted(sheet->spec, sheet->want, page), page,
			  &pattern);
	zcb_stamp_write(&pattern, ret_bytes);
}

static const unsigned char *seen_bytes(const struct sheet *sheet, uint32_t page)
{
	return sheet->bytes + (size_t)(page - sheet->first) * ZCB_STAMP_PAGE_SIZE;
}

static void draw_bytes(struct zcb_canvas *canvas, struct zcb_rect tile, const unsigned char *bytes)
{
	for (uint32_t y = 0; y < TILE; y++) {
		unsigned char rgb[3 * TILE], *to = rgb;

		for (uint32_t x = 0; x < TILE; x++, bytes += PIXEL_SIZE, to += 3) {
			to[0] = bytes[2];
			to[1] = bytes[1];
			to[2] = bytes[0];
		}
		zcb_canvas_put(canvas, tile.x, tile.y + y, rgb, TILE);
	}
}

static int draw_pixels(const struct sheet *sheet, bool seen, struct zcb_canvas *ret_canvas)
{
	int err = zcb_canvas_init(ret_canvas, GAP + sheet->columns * PITCH,
				  GAP + sheet->rows * PITCH);

	if (err)
		return err;
	zcb_canvas_fill(ret_canvas, (struct zcb_rect){0, 0, UINT32_MAX, UINT32_MAX}, GAP_COLOUR);
	for (uint32_t i = 0; i < sheet->count; i++) {
		unsigned char expected[ZCB_STAMP_PAGE_SIZE];

		expected_bytes(sheet, sheet->first + i, expected);
		draw_bytes(ret_canvas, tile_at(sheet, i),
			   seen ? seen_bytes(sheet, sheet->first + i) : expected);
	}
	return 0;
}

/* A line is half a row of its tile. */
static void draw_line(struct zcb_canvas *canvas, struct zcb_rect tile, unsigned int line,
		      enum zcb_verdict verdict, const unsigned char *expected, const unsigned char *seen)
{
	uint32_t x = tile.x + line % 2 * (TILE / 2) * SCALE, y = tile.y + line / 2 * SCALE;
	unsigned char index[LINE_PIXELS * SCALE];

	for (size_t i = 0; i < sizeof(index); i++) {
		size_t at = i / SCALE * PIXEL_SIZE;
		bool same = memcmp(expected + at, seen + at, PIXEL_SIZE) == 0;

		index[i] = (unsigned char)(same ? PALE + verdict : verdict);
	}
	for (uint32_t i = 0; i < SCALE; i++)
		zcb_canvas_put(canvas, x, y + i, index, sizeof(index));
}

static void draw_page_difference(struct zcb_canvas *canvas, const struct sheet *sheet, uint32_t top,
				 uint32_t nth)
{
	uint32_t page = sheet->first + nth;
	uint64_t wanted = zcb_frame_wanted(sheet->spec, sheet->want, page);
	const unsigned char *seen = seen_bytes(sheet, page);
	struct zcb_rect tile = scaled(tile_at(sheet, nth), top);
	unsigned char expected[ZCB_STAMP_PAGE_SIZE];

	expected_bytes(sheet, page, expected);
	zcb_canvas_fill_index(canvas, grown(tile, RING * SCALE), (uint8_t)sheet->verdicts[page].verdict);
	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++) {
		size_t at = line * ZCB_STAMP_LINE_SIZE;
		struct zcb_line_verdict verdict;

		zcb_line_judge(sheet->spec, wanted, page, line, seen + at, &verdict);
		draw_line(canvas, tile, line, verdict.verdict, expected + at, seen + at);
	}
}

/* Where a frame has more pages than there are dots, a dot shows the worst of several. */
struct map {
	uint32_t dots, pages_a_dot, columns, height;
};

static struct map map_of(const struct sheet *sheet, uint32_t width)
{
	struct map map = {0};

	if (sheet->count == sheet->spec->pages)
		return map;
	map.pages_a_dot = divide_up(sheet->spec->pages, DOTS_MAX);
	map.dots = divide_up(sheet->spec->pages, map.pages_a_dot);
	map.columns = (width - 2 * GAP * SCALE) / DOT;
	map.height = GAP * SCALE + divide_up(map.dots, map.columns) * DOT + GAP * SCALE;
	return map;
}

static void draw_dot(struct zcb_canvas *canvas, const struct sheet *sheet, const struct map *map,
		     uint32_t dot)
{
	uint32_t begin = dot * map->pages_a_dot, end = begin + map->pages_a_dot;
	struct zcb_rect at = {GAP * SCALE + dot % map->columns * DOT,
			      GAP * SCALE + dot / map->columns * DOT, DOT, DOT};
	enum zcb_verdict worst = ZCB_VERDICT_FRESH;

	for (uint32_t page = begin; page < end && page < sheet->spec->pages; page++)
		if (sheet->verdicts[page].verdict > worst)
			worst = sheet->verdicts[page].verdict;
	if (end > sheet->first && begin < sheet->first + sheet->count)
		zcb_canvas_fill_index(canvas, at, MARK);
	at.width = at.height = DOT - 1;
	zcb_canvas_fill_index(canvas, at, (uint8_t)worst);
}

static int draw_difference(const struct sheet *sheet, struct zcb_canvas *ret_canvas)
{
	uint32_t width = (GAP + sheet->columns * PITCH) * SCALE;
	struct map map = map_of(sheet, width);
	int err = zcb_canvas_init_palette(ret_canvas, width,
					  map.height + (GAP + sheet->rows * PITCH) * SCALE, palette,
					  PALETTE_COUNT);

	if (err)
		return err;
	zcb_canvas_fill_index(ret_canvas, (struct zcb_rect){0, 0, UINT32_MAX, UINT32_MAX},
			      BACKGROUND);
	for (uint32_t dot = 0; dot < map.dots; dot++)
		draw_dot(ret_canvas, sheet, &map, dot);
	for (uint32_t i = 0; i < sheet->count; i++)
		draw_page_difference(ret_canvas, sheet, map.height, i);
	return 0;
}

static int draw_kind(const struct sheet *sheet, enum zcb_picture_kind kind,
		     struct zcb_pictures *pictures)
{
	ZCB_CLEANUP(zcb_canvas_finish) struct zcb_canvas canvas = {0};
	char text[160];
	int err;

	snprintf(text, sizeof(text),
		 "frame %" PRIu32 " %s, pages %" PRIu32 " to %" PRIu32 " of %" PRIu32
		 ", published sequence %" PRIu64,
		 sheet->spec->frame, zcb_picture_name(kind), sheet->first,
		 sheet->first + sheet->count - 1, sheet->spec->pages, sheet->spec->published);
	if (kind == ZCB_PICTURE_DIFFERENCE)
		err = draw_difference(sheet, &canvas);
	else
		err = draw_pixels(sheet, kind == ZCB_PICTURE_SEEN, &canvas);
	if (err)
		return err;
	return zcb_canvas_encode(&canvas, text, &pictures->kinds[kind].png,
				 &pictures->kinds[kind].size);
}

void zcb_pictures_finish(struct zcb_pictures *pictures)
{
	for (size_t i = 0; i < ZCB_PICTURE_COUNT; i++)
		free(pictures->kinds[i].png);
	memset(pictures, 0, sizeof(*pictures));
}

static int draw_all(const struct sheet *sheet, struct zcb_pictures *ret_pictures)
{
	ZCB_CLEANUP(zcb_pictures_finish) struct zcb_pictures pictures = {0};

	for (size_t i = 0; i < ZCB_PICTURE_COUNT; i++) {
		int err = draw_kind(sheet, (enum zcb_picture_kind)i, &pictures);

		if (err)
			return err;
	}
	pictures.window = (struct zcb_picture_window){sheet->first, sheet->count};
	*ret_pictures = pictures;
	memset(&pictures, 0, sizeof(pictures));
	return 0;
}

int zcb_pictures_draw_window(const struct zcb_frame_spec *spec, const uint64_t *want,
			     const struct zcb_page_verdict *verdicts, const void *bytes,
			     struct zcb_pictures *ret_pictures)
{
	struct zcb_picture_window window = zcb_picture_window(verdicts, spec->pages);
	struct sheet sheet = {
		.spec = spec, .want = want, .bytes = bytes, .verdicts = verdicts,
		.first = window.first, .count = window.pages,
		.columns = columns_of(window.pages),
	};

	sheet.rows = divide_up(sheet.count, sheet.columns);
	return draw_all(&sheet, ret_pictures);
}

int zcb_pictures_draw(const struct zcb_frame_spec *spec, const uint64_t *want, const void *bytes,
		      struct zcb_pictures *ret_pictures)
{
	ZCB_FREE struct zcb_page_verdict *verdicts = calloc(spec->pages, sizeof(*verdicts));
	struct zcb_frame_tally tally;
	size_t first;
	int err;

	if (!verdicts)
		return spec->pages ? -ENOMEM : -EINVAL;
	err = zcb_frame_check(spec, want, bytes, verdicts, &tally);
	if (err)
		return err;
	first = zcb_picture_window(verdicts, spec->pages).first;
	return zcb_pictures_draw_window(spec, want, verdicts,
					(const unsigned char *)bytes + first * ZCB_STAMP_PAGE_SIZE,
					ret_pictures);
}
