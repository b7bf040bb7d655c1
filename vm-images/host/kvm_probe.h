/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_HOST_KVM_PROBE_H
#define ZCB_HOST_KVM_PROBE_H

/**
 * Runs a few instructions in a virtual machine of this kernel, in long mode: a KVM that exists
 * and yet cannot boot a kernel (one that interprets the guest instead of running it) fails here in
 * milliseconds. Returns 0 when they did what they should, or -errno; *ret_reason then names what
 * failed, in a string that is never freed, and is NULL after success.
 */
int zcb_probe_kvm(const char **ret_reason);

#endif
