/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_CHILD_H
#define ZCB_BASE_CHILD_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/**
 * Forks a child that dies with its parent, even with one killed by SIGKILL. Returns what fork()
 * returns. The signal mask and handlers are the default ones in the child.
 */
pid_t zcb_fork(void);

/**
 * The same for whoever forks often: `changed` are the signals that this process ignores or catches,
 * as zcb_child_signals() found them. To reset the others, too, costs a system call each.
 */
pid_t zcb_fork_knowing(const sigset_t *changed);

/** The signals of this process that are not as a new one has them. */
void zcb_child_signals(sigset_t *ret_changed);

/**
 * Keeps these descriptors open over exec and closes every other above standard error. For a child
 * between zcb_fork() and exec: it calls nothing but system calls.
 */
void zcb_child_keep_fds(const int *fds, size_t n);

/**
 * Closes every descriptor above standard error but these, which are open, above standard error, and
 * different. For a child that does not exec.
 */
void zcb_child_close_others(const int *fds, size_t n);

/** Kills a child (SIGTERM, then SIGKILL after grace_ms) and reaps it. Returns its wait status. */
int zcb_child_end(pid_t pid, int grace_ms);

/** "exit 3" or "signal 9 (Killed)" of a wait status, in a static buffer of the thread. */
const char *zcb_child_describe(int wait_status);

#endif
