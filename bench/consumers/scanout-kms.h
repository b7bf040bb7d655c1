/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONSUMERS_SCANOUT_KMS_H
#define ZCB_CONSUMERS_SCANOUT_KMS_H

#include <stdbool.h>
#include <xf86drm.h>
#include <xf86drmMode.h>

#include "bench/base/error.h"
#include "bench/base/geometry.h"

/* The display device of the consumer scanout, and one screen of it. */

/** A buffer of the device's own, as wide and high as the picture, of xrgb8888. */
struct zcb_kms_dumb {
	uint32_t handle, framebuffer, stride;
	uint64_t size;
	unsigned char *bytes;
};

struct zcb_readback;

struct zcb_kms {
	int fd;
	uint32_t crtc, connector, plane;
	unsigned int screen; /* the crtc's index */
	struct {
		uint32_t crtc_mode, crtc_active, connector_crtc;
		uint32_t plane_crtc, plane_fb, crtc_x, crtc_y, crtc_w, crtc_h, src_x, src_y, src_w, src_h;
	} property;
	struct zcb_kms_dumb blank; /* the other picture */
	const struct zcb_readback *readback;
};

/** What is on the screen while it is read. */
struct zcb_shown {
	int dmabuf;
	const struct zcb_geometry *geometry;
};

/** How what the screen shows is read. */
struct zcb_readback {
	const char *driver; /* of the devices it is for; NULL: of any other */
	bool as_shown;	    /* what is read has the format of the picture; else it is xrgb8888 */

	/** Whether the connector is the one to light. */
	bool (*suits)(const drmModeConnector *connector);

	/** Why this picture is nothing for it, or 0. */
	int (*check)(const struct zcb_geometry *geometry, struct zcb_error *err);

	/** Called once, when the screen's parts are known. Returns 0 or -errno. */
	int (*prepare)(const struct zcb_kms *kms, const struct zcb_geometry *geometry, struct zcb_error *err);

	/** Overwrites what the last reading left: it must not pass for this one. */
	void (*spoil)(void);

	/** Adds to the commit that shows the frame; or NULL. */
	void (*request)(const struct zcb_kms *kms, drmModeAtomicReq *request);

	/** After that commit: what was shown, row by row, until the next. Returns 0 or -errno. */
	int (*read)(const struct zcb_kms *kms, const struct zcb_shown *shown, const unsigned char **ret_bytes,
		    uint32_t *ret_stride, struct zcb_error *err);
};

extern const struct zcb_readback zcb_readback_writeback, zcb_readback_vram, zcb_readback_crc;

/** Opens the device, finds its parts, and lights a screen of that size. Returns 0 or -errno. */
int zcb_kms_open(struct zcb_kms *kms, const struct zcb_geometry *geometry, struct zcb_error *err);

/** Commits, and frees the request, which may be NULL. Returns 0 or -errno; `what` was refused. */
int zcb_kms_commit(const struct zcb_kms *kms, drmModeAtomicReq *request, uint32_t flags, const char *what,
		   struct zcb_error *err);

/** Puts a picture on the screen. Returns 0 or -errno; `what` was refused. */
int zcb_kms_show(const struct zcb_kms *kms, uint32_t framebuffer, const char *what, struct zcb_error *err);

/** A property's number, or 0. */
uint32_t zcb_kms_property(const struct zcb_kms *kms, uint32_t object, uint32_t type, const char *name);

int zcb_kms_make_dumb(const struct zcb_kms *kms, const struct zcb_geometry *geometry,
		      struct zcb_kms_dumb *dumb, struct zcb_error *err);

/** Whether the driver of the device has this name. */
bool zcb_kms_is(int fd, const char *driver);

#endif
