// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads the dma-buf through one mapping that it keeps, as a software renderer does. */
#include <errno.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "bench/consumers/consumer.h"

struct mmap_state {
	int dmabuf;
	void *bytes;
	size_t size;
};

static int mmap_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct mmap_state *state = calloc(1, sizeof(*state));

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	state->dmabuf = view->dmabuf;
	state->size = (size_t)view->pages * 4096;
	state->bytes = mmap(NULL, state->size, PROT_READ, MAP_SHARED, view->dmabuf, 0);
	if (state->bytes == MAP_FAILED) {
		int ret = zcb_fail(err, -errno, "kernel: the dma-buf cannot be mapped: %m");

		free(state);
		return ret;
	}
	*ret_state = state;
	return 0;
}

static int bracket(const struct mmap_state *state, uint64_t flags, struct zcb_error *err)
{
	struct dma_buf_sync sync = { .flags = flags | DMA_BUF_SYNC_READ };

	while (ioctl(state->dmabuf, DMA_BUF_IOCTL_SYNC, &sync) < 0)
		if (errno != EINTR && errno != EAGAIN)
			return zcb_fail(err, -errno, "kernel: DMA_BUF_IOCTL_SYNC: %m");
	return 0;
}

static int mmap_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct mmap_state *state = opaque;
	int ret = bracket(state, DMA_BUF_SYNC_START, err);

	if (!ret)
		*ret_bytes = state->bytes;
	return ret;
}

static int mmap_release(void *state, struct zcb_error *err)
{
	return bracket(state, DMA_BUF_SYNC_END, err);
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
