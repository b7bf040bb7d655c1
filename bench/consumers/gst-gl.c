// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the dma-buf as a player with a GPU does: the pipeline imports it as a texture, draws that into
 * another, and reads the other back.
 *
 *   appsrc ── glupload ── glcolorconvert ── gldownload ── videoconvert ── appsink
 *
 * glupload makes an EGLImage of the buffer's own dma-buf. The shader in between is no ornament:
 * without one gldownload gave frames of zeros under Mesa's software renderer (docs/findings.md). What
 * videoconvert does is put bytes in another order.
 *
 * Importing is said in the caps (memory:DMABuf with a DRM format), as GStreamer has it since 1.24.
 */
#include <errno.h>
#include <gst/gl/egl/gstgldisplay_egl.h>
#include <gst/gl/gl.h>

#include "bench/consumers/egl-device.h"
#include "bench/consumers/gst-stream.h"

/* As DRM calls them; NULL: not without loss, for the texture is of 8 bits of red, green, blue. */
static const char *const drm_name[ZCB_FORMATS] = {
	[ZCB_FORMAT_XRGB8888] = "XR24",
	[ZCB_FORMAT_ARGB8888] = "AR24",
};

static char *describe(const struct zcb_geometry *geometry)
{
	return g_strdup_printf(
		"caps=video/x-raw(memory:DMABuf),format=DMA_DRM,drm-format=%s,width=%u,height=%u,"
		"framerate=60/1 ! glupload ! glcolorconvert ! video/x-raw(memory:GLMemory),format=ARGB ! "
		"gldownload ! video/x-raw ! videoconvert dither=none ! video/x-raw,format=%s",
		drm_name[geometry->format], geometry->width, geometry->height,
		zcb_gst_formats[geometry->format].name);
}

/* By itself GStreamer takes the default display or the first device, and neither draws in software. */
static int give_display(GstElement *pipeline, struct zcb_error *err)
{
	EGLDisplay egl;
	GstGLDisplayEGL *display;
	GstContext *context;
	int ret = zcb_egl_display(&egl, err);

	if (ret)
		return ret;
	display = gst_gl_display_egl_new_with_egl_display(egl);
	context = gst_context_new(GST_GL_DISPLAY_CONTEXT_TYPE, TRUE);
	gst_context_set_gl_display(context, GST_GL_DISPLAY(display));
	gst_element_set_context(pipeline, context);
	gst_context_unref(context);
	gst_object_unref(display);
	return 0;
}

static int gst_gl_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	static const struct zcb_gst_way way = {
		.plugin = "opengl",
		.package = "gstreamer1.0-plugins-base and gstreamer1.0-gl",
		.describe = describe,
		.prepare = give_display,
	};

	if (!drm_name[view->geometry.format])
		return zcb_fail(err, -EOPNOTSUPP, "usage: the consumer gst-gl imports RGB of 8 bits alone: give "
				"the parameter \"format\" as xrgb8888 or argb8888, or take the consumer gst");
	setenv("GST_GL_PLATFORM", "egl", 0);
	setenv("GST_GL_WINDOW", "surfaceless", 0);
	return zcb_gst_open(&way, view, ret_state, err);
}

ZCB_CONSUMER_MODULE extern const struct zcb_consumer_ops zcb_consumer_gst_gl;
const struct zcb_consumer_ops zcb_consumer_gst_gl = {
	.name = "gst-gl",
	.carries = zcb_gst_carries,
	.open = gst_gl_open,
	.acquire = zcb_gst_acquire,
	.release = zcb_gst_release,
	.close = zcb_gst_close,
};
