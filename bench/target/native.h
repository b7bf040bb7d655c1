/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_NATIVE_H
#define ZCB_TARGET_NATIVE_H

#include "bench/target/check.h"
#include "bench/target/target.h"

/**
 * Whether this machine can be the host under test: root and a /dev/udmabuf. What else is missing
 * (KVM, hugetlb pages) only skips the cells that need it. Returns 0, or -ENODEV; ret_check is what
 * is missing, or the last of what is there.
 */
int zcb_native_check(struct zcb_check *ret_check);

/** zcb_target_native_start() without the check. */
int zcb_native_start_unchecked(const struct zcb_target_config *config,
			       struct zcb_target **ret_target, struct zcb_error *err);

#endif
