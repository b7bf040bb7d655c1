/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_STAGING_H
#define ZCB_TARGET_STAGING_H

#include "bench/base/error.h"
#include "bench/target/images.h"
#include "bench/target/target.h"

/**
 * The folder that the HUT sees as /zcb: zcbench, zcb-vmm.so, guest-kernel, guest-initrd…, what
 * else lies beside the program, and the requests. One a boot, in ${TMPDIR:-/tmp}, removed at the end. It is locked while its owner lives, so the next boot
 * recognises and removes one whose owner was killed.
 */
struct zcb_staging {
	char *path; /* NULL: none */
	int lock;
};

/**
 * Copies what a boot needs: of config the program and its parts are looked at; a part that is not
 * there is left out. Returns 0 or -errno; nothing is left behind on failure.
 */
int zcb_staging_make(const struct zcb_images *images, const struct zcb_target_config *config,
		     struct zcb_staging *ret_staging, struct zcb_error *err);

/** Removes the folder; all zero is allowed. */
void zcb_staging_remove(struct zcb_staging *staging);

#endif
