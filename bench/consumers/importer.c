// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/consumers/importer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioctl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

#define PAGE 4096U

/* As in include/uapi/linux/dmabuf-importer.h of the patched kernel, which no distribution installs. */
struct attach {
	int32_t fd;
	uint32_t mode;
};

struct read {
	uint64_t offset, len, data;
	uint32_t told, maps;
};

#define ATTACH _IOW('u', 0x50, struct attach)
#define READ _IOWR('u', 0x51, struct read)

static int retry(int fd, unsigned long request, void *argument)
{
	while (ioctl(fd, request, argument) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

int zcb_importer_attach(int dmabuf, enum zcb_importer_mode mode, int *ret_fd, struct zcb_error *err)
{
	ZCB_CLOSE int fd = open(ZCB_IMPORTER_DEVICE, O_RDWR | O_CLOEXEC);
	struct attach attach = { .fd = dmabuf, .mode = mode };
	int ret;

	if (fd < 0 && (errno == ENOENT || errno == ENODEV || errno == ENXIO))
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no " ZCB_IMPORTER_DEVICE
				" (CONFIG_DMABUF_TEST_IMPORTER): choose --kernel variants, which "
				"./scripts/setup kernel builds");
	if (fd < 0)
		return zcb_fail(err, -errno, "host set-up: " ZCB_IMPORTER_DEVICE ": %m: run as root");
	ret = retry(fd, ATTACH, &attach);
	if (ret)
		return zcb_fail(err, ret, "kernel: an importer cannot attach to the dma-buf: %s",
				strerror(-ret));
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int zcb_importer_read(int fd, uint64_t offset, void *bytes, uint64_t n,
		      struct zcb_importer_counts *ret_counts)
{
	struct read read = { .offset = offset, .len = n, .data = (uint64_t)(uintptr_t)bytes };
	int ret = retry(fd, READ, &read);

	if (!ret && ret_counts)
		*ret_counts = (struct zcb_importer_counts){ .told = read.told, .maps = read.maps };
	return ret;
}

struct importer_state {
	int fd;
	size_t size;
	char bytes[];
};

int zcb_importer_open(const struct zcb_view *view, enum zcb_importer_mode mode, void **ret_state,
		      struct zcb_error *err)
{
	size_t size = (size_t)view->pages * PAGE;
	ZCB_FREE struct importer_state *state = malloc(sizeof(*state) + size);
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	memset(state->bytes, 1, size); /* its page faults are not the reading's cost */
	state->size = size;
	ret = zcb_importer_attach(view->dmabuf, mode, &state->fd, err);
	if (ret)
		return ret;
	*ret_state = state;
	state = NULL;
	return 0;
}

int zcb_importer_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct importer_state *state = opaque;
	int ret = zcb_importer_read(state->fd, 0, state->bytes, state->size, NULL);

	if (ret)
		return zcb_fail(err, ret, "kernel: the importer cannot read the dma-buf: %s",
				strerror(-ret));
	*ret_bytes = state->bytes;
	return 0;
}

int zcb_importer_release(void *state, struct zcb_error *err)
{
	return 0;
}

void zcb_importer_close(void *opaque)
{
	struct importer_state *state = opaque;

	close(state->fd);
	free(state);
}
