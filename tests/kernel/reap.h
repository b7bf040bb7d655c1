/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_REAP_H
#define ZCB_TESTS_KERNEL_REAP_H

#include <sys/types.h>

/* Longer than any of them takes under emulation; who is stuck in the kernel stays so. */
enum { REAP_SECONDS = 150 };

/**
 * Waits for a child. One that does not end is a problem: the kernel is asked for what it waits for,
 * on its console, and it is killed. Returns its wait status.
 */
int reap(pid_t pid, const char *who);

/** The same, and a status other than 0 is a problem as well. */
void reap_sound(pid_t pid, const char *who);

#endif
