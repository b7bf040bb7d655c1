/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_LINUX_COMMAND_H
#define ZCB_GUEST_LINUX_COMMAND_H

#include "bench/guest/devices.h"
#include "bench/guest/guest.h"

/** QEMU's ends of what it talks through, and the guest's RAM: descriptors that it inherits. */
struct zcb_linux_files {
	int memfd, link, qmp, vmm;
};

/** QEMU's whole command line. Between fork and exec: memory is never freed. */
void zcb_linux_command(struct zcb_words *words, const struct zcb_guest_config *config,
		       const struct zcb_linux_files *files);

#endif
