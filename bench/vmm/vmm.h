/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_VMM_VMM_H
#define ZCB_VMM_VMM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "bench/base/error.h"
#include "bench/base/types.h"
#include "bench/vmm/vmm-abi.h"

/**
 * zcbench's end of the link to the agent inside the VMM (bench/vmm/agent.c). A fork of its owner may
 * use it as well, but only one process at a time; threads of that one take turns.
 *
 * All requests return 0 or -errno: -ENOTCONN (the VMM is gone), -ETIMEDOUT, -EPROTONOSUPPORT (the
 * agent is of another build), -EPROTO, or what failed inside the VMM. After a time-out a late reply
 * is dropped by the next request.
 */
struct zcb_vmm {
	int fd;	 /* one end of zcb_vmm_sockets(), owned by who made it */
	int timeout_ms; /* how long a reply may take */
	const char *party; /* who answers, to begin a sentence with; NULL: the agent inside QEMU */
};

/** Two connected sockets, close-on-exec: ours, and the VMM's. Returns 0 or -errno. */
int zcb_vmm_sockets(int *ret_ours, int *ret_vmms);

/**
 * Between fork and exec of the VMM: has the agent of this path preloaded, and tells it these two
 * descriptors, which must survive the exec. Returns 0 or -errno.
 */
int zcb_vmm_set_environment(const char *object, int socket, int memfd);

/** Asks whether the agent is there and of this build; *ret_pid is the VMM's process. */
int zcb_vmm_ping(const struct zcb_vmm *vmm, pid_t *ret_pid, struct zcb_error *err);

/**
 * Has the VMM wrap n pages of 4 KiB of the guest's memfd into a dma-buf, as zcb_udmabuf_create()
 * does, at most ZCB_VMM_MAX_PAGES. *ret_dmabuf is the caller's to close, and the only descriptor of
 * it; *ret_ns is the time that the ioctl alone took.
 */
int zcb_vmm_export(const struct zcb_vmm *vmm, const zcb_memfd_off *pages, uint32_t n,
		   int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err);

/**
 * Has the VMM load the aligned u64 at an offset of the guest's memfd, or store *value there, through
 * its own mapping. *value is then what is there; *ret_ns is the time of the access alone, with the
 * page fault that it may be, and of one reading of the clock. -EFAULT where the access raised a
 * signal (no page could be had); the VMM survives it.
 */
int zcb_vmm_touch(const struct zcb_vmm *vmm, zcb_memfd_off offset, bool write, uint64_t *value,
		  zcb_ns *ret_ns, struct zcb_error *err);

/**
 * Has the VMM put the page at an offset of the guest's memfd, of the memfd's page size, into its page
 * table by userfaultfd, as postcopy does: a new one of zeros (UFFDIO_COPY), or the one that is there
 * (`present`: UFFDIO_CONTINUE). Nobody may touch it meanwhile. *ret_ns is the time of that ioctl alone.
 */
int zcb_vmm_install(const struct zcb_vmm *vmm, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
		    struct zcb_error *err);

/** Has the VMM reclaim the page of 4 KiB at an offset of the memfd, if it can be (MADV_PAGEOUT). */
int zcb_vmm_page_out(const struct zcb_vmm *vmm, zcb_memfd_off offset, struct zcb_error *err);

/** Has the VMM's mm get one more subscriber; *ret_fd is the caller's, and the only descriptor of it. */
int zcb_vmm_subscribe(const struct zcb_vmm *vmm, int *ret_fd, struct zcb_error *err);

/**
 * Forks the VMM's process. The child sleeps, with nothing open, until it is reaped or the VMM dies.
 * QEMU keeps the guest's RAM from its children (MADV_DONTFORK); with_ram lets this one have it, and
 * no later one. *ret_ns is the time of the fork alone. At most ZCB_VMM_MAX_FORKS live at a time.
 */
int zcb_vmm_fork(const struct zcb_vmm *vmm, bool with_ram, pid_t *ret_child, zcb_ns *ret_ns,
		 struct zcb_error *err);

/** Ends a child of zcb_vmm_fork(), and returns when it is no more. */
int zcb_vmm_reap(const struct zcb_vmm *vmm, pid_t child, struct zcb_error *err);

#endif
