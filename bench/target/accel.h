/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_ACCEL_H
#define ZCB_TARGET_ACCEL_H

#include <stdbool.h>

#include "bench/base/error.h"
#include "bench/target/target.h"

/** What `--accel auto` means on this machine. */
struct zcb_accel_choice {
	enum zcb_accel accel; /* KVM, where a VM boots with it and has a KVM inside; else TCG */
	bool remembered;      /* from an earlier probe since this machine was booted */
	char reason[768];     /* one sentence */
};

/** How a reason for TCG ends. */
#define ZCB_ACCEL_FALLING_BACK ": falling back to software emulation (tcg)"

/**
 * Probes by running a loop under KVM (at most 2 s), and then by booting the stock kernel under it
 * and running KVM inside, which takes a few seconds, at most 20. The answer is kept in
 * ${XDG_CACHE_HOME:-~/.cache}/zcbench/kvm-probe.json and holds until this machine is booted again
 * or has another kernel image, QEMU, /dev/kvm or user; `again` probes in any case. Of config only
 * images and initramfs matter. Returns 0, or -errno where nothing can be booted.
 */
int zcb_accel_choose(const struct zcb_target_config *config, bool again,
		     struct zcb_accel_choice *ret_choice, struct zcb_error *err);

/** The second half of the probe, by itself: boots the stock kernel under KVM and asks its init. */
int zcb_accel_probe_boot(const struct zcb_target_config *config,
			 struct zcb_accel_choice *ret_choice, struct zcb_error *err);

#endif
