// SPDX-License-Identifier: GPL-2.0-or-later
/* Has a writeback connector store what the screen showed into a buffer of the device's own. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/consumers/scanout-kms.h"

#define FENCE_PATIENCE_MS 60000 /* a frame is some ms; an emulated machine may be busy */

static struct {
	uint32_t framebuffer_property, fence_property;
	struct zcb_kms_dumb buffer;
	int fence;
} back = { .fence = -1 };

static bool suits(const drmModeConnector *connector)
{
	return connector->connector_type == DRM_MODE_CONNECTOR_WRITEBACK;
}

static int check(const struct zcb_geometry *geometry, struct zcb_error *err)
{
	return 0;
}

static int prepare(const struct zcb_kms *kms, const struct zcb_geometry *geometry, struct zcb_error *err)
{
	back.framebuffer_property = zcb_kms_property(kms, kms->connector, DRM_MODE_OBJECT_CONNECTOR,
						     "WRITEBACK_FB_ID");
	back.fence_property = zcb_kms_property(kms, kms->connector, DRM_MODE_OBJECT_CONNECTOR,
					       "WRITEBACK_OUT_FENCE_PTR");
	if (!back.framebuffer_property || !back.fence_property)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the display's writeback connector has no property "
				"WRITEBACK_FB_ID or WRITEBACK_OUT_FENCE_PTR");
	return zcb_kms_make_dumb(kms, geometry, &back.buffer, err);
}

static void spoil(void)
{
	memset(back.buffer.bytes, 0x55, back.buffer.size);
}

static void request(const struct zcb_kms *kms, drmModeAtomicReq *request)
{
	drmModeAtomicAddProperty(request, kms->connector, back.framebuffer_property, back.buffer.framebuffer);
	drmModeAtomicAddProperty(request, kms->connector, back.fence_property, (uintptr_t)&back.fence);
}

static int read_back(const struct zcb_kms *kms, const struct zcb_shown *shown, const unsigned char **ret_bytes,
		     uint32_t *ret_stride, struct zcb_error *err)
{
	ZCB_CLOSE int fence = back.fence;
	struct pollfd fd = { .fd = fence, .events = POLLIN };
	int n;

	back.fence = -1;
	do
		n = poll(&fd, 1, FENCE_PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n != 1 || !(fd.revents & POLLIN))
		return zcb_fail(err, -ETIMEDOUT, "kernel: the display did not store its screen in %d s",
				FENCE_PATIENCE_MS / 1000);
	*ret_bytes = back.buffer.bytes;
	*ret_stride = back.buffer.stride;
	return 0;
}

const struct zcb_readback zcb_readback_writeback = {
	.suits = suits,
	.check = check,
	.prepare = prepare,
	.spoil = spoil,
	.request = request,
	.read = read_back,
};
