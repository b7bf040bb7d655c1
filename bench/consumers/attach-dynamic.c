// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads what a device reads that maps the sg_table again when it is told: amdgpu, xe, mlx5. */
#include "bench/consumers/importer.h"

static int attach_dynamic_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	return zcb_importer_open(view, ZCB_IMPORTER_DYNAMIC, ret_state, err);
}

const struct zcb_consumer_ops zcb_consumer_attach_dynamic = {
	.name = "attach-dynamic",
	.summary = "reads by an sg_table that a device maps again when told that the buffer moves",
	.reading = ZCB_READS_DYNAMIC,
	.open = attach_dynamic_open,
	.acquire = zcb_importer_acquire,
	.release = zcb_importer_release,
	.close = zcb_importer_close,
};
