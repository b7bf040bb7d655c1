// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/zram.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define PAGE 4096U
#define DEVICE "/dev/zram0"
#define FOLDER "/sys/block/zram0/"

int zcb_zram_check(struct zcb_error *err)
{
	if (access(FOLDER "disksize", W_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no zram to swap to: modprobe zram, or a kernel "
				"with CONFIG_ZRAM and CONFIG_SWAP");
	return 0;
}

/* What mkswap writes: union swap_header of include/linux/swap.h, in the first page. */
static int write_header(uint64_t bytes, struct zcb_error *err)
{
	ZCB_CLOSE int fd = open(DEVICE, O_RDWR | O_CLOEXEC);
	uint32_t info[2] = { 1, (uint32_t)(bytes / PAGE - 1) }; /* version, last page */
	char page[PAGE] = { 0 };
	int ret;

	if (fd < 0)
		return zcb_fail(err, -errno, "host set-up: " DEVICE ": %m");
	memcpy(page + 1024, info, sizeof(info));
	memcpy(page + PAGE - 10, "SWAPSPACE2", 10);
	ret = zcb_write_all(fd, page, PAGE);
	if (!ret && fsync(fd) < 0)
		ret = -errno;
	return ret ? zcb_fail(err, ret, "kernel: writing to " DEVICE ": %s", strerror(-ret)) : 0;
}

int zcb_zram_on(uint64_t bytes, struct zcb_error *err)
{
	char text[32];
	int ret;

	zcb_zram_off(); /* what a cell that crashed has left */
	snprintf(text, sizeof(text), "%" PRIu64, bytes);
	ret = zcb_write_text(FOLDER "disksize", text);
	if (ret)
		return zcb_fail(err, ret, "kernel: " FOLDER "disksize takes no %s bytes: %s", text,
				strerror(-ret));
	ret = write_header(bytes, err);
	if (!ret && swapon(DEVICE, 0) < 0)
		ret = zcb_fail(err, -errno, "kernel: swapping to " DEVICE ": %m");
	return ret;
}

void zcb_zram_off(void)
{
	swapoff(DEVICE);
	zcb_write_text(FOLDER "reset", "1");
}
