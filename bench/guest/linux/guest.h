/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_LINUX_GUEST_H
#define ZCB_GUEST_LINUX_GUEST_H

#include <stdint.h>

#include "bench/guest/guest.h"
#include "bench/guest/link.h"
#include "bench/guest/linux/qemu.h"

/** A guest with a real Linux. */
struct zcb_linux_guest {
	struct zcb_guest base;
	struct zcb_linux_qemu qemu;
	struct zcb_link link; /* its socket is QEMU's */
	struct zcb_ram_map map;
	const struct zcb_abi_control *control; /* NULL until the greeting */
	uint64_t storm; /* the first sequence of the last one */
};

/**
 * Waits until the guest greets, and checks what it says of itself and what QEMU says: what comes after
 * it may be believed. -ENOTCONN and -ETIMEDOUT: it did not come up.
 */
int zcb_linux_greet(struct zcb_linux_guest *guest, uint64_t nonce, struct zcb_error *err);

#endif
