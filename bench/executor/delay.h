/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_DELAY_H
#define ZCB_EXECUTOR_DELAY_H

#include <stdint.h>

#include "bench/base/error.h"

/*
 * The kernel `delays` makes a stage of what a page goes through slower on demand, by the parameters of its
 * zcb_delay (tests/kernel/patches/delays.patch): for tests that demand to see it where it is.
 */

/** Returns 0, -EOPNOTSUPP where the kernel is another one or has no such knob, -EINVAL, or -errno. */
int zcb_delay_set(const char *knob, uint32_t value, struct zcb_error *err);

#endif
