/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_VCPU_H
#define ZCB_GUEST_MICRO_VCPU_H

#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"

/** A VM of one vCPU, in the process that made it: KVM binds it to that mm. */
struct zcb_micro_vcpu {
	int kvm, vm, vcpu;
	struct kvm_run *run;
	size_t run_bytes;
	uint32_t tsc_khz; /* of the vCPU; 0: KVM does not say */
};

/**
 * Makes the VM: `ram` at guest address 0, the vCPU in long mode, about to enter the payload. What
 * was loaded there is zcb_micro_image_load()'s. Returns 0 or -errno, and nothing is left behind
 * then.
 */
int zcb_micro_vcpu_make(struct zcb_micro_vcpu *ret_vcpu, void *ram, uint64_t ram_bytes,
			struct zcb_error *err);

/**
 * Runs the vCPU until the payload leaves by its port; *ret_ran is how long that took. Returns 0, or
 * -EIO and -errno where it left otherwise, with the party to blame. There is no limit of time.
 */
int zcb_micro_vcpu_run(const struct zcb_micro_vcpu *vcpu, zcb_ns *ret_ran, struct zcb_error *err);

void zcb_micro_vcpu_finish(struct zcb_micro_vcpu *vcpu);

#endif
