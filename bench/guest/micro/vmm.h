/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_VMM_H
#define ZCB_GUEST_MICRO_VMM_H

#include <stdint.h>

#include "bench/base/topology.h"
#include "bench/exporter/memfd.h"

/** What a micro guest's VMM is made of. The descriptors are its own from the fork on. */
struct zcb_micro_vmm_config {
	enum zcb_memory memory;
	uint64_t ram_bytes;
	uint64_t nonce;
	struct zcb_placement placement; /* all of it runs where the vCPU does: one thread by turns */
	int memfd;
	int link; /* for bench/guest/micro/link.h */
	int vmm;  /* for bench/vmm/vmm-abi.h */
};

/**
 * Is the VMM of a micro guest, in a process of its own (a fresh fork): keeps no other descriptor
 * open, starts the guest, says so, and serves until the other side of `link` closes.
 */
_Noreturn void zcb_micro_vmm_be(const struct zcb_micro_vmm_config *config);

#endif
