// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/export.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/exporter/udmabuf.h"

#define LIVE "/sys/kernel/debug/udmabuf"

struct list {
	struct udmabuf_create_list head;
	struct udmabuf_create_item item[EXPORT_PAGES];
};

static void add_item(const struct ram *ram, struct list *list, struct range range)
{
	list->item[list->head.count++] = (struct udmabuf_create_item){
		.memfd = (uint32_t)ram->fd,
		.offset = (uint64_t)range.first * RAM_PAGE,
		.size = (uint64_t)range.n * RAM_PAGE,
	};
}

/* A list of one is made by the other ioctl. */
static int create(const struct list *list)
{
	ZCB_CLOSE int device = open(ZCB_UDMABUF_DEVICE, O_RDWR | O_CLOEXEC);
	struct udmabuf_create one = {
		.memfd = list->item[0].memfd,
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.offset = list->item[0].offset,
		.size = list->item[0].size,
	};
	int fd;

	if (device < 0)
		return -errno;
	fd = list->head.count == 1 ? ioctl(device, UDMABUF_CREATE, &one)
				   : ioctl(device, UDMABUF_CREATE_LIST, list);
	return fd < 0 ? -errno : fd;
}

static int finish(const struct list *list, struct export *export)
{
	int fd = create(list);

	if (fd < 0)
		return fd;
	export->fd = fd;
	return 0;
}

int export_pages(const struct ram *ram, struct export *export)
{
	struct list list = {.head.flags = UDMABUF_FLAGS_CLOEXEC};

	for (uint32_t i = 0; i < export->n; i++)
		add_item(ram, &list, (struct range){export->page[i], 1});
	return finish(&list, export);
}

static void add_range(const struct ram *ram, struct list *list, struct export *export,
		      struct range range)
{
	add_item(ram, list, range);
	for (uint32_t i = 0; i < range.n; i++)
		export->page[export->n++] = range.first + i;
}

int export_random(const struct ram *ram, struct dice *dice, struct export *ret_export)
{
	static const uint32_t longest[] = {EXPORT_PAGES, 1, 16};
	struct list list = {.head.flags = UDMABUF_FLAGS_CLOEXEC};
	uint32_t kind = dice_below(dice, 3), pages = ram->memory->pages;
	uint32_t wanted = kind ? 1 + dice_below(dice, EXPORT_PAGES) : 1;
	struct export export = {0};
	int ret;

	while (export.n < wanted) {
		uint32_t first = dice_below(dice, pages), n = 1 + dice_below(dice, longest[kind]);

		n = n < pages - first ? n : pages - first;
		n = n < EXPORT_PAGES - export.n ? n : EXPORT_PAGES - export.n;
		add_range(ram, &list, &export, (struct range){first, n});
	}
	ret = finish(&list, &export);
	if (!ret)
		*ret_export = export;
	return ret;
}

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static size_t message_bytes(const struct export *export)
{
	return offsetof(struct export, page) + export->n * sizeof(export->page[0]);
}

int export_send(const struct export *export, int socket)
{
	union control control = {0};
	struct iovec part = {(void *)export, message_bytes(export)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &export->fd, sizeof(int));
	return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int export_receive(int socket, struct export *ret_export)
{
	union control control = {0};
	struct export export;
	struct iovec part = {&export, sizeof(export)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *header = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;

	if (n < 0)
		return -errno;
	if (!n)
		return -EPIPE;
	if (!header)
		return -EPROTO;
	memcpy(&export.fd, CMSG_DATA(header), sizeof(int));
	*ret_export = export;
	return 0;
}

int export_sync(int dmabuf, bool end)
{
	struct dma_buf_sync sync = {
		.flags = DMA_BUF_SYNC_READ | (end ? DMA_BUF_SYNC_END : DMA_BUF_SYNC_START),
	};

	return ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) < 0 ? -errno : 0;
}

int export_count_live(void)
{
	ZCB_CLOSEDIR DIR *folder = opendir(LIVE);
	struct dirent *entry;
	int n = 0;

	if (!folder)
		return -1;
	while ((entry = readdir(folder)))
		n += entry->d_name[0] != '.';
	return n;
}
