/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PROBES_MAPPED_RAM_H
#define ZCB_PROBES_MAPPED_RAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/base/types.h"

#define ZCB_MAPPED_RANGES 8U

/** Where a VMM has its guest's RAM mapped. */
struct zcb_mapped_ram {
	pid_t vmm;
	unsigned int n;
	struct {
		uint64_t start, end; /* addresses in the VMM */
		zcb_memfd_off at;    /* what is at start */
	} range[ZCB_MAPPED_RANGES];
};

/**
 * Finds the process that maps most of a memfd, which is its VMM: others map a page or two. Returns 0,
 * -ESRCH where nobody maps it, or -errno.
 */
int zcb_mapped_ram_find(int memfd, struct zcb_mapped_ram *ret_map);

/** The offset in the memfd of an address in the VMM; false: it is not of guest RAM. */
bool zcb_mapped_ram_offset(const struct zcb_mapped_ram *map, uint64_t hva, zcb_memfd_off *ret_off);

/** Whether a thread is one of the VMM's now. */
bool zcb_mapped_ram_has_thread(const struct zcb_mapped_ram *map, pid_t thread);

#endif
