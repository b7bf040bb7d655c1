/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_FRAME_MASK_H
#define ZCB_GUEST_FRAME_MASK_H

#include <stdbool.h>

#include "bench/base/geometry.h"
#include "bench/guest/frame.h"

/*
 * Judging by some of the bytes: a reader that shows a picture loses the fourth byte of each pixel of
 * xrgb8888, and what lies between the rows. All that it does carry is compared, and if any of it is
 * wrong, each line of that page is *completed*: a line is looked for that has just these bytes, among
 *
 *   the line before it, one further (whatever is wrong is mostly wrong for many lines)
 *   the one wanted, zeros, and its own place at the sequence that its first word leaves possible
 *   other places of this frame, and other frames, that its second word leaves possible
 *
 * and the rest of its bytes are filled in. From there on it is a whole line like any other, and
 * frame.c says what it is. One that fits nothing becomes no line, which is corrupt. A line of which
 * nothing is carried becomes what its neighbour is.
 *
 * Where bits of the location are lost, a foreign line is found if it is of this frame, or of another
 * one and of a page whose lost bits are zero or those of its own place.
 */

/** Which bits of a frame are judged: those of its planes' rows, eight bytes like the next. */
struct zcb_frame_mask {
	uint64_t bits;
	unsigned int planes;
	struct zcb_plane plane[2]; /* offsets and strides are multiples of ZCB_GEOMETRY_ALIGN */
};

/** The mask of one page after the other; made anew only where it is another one. */
struct zcb_mask_window {
	const struct zcb_frame_mask *mask; /* NULL: all bits */
	uint32_t page;
	bool made, uniform; /* uniform: all of it within rows without padding */
	_Alignas(64) unsigned char bytes[ZCB_STAMP_PAGE_SIZE];
};

/** The mask of a settled geometry, of which readings carry these bits. */
void zcb_frame_mask_init(struct zcb_frame_mask *ret_mask, const struct zcb_geometry *geometry,
			 uint64_t bits);

/** The 4096 bytes of the mask at a page, valid until the next call; NULL where it has none. */
const void *zcb_mask_of(struct zcb_mask_window *window, uint32_t page);

/** Fills in those bits of the 4096 bytes of a page that are not in the mask, as said above. */
void zcb_page_complete(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		       const void *mask, void *bytes);

/** The same for all pages of a frame that has a mask. @want as in zcb_frame_check(). */
void zcb_frame_complete(const struct zcb_frame_spec *spec, const uint64_t *want, void *bytes);

#endif
