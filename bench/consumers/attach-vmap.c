// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads by a kernel mapping that is kept: displays that copy, vkms and those behind USB. */
#include "bench/consumers/importer.h"

static int attach_vmap_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	return zcb_importer_open(view, ZCB_IMPORTER_VMAP, ret_state, err);
}

const struct zcb_consumer_ops zcb_consumer_attach_vmap = {
	.name = "attach-vmap",
	.summary = "reads by a kernel mapping that is made once, as a display without DMA does",
	.reading = ZCB_READS_KEPT_VMAP,
	.open = attach_vmap_open,
	.acquire = zcb_importer_acquire,
	.release = zcb_importer_release,
	.close = zcb_importer_close,
};
