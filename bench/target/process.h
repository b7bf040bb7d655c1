/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_PROCESS_H
#define ZCB_TARGET_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "bench/base/error.h"

/**
 * A child that cannot outlive us: the kernel kills it when the thread that started it ends, even on
 * SIGKILL (prctl(2), PR_SET_PDEATHSIG). Start it from a thread that lives as long as the child. It
 * leads a process group of its own, so that a Ctrl-C on the terminal reaches us alone.
 */
struct zcb_process {
	pid_t pid;  /* 0: none */
	int pidfd;  /* readable when it has ended; -1 once that was seen */
	int status; /* as of waitpid(2), once ended */
	bool ended;
};

/** What to start. */
struct zcb_spawn {
	const char *const *argv;
	const char *const *environment; /* NULL: ours */
	const int *fds; /* become 3, 4, … in the child; nothing else is inherited */
	size_t n_fds;	/* at most ZCB_SPAWN_FDS */
	int output;	/* becomes its standard output and error; input is empty */
};

#define ZCB_SPAWN_FDS 8
#define ZCB_SPAWN_FIRST_FD 3

/**
 * Starts argv[0], a path; waits until it runs. Returns 0 or -errno, that of execve(2) too.
 */
int zcb_process_spawn(const struct zcb_spawn *spawn, struct zcb_process *ret_process,
		      struct zcb_error *err);

/** Reaps it if it has ended, and kills what it left in its process group; true then. */
bool zcb_process_reap(struct zcb_process *process);

/** Signals the process group. */
void zcb_process_signal(const struct zcb_process *process, int signal);

/** Kills what still runs, waits for it, and closes the pidfd. All zero is allowed. */
void zcb_process_finish(struct zcb_process *process);

/** "exit code 3" or "killed by signal 9 (Killed)". */
void zcb_process_describe(const struct zcb_process *process, char *ret_text, size_t room);

/**
 * Runs argv to its end and keeps the first bytes of what it prints, NUL-terminated. Returns its
 * exit code, 128 + the signal that killed it, -ETIMEDOUT (it was killed then), or -errno.
 */
int zcb_process_run(const char *const *argv, const char *const *environment, int timeout_ms,
		    char *ret_output, size_t room);

/**
 * A copy of our environment without the loader's variables (LD_…), with one more "NAME=value" where
 * not NULL. One allocation holds the array: free() it; the strings are environ's and the caller's.
 */
const char **zcb_process_environment(const char *more);

#endif
