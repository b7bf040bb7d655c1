// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the dma-buf through many small mappings, each of a part of it, which lie in a row: who takes a
 * page away must find it at another offset in each. They are made from the last to the first. The
 * kernel keeps them apart, for a mapping of a udmabuf is VM_PFNMAP, and such are never merged.
 */
#include <errno.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "bench/consumers/mapping.h"

enum { PART = 5 * 4096 };

struct parts_state {
	int dmabuf;
	char *bytes;
	size_t size;
};

static void parts_close(void *opaque)
{
	struct parts_state *state = opaque;

	munmap(state->bytes, state->size);
	free(state);
}

/* In place of a mapping of nothing, so that they lie in a row. */
static int map_parts(const struct parts_state *state, struct zcb_error *err)
{
	size_t end = state->size;
	int ret = 0;

	while (end && !ret) {
		size_t n = end % PART ? end % PART : PART;
		void *bytes;

		end -= n;
		ret = zcb_dmabuf_map(state->dmabuf, end, n, state->bytes + end, &bytes, err);
	}
	return ret;
}

static int parts_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct parts_state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	state->dmabuf = view->dmabuf;
	state->size = (size_t)view->pages * 4096;
	state->bytes = mmap(NULL, state->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (state->bytes == MAP_FAILED) {
		ret = zcb_fail(err, -errno, "host set-up: no addresses for a consumer: %m");
		free(state);
		return ret;
	}
	ret = map_parts(state, err);
	if (ret)
		parts_close(state);
	else
		*ret_state = state;
	return ret;
}

static int parts_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct parts_state *state = opaque;

	*ret_bytes = state->bytes;
	return zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_START, err);
}

static int parts_release(void *opaque, struct zcb_error *err)
{
	struct parts_state *state = opaque;

	return zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_END, err);
}

const struct zcb_consumer_ops zcb_consumer_mmap_parts = {
	.name = "mmap-parts",
	.summary = "reads the dma-buf through kept mappings of small parts of it",
	.reading = ZCB_READS_MAPPING,
	.open = parts_open,
	.acquire = parts_acquire,
	.release = parts_release,
	.close = parts_close,
};
