/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_INTERNAL_H
#define ZCB_TARGET_INTERNAL_H

#include <stdbool.h>

#include "bench/target/args.h"
#include "bench/target/console.h"
#include "bench/target/faults.h"
#include "bench/target/lines.h"
#include "bench/target/process.h"
#include "bench/target/staging.h"
#include "bench/target/target.h"

/* What vm.c and native.c share; nobody else includes this. */

/** Text that a process prints: to a log, and line by line to on_line. */
struct zcb_stream {
	int fd; /* -1: ended */
	struct zcb_console *log;
	struct zcb_lines lines;
	zcb_line_fn *on_line;
};

struct zcb_target {
	struct zcb_process process;
	bool is_vm;
	int channel;
	int epoll;
	struct zcb_stream console; /* the HUT's; of a native target what the runner prints */
	struct zcb_stream output;  /* what QEMU itself prints; unused by a native target */
	struct zcb_stream guests;  /* the consoles of the guests inside */
	struct zcb_faults *faults;
	struct zcb_args args;
	struct zcb_staging staging;
	char last_words[240]; /* the last line of QEMU, or of a native runner */
	char last_line[240];  /* the last line of the console */
	char init_words[240]; /* the line in which the HUT's init told of the runner's end */
	bool expected;
	bool told_to_end; /* QEMU said that a signal asked it to end */
	bool stuck; /* QEMU said that it stopped the VM for good, and waits for somebody to look */
	bool settled;
	enum zcb_outcome ended_by_us; /* RUNNING: not by us */
	enum zcb_outcome outcome;
	char reason[640];
};

/** Returns a target with nothing started, or NULL. */
struct zcb_target *zcb_target_new(void);

/**
 * Opens a log in boot_dir (NULL: none) and makes fd (taken over, also on failure) the stream's.
 */
int zcb_target_open_stream(struct zcb_target *target, struct zcb_stream *stream, int fd,
			   const char *boot_dir, const char *log, struct zcb_error *err);

/**
 * Has a pipe hold a whole boot's log: QEMU writes byte by byte, of which a socket's buffer takes
 * some hundred; what follows would wait for us, in host time, which a boot with icount would see.
 */
void zcb_target_widen_pipe(int fd);

/** The stream of the guests' consoles: the child writes to *ret_childs. */
int zcb_target_open_guests(struct zcb_target *target, const char *boot_dir, int *ret_childs,
			   struct zcb_error *err);

/** Starts args, which owns the rest; the target's event descriptor watches it from then on. */
int zcb_target_spawn(struct zcb_target *target, const char *const *environment, const int *fds,
		     size_t n_fds, int output, struct zcb_error *err);

/** Two connected stream sockets: ours, and the child's. Returns 0 or -errno. */
int zcb_target_socketpair(int *ret_ours, int *ret_childs, struct zcb_error *err);

#endif
