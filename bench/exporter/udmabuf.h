/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXPORTER_UDMABUF_H
#define ZCB_EXPORTER_UDMABUF_H

#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"

#define ZCB_UDMABUF_DEVICE "/dev/udmabuf"

/**
 * Wraps 4 KiB pages of a memfd into one dma-buf, in the order given (UDMABUF_CREATE_LIST).
 * Neighbours in the memfd share a list entry, for the driver's list_limit counts entries.
 * *ret_fd is the caller's to close, *ret_ns the time of the ioctl alone. Returns 0 or -errno.
 */
int zcb_udmabuf_create(int memfd, const zcb_memfd_off *pages, uint32_t n, int *ret_fd,
		       zcb_ns *ret_ns, struct zcb_error *err);

#endif
