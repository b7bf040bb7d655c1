/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_FAULT_AROUND_H
#define ZCB_EXECUTOR_FAULT_AROUND_H

#include <stdint.h>

#include "bench/base/error.h"

/*
 * How many bytes of a file's page cache a read fault maps around its address
 * (fault_around_bytes in debugfs, do_fault_around() in mm/memory.c). 4096: none but its own.
 */

/** Returns 0, or -errno where the kernel does not say. */
int zcb_fault_around_get(uint64_t *ret_bytes);

/** Returns 0, -EOPNOTSUPP where the kernel has no such file, or -errno. */
int zcb_fault_around_set(uint64_t bytes, struct zcb_error *err);

#endif
