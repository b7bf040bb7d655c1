// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The agent inside the VMM: preloaded into QEMU, it does there what only QEMU's own process can do.
 * A udmabuf belongs to the mm that makes it, and the VMM's first touch of a page is one through its
 * own mapping. One thread serves, with all signals blocked, so that QEMU is as it was without.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/vmm/agent-serve.h"
#include "bench/vmm/vmm-abi.h"

/* The descriptor of that name, no longer for others: neither by the name nor over an exec. */
static int take_descriptor(const char *name)
{
	const char *text = getenv(name);
	int fd = text ? atoi(text) : -1;

	unsetenv(name);
	return fd >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 ? fd : -1;
}

/* What goes wrong here closes the socket: the other side sees its end. */
__attribute__((constructor)) static void begin(void)
{
	int socket = take_descriptor(ZCB_VMM_ENV_SOCKET);
	int memfd = take_descriptor(ZCB_VMM_ENV_MEMFD);

	unsetenv("LD_PRELOAD");
	if (socket >= 0 && (memfd < 0 || zcb_vmm_serve(socket, memfd, "QEMU")))
		close(socket);
}
