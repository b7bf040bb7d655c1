/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_SHOW_H
#define ZCB_EXECUTOR_SHOW_H

#include "bench/base/geometry.h"
#include "bench/guest/frame.h"
#include "bench/results/clip.h"

/*
 * A cell for a person to look at, `zcbench run --show`: each frame as its reader saw it, one picture
 * of a clip. Above it stands the number of the frame that the guest published last; beside each row,
 * in the colours of the pictures of wrong frames, what the page is in which it begins. A page that is
 * stale stands still while the rest flickers.
 */

/** Pictures are no wider and no higher; of larger frames one pixel in two, three … is drawn. */
#define ZCB_SHOW_SIDE 256U

/** Adds a frame that was judged. Of a clip that gets no memory the frame is missing, and no more. */
void zcb_show_add(struct zcb_clip *clip, const struct zcb_geometry *geometry,
		  const struct zcb_frame_spec *spec, const void *bytes, const struct zcb_page_verdict *page);

/** Sends the clip, if it has a frame. Returns 0 or -errno. */
int zcb_show_send(struct zcb_clip *clip, int out);

#endif
