/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_FENCE_H
#define ZCB_EXECUTOR_FENCE_H

#include <pthread.h>

#include "bench/guest/guest.h"
#include "bench/plan/cell.h"

/*
 * A frame that is drawn while its reader already waits for it, as a GPU's is: the frame's end is a fence
 * of a sw_sync timeline (drivers/dma-buf/sw_sync.c), which the dma-buf carries as its writer's
 * (DMA_BUF_IOCTL_IMPORT_SYNC_FILE). Whoever honours implicit fences waits by itself.
 */
struct zcb_fenced_draw {
	struct zcb_guest *guest;
	uint32_t frame;
	uint64_t sequence;
	int timeline; /* owned by the cell */
	uint32_t point; /* of the timeline: how many frames it will have signalled then */
	int ret;
	struct zcb_error err;
	pthread_t thread;
};

/** A new timeline. -EOPNOTSUPP without CONFIG_SW_SYNC or debugfs, with the mend. */
int zcb_fence_timeline(int *ret_timeline, struct zcb_error *err);

/**
 * Puts a fence into the dma-buf, and has the guest draw in a thread of its own, which signals it when the
 * frame is published, or could not be. Until zcb_fence_end() nobody else may ask the guest.
 */
int zcb_fence_draw(struct zcb_fenced_draw *draw, int dmabuf, struct zcb_error *err);

/** Waits until the frame is drawn. Returns what drawing it returned. */
int zcb_fence_end(struct zcb_fenced_draw *draw, struct zcb_error *err);

/** Waits for the dma-buf's fences of writers, for readers that do not by themselves. 0 or -errno. */
int zcb_fence_wait(int dmabuf, struct zcb_error *err);

#endif
