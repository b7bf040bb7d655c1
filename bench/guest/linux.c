// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest kind `linux`: QEMU/KVM with our agent as init. The memfd is ours: QEMU gets it as a
 * memory backend, and we punch, export and read it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/guest/devices.h"
#include "bench/guest/display.h"
#include "bench/guest/linux/guest.h"

/*
 * q35 puts at most this much RAM below the PCI hole (max-ram-below-4g, hw/i386/pc_q35.c), so the
 * split does not depend on QEMU's own choice for the guest's size.
 */
#define BELOW_4G (2ULL << 30)

#define BOOT_TIMEOUT_MS 240000
#define PLUG_TRIES 200 /* so often a frame is asked for of memory that was just plugged in */
#define PLUG_WAIT_MS 50

static struct zcb_linux_guest *linux_guest(struct zcb_guest *guest)
{
	return (struct zcb_linux_guest *)guest;
}

static void linux_stop(struct zcb_guest *base)
{
	struct zcb_linux_guest *guest = linux_guest(base);
	uint64_t page_size;

	if (!guest)
		return;
	page_size = zcb_memory_page_size(base->memory);
	zcb_linux_qemu_finish(&guest->qemu);
	if (guest->control)
		munmap((void *)((uintptr_t)guest->control & ~(page_size - 1)), page_size);
	zcb_close_fd_p(&base->memfd);
	free(guest);
}

static void free_guest_p(struct zcb_linux_guest **guest)
{
	linux_stop(*guest ? &(*guest)->base : NULL);
}

static int linux_start(const struct zcb_guest_config *config, struct zcb_guest **ret_guest,
		       struct zcb_error *err)
{
	ZCB_CLEANUP(free_guest_p) struct zcb_linux_guest *guest = calloc(1, sizeof(*guest));
	int ret;

	if (!guest)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a guest");
	guest->base = (struct zcb_guest){ .ops = &zcb_guest_linux, .memory = config->memory,
					  .ram_bytes = config->ram_bytes, .memfd = -1,
					  .devices = config->devices,
					  .placement = config->placement };
	if (config->devices & ZCB_GUEST_PLUG)
		guest->base.plug_bytes = ZCB_PLUG_BYTES;
	guest->qemu = (struct zcb_linux_qemu)ZCB_LINUX_QEMU_NONE;
	guest->map.below_4g = config->ram_bytes < BELOW_4G ? config->ram_bytes : BELOW_4G;
	guest->map.above_4g = config->ram_bytes - guest->map.below_4g;
	guest->base.ram_below_4g = guest->map.below_4g;
	ret = zcb_guest_make_ram(config, guest->base.plug_bytes, &guest->base.memfd, err);
	if (!ret)
		ret = zcb_linux_qemu_start(&guest->qemu, config, guest->base.memfd, err);
	if (ret)
		return ret;
	guest->link = (struct zcb_link){ .fd = guest->qemu.link_fd, .timeout_ms = BOOT_TIMEOUT_MS };
	ret = zcb_linux_greet(guest, config->nonce, err);
	if (ret)
		return ret;
	*ret_guest = &zcb_steal_ptr(&guest)->base;
	return 0;
}

static int linux_resize(struct zcb_guest *base, enum zcb_guest_device device, uint64_t bytes,
			struct zcb_error *err)
{
	return zcb_devices_resize(&linux_guest(base)->qemu.qmp, base->devices, device, bytes, err);
}

static int linux_size(struct zcb_guest *base, enum zcb_guest_device device, uint64_t *ret_bytes,
		      struct zcb_error *err)
{
	return zcb_devices_size(&linux_guest(base)->qemu.qmp, base->devices, device, ret_bytes, err);
}

static bool is_all_plugged(const struct zcb_linux_guest *guest, const zcb_memfd_off *page, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (page[i].off < guest->base.ram_bytes)
			return false;
	return true;
}

/*
 * The device has its size when the driver asks for it, and the guest has the memory only when its kernel
 * has put it online (virtio_mem_sbm_plug_and_add_mb()). Until then the frame is of other memory, and
 * each is made in place of the one before.
 */
static int alloc_plugged(struct zcb_linux_guest *guest, const struct zcb_abi_alloc *request,
			 zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	int ret = zcb_guest_resize_wait(&guest->base, ZCB_GUEST_PLUG, ZCB_GUEST_PLUGGED_BYTES, err);

	for (int tries = 0; !ret && tries < PLUG_TRIES; tries++) {
		ret = zcb_link_alloc(&guest->link, request, &guest->map, ret_pages, err);
		if (ret || is_all_plugged(guest, ret_pages, request->pages))
			return ret;
		usleep(PLUG_WAIT_MS * 1000);
	}
	return ret ? ret : zcb_fail(err, -EIO, "guest: it makes no frame of the memory that was plugged in: is "
				    "it online, and movable?");
}

static int linux_alloc(struct zcb_guest *base, const struct zcb_frame_request *request,
		       zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	struct zcb_linux_guest *guest = linux_guest(base);
	struct zcb_abi_alloc message = {
		.frame = request->frame,
		.pages = request->pages,
		.block_pages = request->blocks ? ZCB_ABI_BLOCK_PAGES : 1,
		.blocks = request->blocks,
		.seed = request->seed,
		.key = request->key,
	};

	if (request->plugged)
		return alloc_plugged(guest, &message, ret_pages, err);
	return zcb_link_alloc(&guest->link, &message, &guest->map, ret_pages, err);
}

static int linux_show(struct zcb_guest *base, const struct zcb_frame_request *request,
		      const struct zcb_geometry *geometry, zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	struct zcb_abi_show message = {
		.frame = request->frame,
		.pages = request->pages,
		.width = geometry->width,
		.height = geometry->height,
		.stride = geometry->stride,
		.offset = geometry->offset,
		.seed = request->seed,
		.key = request->key,
		/* Of no frame before and of none that is drawn later. */
		.sequence = request->seed | 1ULL << 63,
	};
	int ret = zcb_link_show(&linux_guest(base)->link, &message, err);

	if (!ret)
		ret = zcb_display_find(base->memfd, base->ram_bytes, &message, ret_pages, err);
	return ret;
}

static int linux_look(struct zcb_guest *base, int *ret_socket, struct zcb_error *err)
{
	return zcb_display_connect(&linux_guest(base)->qemu.qmp, ret_socket, err);
}

/* What the guest says must be what its control page says. */
static int check_published(const struct zcb_linux_guest *guest, uint32_t frame, uint64_t sequence,
			   struct zcb_error *err)
{
	uint64_t published = atomic_load_explicit(
		(const _Atomic uint64_t *)&guest->control->published[frame], memory_order_acquire);

	if (published != sequence)
		return zcb_fail(err, -EPROTO, "guest: it says sequence %" PRIu64 " is drawn, and its "
				"control page says %" PRIu64, sequence, published);
	return 0;
}

static int linux_draw(struct zcb_guest *base, uint32_t frame, uint64_t sequence,
		      struct zcb_error *err)
{
	int ret = zcb_link_draw(&linux_guest(base)->link, frame, sequence, err);

	return ret ? ret : check_published(linux_guest(base), frame, sequence, err);
}

static int linux_storm(struct zcb_guest *base, uint32_t frame, uint64_t sequence,
		       struct zcb_error *err)
{
	linux_guest(base)->storm = sequence;
	return zcb_link_storm(&linux_guest(base)->link, frame, sequence, err);
}

static int linux_calm(struct zcb_guest *base, uint32_t frame, uint64_t *ret_sequence,
		      struct zcb_error *err)
{
	struct zcb_linux_guest *guest = linux_guest(base);
	int ret = zcb_link_calm(&guest->link, frame, guest->storm, ret_sequence, err);

	return ret ? ret : check_published(guest, frame, *ret_sequence, err);
}

static int linux_read(struct zcb_guest *base, uint32_t frame, struct zcb_error *err)
{
	return zcb_link_read(&linux_guest(base)->link, frame, err);
}

static int linux_release(struct zcb_guest *base, uint32_t frame, struct zcb_error *err)
{
	uint64_t plugged = 0;
	int ret = zcb_link_free(&linux_guest(base)->link, frame, err);

	if (!ret && base->devices & ZCB_GUEST_PLUG)
		ret = linux_size(base, ZCB_GUEST_PLUG, &plugged, err);
	return ret || !plugged ? ret : zcb_guest_resize_wait(base, ZCB_GUEST_PLUG, 0, err);
}

static int linux_give(struct zcb_guest *base, uint32_t frame, const uint32_t *page, uint32_t n,
		      struct zcb_error *err)
{
	return zcb_link_give(&linux_guest(base)->link, frame, page, n, err);
}

static int linux_regain(struct zcb_guest *base, uint32_t frame, const uint32_t *page, uint32_t n,
			struct zcb_error *err)
{
	return zcb_link_regain(&linux_guest(base)->link, frame, page, n, err);
}

static int linux_export(struct zcb_guest *base, const zcb_memfd_off *pages, uint32_t n,
			int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err)
{
	return zcb_vmm_export(&linux_guest(base)->qemu.vmm, pages, n, ret_dmabuf, ret_ns, err);
}

static int linux_touch(struct zcb_guest *base, zcb_memfd_off offset, bool write, uint64_t value,
		       zcb_ns *ret_ns, struct zcb_error *err)
{
	return zcb_vmm_touch(&linux_guest(base)->qemu.vmm, offset, write, &value, ret_ns, err);
}

static int linux_install(struct zcb_guest *base, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
			 struct zcb_error *err)
{
	return zcb_vmm_install(&linux_guest(base)->qemu.vmm, offset, present, ret_ns, err);
}

static int linux_page_out(struct zcb_guest *base, zcb_memfd_off offset, struct zcb_error *err)
{
	return zcb_vmm_page_out(&linux_guest(base)->qemu.vmm, offset, err);
}

static int linux_subscribe(struct zcb_guest *base, int *ret_fd, struct zcb_error *err)
{
	return zcb_vmm_subscribe(&linux_guest(base)->qemu.vmm, ret_fd, err);
}

const struct zcb_guest_ops zcb_guest_linux = {
	.name = "linux",
	.summary = "QEMU/KVM with a real Linux; our agent is its init",
	.start = linux_start,
	.alloc = linux_alloc,
	.show = linux_show,
	.look = linux_look,
	.draw = linux_draw,
	.storm = linux_storm,
	.calm = linux_calm,
	.read = linux_read,
	.release = linux_release,
	.give = linux_give,
	.regain = linux_regain,
	.resize = linux_resize,
	.size = linux_size,
	.export = linux_export,
	.touch = linux_touch,
	.install = linux_install,
	.page_out = linux_page_out,
	.subscribe = linux_subscribe,
	.stop = linux_stop,
};
