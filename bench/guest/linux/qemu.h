/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_LINUX_QEMU_H
#define ZCB_GUEST_LINUX_QEMU_H

#include <sys/types.h>

#include "bench/base/error.h"
#include "bench/guest/console.h"
#include "bench/guest/guest.h"
#include "bench/guest/qmp.h"
#include "bench/vmm/vmm.h"

#define ZCB_LINUX_REPLY_MS 60000 /* so long an answer may take */

/** A QEMU that runs a guest, and our ends of what it talks through; all is owned. */
struct zcb_linux_qemu {
	pid_t pid; /* 0: it has ended */
	int link_fd;
	struct zcb_vmm vmm;
	struct zcb_qmp qmp;
	char *vmm_object; /* what is preloaded into it */
	struct zcb_guest_console console;
};

/** One that was never started. */
#define ZCB_LINUX_QEMU_NONE { .link_fd = -1, .vmm = { .fd = -1 }, .qmp = { .fd = -1 } }

/**
 * Starts QEMU with this memfd for the guest's RAM; whether it comes up, its greeting tells. What was
 * started is zcb_linux_qemu_finish()'s to end, also after an error.
 */
int zcb_linux_qemu_start(struct zcb_linux_qemu *qemu, const struct zcb_guest_config *config, int memfd,
			 struct zcb_error *err);

/**
 * Ends a QEMU whose guest did not come up, and says why, with its last words. Returns `why`, or
 * -EOPNOTSUPP where this machine cannot have the devices that were asked for.
 */
int zcb_linux_qemu_fail(struct zcb_linux_qemu *qemu, unsigned int devices, int why, struct zcb_error *err);

/** Ends it and frees all. */
void zcb_linux_qemu_finish(struct zcb_linux_qemu *qemu);

#endif
