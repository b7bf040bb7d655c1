/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_CANVAS_H
#define ZCB_RESULTS_CANVAS_H

#include <stddef.h>
#include <stdint.h>

/** A colour, 0xRRGGBB. */
typedef struct {
	uint32_t rgb;
} zcb_colour;

/** A small picture in memory, of true colours or of indices into a palette. */
struct zcb_canvas {
	uint32_t width, height;
	/** Bytes a pixel: 3 for red, green, blue; 1 for a palette's index. */
	uint32_t depth;
	/** The palette, owned by the caller; NULL with depth 3. */
	const zcb_colour *palette;
	size_t palette_count;
	unsigned char *pixels;
};

/** A part of a canvas, in pixels. What lies outside of the canvas is not drawn. */
struct zcb_rect {
	uint32_t x, y, width, height;
};

/** A canvas of true colours, black. Returns 0, -EINVAL for a size of 0, -ENOMEM. */
int zcb_canvas_init(struct zcb_canvas *ret_canvas, uint32_t width, uint32_t height);

/** A canvas of indices, all 0, into a palette of 1 to 256 that outlives it. As above. */
int zcb_canvas_init_palette(struct zcb_canvas *ret_canvas, uint32_t width, uint32_t height,
			    const zcb_colour *palette, size_t count);

/** Frees the pixels; an all-zero canvas is fine. */
void zcb_canvas_finish(struct zcb_canvas *canvas);

/** Fills a rectangle of a canvas of true colours. */
void zcb_canvas_fill(struct zcb_canvas *canvas, struct zcb_rect rect, zcb_colour colour);

/** Fills a rectangle of a canvas with a palette. */
void zcb_canvas_fill_index(struct zcb_canvas *canvas, struct zcb_rect rect, uint8_t index);

/** Copies `n` pixels, of the canvas's depth, to a part of one of its rows. */
void zcb_canvas_put(struct zcb_canvas *canvas, uint32_t x, uint32_t y, const unsigned char *pixels,
		    uint32_t n);

/**
 * Encodes the canvas as a PNG with `text` as its description. The same canvas and text give the
 * same bytes, as long as libpng and zlib are the same. *ret_png is to be freed.
 * Returns 0 or -ENOMEM.
 */
int zcb_canvas_encode(const struct zcb_canvas *canvas, const char *text, void **ret_png,
		      size_t *ret_size);

#endif
