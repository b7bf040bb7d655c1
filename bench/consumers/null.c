// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads nothing: what is left of a cell's time is the harness, the guest and the workload. */
#include <stddef.h>

#include "bench/consumers/consumer.h"

static int null_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	*ret_state = NULL;
	return 0;
}

static int null_acquire(void *state, const void **ret_bytes, struct zcb_error *err)
{
	*ret_bytes = NULL;
	return 0;
}

static int null_release(void *state, struct zcb_error *err)
{
	return 0;
}

static void null_close(void *state)
{
}

const struct zcb_consumer_ops zcb_consumer_null = {
	.name = "null",
	.summary = "reads nothing: the harness's own cost",
	.reading = ZCB_READS_NOTHING,
	.open = null_open,
	.acquire = null_acquire,
	.release = null_release,
	.close = null_close,
};
