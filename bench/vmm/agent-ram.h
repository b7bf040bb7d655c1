/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_VMM_AGENT_RAM_H
#define ZCB_VMM_AGENT_RAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/base/error.h"
#include "bench/base/types.h"

/** The guest's RAM as the VMM, in whose process this runs, maps it: shared, and for writing. */
struct zcb_vmm_ram {
	int memfd;	 /* borrowed */
	const char *vmm; /* its name, for sentences; a constant */
	/* The mapping that was used last, of [start, end) at this offset of the memfd; 0: none. */
	uintptr_t start, end;
	uint64_t offset;
};

/**
 * Where the VMM maps the aligned u64 at an offset of the memfd. Errors: -EINVAL and -ERANGE (no such
 * u64 in the memfd), -ENXIO (the VMM does not map it).
 */
int zcb_vmm_ram_find(struct zcb_vmm_ram *ram, zcb_memfd_off offset, uintptr_t *ret_address,
		     struct zcb_error *err);

/**
 * Loads the aligned u64 at an offset of the memfd, or stores *value there, through the VMM's own
 * mapping. *value is then what is there, and *ret_ns the time of the access alone. Errors: those of
 * zcb_vmm_ram_find(), and -EFAULT (a signal came of it, which kills nobody: a hole of a hugetlb memfd
 * whose pool is empty).
 */
int zcb_vmm_ram_touch(struct zcb_vmm_ram *ram, zcb_memfd_off offset, bool write, uint64_t *value,
		      zcb_ns *ret_ns, struct zcb_error *err);

/**
 * Has the kernel reclaim the 4 KiB at an offset of the memfd, as the VMM maps it (MADV_PAGEOUT): whether
 * it could, others see. Errors: those of zcb_vmm_ram_find(), and what madvise() says.
 */
int zcb_vmm_ram_page_out(struct zcb_vmm_ram *ram, zcb_memfd_off offset, struct zcb_error *err);

/** Whether children of the VMM get the RAM too: MADV_DOFORK or MADV_DONTFORK. 0 or -errno. */
int zcb_vmm_ram_let_fork(const struct zcb_vmm_ram *ram, bool let);

#endif
