/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_VMM_AGENT_INSTALL_H
#define ZCB_VMM_AGENT_INSTALL_H

#include "bench/vmm/agent-ram.h"

/**
 * Puts the page at an offset of the memfd, of the memfd's page size, into the VMM's page table by
 * userfaultfd, as postcopy does: a new one of zeros with UFFDIO_COPY, or the one that the memfd
 * already has with UFFDIO_CONTINUE (`present`). Nobody faults. *ret_ns is the time of that ioctl.
 * Errors: those of zcb_vmm_ram_find(), -EPERM and -EOPNOTSUPP (no userfaultfd for that memory here),
 * -EEXIST (UFFDIO_COPY where there is a page), -EFAULT (UFFDIO_CONTINUE where there is none), …
 */
int zcb_vmm_ram_install(struct zcb_vmm_ram *ram, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
		    struct zcb_error *err);

#endif
