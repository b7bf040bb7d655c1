// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reads the memory of a card that shows what is copied into it. QEMU's cirrus-vga is one, and its
 * driver is in kernels that have no vkms: it maps what it shows with dma_buf_vmap() while it copies it
 * (drm_gem_begin_shadow_fb_access() in drivers/gpu/drm/drm_gem_atomic_helper.c), as drivers of
 * displays at a bus of their own do.
 *
 * Mapping a card's memory is refused where a driver has it, but with iomem=relaxed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/consumers/scanout-kms.h"

/* drivers/gpu/drm/tiny/cirrus.c: CIRRUS_VRAM_SIZE, CIRRUS_MAX_PITCH. */
enum { VRAM_BYTES = 4 << 20, MAX_STRIDE = 0x1ff << 3 };

static struct {
	unsigned char *bytes;
	uint32_t stride;
	size_t size;
} vram;

static bool suits(const drmModeConnector *connector)
{
	return connector->connector_type != DRM_MODE_CONNECTOR_WRITEBACK;
}

/* A row that is longer it would convert to fewer bits. */
static int check(const struct zcb_geometry *geometry, struct zcb_error *err)
{
	if (geometry->stride > MAX_STRIDE || (uint64_t)geometry->stride * geometry->height > VRAM_BYTES)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: cirrus shows rows of at most %d bytes and pictures of "
				"4 MiB: choose a smaller \"width\", or --kernel variants, whose vkms shows any",
				MAX_STRIDE);
	return 0;
}

static int prepare(const struct zcb_kms *kms, const struct zcb_geometry *geometry, struct zcb_error *err)
{
	drmDevicePtr device;
	char path[96];

	if (drmGetDevice2(kms->fd, 0, &device))
		return zcb_fail(err, -EIO, "kernel: nobody knows where the display is");
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%04x:%02x:%02x.%u/resource0",
		 device->businfo.pci->domain, device->businfo.pci->bus, device->businfo.pci->dev,
		 device->businfo.pci->func);
	drmFreeDevice(&device);

	ZCB_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: %s: %m", path);
	vram.stride = geometry->stride;
	vram.size = (size_t)geometry->stride * geometry->height;
	vram.bytes = mmap(NULL, VRAM_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (vram.bytes == MAP_FAILED)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the memory of the display cannot be mapped: %m: boot "
				"with iomem=relaxed");
	return 0;
}

static void spoil(void)
{
	memset(vram.bytes, 0x55, vram.size);
}

/* A commit that does not return early has copied. */
static int read_back(const struct zcb_kms *kms, const struct zcb_shown *shown, const unsigned char **ret_bytes,
		     uint32_t *ret_stride, struct zcb_error *err)
{
	*ret_bytes = vram.bytes;
	*ret_stride = vram.stride;
	return 0;
}

const struct zcb_readback zcb_readback_vram = {
	.driver = "cirrus",
	.as_shown = true,
	.suits = suits,
	.check = check,
	.prepare = prepare,
	.spoil = spoil,
	.read = read_back,
};
