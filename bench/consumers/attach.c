// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what a device reads that mapped the buffer's sg_table once: most drivers of GPUs and displays. */
#include "bench/consumers/importer.h"

static int attach_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	return zcb_importer_open(view, ZCB_IMPORTER_STATIC, ret_state, err);
}

const struct zcb_consumer_ops zcb_consumer_attach = {
	.name = "attach",
	.summary = "reads by an sg_table that a device has mapped once, as most drivers do",
	.reading = ZCB_READS_TABLE,
	.open = attach_open,
	.acquire = zcb_importer_acquire,
	.release = zcb_importer_release,
	.close = zcb_importer_close,
};
