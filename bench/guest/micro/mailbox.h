/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_MAILBOX_H
#define ZCB_GUEST_MICRO_MAILBOX_H

#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"
#include "bench/guest/micro/abi.h"

/*
 * The only reader of what a payload writes. It is guest memory, so it is hostile, whoever wrote the
 * payload: copied once, then validated, then used. `ram` is the VMM's mapping of all of it.
 */

/** Puts a request where the payload looks for it. */
void zcb_micro_mailbox_ask(void *ram, const struct zcb_micro_request *request);

/** Demands that the answer is the one to that request. Returns 0 or -EPROTO. */
int zcb_micro_mailbox_check(const void *ram, const struct zcb_micro_request *request,
			    struct zcb_error *err);

/** The TSC of the vCPU when it made its answer, by its own word. */
uint64_t zcb_micro_mailbox_ticks(const void *ram);

/** Where the payload finds a frame's pages. */
void zcb_micro_mailbox_list(void *ram, const zcb_gpa *page, uint32_t n);

/**
 * How long the first access of each of n pages took, of a vCPU whose TSC has this many kHz and that
 * ran for `ran`. Returns 0, or -EPROTO where they took longer than that all together.
 */
int zcb_micro_mailbox_times(const void *ram, uint32_t n, uint32_t tsc_khz, zcb_ns ran,
			    zcb_ns *ret_took, struct zcb_error *err);

#endif
