// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Shows the dma-buf on a screen and reads the screen back: GBM imports it for scanout into a display
 * device (KMS), a plane shows it, and a writeback connector stores what the screen showed into a
 * buffer of the device's own.
 *
 * Each reading is two commits, as of a compositor with two buffers: one that puts the frame on the
 * screen, and one that puts another picture there. In between the driver has the frame mapped.
 *
 * The device is vkms, the kernel's virtual one, whose composer is the processor and reads through
 * dma_buf_vmap(); ZCB_KMS_DEVICE names another. All but the images is made once for the cell.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <gbm.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "bench/base/cleanup.h"
#include "bench/consumers/consumer.h"

#define FENCE_PATIENCE_MS 60000 /* a frame is some ms; an emulated machine may be busy */

/* A buffer of the device's own, as wide and high as the picture, of xrgb8888. */
struct dumb {
	uint32_t handle, framebuffer, stride;
	uint64_t size;
	unsigned char *bytes;
};

/* One for the process: a cell has a process of its own. */
static struct {
	int fd;
	bool ready;
	struct gbm_device *gbm;
	uint32_t crtc, connector, plane;
	struct {
		uint32_t crtc_mode, crtc_active, connector_crtc, writeback, fence;
		uint32_t plane_crtc, plane_fb, crtc_x, crtc_y, crtc_w, crtc_h, src_x, src_y, src_w, src_h;
	} property;
	struct dumb blank, back;
} kms = { .fd = -1 };

struct scanout_state {
	int dmabuf;
	bool import_each;
	struct zcb_geometry geometry;
	struct zcb_plane rows;
	struct gbm_bo *bo;
	uint32_t framebuffer;
	unsigned char bytes[];
};

/* -- the device */

static bool is_vkms(int fd)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool is = version && !strcmp(version->name, "vkms");

	drmFreeVersion(version);
	return is;
}

static int open_device(int *ret_fd, struct zcb_error *err)
{
	const char *asked = getenv("ZCB_KMS_DEVICE");
	char path[32];
	int fd;

	if (asked) {
		*ret_fd = open(asked, O_RDWR | O_CLOEXEC);
		return *ret_fd < 0 ? zcb_fail(err, -EOPNOTSUPP, "host set-up: ZCB_KMS_DEVICE=%s: %m", asked) :
				     0;
	}
	for (int i = 0; i < 16; i++) {
		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && is_vkms(fd)) {
			*ret_fd = fd;
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
	return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no display of vkms (CONFIG_DRM_VKMS): choose "
			"--kernel variants, which ./scripts/setup kernel builds, or on this machine load vkms "
			"or name a display in ZCB_KMS_DEVICE");
}

static uint32_t property_of(uint32_t object, uint32_t type, const char *name)
{
	drmModeObjectPropertiesPtr list = drmModeObjectGetProperties(kms.fd, object, type);
	uint32_t id = 0;

	for (uint32_t i = 0; list && i < list->count_props && !id; i++) {
		drmModePropertyPtr property = drmModeGetProperty(kms.fd, list->props[i]);

		if (property && !strcmp(property->name, name))
			id = property->prop_id;
		drmModeFreeProperty(property);
	}
	drmModeFreeObjectProperties(list);
	return id;
}

static uint64_t value_of(uint32_t object, uint32_t type, const char *name)
{
	drmModeObjectPropertiesPtr list = drmModeObjectGetProperties(kms.fd, object, type);
	uint32_t id = property_of(object, type, name);
	uint64_t value = 0;

	for (uint32_t i = 0; list && i < list->count_props; i++)
		if (list->props[i] == id)
			value = list->prop_values[i];
	drmModeFreeObjectProperties(list);
	return value;
}

/* The first writeback connector, and the first screen that it can store. */
static int find_connector(const drmModeRes *all, unsigned int *ret_screen, struct zcb_error *err)
{
	for (int i = 0; i < all->count_connectors; i++) {
		drmModeConnectorPtr c = drmModeGetConnector(kms.fd, all->connectors[i]);
		bool is = c && c->connector_type == DRM_MODE_CONNECTOR_WRITEBACK && c->count_encoders;
		drmModeEncoderPtr encoder = is ? drmModeGetEncoder(kms.fd, c->encoders[0]) : NULL;

		if (encoder && encoder->possible_crtcs) {
			*ret_screen = (unsigned int)__builtin_ctz(encoder->possible_crtcs);
			kms.connector = c->connector_id;
		}
		drmModeFreeEncoder(encoder);
		drmModeFreeConnector(c);
		if (kms.connector)
			return 0;
	}
	return zcb_fail(err, -EOPNOTSUPP, "kernel: the display has no writeback connector, so that nobody can "
			"read its screen back: boot with vkms.enable_writeback=1, or name another display in "
			"ZCB_KMS_DEVICE");
}

static bool plane_shows(const drmModePlane *plane, uint32_t fourcc)
{
	for (uint32_t i = 0; i < plane->count_formats; i++)
		if (plane->formats[i] == fourcc)
			return true;
	return false;
}

static int find_plane(unsigned int screen, uint32_t fourcc, struct zcb_error *err)
{
	drmModePlaneResPtr all = drmModeGetPlaneResources(kms.fd);

	for (uint32_t i = 0; all && i < all->count_planes && !kms.plane; i++) {
		drmModePlanePtr plane = drmModeGetPlane(kms.fd, all->planes[i]);

		if (plane && plane->possible_crtcs >> screen & 1 && plane_shows(plane, fourcc) &&
		    value_of(plane->plane_id, DRM_MODE_OBJECT_PLANE, "type") == DRM_PLANE_TYPE_PRIMARY)
			kms.plane = plane->plane_id;
		drmModeFreePlane(plane);
	}
	drmModeFreePlaneResources(all);
	return kms.plane ? 0 : zcb_fail(err, -EOPNOTSUPP, "kernel: the display shows no pictures of this "
					"\"format\": choose xrgb8888");
}

static int find_parts(uint32_t fourcc, struct zcb_error *err)
{
	drmModeResPtr all;
	unsigned int screen = 0;
	int ret;

	if (drmSetClientCap(kms.fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) ||
	    drmSetClientCap(kms.fd, DRM_CLIENT_CAP_ATOMIC, 1) ||
	    drmSetClientCap(kms.fd, DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1))
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the display takes no atomic commits");
	all = drmModeGetResources(kms.fd);
	if (!all)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the device has no screens: %m");
	ret = find_connector(all, &screen, err);
	if (!ret && (int)screen < all->count_crtcs)
		kms.crtc = all->crtcs[screen];
	drmModeFreeResources(all);
	return ret ? ret : find_plane(screen, fourcc, err);
}

static int find_properties(struct zcb_error *err)
{
	const struct {
		uint32_t *id, object, type;
		const char *name;
	} wanted[] = {
		{ &kms.property.crtc_mode, kms.crtc, DRM_MODE_OBJECT_CRTC, "MODE_ID" },
		{ &kms.property.crtc_active, kms.crtc, DRM_MODE_OBJECT_CRTC, "ACTIVE" },
		{ &kms.property.connector_crtc, kms.connector, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID" },
		{ &kms.property.writeback, kms.connector, DRM_MODE_OBJECT_CONNECTOR, "WRITEBACK_FB_ID" },
		{ &kms.property.fence, kms.connector, DRM_MODE_OBJECT_CONNECTOR, "WRITEBACK_OUT_FENCE_PTR" },
		{ &kms.property.plane_crtc, kms.plane, DRM_MODE_OBJECT_PLANE, "CRTC_ID" },
		{ &kms.property.plane_fb, kms.plane, DRM_MODE_OBJECT_PLANE, "FB_ID" },
		{ &kms.property.crtc_x, kms.plane, DRM_MODE_OBJECT_PLANE, "CRTC_X" },
		{ &kms.property.crtc_y, kms.plane, DRM_MODE_OBJECT_PLANE, "CRTC_Y" },
		{ &kms.property.crtc_w, kms.plane, DRM_MODE_OBJECT_PLANE, "CRTC_W" },
		{ &kms.property.crtc_h, kms.plane, DRM_MODE_OBJECT_PLANE, "CRTC_H" },
		{ &kms.property.src_x, kms.plane, DRM_MODE_OBJECT_PLANE, "SRC_X" },
		{ &kms.property.src_y, kms.plane, DRM_MODE_OBJECT_PLANE, "SRC_Y" },
		{ &kms.property.src_w, kms.plane, DRM_MODE_OBJECT_PLANE, "SRC_W" },
		{ &kms.property.src_h, kms.plane, DRM_MODE_OBJECT_PLANE, "SRC_H" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		*wanted[i].id = property_of(wanted[i].object, wanted[i].type, wanted[i].name);
		if (!*wanted[i].id)
			return zcb_fail(err, -EOPNOTSUPP, "kernel: the display has no property %s",
					wanted[i].name);
	}
	return 0;
}

/* -- the screen */

static int make_dumb(uint32_t width, uint32_t height, struct dumb *dumb, struct zcb_error *err)
{
	uint32_t handles[4] = { 0 }, strides[4] = { 0 }, offsets[4] = { 0 };
	uint64_t at;

	if (drmModeCreateDumbBuffer(kms.fd, width, height, 32, 0, &dumb->handle, &dumb->stride, &dumb->size))
		return zcb_fail(err, -errno, "kernel: the display gives no buffer of %ux%u: %m", width, height);
	handles[0] = dumb->handle;
	strides[0] = dumb->stride;
	if (drmModeAddFB2(kms.fd, width, height, DRM_FORMAT_XRGB8888, handles, strides, offsets,
			  &dumb->framebuffer, 0) ||
	    drmModeMapDumbBuffer(kms.fd, dumb->handle, &at))
		return zcb_fail(err, -errno, "kernel: the display's own buffer is of no use: %m");
	dumb->bytes = mmap(NULL, dumb->size, PROT_READ | PROT_WRITE, MAP_SHARED, kms.fd, (off_t)at);
	if (dumb->bytes == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: the display's own buffer cannot be mapped: %m");
	return 0;
}

/* A mode of just that size at 60 Hz, which a virtual display takes. */
static drmModeModeInfo mode_of(uint32_t width, uint32_t height)
{
	drmModeModeInfo mode = {
		.hdisplay = (uint16_t)width,
		.hsync_start = (uint16_t)(width + 8),
		.hsync_end = (uint16_t)(width + 16),
		.htotal = (uint16_t)(width + 24),
		.vdisplay = (uint16_t)height,
		.vsync_start = (uint16_t)(height + 2),
		.vsync_end = (uint16_t)(height + 4),
		.vtotal = (uint16_t)(height + 6),
		.vrefresh = 60,
		.name = "frame",
	};

	mode.clock = (uint32_t)mode.htotal * mode.vtotal * mode.vrefresh / 1000;
	return mode;
}

static int commit(drmModeAtomicReq *request, uint32_t flags, const char *what, struct zcb_error *err)
{
	int ret = request ? drmModeAtomicCommit(kms.fd, request, flags, NULL) : -ENOMEM;

	drmModeAtomicFree(request);
	return ret ? zcb_fail(err, ret, "kernel: the display refuses to %s: %s", what, strerror(-ret)) : 0;
}

static void add_picture(drmModeAtomicReq *request, uint32_t framebuffer)
{
	drmModeAtomicAddProperty(request, kms.plane, kms.property.plane_fb, framebuffer);
}

static drmModeAtomicReq *first_request(uint32_t width, uint32_t height, uint32_t mode)
{
	drmModeAtomicReq *request = drmModeAtomicAlloc();
	const struct {
		uint32_t object, property;
		uint64_t value;
	} settings[] = {
		{ kms.crtc, kms.property.crtc_mode, mode },
		{ kms.crtc, kms.property.crtc_active, 1 },
		{ kms.connector, kms.property.connector_crtc, kms.crtc },
		{ kms.plane, kms.property.plane_crtc, kms.crtc },
		{ kms.plane, kms.property.crtc_x, 0 },
		{ kms.plane, kms.property.crtc_y, 0 },
		{ kms.plane, kms.property.crtc_w, width },
		{ kms.plane, kms.property.crtc_h, height },
		{ kms.plane, kms.property.src_x, 0 },
		{ kms.plane, kms.property.src_y, 0 },
		{ kms.plane, kms.property.src_w, (uint64_t)width << 16 },
		{ kms.plane, kms.property.src_h, (uint64_t)height << 16 },
	};

	for (size_t i = 0; request && i < sizeof(settings) / sizeof(settings[0]); i++)
		drmModeAtomicAddProperty(request, settings[i].object, settings[i].property, settings[i].value);
	if (request)
		add_picture(request, kms.blank.framebuffer);
	return request;
}

static int light_screen(const struct zcb_geometry *geometry, struct zcb_error *err)
{
	drmModeModeInfo mode = mode_of(geometry->width, geometry->height);
	uint32_t blob;
	int ret = make_dumb(geometry->width, geometry->height, &kms.blank, err);

	if (!ret)
		ret = make_dumb(geometry->width, geometry->height, &kms.back, err);
	if (ret)
		return ret;
	if (drmModeCreatePropertyBlob(kms.fd, &mode, sizeof(mode), &blob))
		return zcb_fail(err, -errno, "kernel: the display takes no mode: %m");
	return commit(first_request(geometry->width, geometry->height, blob), DRM_MODE_ATOMIC_ALLOW_MODESET,
		      "show a screen of this \"width\" and \"height\"", err);
}

static int set_up(const struct zcb_geometry *geometry, struct zcb_error *err)
{
	int ret;

	if (kms.ready)
		return 0;
	if (geometry->format == ZCB_FORMAT_NV12)
		return zcb_fail(err, -EOPNOTSUPP, "usage: scanout reads the screen back in RGB, and nv12 cannot "
				"be told from that: choose another \"format\"");
	ret = open_device(&kms.fd, err);
	/* It would read past the buffer's end: vkms_plane_atomic_update() takes addresses that have it. */
	if (!ret && geometry->offset && is_vkms(kms.fd))
		ret = zcb_fail(err, -EOPNOTSUPP, "kernel: vkms adds the \"offset\" of a picture twice, and shows "
			       "other pixels: choose \"offset\":0, or another display in ZCB_KMS_DEVICE");
	if (!ret)
		ret = find_parts(zcb_format_fourcc(geometry->format), err);
	if (!ret)
		ret = find_properties(err);
	if (ret)
		return ret;
	kms.gbm = gbm_create_device(kms.fd);
	if (!kms.gbm)
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: GBM has no driver for the display: install "
				"Mesa's libgl1-mesa-dri");
	ret = light_screen(geometry, err);
	kms.ready = ret == 0;
	return ret;
}

/* -- the frame */

static void drop(struct scanout_state *state)
{
	if (state->framebuffer)
		drmModeRmFB(kms.fd, state->framebuffer);
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

	state->bo = gbm_bo_import(kms.gbm, GBM_BO_IMPORT_FD_MODIFIER, &data, GBM_BO_USE_SCANOUT);
	if (!state->bo)
		return zcb_fail(err, -EIO, "host set-up: GBM cannot import the dma-buf for scanout: %m");
	handles[0] = gbm_bo_get_handle(state->bo).u32;
	if (drmModeAddFB2(kms.fd, g->width, g->height, data.format, handles, strides, offsets,
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

static int wait_for(int fence, struct zcb_error *err)
{
	struct pollfd fd = { .fd = fence, .events = POLLIN };
	int n;

	do
		n = poll(&fd, 1, FENCE_PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n == 1 && fd.revents & POLLIN)
		return 0;
	return zcb_fail(err, -ETIMEDOUT, "kernel: the display did not store its screen in %d s",
			FENCE_PATIENCE_MS / 1000);
}

/* Puts the frame on the screen, and waits until the screen is in the buffer that is read. */
static int show(const struct scanout_state *state, struct zcb_error *err)
{
	drmModeAtomicReq *request = drmModeAtomicAlloc();
	ZCB_CLOSE int fence = -1;
	int ret;

	if (request) {
		add_picture(request, state->framebuffer);
		drmModeAtomicAddProperty(request, kms.connector, kms.property.writeback, kms.back.framebuffer);
		drmModeAtomicAddProperty(request, kms.connector, kms.property.fence, (uintptr_t)&fence);
	}
	ret = commit(request, 0, "show the frame", err);
	return ret ? ret : wait_for(fence, err);
}

/* Two pixels of four bytes as two of two: the high bits, from which the low ones were made up. */
static void narrow(const unsigned char *from, uint32_t pixels, unsigned char *to)
{
	for (uint32_t x = 0; x < pixels; x++, from += 4) {
		uint16_t pixel = (uint16_t)(from[2] >> 3 << 11 | from[1] >> 2 << 5 | from[0] >> 3);

		memcpy(to + 2 * (size_t)x, &pixel, sizeof(pixel));
	}
}

static void take_screen(struct scanout_state *state)
{
	const unsigned char *from = kms.back.bytes;
	unsigned char *to = state->bytes + state->rows.offset;

	for (uint32_t y = 0; y < state->rows.rows; y++, from += kms.back.stride, to += state->rows.stride) {
		if (state->geometry.format == ZCB_FORMAT_RGB565)
			narrow(from, state->geometry.width, to);
		else
			memcpy(to, from, state->rows.row_bytes);
	}
}

static int clear_screen(struct zcb_error *err)
{
	drmModeAtomicReq *request = drmModeAtomicAlloc();

	if (request)
		add_picture(request, kms.blank.framebuffer);
	return commit(request, 0, "show another picture", err);
}

static int scanout_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct scanout_state *state = opaque;
	int ret = state->import_each ? import(state, err) : 0;

	if (ret)
		return ret;
	memset(kms.back.bytes, 0x55, kms.back.size); /* what the last reading left must not pass for this one */
	ret = show(state, err);
	if (ret)
		return ret;
	take_screen(state);
	*ret_bytes = state->bytes;
	return 0;
}

static int scanout_release(void *opaque, struct zcb_error *err)
{
	struct scanout_state *state = opaque;
	int ret = clear_screen(err);

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
