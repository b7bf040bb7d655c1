/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_VM_H
#define ZCB_TARGET_VM_H

#include "bench/target/target.h"

/**
 * As zcb_target_vm_start(), with the word zcb.mode=MODE on the HUT's kernel command line: "probe"
 * makes its init test KVM and answer on the channel instead of starting the runner. NULL: none.
 */
int zcb_vm_start_mode(const struct zcb_target_config *config, const char *mode,
		      struct zcb_target **ret_target, struct zcb_error *err);

#endif
