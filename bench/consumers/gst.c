// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the dma-buf as a player does: GstDmaBufAllocator's memory goes in a buffer through a pipeline
 * that converts it to another format and back, and what comes out is given to the checker.
 *
 *   appsrc ── videoconvert ── another format ── videoconvert ── the frame's format ── appsink
 *
 * The first conversion is the one that reads the dma-buf, which the allocator maps for it, bracketed
 * by DMA_BUF_IOCTL_SYNC. Neither loses a bit: RGB becomes RGB of at least as many bits, without a
 * matrix and without dithering; of NV12 the samples of colour are repeated, and one of them is taken
 * back. Only the byte of xrgb8888 that nobody shows is lost.
 */
#include "bench/consumers/gst-stream.h"

static const char *const between[ZCB_FORMATS] = {
	[ZCB_FORMAT_XRGB8888] = "RGBx",
	[ZCB_FORMAT_ARGB8888] = "RGBA",
	[ZCB_FORMAT_RGB565] = "RGBA",
	[ZCB_FORMAT_NV12] = "Y444",
};

static char *describe(const struct zcb_geometry *geometry)
{
	const char *name = zcb_gst_formats[geometry->format].name;

	return g_strdup_printf(
		"caps=video/x-raw,format=%s,width=%u,height=%u,framerate=60/1,colorimetry=%s ! "
		"videoconvert dither=none chroma-mode=none ! video/x-raw,format=%s ! "
		"videoconvert dither=none chroma-mode=none ! video/x-raw,format=%s",
		name, geometry->width, geometry->height,
		geometry->format == ZCB_FORMAT_NV12 ? "bt601" : "sRGB", between[geometry->format], name);
}

static int gst_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	static const struct zcb_gst_way way = { .package = "gstreamer1.0-plugins-base", .describe = describe };

	return zcb_gst_open(&way, view, ret_state, err);
}

ZCB_CONSUMER_MODULE extern const struct zcb_consumer_ops zcb_consumer_gst;
const struct zcb_consumer_ops zcb_consumer_gst = {
	.name = "gst",
	.carries = zcb_gst_carries,
	.open = gst_open,
	.acquire = zcb_gst_acquire,
	.release = zcb_gst_release,
	.close = zcb_gst_close,
};
