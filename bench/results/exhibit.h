/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_EXHIBIT_H
#define ZCB_RESULTS_EXHIBIT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/guest/frame.h"
#include "bench/results/picture.h"

/*
 * A wrong frame on its way from the cell that saw it to the run directory. It is drawn at the end of
 * that way: pictures take longer than a short cell does, the more so where processors are emulated.
 * What travels is a record for each page, and the bytes of those pages of the pictures' window that
 * are not fresh; of a fresh page each byte is known.
 */

/** What is kept of each page of the frame. */
struct zcb_exhibit_page {
	uint64_t want;    /* the sequence wanted there, or 0 for zeros */
	uint64_t age;     /* of its oldest stale line */
	uint32_t verdict; /* an enum zcb_verdict */
	uint32_t hit;     /* whether the workload hit it: 0 or 1 */
};

/** Zero-initialized is empty. */
struct zcb_exhibit {
	struct zcb_frame_spec spec; /* its mask counts for nothing: the bytes are whole */
	const char *after; /* what had happened: "baseline", "punch", "refill"; a constant string */
	uint64_t round;
	/* spec.pages records, and behind them 4096 bytes for each wrong page of the window; owned */
	unsigned char *payload;
	size_t n, room;
};

/**
 * Takes a frame that was judged, in the place of what is there; hit has an entry for each page. `bytes`
 * are those of the whole frame. Without memory the exhibit is empty afterwards.
 */
void zcb_exhibit_take(struct zcb_exhibit *exhibit, const struct zcb_frame_spec *spec,
		      const uint64_t *want, const struct zcb_page_verdict *verdict, const bool *hit,
		      const void *bytes);

/** Sends it as a "file" of the kind "frame"; `number` tells the frames of a cell apart. 0 or -errno. */
int zcb_exhibit_send(const struct zcb_exhibit *exhibit, int number, int out);

/**
 * Reads such a message, whose sender is not trusted; what is in it is in `ret_exhibit` afterwards, for
 * zcb_exhibit_finish(). Returns 0, -EPROTO where it makes no sense, or -ENOMEM.
 */
int zcb_exhibit_receive(const json_t *message, const void *payload, size_t n,
			struct zcb_exhibit *ret_exhibit);

/** The page map, as docs/run-directory.md has it, without names of files. A new reference. */
json_t *zcb_exhibit_map(const struct zcb_exhibit *exhibit);

/** Draws its pictures. Returns 0 or -ENOMEM. */
int zcb_exhibit_draw(const struct zcb_exhibit *exhibit, struct zcb_pictures *ret_pictures);

void zcb_exhibit_finish(struct zcb_exhibit *exhibit);

#endif
