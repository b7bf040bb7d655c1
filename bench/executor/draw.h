/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_DRAW_H
#define ZCB_EXECUTOR_DRAW_H

#include "bench/executor/fence.h"
#include "bench/executor/running.h"

/**
 * The guest draws its next frame over all pages; where the consumer shows one, it waits for that.
 * Returns 0 or -errno.
 */
int zcb_draw(struct zcb_running *run, struct zcb_error *err);

/**
 * The guest begins to draw its next frame, under a fence that the dma-buf has from then on. Returns
 * 0 or -errno; after 0, zcb_draw_end() must follow.
 */
int zcb_draw_begin(struct zcb_running *run, struct zcb_fenced_draw *ret_draw, struct zcb_error *err);

/** Waits for the end of that draw. Returns 0 or -errno; err may be NULL. */
int zcb_draw_end(struct zcb_running *run, struct zcb_fenced_draw *draw, struct zcb_error *err);

#endif
