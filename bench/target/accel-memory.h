/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_ACCEL_MEMORY_H
#define ZCB_TARGET_ACCEL_MEMORY_H

#include "bench/target/accel.h"

/** Names what the probe's answer depends on; the caller's to free, or NULL. */
char *zcb_accel_memory_key(const char *kernel, const char *qemu);

/** The file; the caller's to free, or NULL where there is no home. */
char *zcb_accel_memory_path(void);

/** Recalls the answer that was kept under this key. Returns 0 or -ENOENT. */
int zcb_accel_recall(const char *key, struct zcb_accel_choice *ret_choice);

/** Keeps an answer. Returns 0 or -errno; without it the next run probes again, no more. */
int zcb_accel_remember(const char *key, const struct zcb_accel_choice *choice);

#endif
