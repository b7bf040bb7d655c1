// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the dma-buf through several mappings of all of it, by turns, as do processes that show the
 * same buffer: who takes a page away must take it out of each of them. A mapping has been read before
 * its turn to be looked at comes, so it has page tables to be found in.
 */
#include <errno.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench/consumers/mapping.h"

enum { MAPPINGS = 3 };

struct many_state {
	int dmabuf;
	void *bytes[MAPPINGS];
	unsigned int turn;
	size_t size;
};

static void many_close(void *opaque)
{
	struct many_state *state = opaque;

	for (unsigned int i = 0; i < MAPPINGS; i++)
		if (state->bytes[i])
			munmap(state->bytes[i], state->size);
	free(state);
}

static void touch(const void *bytes, size_t size)
{
	for (size_t at = 0; at < size; at += 4096)
		(void)*((const volatile unsigned char *)bytes + at);
}

static int many_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct many_state *state = calloc(1, sizeof(*state));
	int ret = 0;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	state->dmabuf = view->dmabuf;
	state->size = (size_t)view->pages * 4096;
	for (unsigned int i = 0; i < MAPPINGS && !ret; i++) {
		ret = zcb_dmabuf_map(view->dmabuf, 0, state->size, NULL, &state->bytes[i], err);
		if (!ret)
			touch(state->bytes[i], state->size);
	}
	if (ret)
		many_close(state);
	else
		*ret_state = state;
	return ret;
}

static int many_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct many_state *state = opaque;

	*ret_bytes = state->bytes[state->turn++ % MAPPINGS];
	return zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_START, err);
}

static int many_release(void *opaque, struct zcb_error *err)
{
	struct many_state *state = opaque;

	return zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_END, err);
}

const struct zcb_consumer_ops zcb_consumer_mmap_many = {
	.name = "mmap-many",
	.summary = "reads the dma-buf through several kept mappings of it, by turns",
	.reading = ZCB_READS_MAPPING,
	.open = many_open,
	.acquire = many_acquire,
	.release = many_release,
	.close = many_close,
};
