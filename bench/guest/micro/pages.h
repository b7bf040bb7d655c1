/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_PAGES_H
#define ZCB_GUEST_MICRO_PAGES_H

#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"
#include "bench/guest/abi.h"
#include "bench/guest/guest.h"

/** A frame of a micro guest: its pages, shuffled out of a pool that no other frame has a part of.
 */
struct zcb_micro_frame {
	uint32_t pages; /* 0: no frame */
	zcb_gpa *page;	/* owned */
	zcb_gpa pool;
	uint64_t pool_bytes;
	uint64_t key;
};

/** Which frames have which pages of a micro guest's RAM. Zero-initialized but for `bytes`. */
struct zcb_micro_frames {
	uint64_t bytes; /* of RAM */
	struct zcb_micro_frame frame[ZCB_ABI_MAX_FRAMES];
};

/**
 * Chooses the pages of a frame, in place of the one of that number: as the request's seed says, out
 * of the lowest free run of four times as many pages, or of `blocks` whole blocks of 2 MiB. The
 * same frames asked for in the same order have the same pages. Returns 0, -EINVAL (no such frame),
 * -ENOMEM (no room in RAM, or on the host); the old frame is gone in any case.
 */
int zcb_micro_frames_make(struct zcb_micro_frames *frames, const struct zcb_frame_request *request,
			  struct zcb_error *err);

/** The frame of that number, or NULL. */
const struct zcb_micro_frame *zcb_micro_frames_find(const struct zcb_micro_frames *frames,
						    uint32_t number);

/** Forgets a frame; -EINVAL where there is none of that number. */
int zcb_micro_frames_drop(struct zcb_micro_frames *frames, uint32_t number, struct zcb_error *err);

/** Forgets all frames. */
void zcb_micro_frames_finish(struct zcb_micro_frames *frames);

#endif
