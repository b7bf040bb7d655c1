/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_DISPLAY_H
#define ZCB_GUEST_DISPLAY_H

#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"
#include "bench/guest/abi.h"
#include "bench/guest/devices.h"
#include "bench/guest/qmp.h"

/** Adds to QEMU's command line a display that nobody looks at, or the virtio-gpu and D-Bus. */
void zcb_display_add(struct zcb_words *words, unsigned int devices);

/**
 * Whether these last words of QEMU, which did not start with a display, say that this machine cannot
 * have one: then err says how to mend it, and -EOPNOTSUPP is returned. 0: they say something else.
 */
int zcb_display_explain(const char *words, struct zcb_error *err);

/** A new connection to QEMU's display, in place of the last one; *ret_socket is the caller's. */
int zcb_display_connect(const struct zcb_qmp *qmp, int *ret_socket, struct zcb_error *err);

/**
 * Finds the pages of a frame in guest RAM by their stamps, each exactly once: what was asked for has
 * been drawn, and under its sequence nothing else ever was. ret_pages has room for shown->pages.
 * Returns 0, -EPROTO with the page that is missing or there twice, or -errno.
 */
int zcb_display_find(int memfd, uint64_t ram_bytes, const struct zcb_abi_show *shown,
		     zcb_memfd_off *ret_pages, struct zcb_error *err);

#endif
