// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/consumers/scanout-kms.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* -- the device */

bool zcb_kms_is(int fd, const char *driver)
{
	drmVersionPtr version = drmGetVersion(fd);
	bool is = version && !strcmp(version->name, driver);

	drmFreeVersion(version);
	return is;
}

static const struct zcb_readback *const readbacks[] = { &zcb_readback_vram, &zcb_readback_writeback };

static const struct zcb_readback *readback_of(int fd)
{
	size_t i = 0;

	while (readbacks[i]->driver && !zcb_kms_is(fd, readbacks[i]->driver))
		i++;
	return readbacks[i];
}

/* The kernel's virtual display, or that of the host under test. */
static bool is_usual(int fd)
{
	return zcb_kms_is(fd, "vkms") || readback_of(fd)->driver;
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
		if (fd >= 0 && is_usual(fd)) {
			*ret_fd = fd;
			return 0;
		}
		if (fd >= 0)
			close(fd);
	}
	return zcb_fail(err, -EOPNOTSUPP, "kernel: it has a driver neither of vkms (CONFIG_DRM_VKMS) nor of the "
			"host's cirrus-vga (CONFIG_DRM_CIRRUS_QEMU): choose --kernel variants, which "
			"./scripts/setup kernel builds, or on this machine load vkms or name a display in "
			"ZCB_KMS_DEVICE");
}

uint32_t zcb_kms_property(const struct zcb_kms *kms, uint32_t object, uint32_t type, const char *name)
{
	drmModeObjectPropertiesPtr list = drmModeObjectGetProperties(kms->fd, object, type);
	uint32_t id = 0;

	for (uint32_t i = 0; list && i < list->count_props && !id; i++) {
		drmModePropertyPtr property = drmModeGetProperty(kms->fd, list->props[i]);

		if (property && !strcmp(property->name, name))
			id = property->prop_id;
		drmModeFreeProperty(property);
	}
	drmModeFreeObjectProperties(list);
	return id;
}

static uint64_t value_of(const struct zcb_kms *kms, uint32_t object, uint32_t type, const char *name)
{
	drmModeObjectPropertiesPtr list = drmModeObjectGetProperties(kms->fd, object, type);
	uint32_t id = zcb_kms_property(kms, object, type, name);
	uint64_t value = 0;

	for (uint32_t i = 0; list && i < list->count_props; i++)
		if (list->props[i] == id)
			value = list->prop_values[i];
	drmModeFreeObjectProperties(list);
	return value;
}

/* The first connector that can be read back so, and the first screen that it can be of. */
static bool find_connector(struct zcb_kms *kms, const drmModeRes *all)
{
	for (int i = 0; i < all->count_connectors && !kms->connector; i++) {
		drmModeConnectorPtr c = drmModeGetConnector(kms->fd, all->connectors[i]);
		bool is = c && c->count_encoders && kms->readback->suits(c);
		drmModeEncoderPtr encoder = is ? drmModeGetEncoder(kms->fd, c->encoders[0]) : NULL;

		if (encoder && encoder->possible_crtcs) {
			kms->screen = (unsigned int)__builtin_ctz(encoder->possible_crtcs);
			kms->connector = c->connector_id;
		}
		drmModeFreeEncoder(encoder);
		drmModeFreeConnector(c);
	}
	return kms->connector != 0;
}

/* A display without a writeback connector may at least sum up what it shows. */
static int choose_connector(struct zcb_kms *kms, const drmModeRes *all, struct zcb_error *err)
{
	if (find_connector(kms, all))
		return 0;
	kms->readback = &zcb_readback_crc;
	return find_connector(kms, all) ? 0 : zcb_fail(err, -EOPNOTSUPP, "kernel: the display has no connector: name "
						       "another in ZCB_KMS_DEVICE");
}

static bool plane_shows(const drmModePlane *plane, uint32_t fourcc)
{
	for (uint32_t i = 0; i < plane->count_formats; i++)
		if (plane->formats[i] == fourcc)
			return true;
	return false;
}

static int find_plane(struct zcb_kms *kms, uint32_t fourcc, struct zcb_error *err)
{
	drmModePlaneResPtr all = drmModeGetPlaneResources(kms->fd);

	for (uint32_t i = 0; all && i < all->count_planes && !kms->plane; i++) {
		drmModePlanePtr plane = drmModeGetPlane(kms->fd, all->planes[i]);

		if (plane && plane->possible_crtcs >> kms->screen & 1 && plane_shows(plane, fourcc) &&
		    value_of(kms, plane->plane_id, DRM_MODE_OBJECT_PLANE, "type") == DRM_PLANE_TYPE_PRIMARY)
			kms->plane = plane->plane_id;
		drmModeFreePlane(plane);
	}
	drmModeFreePlaneResources(all);
	return kms->plane ? 0 : zcb_fail(err, -EOPNOTSUPP, "kernel: the display shows no pictures of this "
					"\"format\": choose xrgb8888");
}

static int find_parts(struct zcb_kms *kms, uint32_t fourcc, struct zcb_error *err)
{
	drmModeResPtr all;
	int ret;

	if (drmSetClientCap(kms->fd, DRM_CLIENT_CAP_UNIVERSAL_PLANES, 1) ||
	    drmSetClientCap(kms->fd, DRM_CLIENT_CAP_ATOMIC, 1) ||
	    drmSetClientCap(kms->fd, DRM_CLIENT_CAP_WRITEBACK_CONNECTORS, 1))
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the display takes no atomic commits");
	all = drmModeGetResources(kms->fd);
	if (!all)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the device has no screens: %m");
	ret = choose_connector(kms, all, err);
	if (!ret && (int)kms->screen < all->count_crtcs)
		kms->crtc = all->crtcs[kms->screen];
	drmModeFreeResources(all);
	return ret ? ret : find_plane(kms, fourcc, err);
}

static int find_properties(struct zcb_kms *kms, struct zcb_error *err)
{
	const struct {
		uint32_t *id, object, type;
		const char *name;
	} wanted[] = {
		{ &kms->property.crtc_mode, kms->crtc, DRM_MODE_OBJECT_CRTC, "MODE_ID" },
		{ &kms->property.crtc_active, kms->crtc, DRM_MODE_OBJECT_CRTC, "ACTIVE" },
		{ &kms->property.connector_crtc, kms->connector, DRM_MODE_OBJECT_CONNECTOR, "CRTC_ID" },
		{ &kms->property.plane_crtc, kms->plane, DRM_MODE_OBJECT_PLANE, "CRTC_ID" },
		{ &kms->property.plane_fb, kms->plane, DRM_MODE_OBJECT_PLANE, "FB_ID" },
		{ &kms->property.crtc_x, kms->plane, DRM_MODE_OBJECT_PLANE, "CRTC_X" },
		{ &kms->property.crtc_y, kms->plane, DRM_MODE_OBJECT_PLANE, "CRTC_Y" },
		{ &kms->property.crtc_w, kms->plane, DRM_MODE_OBJECT_PLANE, "CRTC_W" },
		{ &kms->property.crtc_h, kms->plane, DRM_MODE_OBJECT_PLANE, "CRTC_H" },
		{ &kms->property.src_x, kms->plane, DRM_MODE_OBJECT_PLANE, "SRC_X" },
		{ &kms->property.src_y, kms->plane, DRM_MODE_OBJECT_PLANE, "SRC_Y" },
		{ &kms->property.src_w, kms->plane, DRM_MODE_OBJECT_PLANE, "SRC_W" },
		{ &kms->property.src_h, kms->plane, DRM_MODE_OBJECT_PLANE, "SRC_H" },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		*wanted[i].id = zcb_kms_property(kms, wanted[i].object, wanted[i].type, wanted[i].name);
		if (!*wanted[i].id)
			return zcb_fail(err, -EOPNOTSUPP, "kernel: the display has no property %s",
					wanted[i].name);
	}
	return 0;
}

/* -- the screen */

int zcb_kms_make_dumb(const struct zcb_kms *kms, const struct zcb_geometry *geometry,
		      struct zcb_kms_dumb *dumb, struct zcb_error *err)
{
	uint32_t width = geometry->width, height = geometry->height;
	uint32_t handles[4] = { 0 }, strides[4] = { 0 }, offsets[4] = { 0 };
	uint64_t at;

	if (drmModeCreateDumbBuffer(kms->fd, width, height, 32, 0, &dumb->handle, &dumb->stride, &dumb->size))
		return zcb_fail(err, -errno, "kernel: the display gives no buffer of %ux%u: %m", width, height);
	handles[0] = dumb->handle;
	strides[0] = dumb->stride;
	if (drmModeAddFB2(kms->fd, width, height, DRM_FORMAT_XRGB8888, handles, strides, offsets,
			  &dumb->framebuffer, 0) ||
	    drmModeMapDumbBuffer(kms->fd, dumb->handle, &at))
		return zcb_fail(err, -errno, "kernel: the display's own buffer is of no use: %m");
	dumb->bytes = mmap(NULL, dumb->size, PROT_READ | PROT_WRITE, MAP_SHARED, kms->fd, (off_t)at);
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

int zcb_kms_commit(const struct zcb_kms *kms, drmModeAtomicReq *request, uint32_t flags, const char *what,
		   struct zcb_error *err)
{
	int ret = request ? drmModeAtomicCommit(kms->fd, request, flags, NULL) : -ENOMEM;

	drmModeAtomicFree(request);
	return ret ? zcb_fail(err, ret, "kernel: the display refuses to %s: %s", what, strerror(-ret)) : 0;
}

int zcb_kms_show(const struct zcb_kms *kms, uint32_t framebuffer, const char *what, struct zcb_error *err)
{
	drmModeAtomicReq *request = drmModeAtomicAlloc();

	if (request)
		drmModeAtomicAddProperty(request, kms->plane, kms->property.plane_fb, framebuffer);
	return zcb_kms_commit(kms, request, 0, what, err);
}

static drmModeAtomicReq *first_request(const struct zcb_kms *kms, uint32_t width, uint32_t height,
					   uint32_t mode)
{
	drmModeAtomicReq *request = drmModeAtomicAlloc();
	const struct {
		uint32_t object, property;
		uint64_t value;
	} settings[] = {
		{ kms->crtc, kms->property.crtc_mode, mode },
		{ kms->crtc, kms->property.crtc_active, 1 },
		{ kms->connector, kms->property.connector_crtc, kms->crtc },
		{ kms->plane, kms->property.plane_crtc, kms->crtc },
		{ kms->plane, kms->property.plane_fb, kms->blank.framebuffer },
		{ kms->plane, kms->property.crtc_x, 0 },
		{ kms->plane, kms->property.crtc_y, 0 },
		{ kms->plane, kms->property.crtc_w, width },
		{ kms->plane, kms->property.crtc_h, height },
		{ kms->plane, kms->property.src_x, 0 },
		{ kms->plane, kms->property.src_y, 0 },
		{ kms->plane, kms->property.src_w, (uint64_t)width << 16 },
		{ kms->plane, kms->property.src_h, (uint64_t)height << 16 },
	};

	for (size_t i = 0; request && i < sizeof(settings) / sizeof(settings[0]); i++)
		drmModeAtomicAddProperty(request, settings[i].object, settings[i].property, settings[i].value);
	return request;
}

static int light_screen(struct zcb_kms *kms, const struct zcb_geometry *geometry, struct zcb_error *err)
{
	drmModeModeInfo mode = mode_of(geometry->width, geometry->height);
	uint32_t blob;
	int ret = zcb_kms_make_dumb(kms, geometry, &kms->blank, err);

	if (ret)
		return ret;
	if (drmModeCreatePropertyBlob(kms->fd, &mode, sizeof(mode), &blob))
		return zcb_fail(err, -errno, "kernel: the display takes no mode: %m");
	return zcb_kms_commit(kms, first_request(kms, geometry->width, geometry->height, blob),
			      DRM_MODE_ATOMIC_ALLOW_MODESET,
			      "show a screen of this \"width\" and \"height\"", err);
}

int zcb_kms_open(struct zcb_kms *kms, const struct zcb_geometry *geometry, struct zcb_error *err)
{
	int ret = open_device(&kms->fd, err);

	if (ret)
		return ret;
	kms->readback = readback_of(kms->fd);
	/* It would read past the buffer's end: vkms_plane_atomic_update() takes addresses that have it. */
	if (geometry->offset && zcb_kms_is(kms->fd, "vkms"))
		ret = zcb_fail(err, -EOPNOTSUPP, "kernel: vkms adds the \"offset\" of a picture twice, and shows "
			       "other pixels: choose \"offset\":0, or another display in ZCB_KMS_DEVICE");
	if (!ret)
		ret = find_parts(kms, zcb_format_fourcc(geometry->format), err);
	if (!ret)
		ret = kms->readback->check(geometry, err);
	if (!ret)
		ret = find_properties(kms, err);
	if (!ret)
		ret = light_screen(kms, geometry, err);
	return ret ? ret : kms->readback->prepare(kms, geometry, err);
}
