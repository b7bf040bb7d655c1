// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's init: it draws frames when the host asks, and does nothing else. It never exits by
 * itself, for the end of init is the end of the guest.
 */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "agent.h"

static struct frame frames[ZCB_ABI_MAX_FRAMES];
static struct zcb_abi_control *control;
static int link_fd;
static struct zcb_abi_draw storm; /* the last that was drawn; sequence 0: there is none */

static void give_up(const char *what)
{
	fprintf(stderr, "zcb-agent: %s: %s\n", what, strerror(errno));
	reboot(RB_POWER_OFF);
	_exit(1);
}

/*
 * Under emulation an interrupt to a halted guest was seen to get lost, and a guest without a timer
 * then sleeps for ever; so it looks again by itself. read() finds what the interrupt announced.
 */
#define LOOK_AGAIN_MS 50

static void transfer_in(void *bytes, size_t n)
{
	uint8_t *p = bytes;

	while (n > 0) {
		struct pollfd wait = { .fd = link_fd, .events = POLLIN };
		ssize_t done;

		poll(&wait, 1, LOOK_AGAIN_MS);
		done = read(link_fd, p, n);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			give_up("reading the link");
		if (done == 0)
			usleep(1000); /* the host's end is not open yet */
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
}

static void transfer_out(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		ssize_t done = write(link_fd, p, n);

		if (done < 0 && errno != EINTR && errno != EAGAIN)
			give_up("writing the link");
		if (done < 0)
			usleep(500); /* the host is to take what is there first */
		if (done > 0) {
			p += done;
			n -= (size_t)done;
		}
	}
}

static void send_message(uint16_t type, uint32_t serial, const void *payload, uint32_t length)
{
	struct zcb_abi_header header = {
		.magic = ZCB_ABI_MAGIC,
		.version = ZCB_ABI_VERSION,
		.type = type,
		.serial = serial,
		.length = length,
	};

	transfer_out(&header, sizeof(header));
	transfer_out(payload, length);
}

static void send_error(uint32_t serial, const char *text)
{
	struct zcb_abi_error error = { 0 };

	snprintf(error.text, sizeof(error.text), "%s", text);
	send_message(ZCB_ABI_ERROR, serial, &error, sizeof(error));
}

/* A frame that is made anew or given back is no longer stormed. */
static void end_storm_on(uint32_t frame)
{
	if (storm.frame == frame)
		storm.sequence = 0;
}

static void answer_alloc(uint32_t serial, const struct zcb_abi_alloc *request)
{
	const char *problem;
	struct zcb_abi_pages *reply;
	size_t size;

	if (request->frame >= ZCB_ABI_MAX_FRAMES) {
		send_error(serial, "no such frame number");
		return;
	}
	/* The reader that had this frame may have died: the host asks again when it forgot. */
	end_storm_on(request->frame);
	frame_free(&frames[request->frame]);
	problem = frame_alloc(&frames[request->frame], request);
	if (problem) {
		send_error(serial, problem);
		return;
	}
	atomic_store_explicit((_Atomic uint64_t *)&control->published[request->frame], 0,
			      memory_order_release);
	size = sizeof(*reply) + 8 * (size_t)request->pages;
	reply = calloc(1, size);
	if (!reply)
		give_up("memory for a page list");
	reply->frame = request->frame;
	reply->pages = request->pages;
	memcpy(reply->gfn, frames[request->frame].gfn, 8 * (size_t)request->pages);
	send_message(ZCB_ABI_PAGES, serial, reply, (uint32_t)size);
	free(reply);
}

static void draw(const struct zcb_abi_draw *what)
{
	frame_draw(&frames[what->frame], what->frame, what->sequence);
	atomic_store_explicit((_Atomic uint64_t *)&control->published[what->frame], what->sequence,
			      memory_order_release);
}

static void send_drawn(uint32_t serial, const struct zcb_abi_draw *what)
{
	struct zcb_abi_drawn reply = { .frame = what->frame, .sequence = what->sequence };

	send_message(ZCB_ABI_DRAWN, serial, &reply, sizeof(reply));
}

static void answer_draw(uint32_t serial, const struct zcb_abi_draw *request)
{
	if (request->frame >= ZCB_ABI_MAX_FRAMES || !frames[request->frame].pages) {
		send_error(serial, "no such frame");
		return;
	}
	draw(request);
	send_drawn(serial, request);
}

static void answer_show(uint32_t serial, const struct zcb_abi_show *request)
{
	struct zcb_abi_draw what = { .frame = request->frame, .sequence = request->sequence };
	const char *problem;

	if (request->frame >= ZCB_ABI_MAX_FRAMES || !request->sequence) {
		send_error(serial, "no such frame number");
		return;
	}
	end_storm_on(request->frame);
	frame_free(&frames[request->frame]);
	problem = screen_show(&frames[request->frame], request);
	if (problem) {
		send_error(serial, problem);
		return;
	}
	draw(&what);
	send_drawn(serial, &what);
}

static void answer_storm(uint32_t serial, const struct zcb_abi_draw *request)
{
	if (request->frame >= ZCB_ABI_MAX_FRAMES || !frames[request->frame].pages ||
	    !request->sequence) {
		send_error(serial, "no such frame");
		return;
	}
	draw(request);
	storm = *request;
	send_drawn(serial, request);
}

static void answer_calm(uint32_t serial, const struct zcb_abi_free *request)
{
	if (!storm.sequence || storm.frame != request->frame) {
		send_error(serial, "there is no storm on that frame");
		return;
	}
	send_drawn(serial, &storm);
	storm.sequence = 0;
}

static int request_waits(void)
{
	struct pollfd wait = { .fd = link_fd, .events = POLLIN };

	return poll(&wait, 1, 0) > 0;
}

/* The host's end may hang up, and then poll() says so for ever: whoever reads will find out. */
static void go_on_storming(void)
{
	while (storm.sequence && !request_waits()) {
		storm.sequence++;
		draw(&storm);
	}
}

static void answer_read(uint32_t serial, const struct zcb_abi_read *request)
{
	if (request->frame >= ZCB_ABI_MAX_FRAMES || !frames[request->frame].pages) {
		send_error(serial, "no such frame");
		return;
	}
	frame_read(&frames[request->frame]);
	send_message(ZCB_ABI_WAS_READ, serial, request, sizeof(*request));
}

typedef const char *some_fn(struct frame *frame, const struct zcb_abi_some *some);

/* GIVE and REGAIN differ in what is done alone; a reply's type is the request's and one. */
static void answer_some(const struct zcb_abi_header *header, const struct zcb_abi_some *request,
			some_fn *serve)
{
	struct zcb_abi_some_done reply = { .frame = request->frame, .pages = request->pages };
	const char *problem;

	if (request->frame >= ZCB_ABI_MAX_FRAMES || !frames[request->frame].pages) {
		send_error(header->serial, "no such frame");
		return;
	}
	problem = serve(&frames[request->frame], request);
	if (problem)
		send_error(header->serial, problem);
	else
		send_message(header->type + 1, header->serial, &reply, sizeof(reply));
}

static void answer_free(uint32_t serial, const struct zcb_abi_free *request)
{
	if (request->frame >= ZCB_ABI_MAX_FRAMES || !frames[request->frame].pages) {
		send_error(serial, "no such frame");
		return;
	}
	end_storm_on(request->frame);
	frame_free(&frames[request->frame]);
	send_message(ZCB_ABI_FREED, serial, request, sizeof(*request));
}

static void answer_one(void)
{
	struct zcb_abi_header header;
	union {
		struct zcb_abi_alloc alloc;
		struct zcb_abi_show show;
		struct zcb_abi_draw draw;
		struct zcb_abi_free free;
		struct zcb_abi_read read;
		struct zcb_abi_some some;
	} request;

	transfer_in(&header, sizeof(header));
	if (header.magic != ZCB_ABI_MAGIC || header.length > sizeof(request)) {
		errno = EPROTO;
		give_up("a request that is none");
	}
	memset(&request, 0, sizeof(request));
	transfer_in(&request, header.length);
	switch (header.type) {
	case ZCB_ABI_ALLOC:
		answer_alloc(header.serial, &request.alloc);
		break;
	case ZCB_ABI_SHOW:
		answer_show(header.serial, &request.show);
		break;
	case ZCB_ABI_DRAW:
		answer_draw(header.serial, &request.draw);
		break;
	case ZCB_ABI_STORM:
		answer_storm(header.serial, &request.draw);
		break;
	case ZCB_ABI_CALM:
		answer_calm(header.serial, &request.free);
		break;
	case ZCB_ABI_READ:
		answer_read(header.serial, &request.read);
		break;
	case ZCB_ABI_GIVE:
		answer_some(&header, &request.some, frame_give);
		break;
	case ZCB_ABI_REGAIN:
		answer_some(&header, &request.some, frame_regain);
		break;
	case ZCB_ABI_FREE:
		answer_free(header.serial, &request.free);
		break;
	default:
		send_error(header.serial, "unknown request");
	}
}

static void say_hello(uint64_t nonce)
{
	struct zcb_abi_hello hello = { .nonce = nonce };
	struct sysinfo info;

	control = mmap(NULL, ZCB_ABI_PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
	if (control == MAP_FAILED)
		give_up("memory for the control page");
	control->nonce = nonce;
	control->magic = ZCB_ABI_CONTROL_MAGIC;
	hello.control_gpa = gfn_of(control) * ZCB_ABI_PAGE_SIZE;
	sysinfo(&info);
	hello.memory_bytes = (uint64_t)info.totalram * info.mem_unit;
	send_message(ZCB_ABI_HELLO, 0, &hello, sizeof(hello));
}

int main(void)
{
	system_prepare();
	link_fd = system_open_link();
	if (link_fd < 0)
		give_up("opening the port " ZCB_ABI_PORT);
	say_hello(system_nonce());
	for (;;) {
		go_on_storming();
		answer_one();
	}
}
