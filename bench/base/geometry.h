/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_GEOMETRY_H
#define ZCB_BASE_GEOMETRY_H

#include <stdint.h>

#include "bench/base/error.h"

/** How a frame's bytes are pixels; the names and the order of bytes are those of DRM's fourcc codes. */
enum zcb_format {
	ZCB_FORMAT_XRGB8888, /* bytes B, G, R, and one that nobody shows */
	ZCB_FORMAT_ARGB8888,
	ZCB_FORMAT_RGB565,
	ZCB_FORMAT_NV12, /* a plane of Y, and below it one of half its height, of U and V in turn */
	ZCB_FORMATS,
};

/** "xrgb8888", "argb8888", "rgb565", "nv12"; indexed by enum zcb_format. */
extern const char *const zcb_format_names[ZCB_FORMATS];

/** DRM's fourcc code of a format (drm_fourcc.h), as EGL and KMS want it. */
uint32_t zcb_format_fourcc(enum zcb_format format);

/**
 * How a frame of whole pages is a picture. Zero in width, height or stride means: as it follows
 * from the others and the number of pages, which zcb_geometry_settle() works out.
 */
struct zcb_geometry {
	enum zcb_format format;
	uint32_t width, height; /* in pixels */
	uint32_t stride;        /* bytes from one row to the next, alike in both planes of nv12 */
	uint32_t offset;        /* bytes before the first row */
};

#define ZCB_GEOMETRY_MAX 16384U /* pixels to a side: what most graphics processors can sample */
#define ZCB_GEOMETRY_ALIGN 64U  /* of stride and offset: what the drivers of all makes take */

/** One plane of a picture, in bytes of the frame. Rows are alike; between them lies padding. */
struct zcb_plane {
	uint32_t offset, stride;
	uint32_t row_bytes, rows;
};

/**
 * Fills in what is zero and refuses what cannot be: a picture must lie in the frame, and reach
 * into each of its pages, or a page would be judged that nobody reads. Returns 0, or -EINVAL with
 * one sentence that names the parameter; *geometry is then as it was.
 */
int zcb_geometry_settle(struct zcb_geometry *geometry, uint32_t pages, struct zcb_error *err);

/** The planes of a settled geometry; returns how many there are, 1 or 2. */
unsigned int zcb_geometry_planes(const struct zcb_geometry *geometry, struct zcb_plane ret_planes[2]);

/** How many pages a settled geometry takes. */
uint32_t zcb_geometry_pages(const struct zcb_geometry *geometry);

#endif
