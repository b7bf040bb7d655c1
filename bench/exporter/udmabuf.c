// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/exporter/udmabuf.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/udmabuf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define PAGE 4096U
#define PARAMETERS "/sys/module/udmabuf/parameters/"

static uint32_t fill_list(struct udmabuf_create_list *list, int memfd, const zcb_memfd_off *pages,
			  uint32_t n)
{
	uint32_t items = 0;

	for (uint32_t i = 0; i < n; i++) {
		struct udmabuf_create_item *last = items ? &list->list[items - 1] : NULL;

		if (last && last->offset + last->size == pages[i].off) {
			last->size += PAGE;
			continue;
		}
		list->list[items++] = (struct udmabuf_create_item){
			.memfd = (uint32_t)memfd, .offset = pages[i].off, .size = PAGE };
	}
	return items;
}

static int check_limits(uint32_t items, uint32_t pages, struct zcb_error *err)
{
	uint64_t limit;

	if (!zcb_read_number(PARAMETERS "list_limit", &limit) && items > limit)
		return zcb_fail(err, -E2BIG,
				"kernel: udmabuf takes %" PRIu64 " list entries and the frame has %u: "
				"write a larger number to " PARAMETERS "list_limit, or boot with "
				"udmabuf.list_limit=%u", limit, items, items);
	if (!zcb_read_number(PARAMETERS "size_limit_mb", &limit) &&
	    (uint64_t)pages * PAGE > limit << 20)
		return zcb_fail(err, -E2BIG,
				"kernel: udmabuf takes %" PRIu64 " MiB and the frame has %u pages: "
				"write a larger number to " PARAMETERS "size_limit_mb, or boot with "
				"udmabuf.size_limit_mb=%u", limit, pages, pages / 256 + 1);
	return 0;
}

int zcb_udmabuf_create(int memfd, const zcb_memfd_off *pages, uint32_t n, int *ret_fd,
		       zcb_ns *ret_ns, struct zcb_error *err)
{
	ZCB_CLOSE int device = open(ZCB_UDMABUF_DEVICE, O_RDWR | O_CLOEXEC);
	ZCB_FREE struct udmabuf_create_list *list = NULL;
	uint64_t start, end;
	int fd, ret;

	if (device < 0)
		return zcb_fail(err, -errno, "host set-up: " ZCB_UDMABUF_DEVICE ": %m: load the udmabuf "
				"module, or use --target vm");
	list = calloc(1, sizeof(*list) + n * sizeof(list->list[0]));
	if (!list)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of %u pages", n);
	list->flags = UDMABUF_FLAGS_CLOEXEC;
	list->count = fill_list(list, memfd, pages, n);
	ret = check_limits(list->count, n, err);
	if (ret)
		return ret;
	start = zcb_now_ns();
	fd = ioctl(device, UDMABUF_CREATE_LIST, list);
	end = zcb_now_ns();
	if (fd < 0)
		return zcb_fail(err, -errno, "kernel: udmabuf refused %u pages in %u entries: %m", n,
				list->count);
	*ret_fd = fd;
	ret_ns->ns = end - start;
	return 0;
}
