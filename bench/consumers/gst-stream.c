// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/consumers/gst-stream.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <gst/allocators/gstdmabuf.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

#define SLICE_MS 50	    /* between looks at the bus */
#define PATIENCE_MS 60000   /* a frame is some ms; an emulated machine may be busy */
#define FRAME_NS 16666667U /* 60 a second, as far as the pipeline is told */

const struct zcb_gst_format zcb_gst_formats[ZCB_FORMATS] = {
	[ZCB_FORMAT_XRGB8888] = { "BGRx", GST_VIDEO_FORMAT_BGRx },
	[ZCB_FORMAT_ARGB8888] = { "BGRA", GST_VIDEO_FORMAT_BGRA },
	[ZCB_FORMAT_RGB565] = { "RGB16", GST_VIDEO_FORMAT_RGB16 },
	[ZCB_FORMAT_NV12] = { "NV12", GST_VIDEO_FORMAT_NV12 },
};

uint64_t zcb_gst_carries(const struct zcb_geometry *geometry)
{
	return geometry->format == ZCB_FORMAT_XRGB8888 ? UINT64_C(0x00ffffff00ffffff) : UINT64_MAX;
}

/* One for the process: a cell has a process of its own. */
static struct {
	GstElement *pipeline;
	GstAppSrc *in;
	GstAppSink *out;
	GstBus *bus;
	GstAllocator *allocator;
	uint64_t frames;
} gst;

struct zcb_gst_stream {
	int dmabuf;
	bool import_each;
	size_t size;
	struct zcb_geometry geometry;
	struct zcb_plane plane[2];
	unsigned int planes;
	GstMemory *memory; /* NULL where each buffer has its own */
	unsigned char bytes[];
};

/*
 * 0, or -EIO with the words of the bus. A warning counts: of a buffer that it cannot map, a converter
 * makes no more than that, and a frame of whatever its memory held.
 */
static int bus_error(struct zcb_error *err)
{
	GstMessage *message = gst_bus_pop_filtered(gst.bus, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING);
	GError *error = NULL;
	gchar *debug = NULL;

	if (!message)
		return 0;
	if (GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR)
		gst_message_parse_error(message, &error, &debug);
	else
		gst_message_parse_warning(message, &error, &debug);
	zcb_fail(err, -EIO, "gst: %s: %s (%s)", GST_MESSAGE_SRC_NAME(message), error->message,
		 debug ? g_strdelimit(debug, "\n", ' ') : "no more is known");
	g_clear_error(&error);
	g_free(debug);
	gst_message_unref(message);
	return -EIO;
}

/* -- the pipeline */

/*
 * Its elements, from the folder beside the library. All of the machine's elements would be looked
 * through first, by a process of their own and anew for each cell, where there is no cache of them.
 */
static int load_elements(const struct zcb_gst_way *way, struct zcb_error *err)
{
	const char *const files[] = { "coreelements", "app", "videoconvertscale", way->plugin };
	Dl_info library;
	const char *slash;
	char path[512];

	if (!dladdr((void *)gst_init_check, &library) || !(slash = strrchr(library.dli_fname, '/')))
		return zcb_fail(err, -EIO, "host set-up: nobody knows where GStreamer's library lies");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]) && files[i]; i++) {
		GError *error = NULL;
		GstPlugin *plugin;

		snprintf(path, sizeof(path), "%.*s/gstreamer-1.0/libgst%s.so",
			 (int)(slash - library.dli_fname), library.dli_fname, files[i]);
		plugin = gst_plugin_load_file(path, &error);
		if (!plugin) {
			zcb_fail(err, -EOPNOTSUPP, "host set-up: GStreamer lacks elements: %s: install %s",
				 error->message, way->package);
			g_clear_error(&error);
			return -EOPNOTSUPP;
		}
		gst_object_unref(plugin);
	}
	return 0;
}

static int start_library(const struct zcb_gst_way *way, struct zcb_error *err)
{
	GError *error = NULL;

	if (gst.allocator)
		return 0;
	setenv("GST_PLUGIN_SYSTEM_PATH_1_0", "", 1);
	setenv("GST_REGISTRY_FORK", "no", 1);
	setenv("GST_REGISTRY_DISABLE", "yes", 1);
	if (!gst_init_check(NULL, NULL, &error)) {
		zcb_fail(err, -EOPNOTSUPP, "host set-up: GStreamer does not start: %s", error->message);
		g_clear_error(&error);
		return -EOPNOTSUPP;
	}
	if (load_elements(way, err))
		return -EOPNOTSUPP;
	gst.allocator = gst_dmabuf_allocator_new();
	return 0;
}

static void drop_pipeline(void)
{
	gst_element_set_state(gst.pipeline, GST_STATE_NULL);
	g_clear_object(&gst.in);
	g_clear_object(&gst.out);
	g_clear_object(&gst.bus);
	g_clear_object(&gst.pipeline);
}

static int make_pipeline(const struct zcb_gst_way *way, const struct zcb_geometry *geometry,
			 struct zcb_error *err)
{
	ZCB_FREE char *between = way->describe(geometry), *words = NULL;
	GError *error = NULL;

	if (!between || asprintf(&words, "appsrc name=in format=time max-buffers=1 %s ! appsink name=out "
				 "sync=false max-buffers=1 enable-last-sample=false", between) < 0)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a pipeline");
	gst.pipeline = gst_parse_launch(words, &error);
	if (error) {
		zcb_fail(err, -EOPNOTSUPP, "gst: the pipeline cannot be made: %s", error->message);
		g_clear_error(&error);
		g_clear_object(&gst.pipeline);
		return -EOPNOTSUPP;
	}
	gst.in = GST_APP_SRC(gst_bin_get_by_name(GST_BIN(gst.pipeline), "in"));
	gst.out = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(gst.pipeline), "out"));
	gst.bus = gst_element_get_bus(gst.pipeline);
	return 0;
}

static int start_pipeline(const struct zcb_gst_way *way, const struct zcb_geometry *geometry,
			  struct zcb_error *err)
{
	int ret = make_pipeline(way, geometry, err);

	if (!ret && way->prepare)
		ret = way->prepare(gst.pipeline, err);
	if (!ret)
		gst_element_set_state(gst.pipeline, GST_STATE_PLAYING);
	else if (gst.pipeline)
		drop_pipeline();
	return ret;
}

/* -- a buffer in, a sample out */

/* The memory closes its file: so it gets one of its own. */
static GstMemory *wrap(const struct zcb_gst_stream *state, GstFdMemoryFlags flags, struct zcb_error *err)
{
	int fd = fcntl(state->dmabuf, F_DUPFD_CLOEXEC, 0);

	if (fd < 0) {
		zcb_fail(err, -errno, "host set-up: no file for GStreamer: %m");
		return NULL;
	}
	return gst_dmabuf_allocator_alloc_with_flags(gst.allocator, fd, state->size, flags);
}

static int push(struct zcb_gst_stream *state, struct zcb_error *err)
{
	GstMemory *memory = state->memory ? gst_memory_ref(state->memory) :
					    wrap(state, GST_FD_MEMORY_FLAG_NONE, err);
	gsize offset[GST_VIDEO_MAX_PLANES] = { state->plane[0].offset, state->plane[1].offset };
	gint stride[GST_VIDEO_MAX_PLANES] = { (gint)state->plane[0].stride, (gint)state->plane[1].stride };
	GstBuffer *buffer;

	if (!memory)
		return -EMFILE;
	buffer = gst_buffer_new();
	gst_buffer_append_memory(buffer, memory);
	gst_buffer_add_video_meta_full(buffer, GST_VIDEO_FRAME_FLAG_NONE,
				       zcb_gst_formats[state->geometry.format].format, state->geometry.width,
				       state->geometry.height, state->planes, offset, stride);
	GST_BUFFER_PTS(buffer) = gst.frames++ * FRAME_NS;
	GST_BUFFER_DURATION(buffer) = FRAME_NS;
	if (gst_app_src_push_buffer(gst.in, buffer) != GST_FLOW_OK && !bus_error(err))
		return zcb_fail(err, -EIO, "gst: the pipeline takes no more buffers");
	return 0;
}

static int pull(GstSample **ret_sample, struct zcb_error *err)
{
	for (int waited = 0; waited < PATIENCE_MS; waited += SLICE_MS) {
		GstSample *sample = gst_app_sink_try_pull_sample(gst.out, SLICE_MS * GST_MSECOND);
		int ret = sample ? 0 : bus_error(err);

		if (sample)
			*ret_sample = sample;
		if (sample || ret)
			return ret;
		if (gst_app_sink_is_eos(gst.out))
			return zcb_fail(err, -EIO, "gst: the pipeline ended before its time");
	}
	return zcb_fail(err, -ETIMEDOUT, "gst: no frame came out of the pipeline for %d s", PATIENCE_MS / 1000);
}

/* Its rows lie as GStreamer likes them; the checker wants them as they are in the frame. */
static int take(struct zcb_gst_stream *state, GstSample *sample, struct zcb_error *err)
{
	GstVideoInfo info;
	GstVideoFrame frame;

	if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
	    !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
		return zcb_fail(err, -EIO, "gst: the frame that came out cannot be read");
	for (unsigned int i = 0; i < state->planes; i++) {
		const struct zcb_plane *plane = &state->plane[i];
		const unsigned char *from = GST_VIDEO_FRAME_PLANE_DATA(&frame, i);

		for (uint32_t row = 0; row < plane->rows; row++)
			memcpy(state->bytes + plane->offset + (size_t)row * plane->stride,
			       from + (size_t)row * (size_t)GST_VIDEO_FRAME_PLANE_STRIDE(&frame, i),
			       plane->row_bytes);
	}
	gst_video_frame_unmap(&frame);
	return 0;
}

/* -- the consumer */

static int make_ready(struct zcb_gst_stream *state, const struct zcb_gst_way *way, struct zcb_error *err)
{
	int ret = start_library(way, err);

	if (!ret && !gst.pipeline)
		ret = start_pipeline(way, &state->geometry, err);
	if (ret || state->import_each)
		return ret;
	state->memory = wrap(state, GST_FD_MEMORY_FLAG_KEEP_MAPPED, err);
	return state->memory ? 0 : -EMFILE;
}

int zcb_gst_open(const struct zcb_gst_way *way, const struct zcb_view *view, void **ret_state,
		 struct zcb_error *err)
{
	struct zcb_gst_stream *state = calloc(1, sizeof(*state) + (size_t)view->pages * 4096);
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	state->dmabuf = view->dmabuf;
	state->import_each = view->import_each;
	state->size = (size_t)view->pages * 4096;
	state->geometry = view->geometry;
	state->planes = zcb_geometry_planes(&view->geometry, state->plane);
	ret = make_ready(state, way, err);
	if (ret) {
		free(state);
		return ret;
	}
	*ret_state = state;
	return 0;
}

int zcb_gst_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct zcb_gst_stream *state = opaque;
	GstSample *sample = NULL;
	int ret = push(state, err);

	if (!ret)
		ret = pull(&sample, err);
	if (!ret)
		ret = bus_error(err);
	if (!ret)
		ret = take(state, sample, err);
	if (sample)
		gst_sample_unref(sample);
	if (ret)
		drop_pipeline();
	else
		*ret_bytes = state->bytes;
	return ret;
}

/* The sample went when its bytes were taken. */
int zcb_gst_release(void *state, struct zcb_error *err)
{
	return 0;
}

void zcb_gst_close(void *opaque)
{
	struct zcb_gst_stream *state = opaque;

	if (state->memory)
		gst_memory_unref(state->memory);
	free(state);
}
