/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_TARGET_H
#define ZCB_TARGET_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"

/*
 * A target is where the host under test (HUT) lives: a VM booted from vm-images/, or this machine.
 * On either, the same program runs the cells: `zcbench runner`, which speaks over one stream
 * socket, the channel. Who holds a target reads and writes the channel and knows nothing else.
 */

enum zcb_accel { ZCB_ACCEL_KVM, ZCB_ACCEL_TCG, ZCB_ACCEL_ICOUNT };

/** How a HUT ended, or ZCB_OUTCOME_RUNNING. */
enum zcb_outcome {
	ZCB_OUTCOME_RUNNING,
	ZCB_OUTCOME_CLEAN,     /* the runner said goodbye and the HUT went off by itself */
	ZCB_OUTCOME_PANIC,     /* the HUT's kernel panicked: the console says so */
	ZCB_OUTCOME_HANG,      /* nothing was heard for too long while QEMU was alive */
	ZCB_OUTCOME_QEMU_DIED, /* QEMU ended by a signal or with an error */
	ZCB_OUTCOME_LOST,      /* the HUT went off, or the runner ended, without a goodbye */
	ZCB_OUTCOME_INTERRUPTED,
};

const char *zcb_outcome_name(enum zcb_outcome outcome);
const char *zcb_accel_name(enum zcb_accel accel);

/** What a boot needs. Strings are borrowed for the target's life. */
struct zcb_target_config {
	enum zcb_accel accel;
	const char *images;    /* the folder with rootfs, stock, variants: build/images */
	const char *initramfs; /* the folder with hut-init.cpio, agent.cpio; NULL:
				  IMAGES/../vm-images */
	const char *program;   /* the zcbench to run in the HUT */
	const char *const *parts; /* files beside it that it may do without; NULL-terminated, or NULL */
	const char *
		kernel; /* stock, variants, debug, or the path of a kernel image or of a folder with one */
	const char *cmdline;   /* more words for the HUT's kernel command line, or NULL */
	const char *boot_dir;  /* boots/N, for console.log and qemu.log; NULL: neither is kept */
	uint64_t seed;	       /* of what QEMU draws; with icount a boot then repeats */
	unsigned int cpus;     /* of the HUT */
	uint64_t memory_bytes; /* of the HUT */
	const char *requests;  /* what the runner shall do before it listens to the channel, as it
				  would be sent there; NULL: nothing */
	bool screen;	       /* a display, for kernels that have none of their own */
};

struct zcb_target;

/**
 * Starts the HUT and returns at once; the runner's first word arrives on the channel. The HUT dies
 * with the calling thread, whatever kills it.
 */
int zcb_target_vm_start(const struct zcb_target_config *config, struct zcb_target **ret_target,
			struct zcb_error *err);

/** Starts the runner on this machine, as `PROGRAM runner --channel-fd 3`; its output is the
 * console. */
int zcb_target_native_start(const struct zcb_target_config *config, struct zcb_target **ret_target,
			    struct zcb_error *err);

/** The channel: a stream socket, owned by the target; poll it with zcb_target_pump() in between. */
int zcb_target_channel(const struct zcb_target *target);

/**
 * A descriptor that becomes readable when the console has output or the process has ended; call
 * zcb_target_pump() then. It is an epoll descriptor, owned by the target.
 */
int zcb_target_event_fd(const struct zcb_target *target);

/**
 * Moves console output to the capped log, scans it, and notices the end of the process. Returns 0,
 * or once the -errno of a log that cannot be written (a full disk); all else goes on.
 */
int zcb_target_pump(struct zcb_target *target);

/** As far as pump() has seen. */
enum zcb_outcome zcb_target_outcome(const struct zcb_target *target);

/** One sentence about the outcome ("qemu: killed by signal 9 …"), or "". */
const char *zcb_target_reason(const struct zcb_target *target);

/**
 * Whether somebody else ended it: QEMU, or a native runner, had one of the signals by which processes are told to
 * go. (QEMU ends with exit code 0 at most of them, and says so.) False while it runs.
 */
bool zcb_target_was_killed(const struct zcb_target *target);

/** Kernel faults that the console showed: n strings, owned by the target. */
const char *const *zcb_target_faults(const struct zcb_target *target, size_t *ret_n);

/** The command line of QEMU (NULL-terminated argv), or NULL for native. */
const char *const *zcb_target_argv(const struct zcb_target *target);

/** The caller heard the runner's goodbye: the end that follows is clean. */
void zcb_target_expect_end(struct zcb_target *target);

/**
 * Ends what still runs (terminate, then kill) and waits for it, pumps the rest of the console, and
 * settles the outcome: `why` where it is still running (HANG, INTERRUPTED), else what was seen.
 * After a goodbye, or with LOST as `why` (the caller saw the channel's end), the HUT is first given
 * half a minute to go off by itself, since how it ends says more.
 */
enum zcb_outcome zcb_target_stop(struct zcb_target *target, enum zcb_outcome why);

/** Stops if need be and frees. NULL is allowed. */
void zcb_target_destroy(struct zcb_target *target);

#endif
