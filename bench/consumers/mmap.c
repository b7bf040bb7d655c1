// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the dma-buf through one mapping that it keeps, as a software renderer does. */
#include <errno.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench/consumers/mapping.h"

struct mmap_state {
	int dmabuf;
	void *bytes;
	size_t size;
};

static int mmap_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct mmap_state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	state->dmabuf = view->dmabuf;
	state->size = (size_t)view->pages * 4096;
	ret = zcb_dmabuf_map(view->dmabuf, 0, state->size, NULL, &state->bytes, err);
	if (ret)
		free(state);
	else
		*ret_state = state;
	return ret;
}

static int mmap_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct mmap_state *state = opaque;

	*ret_bytes = state->bytes;
	return zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_START, err);
}

static int mmap_release(void *opaque, struct zcb_error *err)
{
	struct mmap_state *state = opaque;

	return zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_END, err);
}

static void mmap_close(void *opaque)
{
	struct mmap_state *state = opaque;

	munmap(state->bytes, state->size);
	free(state);
}

const struct zcb_consumer_ops zcb_consumer_mmap = {
	.name = "mmap",
	.summary = "reads the dma-buf through one kept mapping, bracketed by DMA_BUF_IOCTL_SYNC",
	.reading = ZCB_READS_MAPPING,
	.open = mmap_open,
	.acquire = mmap_acquire,
	.release = mmap_release,
	.close = mmap_close,
};
