/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_PICTURE_H
#define ZCB_RESULTS_PICTURE_H

#include <stddef.h>
#include <stdint.h>

#include "bench/guest/frame.h"
#include "bench/results/canvas.h"

/*
 * A wrong frame, drawn: what was expected, what was seen and the difference, three PNGs.
 *
 * Each page is a tile of 32 x 32 pixels, its bytes taken as XRGB; the tiles lie row by row in a
 * grid that is nearly square. A line of 64 bytes is half a row of its tile. The difference has
 * the same layout at twice the size: round each tile the colour of the page's verdict; in it, the
 * lines that are not fresh in the colour of theirs, strong where four bytes differ and pale where
 * they do not. Above it, if the frame has more pages than are drawn, stands a map of all of them,
 * one dot each, with the drawn ones underlaid.
 */

/** So many pages are drawn at most: a window with the first wrong page in it. */
#define ZCB_PICTURE_PAGES 64u

enum zcb_picture_kind {
	ZCB_PICTURE_EXPECTED,
	ZCB_PICTURE_SEEN,
	ZCB_PICTURE_DIFFERENCE,
	ZCB_PICTURE_COUNT,
};

/** The word for a kind, for file names: "expected", "seen", "difference"; a constant string. */
const char *zcb_picture_name(enum zcb_picture_kind kind);

/** The colour of a verdict in the difference, for a legend. Told apart by the colour-blind. */
zcb_colour zcb_picture_colour(enum zcb_verdict verdict);

/** The pages that are drawn. */
struct zcb_picture_window {
	uint32_t first, pages;
};

/** The window of a frame with these verdicts; pages > 0. */
struct zcb_picture_window zcb_picture_window(const struct zcb_page_verdict *verdicts, uint32_t pages);

/** The PNGs of one frame; each says in its "Description" what it shows. */
struct zcb_pictures {
	struct {
		void *png;
		size_t size;
	} kinds[ZCB_PICTURE_COUNT];
	struct zcb_picture_window window;
};

/**
 * Draws a frame, which may also be right. spec, want and bytes are as in zcb_frame_check(), but
 * the bytes are read more than once: pass a copy if they can change.
 * Returns 0, -EINVAL as the check does, or -ENOMEM.
 */
int zcb_pictures_draw(const struct zcb_frame_spec *spec, const uint64_t *want, const void *bytes,
		      struct zcb_pictures *ret_pictures);

/**
 * The same, without a check: `verdicts` are what it said, for each page of the frame, and `bytes` those
 * of the window's pages alone. A spec's mask is not asked: the bytes are whole. Returns 0 or -ENOMEM.
 */
int zcb_pictures_draw_window(const struct zcb_frame_spec *spec, const uint64_t *want,
			     const struct zcb_page_verdict *verdicts, const void *bytes,
			     struct zcb_pictures *ret_pictures);

/** Frees the PNGs; all-zero pictures are fine. */
void zcb_pictures_finish(struct zcb_pictures *pictures);

#endif
