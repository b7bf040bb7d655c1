/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_VMM_AGENT_SERVE_H
#define ZCB_VMM_AGENT_SERVE_H

/**
 * Starts the thread that answers the requests of bench/vmm/vmm-abi.h in this process, the VMM's:
 * one a process. It owns the socket from now on and closes it when the other side does; the memfd
 * is borrowed, for good. All signals are blocked in it. `vmm`, a constant, names the VMM in
 * sentences. Returns 0 or -errno, and the socket is the caller's then.
 */
int zcb_vmm_serve(int socket, int memfd, const char *vmm);

#endif
