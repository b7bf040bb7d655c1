/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_KVM_PROBE_H
#define ZCB_TARGET_KVM_PROBE_H

#include <stddef.h>

/**
 * Runs a short loop in long mode under /dev/kvm, in a process of its own, for at most two seconds.
 * A processor does it in a hundredth of one. A KVM that interprets instead (without hardware
 * virtualization below it) does not get there or gives up, and cannot boot a stock kernel.
 * Returns 0, or -errno with half a sentence in ret_why: -ENOENT and the like from open(2),
 * -ETIMEDOUT, or -EIO where KVM did not do what it should.
 */
int zcb_kvm_probe(char *ret_why, size_t room);

#endif
