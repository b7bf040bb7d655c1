/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONSUMERS_MAPPING_H
#define ZCB_CONSUMERS_MAPPING_H

#include <stddef.h>
#include <stdint.h>

#include "bench/consumers/consumer.h"

/* What the consumers share that read the dma-buf through mappings of it. */

/**
 * Maps `size` bytes of the dma-buf from `offset` on, to be read: at that address, in place of what is
 * there, or with NULL anywhere. Returns 0 or -errno; the caller unmaps.
 */
int zcb_dmabuf_map(int dmabuf, size_t offset, size_t size, void *at, void **ret_bytes,
		   struct zcb_error *err);

/**
 * DMA_BUF_IOCTL_SYNC of a reader, `edge` is DMA_BUF_SYNC_START or DMA_BUF_SYNC_END
 * (Documentation/driver-api/dma-buf.rst). Returns 0 or -errno.
 */
int zcb_dmabuf_bracket(int dmabuf, uint64_t edge, struct zcb_error *err);

#endif
