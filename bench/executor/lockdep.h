/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_LOCKDEP_H
#define ZCB_EXECUTOR_LOCKDEP_H

#include <stdbool.h>

/** What the kernel tells of its lock checker, where it is built with one. */
#define ZCB_LOCKDEP_STATS "/proc/lockdep_stats"

/**
 * Whether the lock checker that this kernel has is off (lockdep_stats_show(),
 * kernel/locking/lockdep_proc.c): after its first report, without memory, or because of a taint.
 * From then on it finds nothing more. False where there is none.
 */
bool zcb_lockdep_is_off(const char *stats);

#endif
