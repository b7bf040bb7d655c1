// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where nobody can read a screen back, its check sum tells whether it shows the same as a picture that
 * is known (the CRC of a display controller, Documentation/gpu/drm-uapi.rst, "CRC Generation ABI"). The
 * known picture is what a mapping of the dma-buf holds, copied into a buffer of the device's own: if
 * the screen shows the like, that is what was read, and if not, nothing of what was read is right.
 *
 * That a CRC tells pictures apart is not taken for granted: one of a single pixel must.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/consumers/mapping.h"
#include "bench/consumers/scanout-kms.h"

enum { ENTRIES = 3 }; /* the first may be of the picture before */

static struct {
	char data[128]; /* the file that CRCs are read from, one a frame that is shown */
	struct zcb_kms_dumb known;
	unsigned char *bytes; /* the rows that were read, as they lie in the frame */
} crc;

static bool suits(const drmModeConnector *connector)
{
	return connector->connector_type != DRM_MODE_CONNECTOR_WRITEBACK;
}

static int check(const struct zcb_geometry *geometry, struct zcb_error *err)
{
	if (geometry->format != ZCB_FORMAT_XRGB8888)
		return zcb_fail(err, -EOPNOTSUPP, "usage: where a screen is known by its CRC, scanout shows xrgb8888 "
				"alone: choose that \"format\", or a display with a writeback connector "
				"(vkms.enable_writeback=1)");
	return 0;
}

/* What is on the screen now. The file makes CRCs while it is open. */
static int read_crc(uint32_t *ret_crc, struct zcb_error *err)
{
	ZCB_CLOSE int fd = open(crc.data, O_RDONLY | O_CLOEXEC);
	char line[256];
	unsigned int frame;

	if (fd < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: %s: %m", crc.data);
	for (unsigned int i = 0; i < ENTRIES; i++) {
		ssize_t n = read(fd, line, sizeof(line) - 1);

		if (n <= 0)
			return zcb_fail(err, -EIO, "kernel: the display gives no CRC of what it shows: %m");
		line[n] = '\0';
	}
	if (sscanf(line, "%x %x", &frame, ret_crc) != 2)
		return zcb_fail(err, -EIO, "kernel: the display's CRC is \"%.40s\"", line);
	return 0;
}

static int show_known(const struct zcb_kms *kms, uint32_t *ret_crc, struct zcb_error *err)
{
	int ret = zcb_kms_show(kms, crc.known.framebuffer, "show a copy of the frame", err);

	return ret ? ret : read_crc(ret_crc, err);
}

static int tells_apart(const struct zcb_kms *kms, struct zcb_error *err)
{
	uint32_t before, after;
	int ret;

	memset(crc.known.bytes, 0, crc.known.size);
	ret = show_known(kms, &before, err);
	crc.known.bytes[0] = 1;
	if (!ret)
		ret = zcb_kms_show(kms, kms->blank.framebuffer, "show another picture", err);
	if (!ret)
		ret = show_known(kms, &after, err);
	if (!ret && before == after)
		ret = zcb_fail(err, -EOPNOTSUPP, "kernel: the display's CRC is the same for other pictures, and it has no "
			       "writeback connector: boot with vkms.enable_writeback=1, or name another display "
			       "in ZCB_KMS_DEVICE");
	return ret;
}

static int prepare(const struct zcb_kms *kms, const struct zcb_geometry *geometry, struct zcb_error *err)
{
	char control[128];
	struct stat st;
	int ret;

	if (fstat(kms->fd, &st))
		return zcb_fail(err, -errno, "host set-up: the display's file: %m");
	snprintf(control, sizeof(control), "/sys/kernel/debug/dri/%u/crtc-%u/crc/control", minor(st.st_rdev),
		 kms->screen);
	snprintf(crc.data, sizeof(crc.data), "/sys/kernel/debug/dri/%u/crtc-%u/crc/data", minor(st.st_rdev),
		 kms->screen);
	ret = zcb_write_text(control, "auto");
	if (ret)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the display has no writeback connector, and no CRC either (%s: "
				"%s): boot with vkms.enable_writeback=1, or name another display in "
				"ZCB_KMS_DEVICE", control, strerror(-ret));
	crc.bytes = calloc(geometry->height, geometry->stride);
	if (!crc.bytes)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a picture");
	ret = zcb_kms_make_dumb(kms, geometry, &crc.known, err);
	return ret ? ret : tells_apart(kms, err);
}

static void spoil(void)
{
}

/* Into the rows, and into the picture that is known. */
static int copy_frame(const struct zcb_shown *shown, struct zcb_error *err)
{
	const struct zcb_geometry *g = shown->geometry;
	size_t size = g->offset + (size_t)g->height * g->stride;
	void *map;
	int ret = zcb_dmabuf_map(shown->dmabuf, 0, size, NULL, &map, err);

	if (ret)
		return ret;
	ret = zcb_dmabuf_bracket(shown->dmabuf, DMA_BUF_SYNC_START, err);
	if (!ret) {
		memcpy(crc.bytes, (char *)map + g->offset, (size_t)g->height * g->stride);
		ret = zcb_dmabuf_bracket(shown->dmabuf, DMA_BUF_SYNC_END, err);
	}
	munmap(map, size);
	for (uint32_t y = 0; y < g->height; y++)
		memcpy(crc.known.bytes + (size_t)y * crc.known.stride, crc.bytes + (size_t)y * g->stride,
		       (size_t)g->width * 4);
	return ret;
}

static int read_back(const struct zcb_kms *kms, const struct zcb_shown *shown, const unsigned char **ret_bytes,
		     uint32_t *ret_stride, struct zcb_error *err)
{
	uint32_t seen, known;
	int ret = read_crc(&seen, err);

	if (!ret)
		ret = copy_frame(shown, err);
	if (!ret)
		ret = show_known(kms, &known, err);
	if (ret)
		return ret;
	if (seen != known)
		memset(crc.bytes, 0x55, (size_t)shown->geometry->height * shown->geometry->stride);
	*ret_bytes = crc.bytes;
	*ret_stride = shown->geometry->stride;
	return 0;
}

const struct zcb_readback zcb_readback_crc = {
	.as_shown = true,
	.suits = suits,
	.check = check,
	.prepare = prepare,
	.spoil = spoil,
	.read = read_back,
};
