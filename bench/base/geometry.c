// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/geometry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#define PAGE 4096U

const char *const zcb_format_names[ZCB_FORMATS] = {
	[ZCB_FORMAT_XRGB8888] = "xrgb8888",
	[ZCB_FORMAT_ARGB8888] = "argb8888",
	[ZCB_FORMAT_RGB565] = "rgb565",
	[ZCB_FORMAT_NV12] = "nv12",
};

#define FOURCC(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* Of a row of the first plane. `twin`: a second plane of half the rows lies below it. */
static const struct {
	uint32_t fourcc, pixel_bytes;
	uint32_t twin;
} formats[ZCB_FORMATS] = {
	[ZCB_FORMAT_XRGB8888] = { FOURCC('X', 'R', '2', '4'), 4, 0 },
	[ZCB_FORMAT_ARGB8888] = { FOURCC('A', 'R', '2', '4'), 4, 0 },
	[ZCB_FORMAT_RGB565] = { FOURCC('R', 'G', '1', '6'), 2, 0 },
	[ZCB_FORMAT_NV12] = { FOURCC('N', 'V', '1', '2'), 1, 1 },
};

uint32_t zcb_format_fourcc(enum zcb_format format)
{
	return formats[format].fourcc;
}

static uint32_t row_bytes(const struct zcb_geometry *geometry)
{
	return geometry->width * formats[geometry->format].pixel_bytes;
}

static uint64_t rows(const struct zcb_geometry *geometry)
{
	return geometry->height + (formats[geometry->format].twin ? geometry->height / 2 : 0);
}

/* Up to the last byte of the last row. */
static uint64_t end(const struct zcb_geometry *geometry)
{
	return geometry->offset + (rows(geometry) - 1) * geometry->stride + row_bytes(geometry);
}

/* How many rows of the first plane fit into so many bytes. */
static uint64_t rows_in(const struct zcb_geometry *geometry, uint64_t bytes)
{
	uint64_t n = bytes / geometry->stride;

	return formats[geometry->format].twin ? n / 3 * 2 : n;
}

/* Whether rows of this width, as many as fit, are too many, or leave a page over. */
static bool width_is_wrong(const struct zcb_geometry *geometry, uint64_t width, uint64_t bytes)
{
	struct zcb_geometry g = *geometry;

	g.width = (uint32_t)width;
	g.stride = row_bytes(&g);
	g.height = (uint32_t)rows_in(&g, bytes);
	return g.height > ZCB_GEOMETRY_MAX || (g.height && bytes + g.offset - end(&g) >= PAGE);
}

/*
 * A width of its own choice: rows that divide a page, and about as wide as it is high. So the picture
 * fills the pages to the last byte; of nv12, whose rows come by threes, to less than a page.
 */
static uint32_t choose_width(const struct zcb_geometry *geometry, uint64_t bytes)
{
	uint32_t pixel = formats[geometry->format].pixel_bytes;
	uint64_t width = ZCB_GEOMETRY_ALIGN / pixel;

	while (width * 2 * pixel <= PAGE && (width * 2) * (width * 2) * pixel <= bytes)
		width *= 2;
	while (width < ZCB_GEOMETRY_MAX && width_is_wrong(geometry, width, bytes))
		width += ZCB_GEOMETRY_ALIGN;
	return (uint32_t)width;
}

static void fill_in(struct zcb_geometry *geometry, uint32_t pages)
{
	uint64_t bytes = (uint64_t)pages * PAGE - geometry->offset;

	if (!geometry->width)
		geometry->width = choose_width(geometry, bytes);
	if (!geometry->stride)
		geometry->stride = (row_bytes(geometry) + ZCB_GEOMETRY_ALIGN - 1) & ~(ZCB_GEOMETRY_ALIGN - 1);
	if (!geometry->height)
		geometry->height = (uint32_t)rows_in(geometry, bytes);
}

static int check_sides(const struct zcb_geometry *g, struct zcb_error *err)
{
	if (g->width > ZCB_GEOMETRY_MAX || g->height > ZCB_GEOMETRY_MAX)
		return zcb_fail(err, -EINVAL, "usage: a picture of \"width\":%u and \"height\":%u is larger "
				"than %u to a side", g->width, g->height, ZCB_GEOMETRY_MAX);
	if (!g->height)
		return zcb_fail(err, -EINVAL, "usage: not one row of \"width\":%u and \"row_stride\":%u fits in "
				"the frame's pages", g->width, g->stride);
	if (row_bytes(g) % 4)
		return zcb_fail(err, -EINVAL, "usage: \"width\":%u of %s is %u bytes, and a row must be a "
				"multiple of 4", g->width, zcb_format_names[g->format], row_bytes(g));
	if (formats[g->format].twin && g->height % 2)
		return zcb_fail(err, -EINVAL, "usage: \"height\":%u is odd, and nv12 has half as many rows "
				"of colour", g->height);
	return 0;
}

static int check_rows(const struct zcb_geometry *g, struct zcb_error *err)
{
	if (g->stride % ZCB_GEOMETRY_ALIGN || g->stride < row_bytes(g))
		return zcb_fail(err, -EINVAL, "usage: \"row_stride\":%u must be a multiple of %u, and at least "
				"the %u bytes of a row", g->stride, ZCB_GEOMETRY_ALIGN, row_bytes(g));
	if (g->stride - row_bytes(g) >= PAGE)
		return zcb_fail(err, -EINVAL, "usage: \"row_stride\":%u leaves pages between rows of %u bytes "
				"that nobody reads", g->stride, row_bytes(g));
	return 0;
}

static int check_pages(const struct zcb_geometry *g, uint32_t pages, struct zcb_error *err)
{
	uint64_t needed = (end(g) + PAGE - 1) / PAGE;

	if (needed == pages)
		return 0;
	return zcb_fail(err, -EINVAL, "usage: \"pages\":%u must be %" PRIu64 " for a picture of %ux%u %s, "
			"\"row_stride\":%u, \"offset\":%u", pages, needed, g->width, g->height,
			zcb_format_names[g->format], g->stride, g->offset);
}

int zcb_geometry_settle(struct zcb_geometry *geometry, uint32_t pages, struct zcb_error *err)
{
	struct zcb_geometry g = *geometry;
	int ret;

	if (g.offset % ZCB_GEOMETRY_ALIGN || g.offset >= PAGE)
		return zcb_fail(err, -EINVAL, "usage: \"offset\":%u must be a multiple of %u, and less than "
				"a page, which nobody would read", g.offset, ZCB_GEOMETRY_ALIGN);
	if (g.width > ZCB_GEOMETRY_MAX || g.height > ZCB_GEOMETRY_MAX)
		return check_sides(&g, err);
	fill_in(&g, pages);
	ret = check_sides(&g, err);
	if (!ret)
		ret = check_rows(&g, err);
	if (!ret)
		ret = check_pages(&g, pages, err);
	if (!ret)
		*geometry = g;
	return ret;
}

unsigned int zcb_geometry_planes(const struct zcb_geometry *geometry, struct zcb_plane ret_planes[2])
{
	ret_planes[0] = (struct zcb_plane){ geometry->offset, geometry->stride, row_bytes(geometry),
					    geometry->height };
	if (!formats[geometry->format].twin)
		return 1;
	ret_planes[1] = ret_planes[0];
	ret_planes[1].offset += geometry->height * geometry->stride;
	ret_planes[1].rows /= 2;
	return 2;
}

uint32_t zcb_geometry_pages(const struct zcb_geometry *geometry)
{
	return (uint32_t)((end(geometry) + PAGE - 1) / PAGE);
}
