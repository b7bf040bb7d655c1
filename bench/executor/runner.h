/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_RUNNER_H
#define ZCB_EXECUTOR_RUNNER_H

#include "bench/base/error.h"

/** Where the runner finds what a guest is started from, and where it may write. */
struct zcb_runner_config {
	const char *folder;  /* holds guest-kernel, guest-initrd and guest-initrd-display */
	const char *console; /* where the guests' consoles go, or NULL */
	const char *requests; /* a file that is read before the channel, as if it came from there; or NULL */
};

/**
 * The host under test's side of a run: greets on the channel, runs the cells it is sent, one by
 * one, and says goodbye when told to end. Returns 0 after a goodbye, or -errno.
 */
int zcb_runner_run(int channel, const struct zcb_runner_config *config, struct zcb_error *err);

#endif
