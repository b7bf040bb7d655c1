/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_ZRAM_H
#define ZCB_WORKLOADS_ZRAM_H

#include <stdint.h>

#include "bench/base/error.h"

/** Whether the kernel has a zram to swap to: 0, or -EOPNOTSUPP for a skip. */
int zcb_zram_check(struct zcb_error *err);

/** Makes /dev/zram0 swap space of so many bytes, and swaps to it. Returns 0 or -errno. */
int zcb_zram_on(uint64_t bytes, struct zcb_error *err);

/** Brings back what was swapped to it, and empties it. Does nothing where it is off. */
void zcb_zram_off(void);

#endif
