// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/show.h"

#include <stdio.h>

#include "bench/base/cleanup.h"
#include "bench/results/picture.h"
#include "bench/results/wire.h"

#define HEAD 14U  /* pixels above the frame, with the number in them */
#define MARGIN 8U /* beside it, with the verdicts */
#define GLYPH 2U  /* pixels to a dot of a digit */

/* Digits of 3 by 5 dots, row by row, the top left one in bit 14. */
static const uint16_t digits[10] = { 0x7b6f, 0x2c97, 0x73e7, 0x73cf, 0x5bc9,
				     0x79cf, 0x79ef, 0x7249, 0x7bef, 0x7bcf };

static void draw_number(struct zcb_canvas *canvas, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	for (uint32_t i = 0; text[i]; i++)
		for (uint32_t dot = 0; dot < 15; dot++)
			if (digits[text[i] - '0'] >> (14 - dot) & 1)
				zcb_canvas_fill(canvas, (struct zcb_rect){ 2 + GLYPH * (i * 4 + dot % 3),
									   2 + GLYPH * (dot / 3), GLYPH, GLYPH },
						(zcb_colour){ 0xffffff });
}

static zcb_colour colour_of(const unsigned char *pixel, uint32_t pixel_bytes)
{
	uint32_t v;

	if (pixel_bytes == 4)
		return (zcb_colour){ (uint32_t)pixel[2] << 16 | (uint32_t)pixel[1] << 8 | pixel[0] };
	if (pixel_bytes == 1)
		return (zcb_colour){ pixel[0] * 0x010101U };
	v = (uint32_t)pixel[1] << 8 | pixel[0];
	return (zcb_colour){ (v >> 11) << 19 | (v >> 5 & 63) << 10 | (v & 31) << 3 };
}

static uint32_t step_of(const struct zcb_geometry *geometry, uint32_t rows)
{
	uint32_t side = geometry->width > rows ? geometry->width : rows;

	return (side + ZCB_SHOW_SIDE - 1) / ZCB_SHOW_SIDE;
}

static void draw_row(struct zcb_canvas *canvas, const struct zcb_geometry *geometry, uint32_t y, uint32_t step,
		     const unsigned char *row, uint32_t pixel_bytes)
{
	for (uint32_t x = 0; x < geometry->width; x += step)
		zcb_canvas_fill(canvas, (struct zcb_rect){ x / step, y, 1, 1 },
				colour_of(row + (size_t)x * pixel_bytes, pixel_bytes));
}

static void draw_frame(struct zcb_canvas *canvas, const struct zcb_geometry *geometry, uint32_t step,
		       const unsigned char *bytes, const struct zcb_page_verdict *page)
{
	struct zcb_plane planes[2];
	unsigned int n = zcb_geometry_planes(geometry, planes);
	uint32_t margin = canvas->width - MARGIN, row = 0;

	for (unsigned int i = 0; i < n; i++) {
		const struct zcb_plane *plane = &planes[i];

		for (uint32_t k = 0; k < plane->rows; k++, row++) {
			size_t at = plane->offset + (size_t)k * plane->stride;
			uint32_t y = HEAD + row / step;

			if (row % step)
				continue;
			draw_row(canvas, geometry, y, step, bytes + at, planes[0].row_bytes / geometry->width);
			zcb_canvas_fill(canvas, (struct zcb_rect){ margin + 2, y, MARGIN - 2, 1 },
					zcb_picture_colour(page[at / 4096].verdict));
		}
	}
}

static uint32_t rows_of(const struct zcb_geometry *geometry)
{
	struct zcb_plane planes[2];
	uint32_t rows = 0;

	for (unsigned int n = zcb_geometry_planes(geometry, planes); n > 0; n--)
		rows += planes[n - 1].rows;
	return rows;
}

void zcb_show_add(struct zcb_clip *clip, const struct zcb_geometry *geometry,
		  const struct zcb_frame_spec *spec, const void *bytes, const struct zcb_page_verdict *page)
{
	ZCB_CLEANUP(zcb_canvas_finish) struct zcb_canvas canvas = { 0 };
	uint32_t rows = rows_of(geometry), step = step_of(geometry, rows);

	if (clip->frames == ZCB_CLIP_FRAMES ||
	    zcb_canvas_init(&canvas, (geometry->width + step - 1) / step + MARGIN, HEAD + (rows + step - 1) / step))
		return;
	draw_frame(&canvas, geometry, step, bytes, page);
	draw_number(&canvas, spec->published);
	zcb_clip_add(clip, &canvas);
}

int zcb_show_send(struct zcb_clip *clip, int out)
{
	int ret = zcb_clip_end(clip);

	if (ret || !clip->frames)
		return ret;
	return zcb_wire_send(out, json_pack("{s:s, s:s}", "type", "file", "kind", "clip"), clip->bytes,
			     clip->size);
}
