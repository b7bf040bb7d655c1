// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the frame out of the memfd itself, page by page: what the guest's RAM holds. It reads
 * through the file and never maps, for touching a mapping would fill the holes it looks at.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/consumers/consumer.h"
#include "bench/exporter/memfd.h"

struct oracle_state {
	const struct zcb_view *view;
	char bytes[];
};

static int oracle_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct oracle_state *state = malloc(sizeof(*state) + (size_t)view->pages * 4096);

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	state->view = view;
	*ret_state = state;
	return 0;
}

static int oracle_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct oracle_state *state = opaque;

	for (uint32_t i = 0; i < state->view->pages; i++) {
		int ret = zcb_memfd_read(state->view->memfd, state->view->page[i],
					 state->bytes + (size_t)i * 4096, 4096);

		if (ret)
			return zcb_fail(err, ret, "kernel: reading the memfd: %s", strerror(-ret));
	}
	*ret_bytes = state->bytes;
	return 0;
}

static int oracle_release(void *state, struct zcb_error *err)
{
	return 0;
}

const struct zcb_consumer_ops zcb_consumer_oracle = {
	.name = "oracle",
	.summary = "reads guest RAM in the memfd itself: what every other consumer should see",
	.reading = ZCB_READS_MEMFD,
	.open = oracle_open,
	.acquire = oracle_acquire,
	.release = oracle_release,
	.close = free,
};
