// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/fence.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

#define SW_SYNC "/sys/kernel/debug/sync/sw_sync"
#define PATIENCE_MS 60000

/* The interface of SW_SYNC, which has no header of its own: drivers/dma-buf/sw_sync.c. */
struct sw_sync_create_fence_data {
	uint32_t value;
	char name[32];
	int32_t fence;
};
#define SW_SYNC_IOC_CREATE_FENCE _IOWR('W', 0, struct sw_sync_create_fence_data)
#define SW_SYNC_IOC_INC _IOW('W', 1, uint32_t)

int zcb_fence_timeline(int *ret_timeline, struct zcb_error *err)
{
	int timeline = open(SW_SYNC, O_RDWR | O_CLOEXEC);

	if (timeline < 0)
		return zcb_fail(err, errno == ENOENT ? -EOPNOTSUPP : -errno,
				"kernel: " SW_SYNC ": %m: the fence sync-file takes CONFIG_SW_SYNC and "
				"debugfs, as in --kernel variants");
	*ret_timeline = timeline;
	return 0;
}

/* Points are counted from the timeline's start; one that it has passed is signalled from birth. */
static int make_fence(int timeline, uint32_t point, int *ret_fence, struct zcb_error *err)
{
	struct sw_sync_create_fence_data data = { .value = point, .name = "zcbench frame" };

	if (ioctl(timeline, SW_SYNC_IOC_CREATE_FENCE, &data) < 0)
		return zcb_fail(err, -errno, "kernel: SW_SYNC_IOC_CREATE_FENCE: %m");
	*ret_fence = data.fence;
	return 0;
}

static int give_fence(int timeline, uint32_t point, int dmabuf, struct zcb_error *err)
{
	ZCB_CLOSE int fence = -1;
	int ret = make_fence(timeline, point, &fence, err);
	struct dma_buf_import_sync_file import = { .flags = DMA_BUF_SYNC_WRITE, .fd = fence };

	if (!ret && ioctl(dmabuf, DMA_BUF_IOCTL_IMPORT_SYNC_FILE, &import) < 0)
		ret = zcb_fail(err, -errno, "kernel: DMA_BUF_IOCTL_IMPORT_SYNC_FILE: %m");
	return ret;
}

static void signal_fence(int timeline)
{
	uint32_t by = 1;

	ioctl(timeline, SW_SYNC_IOC_INC, &by);
}

static void *draw_and_signal(void *opaque)
{
	struct zcb_fenced_draw *draw = opaque;

	draw->ret = draw->guest->ops->draw(draw->guest, draw->frame, draw->sequence, &draw->err);
	signal_fence(draw->timeline);
	return NULL;
}

int zcb_fence_draw(struct zcb_fenced_draw *draw, int dmabuf, struct zcb_error *err)
{
	int ret = give_fence(draw->timeline, draw->point, dmabuf, err);

	if (ret)
		return ret;
	ret = pthread_create(&draw->thread, NULL, draw_and_signal, draw);
	if (!ret)
		return 0;
	signal_fence(draw->timeline);
	return zcb_fail(err, -ret, "host set-up: no thread for a draw: %s", strerror(ret));
}

int zcb_fence_end(struct zcb_fenced_draw *draw, struct zcb_error *err)
{
	pthread_join(draw->thread, NULL);
	return draw->ret ? zcb_fail(err, draw->ret, "%s", draw->err.text) : 0;
}

int zcb_fence_wait(int dmabuf, struct zcb_error *err)
{
	struct pollfd wait = { .fd = dmabuf, .events = POLLIN };
	int n = poll(&wait, 1, PATIENCE_MS);

	if (n == 1)
		return 0;
	return zcb_fail(err, n ? -errno : -ETIMEDOUT, "kernel: the dma-buf's fence was not signalled in %d ms",
			PATIENCE_MS);
}
