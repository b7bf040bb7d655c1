// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/consumers/mapping.h"

#include <errno.h>
#include <linux/dma-buf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

int zcb_dmabuf_map(int dmabuf, size_t offset, size_t size, void *at, void **ret_bytes,
		   struct zcb_error *err)
{
	void *bytes = mmap(at, size, PROT_READ, MAP_SHARED | (at ? MAP_FIXED : 0), dmabuf, (off_t)offset);

	if (bytes == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: the dma-buf cannot be mapped: %m");
	*ret_bytes = bytes;
	return 0;
}

int zcb_dmabuf_bracket(int dmabuf, uint64_t edge, struct zcb_error *err)
{
	struct dma_buf_sync sync = { .flags = edge | DMA_BUF_SYNC_READ };

	while (ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) < 0)
		if (errno != EINTR && errno != EAGAIN)
			return zcb_fail(err, -errno, "kernel: DMA_BUF_IOCTL_SYNC: %m");
	return 0;
}
