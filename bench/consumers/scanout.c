// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shows the dma-buf on a screen and reads the screen back: GBM imports it for scanout into a display
 * device (KMS), a plane shows it, and what the screen showed is read: stored by a writeback connector
 * into a buffer of the device's own, in the memory of the card itself, or by the screen's check sum.
 *
 * Each reading is two commits, as of a compositor with two buffers: one that puts the frame on the
 * screen, and one that puts another picture there. In between the driver has the frame mapped.
 *
 * The device is vkms, the kernel's virtual one, whose composer is the processor, or where the kernel
 * has none QEMU's cirrus-vga; both read through dma_buf_vmap(). ZCB_KMS_DEVICE names another. All but
 * the images is made once for the cell.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <gbm.h>
#include <stdlib.h>
#include <string.h>

#include "bench/consumers/consumer.h"
#include "bench/consumers/scanout-kms.h"

/* One for the process: a cell has a process of its own. */
static struct {
	bool ready;
	struct zcb_kms kms;
	struct gbm_device *gbm;
} display = { .kms = { .fd = -1 } };

struct scanout_state {
	int dmabuf;
	bool import_each;
	struct zcb_geometry geometry;
	struct zcb_plane rows;
	struct gbm_bo *bo;
	uint32_t framebuffer;
	unsigned char bytes[];
};

static int set_up(const struct zcb_geometry *geometry, struct zcb_error *err)
{
	int ret;

	if (display.ready)
		return 0;
	if (geometry->format == ZCB_FORMAT_NV12)
		return zcb_fail(err, -EOPNOTSUPP, "usage: scanout reads the screen back in RGB, and nv12 cannot "
				"be told from that: choose another \"format\"");
	ret = zcb_kms_open(&display.kms, geometry, err);
	if (ret)
		return ret;
	display.gbm = gbm_create_device(display.kms.fd);
	if (!display.gbm)
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: GBM has no driver for the display: install "
				"Mesa's libgl1-mesa-dri");
	display.ready = true;
	return 0;
}

/* -- the frame */


static void drop(struct scanout_state *state)
{
	if (state->framebuffer)
		drmModeRmFB(display.kms.fd, state->framebuffer);
	if (state->bo)
		gbm_bo_destroy(state->bo);
	state->framebuffer = 0;
	state->bo = NULL;
}

static int import(struct scanout_state *state, struct zcb_error *err)
{
	const struct zcb_geometry *g = &state->geometry;
	struct gbm_import_fd_modifier_data data = {
		.width = g->width,
		.height = g->height,
		.format = zcb_format_fourcc(g->format),
		.num_fds = 1,
		.fds = { state->dmabuf },
		.strides = { (int)g->stride },
		.offsets = { (int)g->offset },
		.modifier = DRM_FORMAT_MOD_LINEAR,
	};
	uint32_t handles[4] = { 0 }, strides[4] = { g->stride }, offsets[4] = { g->offset };
	int ret;

	state->bo = gbm_bo_import(display.gbm, GBM_BO_IMPORT_FD_MODIFIER, &data, GBM_BO_USE_SCANOUT);
	if (!state->bo)
		return zcb_fail(err, -EIO, "host set-up: GBM cannot import the dma-buf for scanout: %m");
	handles[0] = gbm_bo_get_handle(state->bo).u32;
	if (drmModeAddFB2(display.kms.fd, g->width, g->height, data.format, handles, strides, offsets,
			  &state->framebuffer, 0)) {
		ret = zcb_fail(err, -errno, "kernel: the display takes no picture of the dma-buf: %m");
		drop(state);
		return ret;
	}
	return 0;
}

static int scanout_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct scanout_state *state = calloc(1, sizeof(*state) + (size_t)view->pages * 4096);
	struct zcb_plane planes[2];
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	zcb_geometry_planes(&view->geometry, planes);
	state->dmabuf = view->dmabuf;
	state->import_each = view->import_each;
	state->geometry = view->geometry;
	state->rows = planes[0];
	ret = set_up(&view->geometry, err);
	if (!ret && !state->import_each)
		ret = import(state, err);
	if (ret) {
		free(state);
		return ret;
	}
	*ret_state = state;
	return 0;
}

/* The fourth byte of each pixel is not on the screen, and all of rgb565 is: shown, it is widened. */
static uint64_t scanout_carries(const struct zcb_geometry *geometry)
{
	return geometry->format == ZCB_FORMAT_RGB565 ? UINT64_MAX : UINT64_C(0x00ffffff00ffffff);
}

static int show_frame(uint32_t framebuffer, struct zcb_error *err)
{
	const struct zcb_kms *kms = &display.kms;
	drmModeAtomicReq *request = drmModeAtomicAlloc();

	if (request)
		drmModeAtomicAddProperty(request, kms->plane, kms->property.plane_fb, framebuffer);
	if (request && kms->readback->request)
		kms->readback->request(kms, request);
	return zcb_kms_commit(kms, request, 0, "show the frame", err);
}

/* Two pixels of four bytes as two of two: the high bits, from which the low ones were made up. */
static void narrow(const unsigned char *from, uint32_t pixels, unsigned char *to)
{
	for (uint32_t x = 0; x < pixels; x++, from += 4) {
		uint16_t pixel = (uint16_t)(from[2] >> 3 << 11 | from[1] >> 2 << 5 | from[0] >> 3);

		memcpy(to + 2 * (size_t)x, &pixel, sizeof(pixel));
	}
}

static int take_screen(struct scanout_state *state, struct zcb_error *err)
{
	const struct zcb_readback *readback = display.kms.readback;
	unsigned char *to = state->bytes + state->rows.offset;
	const unsigned char *from;
	uint32_t stride;
	const struct zcb_shown shown = { .dmabuf = state->dmabuf, .geometry = &state->geometry };
	int ret = readback->read(&display.kms, &shown, &from, &stride, err);

	for (uint32_t y = 0; !ret && y < state->rows.rows; y++, from += stride, to += state->rows.stride) {
		if (state->geometry.format == ZCB_FORMAT_RGB565 && !readback->as_shown)
			narrow(from, state->geometry.width, to);
		else
			memcpy(to, from, state->rows.row_bytes);
	}
	return ret;
}

static int scanout_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct scanout_state *state = opaque;
	int ret = state->import_each ? import(state, err) : 0;

	if (ret)
		return ret;
	display.kms.readback->spoil();
	ret = show_frame(state->framebuffer, err);
	if (!ret)
		ret = take_screen(state, err);
	if (ret)
		return ret;
	*ret_bytes = state->bytes;
	return 0;
}

static int scanout_release(void *opaque, struct zcb_error *err)
{
	struct scanout_state *state = opaque;
	int ret = zcb_kms_show(&display.kms, display.kms.blank.framebuffer, "show another picture", err);

	if (state->import_each)
		drop(state);
	return ret;
}

static void scanout_close(void *opaque)
{
	drop(opaque);
	free(opaque);
}

ZCB_CONSUMER_MODULE extern const struct zcb_consumer_ops zcb_consumer_scanout;
const struct zcb_consumer_ops zcb_consumer_scanout = {
	.name = "scanout",
	.carries = scanout_carries,
	.open = scanout_open,
	.acquire = scanout_acquire,
	.release = scanout_release,
	.close = scanout_close,
};
