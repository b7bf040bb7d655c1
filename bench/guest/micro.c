// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest kind `micro`: one vCPU that runs a payload of ours and nothing else, in a VMM that is a
 * fork of the runner. The memfd is as that of the other kinds, and so is what is done to it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/guest/guest.h"
#include "bench/guest/micro/abi.h"
#include "bench/guest/micro/image.h"
#include "bench/guest/micro/link.h"
#include "bench/guest/micro/vmm.h"
#include "bench/vmm/vmm.h"

#define REPLY_TIMEOUT_MS 60000

struct micro_guest {
	struct zcb_guest base;
	struct zcb_micro_link link; /* its socket is owned */
	struct zcb_vmm vmm;	    /* its socket is owned */
	pid_t process;
	const char *low; /* the start of RAM, mapped to read the control page */
};

static struct micro_guest *micro_guest(struct zcb_guest *guest)
{
	return (struct micro_guest *)guest;
}

/* The control page is at its start, and a page of the memfd is the least that can be mapped. */
static size_t low_bytes(const struct zcb_guest *base)
{
	return base->memory == ZCB_MEMORY_HUGETLB ? ZCB_MICRO_RESERVED : ZCB_MICRO_USED;
}

static const struct zcb_abi_control *control(const struct micro_guest *guest)
{
	return (const struct zcb_abi_control *)(guest->low + ZCB_MICRO_CONTROL);
}

static int check_config(const struct zcb_guest_config *config, struct zcb_error *err)
{
	if (config->ram_bytes > ZCB_MICRO_MAX_RAM)
		return zcb_fail(err, -EINVAL,
				"usage: a micro guest has at most %" PRIu64 " MiB of RAM, "
				"all below the PCI hole, not %" PRIu64
				": lower \"ram_mib\", or take the "
				"guest linux",
				ZCB_MICRO_MAX_RAM >> 20, config->ram_bytes >> 20);
	return 0;
}

static int fork_vmm(struct micro_guest *guest, struct zcb_micro_vmm_config *vmm,
		    struct zcb_error *err)
{
	guest->process = zcb_fork();
	if (guest->process == 0)
		zcb_micro_vmm_be(vmm);
	close(vmm->link);
	close(vmm->vmm);
	return guest->process < 0 ? zcb_fail(err, -errno, "host set-up: no process for the VMM: %m")
				  : 0;
}

static int spawn_vmm(struct micro_guest *guest, const struct zcb_guest_config *config,
		     struct zcb_error *err)
{
	struct zcb_micro_vmm_config vmm = {.memory = config->memory,
					   .ram_bytes = config->ram_bytes,
					   .nonce = config->nonce,
					   .memfd = guest->base.memfd,
					   .placement = config->placement};
	int ret = zcb_vmm_sockets(&guest->link.fd, &vmm.link);

	if (ret)
		return zcb_fail(err, ret, "host set-up: no socket for the VMM: %s", strerror(-ret));
	ret = zcb_vmm_sockets(&guest->vmm.fd, &vmm.vmm);
	if (ret) {
		close(vmm.link);
		return zcb_fail(err, ret, "host set-up: no socket for the VMM: %s", strerror(-ret));
	}
	return fork_vmm(guest, &vmm, err);
}

/*
 * What the payload wrote must be where it is looked for, or nothing of what follows can be
 * believed.
 */
static int map_control(struct micro_guest *guest, uint64_t nonce, struct zcb_error *err)
{
	void *map =
		mmap(NULL, low_bytes(&guest->base), PROT_READ, MAP_SHARED, guest->base.memfd, 0);

	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: the control page cannot be mapped: %m");
	guest->low = map;
	if (control(guest)->magic != ZCB_ABI_CONTROL_MAGIC || control(guest)->nonce != nonce)
		return zcb_fail(err, -EPROTO,
				"guest: its control page is not of the guest we started");
	return 0;
}

static int check_vmm(const struct micro_guest *guest, struct zcb_error *err)
{
	uint64_t magic = 0;
	pid_t pid = 0;
	zcb_ns took;
	int ret = zcb_vmm_ping(&guest->vmm, &pid, err);

	if (!ret)
		ret = zcb_vmm_touch(&guest->vmm, (zcb_memfd_off){ZCB_MICRO_CONTROL}, false, &magic,
				    &took, err);
	if (!ret && (pid != guest->process || magic != ZCB_ABI_CONTROL_MAGIC))
		ret = zcb_fail(err, -EPROTO,
			       "zcbench bug: process %d serves for the VMM, which is %d, "
			       "and reads %#" PRIx64 " from the control page",
			       pid, guest->process, magic);
	return ret;
}

static void micro_stop(struct zcb_guest *base)
{
	struct micro_guest *guest = micro_guest(base);

	if (!guest)
		return;
	if (guest->process > 0)
		zcb_child_end(guest->process, 0);
	if (guest->low)
		munmap((void *)(uintptr_t)guest->low, low_bytes(base));
	if (guest->link.fd >= 0)
		close(guest->link.fd);
	if (guest->vmm.fd >= 0)
		close(guest->vmm.fd);
	if (base->memfd >= 0)
		close(base->memfd);
	free(guest);
}

static void free_guest_p(struct micro_guest **guest)
{
	micro_stop(*guest ? &(*guest)->base : NULL);
}

static int micro_start(const struct zcb_guest_config *config, struct zcb_guest **ret_guest,
		       struct zcb_error *err)
{
	ZCB_CLEANUP(free_guest_p) struct micro_guest *guest = calloc(1, sizeof(*guest));
	int ret = check_config(config, err);

	if (!guest)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a guest");
	guest->base = (struct zcb_guest){.ops = &zcb_guest_micro,
					 .memory = config->memory,
					 .ram_bytes = config->ram_bytes,
					 .ram_below_4g = config->ram_bytes,
					 .placement = config->placement,
					 .memfd = -1};
	guest->link = (struct zcb_micro_link){.fd = -1, .timeout_ms = REPLY_TIMEOUT_MS};
	guest->vmm = (struct zcb_vmm){
		.fd = -1, .timeout_ms = REPLY_TIMEOUT_MS, .party = "guest: the micro guest's VMM"};
	if (!ret)
		ret = zcb_guest_make_ram(config, 0, &guest->base.memfd, err);
	if (!ret)
		ret = spawn_vmm(guest, config, err);
	if (!ret)
		ret = zcb_micro_link_started(&guest->link, err);
	if (!ret)
		ret = map_control(guest, config->nonce, err);
	if (!ret)
		ret = check_vmm(guest, err);
	if (ret)
		return ret;
	*ret_guest = &zcb_steal_ptr(&guest)->base;
	return 0;
}

/* Guest RAM is one run from address 0, so that guest addresses are offsets of the memfd. */
static int micro_alloc(struct zcb_guest *base, const struct zcb_frame_request *request,
		       zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	struct zcb_micro_packet packet = {.type = ZCB_MICRO_MAKE, .frame = *request};

	return zcb_micro_link_ask(&micro_guest(base)->link, &packet, request->pages,
				  (uint64_t *)ret_pages, err);
}

static int ask_about_frame(struct zcb_guest *base, enum zcb_micro_type type, uint32_t frame,
			   uint64_t sequence, struct zcb_error *err)
{
	struct zcb_micro_packet packet = {
		.type = type, .sequence = sequence, .frame = {.frame = frame}};

	return zcb_micro_link_ask(&micro_guest(base)->link, &packet, 0, NULL, err);
}

/* What the guest says must be what its control page says. */
static int check_published(const struct micro_guest *guest, uint32_t frame, uint64_t sequence,
			   struct zcb_error *err)
{
	uint64_t published = atomic_load_explicit(
		(const _Atomic uint64_t *)&control(guest)->published[frame], memory_order_acquire);

	if (published != sequence)
		return zcb_fail(err, -EPROTO,
				"guest: it says sequence %" PRIu64 " is drawn, and its "
				"control page says %" PRIu64,
				sequence, published);
	return 0;
}

static int micro_draw(struct zcb_guest *base, uint32_t frame, uint64_t sequence,
		      struct zcb_error *err)
{
	int ret = ask_about_frame(base, ZCB_MICRO_DRAWS, frame, sequence, err);

	return ret ? ret : check_published(micro_guest(base), frame, sequence, err);
}

static int micro_storm(struct zcb_guest *base, uint32_t frame, uint64_t sequence,
		       struct zcb_error *err)
{
	return ask_about_frame(base, ZCB_MICRO_STORMS, frame, sequence, err);
}

static int micro_calm(struct zcb_guest *base, uint32_t frame, uint64_t *ret_sequence,
		      struct zcb_error *err)
{
	struct zcb_micro_packet packet = {.type = ZCB_MICRO_CALMS, .frame = {.frame = frame}};
	uint64_t last;
	int ret = zcb_micro_link_ask(&micro_guest(base)->link, &packet, 1, &last, err);

	if (!ret)
		ret = check_published(micro_guest(base), frame, last, err);
	if (!ret)
		*ret_sequence = last;
	return ret;
}

static int micro_read(struct zcb_guest *base, uint32_t frame, struct zcb_error *err)
{
	return ask_about_frame(base, ZCB_MICRO_READS, frame, 0, err);
}

static int micro_touch_times(struct zcb_guest *base, uint32_t frame, uint32_t pages,
			     zcb_ns *ret_took, struct zcb_error *err)
{
	struct zcb_micro_packet packet = {.type = ZCB_MICRO_TIMES, .frame = {.frame = frame}};

	return zcb_micro_link_ask(&micro_guest(base)->link, &packet, pages, (uint64_t *)ret_took,
				  err);
}

static int micro_clock(struct zcb_guest *base, struct zcb_guest_clock *ret_clock, struct zcb_error *err)
{
	struct zcb_micro_packet packet = {.type = ZCB_MICRO_CLOCK};

	return zcb_micro_link_ask(&micro_guest(base)->link, &packet, sizeof(*ret_clock) / sizeof(uint64_t),
				  (uint64_t *)ret_clock, err);
}

static int micro_release(struct zcb_guest *base, uint32_t frame, struct zcb_error *err)
{
	return ask_about_frame(base, ZCB_MICRO_DROP, frame, 0, err);
}

static int micro_export(struct zcb_guest *base, const zcb_memfd_off *pages, uint32_t n,
			int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err)
{
	return zcb_vmm_export(&micro_guest(base)->vmm, pages, n, ret_dmabuf, ret_ns, err);
}

static int micro_touch(struct zcb_guest *base, zcb_memfd_off offset, bool write, uint64_t value,
		       zcb_ns *ret_ns, struct zcb_error *err)
{
	return zcb_vmm_touch(&micro_guest(base)->vmm, offset, write, &value, ret_ns, err);
}

static int micro_install(struct zcb_guest *base, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
			 struct zcb_error *err)
{
	return zcb_vmm_install(&micro_guest(base)->vmm, offset, present, ret_ns, err);
}

static int micro_page_out(struct zcb_guest *base, zcb_memfd_off offset, struct zcb_error *err)
{
	return zcb_vmm_page_out(&micro_guest(base)->vmm, offset, err);
}

static int micro_subscribe(struct zcb_guest *base, int *ret_fd, struct zcb_error *err)
{
	return zcb_vmm_subscribe(&micro_guest(base)->vmm, ret_fd, err);
}

const struct zcb_guest_ops zcb_guest_micro = {
	.name = "micro",
	.summary = "one KVM vCPU with a small payload in a VMM of ours; no kernel inside, no noise",
	.start = micro_start,
	.alloc = micro_alloc,
	.draw = micro_draw,
	.storm = micro_storm,
	.calm = micro_calm,
	.read = micro_read,
	.touch_times = micro_touch_times,
	.clock = micro_clock,
	.release = micro_release,
	.export = micro_export,
	.touch = micro_touch,
	.install = micro_install,
	.page_out = micro_page_out,
	.subscribe = micro_subscribe,
	.stop = micro_stop,
};
