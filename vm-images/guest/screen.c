// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's screen, by virtio-gpu: a frame is a dumb buffer, which the driver allocates, and draws by
 * its mapping alone. Where the device has blobs, it makes one of guest memory of it
 * (virtio_gpu_mode_dumb_create()), and that the VMM may wrap into a dma-buf of its own.
 */
#include <drm.h>
#include <drm_mode.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent.h"

/* Of include/uapi/drm/virtgpu_drm.h, which libdrm has with blobs only since 2.4.116. */
struct getparam {
	uint64_t param, value;
};
#define IOCTL_GETPARAM DRM_IOWR(DRM_COMMAND_BASE + 3, struct getparam)
#define PARAM_RESOURCE_BLOB 3

#define CARDS 8
#define PIXEL 4U
#define FOURCC_XRGB8888 0x34325258U /* drm_fourcc.h */

/* The display while it is open: from the first frame on. */
static struct {
	int fd;
	uint32_t crtc, connector;
} screen = { .fd = -1 };

static const char *failed(const char *what)
{
	static char text[100];

	snprintf(text, sizeof(text), "virtio-gpu: %s: %s", what, strerror(errno));
	return text;
}

/* Other drivers of DRM may have cards here, too. */
static int open_card(void)
{
	for (int i = 0; i < CARDS; i++) {
		char path[32], name[16] = "";
		struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };
		int fd;

		snprintf(path, sizeof(path), "/dev/dri/card%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd >= 0 && ioctl(fd, DRM_IOCTL_VERSION, &version) == 0 && !strcmp(name, "virtio_gpu"))
			return fd;
		if (fd >= 0)
			close(fd);
	}
	return -1;
}

static int has_blobs(int fd)
{
	uint32_t value = 0;
	struct getparam get = { .param = PARAM_RESOURCE_BLOB, .value = (uintptr_t)&value };

	return ioctl(fd, IOCTL_GETPARAM, &get) == 0 && value;
}

/* The first of each: the device has one output. */
static int find_output(int fd)
{
	struct drm_mode_card_res resources = { .count_crtcs = 1, .count_connectors = 1 };

	resources.crtc_id_ptr = (uintptr_t)&screen.crtc;
	resources.connector_id_ptr = (uintptr_t)&screen.connector;
	return ioctl(fd, DRM_IOCTL_MODE_GETRESOURCES, &resources);
}

static const char *open_screen(void)
{
	int fd;

	if (screen.fd >= 0)
		return NULL;
	fd = open_card();
	if (fd < 0)
		return "no card of virtio-gpu: the guest has no such device, or its kernel no driver";
	if (!has_blobs(fd)) {
		close(fd);
		return "virtio-gpu has no blobs: the VMM lacks blob=true or /dev/udmabuf";
	}
	if (find_output(fd) < 0) {
		close(fd);
		return failed("no output");
	}
	screen.fd = fd;
	return NULL;
}

static const char *make_buffer(struct frame *frame, const struct zcb_abi_show *request)
{
	/* As many rows of a page as there are pages; which rows it has as a picture is said later. */
	struct drm_mode_create_dumb dumb = { .width = ZCB_ABI_PAGE_SIZE / PIXEL, .height = request->pages,
					     .bpp = 8 * PIXEL };
	struct drm_mode_map_dumb map = { 0 };
	void *base;

	if (ioctl(screen.fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb) < 0)
		return failed("no memory for a frame");
	frame->buffer = map.handle = dumb.handle;
	if (dumb.size != (uint64_t)request->pages * ZCB_ABI_PAGE_SIZE)
		return "virtio-gpu makes a buffer of another size";
	if (ioctl(screen.fd, DRM_IOCTL_MODE_MAP_DUMB, &map) < 0)
		return failed("the frame cannot be mapped");
	base = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, screen.fd, (off_t)map.offset);
	if (base == MAP_FAILED)
		return failed("the frame cannot be mapped");
	frame->base = base;
	frame->mapped = dumb.size;
	frame->page = calloc(request->pages, sizeof(*frame->page));
	if (!frame->page)
		return "the guest has no memory left for a page list";
	for (uint32_t i = 0; i < request->pages; i++)
		frame->page[i] = (uint8_t *)base + (size_t)i * ZCB_ABI_PAGE_SIZE;
	return NULL;
}

static const char *make_picture(struct frame *frame, const struct zcb_abi_show *request)
{
	struct drm_mode_fb_cmd2 fb = {
		.width = request->width,
		.height = request->height,
		.pixel_format = FOURCC_XRGB8888,
		.handles = { frame->buffer },
		.pitches = { request->stride },
		.offsets = { request->offset },
	};

	if (ioctl(screen.fd, DRM_IOCTL_MODE_ADDFB2, &fb) < 0)
		return failed("the frame cannot be a picture");
	frame->shown = fb.fb_id;
	frame->width = request->width;
	frame->height = request->height;
	return NULL;
}

/* A mode as large as the picture; a screen that is none does not care for its other numbers. */
static const char *put_on_screen(const struct frame *frame)
{
	uint16_t w = (uint16_t)frame->width, h = (uint16_t)frame->height;
	struct drm_mode_crtc set = {
		.set_connectors_ptr = (uintptr_t)&screen.connector,
		.count_connectors = 1,
		.crtc_id = screen.crtc,
		.fb_id = frame->shown,
		.mode_valid = 1,
		.mode = { .hdisplay = w, .hsync_start = w, .hsync_end = w, .htotal = w, .vdisplay = h,
			  .vsync_start = h, .vsync_end = h, .vtotal = h, .vrefresh = 60,
			  .clock = (uint32_t)w * h * 60 / 1000 + 1, .name = "frame" },
	};

	return ioctl(screen.fd, DRM_IOCTL_MODE_SETCRTC, &set) < 0 ? failed("the frame cannot be shown") : NULL;
}

const char *screen_show(struct frame *frame, const struct zcb_abi_show *request)
{
	const char *problem = open_screen();

	if (problem)
		return problem;
	if (!request->pages || request->pages > ZCB_ABI_MAX_PAGES)
		return "a frame of that size cannot be";
	scatter_begin(request->pages, request->seed);
	problem = make_buffer(frame, request);
	scatter_end();
	if (!problem)
		problem = make_picture(frame, request);
	if (!problem)
		problem = put_on_screen(frame);
	if (problem) {
		frame_free(frame);
		return problem;
	}
	frame->pages = request->pages;
	frame->key = request->key;
	return NULL;
}

/* The driver sends a flush behind what was drawn, and waits for it (virtio_gpu_resource_flush()). */
void screen_update(const struct frame *frame)
{
	struct drm_mode_fb_dirty_cmd dirty = { .fb_id = frame->shown };

	if (ioctl(screen.fd, DRM_IOCTL_MODE_DIRTYFB, &dirty) < 0)
		fprintf(stderr, "zcb-agent: %s\n", failed("the screen is not told of a frame"));
}

void screen_drop(struct frame *frame)
{
	struct drm_gem_close gone = { .handle = frame->buffer };

	/* The picture that is removed leaves the screen by itself. */
	if (frame->shown)
		ioctl(screen.fd, DRM_IOCTL_MODE_RMFB, &frame->shown);
	ioctl(screen.fd, DRM_IOCTL_GEM_CLOSE, &gone);
}
