/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_CLIP_H
#define ZCB_RESULTS_CLIP_H

#include "bench/results/canvas.h"

#define ZCB_CLIP_FRAMES 60U /* what is added beyond is not in the clip */
#define ZCB_CLIP_DELAY_MS 250U

/**
 * Pictures that move: an animated PNG (the third edition of the PNG specification, 2025), which
 * loses nothing and which browsers play, over and over. Zero-initialized is empty.
 */
struct zcb_clip {
	unsigned char *bytes;
	size_t size, room;
	uint32_t width, height;
	uint32_t frames, sequence; /* sequence: of its chunks */
};

/**
 * Adds a picture of true colours, as large as the first. Returns 0, also where the clip is full;
 * -EINVAL for another size, or -ENOMEM: the clip is then as it was.
 */
int zcb_clip_add(struct zcb_clip *clip, const struct zcb_canvas *canvas);

/** Ends the clip, once: bytes and size are then a whole file. Nothing may be added. 0 or -ENOMEM. */
int zcb_clip_end(struct zcb_clip *clip);

/** Frees the bytes; an all-zero clip is fine. */
void zcb_clip_finish(struct zcb_clip *clip);

#endif
