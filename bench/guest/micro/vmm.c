// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The VMM of a micro guest. Two threads serve: this one runs the vCPU, the one of
 * bench/vmm/agent-serve.h makes dma-bufs and touches pages, so that both are of the mm that KVM and
 * the kernel's variants watch.
 */
#include "bench/guest/micro/vmm.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/emulated.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/guest/micro/image.h"
#include "bench/guest/micro/link.h"
#include "bench/guest/micro/mailbox.h"
#include "bench/guest/micro/pages.h"
#include "bench/guest/micro/tsc.h"
#include "bench/guest/micro/vcpu.h"
#include "bench/vmm/agent-serve.h"

struct vmm {
	const struct zcb_micro_vmm_config *config;
	void *ram;
	struct zcb_micro_vcpu vcpu;
	struct zcb_micro_frames frames;
	uint32_t serial;
	/* Of the last draw or read: NULL where no frame's list is in guest memory. */
	const struct zcb_micro_frame *listed;
	zcb_ns ran;
	bool timed;
	struct zcb_micro_tsc tsc;
	struct zcb_micro_packet storm; /* what is drawn; sequence 0: there is none; code, text: why it ended */
};

static int run(struct vmm *vmm, struct zcb_micro_request *request, struct zcb_error *err)
{
	struct zcb_micro_reading reading;
	int ret;

	request->serial = ++vmm->serial;
	zcb_micro_mailbox_ask(vmm->ram, request);
	reading.before_ns = zcb_now_ns();
	ret = zcb_micro_vcpu_run(&vmm->vcpu, &vmm->ran, err);
	reading.after_ns = zcb_now_ns();
	if (!ret)
		ret = zcb_micro_mailbox_check(vmm->ram, request, err);
	if (ret)
		return ret;
	reading.ticks = zcb_micro_mailbox_ticks(vmm->ram);
	zcb_micro_tsc_add(&vmm->tsc, &reading);
	return 0;
}

/* Has every page there is of a range, so that only a workload changes that. */
static int populate(const struct vmm *vmm, uint64_t gpa, uint64_t bytes, struct zcb_error *err)
{
	if (madvise((char *)vmm->ram + gpa, bytes, MADV_POPULATE_WRITE) < 0)
		return zcb_fail(err, -errno, "kernel: %llu bytes of guest RAM cannot be had: %m",
				(unsigned long long)bytes);
	return 0;
}

/*
 * Of shmem what we use, and the last page: a guest has pages that are of no frame, behind all
 * frames.
 */
static int populate_ram(const struct vmm *vmm, struct zcb_error *err)
{
	uint64_t bytes = vmm->config->ram_bytes;
	int ret;

	if (vmm->config->memory == ZCB_MEMORY_HUGETLB)
		return populate(vmm, 0, bytes, err);
	ret = populate(vmm, 0, ZCB_MICRO_USED, err);
	return ret ? ret : populate(vmm, bytes - ZCB_ABI_PAGE_SIZE, ZCB_ABI_PAGE_SIZE, err);
}

static int map_ram(struct vmm *vmm, struct zcb_error *err)
{
	const struct zcb_micro_vmm_config *config = vmm->config;

	vmm->ram =
		mmap(NULL, config->ram_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, config->memfd, 0);
	if (vmm->ram == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: guest RAM cannot be mapped: %m");
	/* As VMMs do: a child has no part in guest RAM. */
	if (madvise(vmm->ram, config->ram_bytes, MADV_DONTFORK) < 0)
		return zcb_fail(err, -errno, "kernel: guest RAM cannot be kept from children: %m");
	return populate_ram(vmm, err);
}

static int say_hello(struct vmm *vmm, struct zcb_error *err)
{
	struct zcb_micro_request hello = {.command = ZCB_MICRO_HELLO, .nonce = vmm->config->nonce};

	return run(vmm, &hello, err);
}

static int start(struct vmm *vmm, struct zcb_error *err)
{
	int ret = map_ram(vmm, err);

	if (ret)
		return ret;
	vmm->frames.bytes = vmm->config->ram_bytes;
	zcb_micro_image_load(vmm->ram, vmm->config->ram_bytes);
	ret = zcb_micro_vcpu_make(&vmm->vcpu, vmm->ram, vmm->config->ram_bytes, err);
	if (!ret)
		ret = say_hello(vmm, err);
	if (ret)
		return ret;
	ret = zcb_vmm_serve(vmm->config->vmm, vmm->config->memfd, "the micro guest's VMM");
	return ret ? zcb_fail(err, ret, "host set-up: no thread for the VMM: %s", strerror(-ret))
		   : 0;
}

/* Fills values, and says in reply->n how many. */
typedef int handle_fn(struct vmm *vmm, const struct zcb_micro_packet *request,
		      struct zcb_micro_packet *reply, struct zcb_error *err);

static void publish_nothing(struct vmm *vmm, uint32_t frame)
{
	struct zcb_abi_control *control = (void *)((char *)vmm->ram + ZCB_MICRO_CONTROL);

	__atomic_store_n(&control->published[frame], 0, __ATOMIC_RELEASE);
}

/* A frame that is made anew or given back is no longer stormed. */
static void end_storm_on(struct vmm *vmm, uint32_t frame)
{
	if (vmm->storm.frame.frame == frame)
		vmm->storm.sequence = 0;
}

static int make(struct vmm *vmm, const struct zcb_micro_packet *request,
		struct zcb_micro_packet *reply, struct zcb_error *err)
{
	const struct zcb_micro_frame *frame;
	int ret;

	vmm->listed = NULL;
	end_storm_on(vmm, request->frame.frame);
	ret = zcb_micro_frames_make(&vmm->frames, &request->frame, err);
	if (ret)
		return ret;
	frame = zcb_micro_frames_find(&vmm->frames, request->frame.frame);
	publish_nothing(vmm, request->frame.frame);
	memcpy(reply->value, frame->page, frame->pages * sizeof(*frame->page));
	reply->n = frame->pages;
	return populate(vmm, frame->pool.gpa, frame->pool_bytes, err);
}

static int touch_all(struct vmm *vmm, enum zcb_micro_command command,
		     const struct zcb_micro_packet *packet, struct zcb_error *err)
{
	const struct zcb_micro_frame *frame =
		zcb_micro_frames_find(&vmm->frames, packet->frame.frame);
	struct zcb_micro_request request = {
		.command = command, .frame = packet->frame.frame, .sequence = packet->sequence};
	int ret;

	if (!frame)
		return zcb_fail(err, -EINVAL, "zcbench bug: the micro guest has no frame %u",
				packet->frame.frame);
	if (vmm->listed != frame)
		zcb_micro_mailbox_list(vmm->ram, frame->page, frame->pages);
	vmm->listed = frame;
	request.pages = frame->pages;
	request.key = frame->key;
	ret = run(vmm, &request, err);
	vmm->timed = ret == 0;
	return ret;
}

static int draw(struct vmm *vmm, const struct zcb_micro_packet *request,
		struct zcb_micro_packet *reply, struct zcb_error *err)
{
	return touch_all(vmm, ZCB_MICRO_DRAW, request, err);
}

static int read_all(struct vmm *vmm, const struct zcb_micro_packet *request,
		    struct zcb_micro_packet *reply, struct zcb_error *err)
{
	return touch_all(vmm, ZCB_MICRO_READ, request, err);
}

_Static_assert(sizeof(zcb_ns) == sizeof(uint64_t) && sizeof(zcb_gpa) == sizeof(uint64_t),
	       "a page's address or time is one value of a packet");

/* On a busy emulator the kernel may have got the TSC's rate wrong, when it booted. */
static int refuse_rate(const struct zcb_guest_clock *measured, struct zcb_error *err)
{
	return zcb_fail(err, zcb_emulated() ? -EOPNOTSUPP : -EPROTO,
			"kernel: KVM says that the vCPU's TSC has %" PRIu64 " kHz, and by the host's clock it "
			"has %" PRIu64 " to %" PRIu64,
			measured->khz, measured->khz_low, measured->khz_high);
}

static int times(struct vmm *vmm, const struct zcb_micro_packet *request,
		 struct zcb_micro_packet *reply, struct zcb_error *err)
{
	const struct zcb_micro_frame *frame =
		zcb_micro_frames_find(&vmm->frames, request->frame.frame);
	struct zcb_guest_clock measured;
	int ret;

	if (!vmm->vcpu.tsc_khz)
		return zcb_fail(err, -EOPNOTSUPP,
				"kernel: KVM does not say how fast a vCPU's TSC is");
	if (!frame || frame != vmm->listed || !vmm->timed)
		return zcb_fail(err, -EINVAL,
				"zcbench bug: the micro guest did not touch frame %u last",
				request->frame.frame);
	if (zcb_micro_tsc_measure(&vmm->tsc, vmm->vcpu.tsc_khz, &measured) &&
	    zcb_micro_tsc_contradicts(&measured))
		return refuse_rate(&measured, err);
	reply->n = frame->pages;
	ret = zcb_micro_mailbox_times(vmm->ram, frame->pages, vmm->vcpu.tsc_khz, vmm->ran,
				      (zcb_ns *)reply->value, err);
	/* On a busy emulator the kernel may have got the TSC's rate wrong, when it booted. */
	return ret == -EPROTO && zcb_emulated() ? -EOPNOTSUPP : ret;
}

static int measure_clock(struct vmm *vmm, const struct zcb_micro_packet *request,
			 struct zcb_micro_packet *reply, struct zcb_error *err)
{
	struct zcb_guest_clock measured;

	if (!zcb_micro_tsc_measure(&vmm->tsc, vmm->vcpu.tsc_khz, &measured))
		return zcb_fail(err, -EOPNOTSUPP, "guest: its vCPU has not run often enough to compare clocks");
	memcpy(reply->value, &measured, sizeof(measured));
	reply->n = sizeof(measured) / sizeof(reply->value[0]);
	return 0;
}

static int storm(struct vmm *vmm, const struct zcb_micro_packet *request,
		 struct zcb_micro_packet *reply, struct zcb_error *err)
{
	int ret = touch_all(vmm, ZCB_MICRO_DRAW, request, err);

	vmm->storm = ret ? (struct zcb_micro_packet){0} : *request;
	return ret;
}

static int calm(struct vmm *vmm, const struct zcb_micro_packet *request,
		struct zcb_micro_packet *reply, struct zcb_error *err)
{
	if (vmm->storm.code)
		return zcb_fail(err, vmm->storm.code, "%s", vmm->storm.text.text);
	if (!vmm->storm.sequence || vmm->storm.frame.frame != request->frame.frame)
		return zcb_fail(err, -EINVAL, "zcbench bug: there is no storm on frame %u",
				request->frame.frame);
	reply->n = 1;
	reply->value[0] = vmm->storm.sequence;
	vmm->storm.sequence = 0;
	return 0;
}

static int drop(struct vmm *vmm, const struct zcb_micro_packet *request,
		struct zcb_micro_packet *reply, struct zcb_error *err)
{
	vmm->listed = NULL;
	end_storm_on(vmm, request->frame.frame);
	return zcb_micro_frames_drop(&vmm->frames, request->frame.frame, err);
}

static handle_fn *const handlers[] = {
	[ZCB_MICRO_MAKE] = make,   [ZCB_MICRO_DRAWS] = draw, [ZCB_MICRO_READS] = read_all,
	[ZCB_MICRO_TIMES] = times, [ZCB_MICRO_DROP] = drop,  [ZCB_MICRO_STORMS] = storm,
	[ZCB_MICRO_CALMS] = calm,  [ZCB_MICRO_CLOCK] = measure_clock,
};

#define TYPES (sizeof(handlers) / sizeof(handlers[0]))

static int handle(struct vmm *vmm, const struct zcb_micro_packet *request,
		  struct zcb_micro_packet *reply, struct zcb_error *err)
{
	if (request->type >= TYPES || !handlers[request->type])
		return zcb_fail(err, -EINVAL,
				"zcbench bug: the micro guest's VMM knows no request %u",
				request->type);
	return handlers[request->type](vmm, request, reply, err);
}

static int reply_to(const struct vmm *vmm, struct zcb_micro_packet *reply)
{
	size_t n;

	if (reply->code)
		reply->n = 0;
	n = sizeof(*reply) + reply->n * sizeof(reply->value[0]);
	return send(vmm->config->link, reply, n, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The next request. While there is none a storm goes on; false: the link is closed. */
static bool next_request(struct vmm *vmm, struct zcb_micro_packet *ret_request)
{
	ssize_t n;

	for (;;) {
		n = recv(vmm->config->link, ret_request, sizeof(*ret_request),
			 vmm->storm.sequence ? MSG_DONTWAIT : 0);
		if (n >= 0 || errno != EAGAIN)
			return n == sizeof(*ret_request);
		vmm->storm.sequence++;
		vmm->storm.code = touch_all(vmm, ZCB_MICRO_DRAW, &vmm->storm, &vmm->storm.text);
		if (vmm->storm.code)
			vmm->storm.sequence = 0; /* whoever calms it hears why */
	}
}

static int serve(struct vmm *vmm, struct zcb_micro_packet *reply)
{
	struct zcb_micro_packet request;
	int ret = 0;

	while (!ret && next_request(vmm, &request)) {
		memset(reply, 0, sizeof(*reply));
		reply->serial = request.serial;
		reply->type = request.type;
		reply->code = handle(vmm, &request, reply, &reply->text);
		ret = reply_to(vmm, reply);
	}
	return ret;
}

/* Everything else ends with the process: memory, descriptors, the other thread. */
void zcb_micro_vmm_be(const struct zcb_micro_vmm_config *config)
{
	const int keep[] = {config->memfd, config->link, config->vmm};
	struct zcb_micro_packet *reply = calloc(1, ZCB_MICRO_MAX_PACKET);
	struct vmm vmm = {.config = config};

	zcb_child_close_others(keep, 3);
	prctl(PR_SET_NAME, "zcb-micro-vmm");
	zcb_topology_keep(&config->placement, ZCB_ROLE_VCPU, 0);
	if (!reply)
		_exit(126);
	reply->code = start(&vmm, &reply->text);
	if (reply_to(&vmm, reply) || reply->code)
		_exit(126);
	_exit(serve(&vmm, reply) ? 126 : 0);
}
