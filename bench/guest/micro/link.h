/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_LINK_H
#define ZCB_GUEST_MICRO_LINK_H

#include <stdint.h>

#include "bench/base/error.h"
#include "bench/guest/abi.h"
#include "bench/guest/guest.h"

/*
 * What a micro guest's VMM is asked, over a socket of packets: one request, one reply, in order.
 * Both ends are of one program: the VMM is a fork of the runner.
 */

enum zcb_micro_type {
	ZCB_MICRO_STARTED, /* what the VMM says by itself when the guest is up; serial 0 */
	ZCB_MICRO_MAKE,	   /* a frame; reply: a guest address for each of its pages */
	ZCB_MICRO_DRAWS,   /* frame and sequence */
	ZCB_MICRO_READS,   /* frame */
	ZCB_MICRO_TIMES,   /* frame; reply: ns for each of its pages, of the last of these two */
	ZCB_MICRO_DROP,	   /* frame */
	ZCB_MICRO_STORMS,  /* frame and sequence: draws it, and then the next ones, until: */
	ZCB_MICRO_CLOCK,   /* reply: a struct zcb_guest_clock, as so many values */
	ZCB_MICRO_CALMS,   /* frame; reply: the last sequence */
};

struct zcb_micro_packet {
	uint64_t serial; /* a reply repeats it */
	uint32_t type;
	int32_t code; /* of a reply: 0 or -errno, and text is the sentence */
	uint64_t sequence;
	struct zcb_frame_request frame;
	struct zcb_error text;
	uint32_t n; /* of a reply: how many values follow */
	uint32_t reserved;
	uint64_t value[];
};

#define ZCB_MICRO_MAX_PACKET \
	(sizeof(struct zcb_micro_packet) + ZCB_ABI_MAX_PAGES * sizeof(uint64_t))

/** The end of a socket pair that asks. A fork of its owner may use it too, one process at a time.
 */
struct zcb_micro_link {
	int fd; /* owned by who made it */
	int timeout_ms;
};

/**
 * Sends a request and waits for its reply; ret_value has room for n values, and just so many are
 * demanded. Returns 0 or -errno: -ENOTCONN (the VMM is gone), -ETIMEDOUT, -EPROTO, or the VMM's
 * own. After a time-out the late reply is dropped by the next request.
 */
int zcb_micro_link_ask(const struct zcb_micro_link *link, struct zcb_micro_packet *request,
		       uint32_t n, uint64_t *ret_value, struct zcb_error *err);

/** Waits for ZCB_MICRO_STARTED. Errors as above. */
int zcb_micro_link_started(const struct zcb_micro_link *link, struct zcb_error *err);

#endif
