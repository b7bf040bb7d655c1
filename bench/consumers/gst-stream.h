/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONSUMERS_GST_STREAM_H
#define ZCB_CONSUMERS_GST_STREAM_H

#include <gst/gst.h>
#include <gst/video/video.h>

#include "bench/consumers/consumer.h"

/*
 * What the consumers of GStreamer share: a pipeline from an appsrc, whose buffers are memory of
 * GstDmaBufAllocator, to an appsink. The pipeline is made once for the cell. The memory is made once
 * a round, and then it keeps its mapping, or with "import":"each" for each buffer.
 */

/** A format of the frame as GStreamer calls it. */
struct zcb_gst_format {
	const char *name;
	GstVideoFormat format;
};

extern const struct zcb_gst_format zcb_gst_formats[ZCB_FORMATS];

/** A way through a pipeline. */
struct zcb_gst_way {
	const char *plugin; /* the file of its elements, libgstPLUGIN.so, beyond the common ones; or NULL */
	const char *package; /* Debian's, that has all of them */

	/**
	 * The properties that appsrc needs, and all elements between it and appsink, as
	 * gst_parse_launch() takes them; the caller's to free, NULL without memory.
	 */
	char *(*describe)(const struct zcb_geometry *geometry);

	/** Called before the pipeline is set to play; or NULL. Returns 0 or -errno. */
	int (*prepare)(GstElement *pipeline, struct zcb_error *err);
};

/* These are for struct zcb_consumer_ops. */

/** All bits, but for the byte of xrgb8888 that nobody shows. */
uint64_t zcb_gst_carries(const struct zcb_geometry *geometry);
int zcb_gst_open(const struct zcb_gst_way *way, const struct zcb_view *view, void **ret_state,
		 struct zcb_error *err);
int zcb_gst_acquire(void *state, const void **ret_bytes, struct zcb_error *err);
int zcb_gst_release(void *state, struct zcb_error *err);
void zcb_gst_close(void *state);

#endif
