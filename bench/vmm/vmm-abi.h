/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_VMM_VMM_ABI_H
#define ZCB_VMM_VMM_ABI_H

#include <stdint.h>

#include "bench/base/types.h"

/*
 * What zcbench and its agent inside the VMM agree on; the only header that both sides share. The
 * agent is a shared object that is preloaded into the guest's QEMU. It is spoken to over a socket
 * of packets (SOCK_SEQPACKET): one request, one reply, in order. Both ends are of the same machine,
 * so numbers are its own.
 */

#define ZCB_VMM_OBJECT "zcb-vmm.so"

/* The agent finds its two descriptors by these; it unsets them and LD_PRELOAD. */
#define ZCB_VMM_ENV_SOCKET "ZCB_VMM_SOCKET"
#define ZCB_VMM_ENV_MEMFD "ZCB_VMM_MEMFD"

#define ZCB_VMM_MAGIC 0x6d6d767aU /* "zvmm" */
#define ZCB_VMM_VERSION 4

#define ZCB_VMM_MAX_PAGES 16384U /* of one dma-buf: no frame is larger */
#define ZCB_VMM_MAX_FORKS 16U	 /* that live at a time */

enum zcb_vmm_type {
	ZCB_VMM_PING = 1,   /* reply: value is the VMM's process id */
	ZCB_VMM_EXPORT = 2, /* page[]; reply: a dma-buf comes with it, ns of the ioctl alone */
	ZCB_VMM_TOUCH = 3,  /* offset, flags, value; reply: the value there, ns of the access */
	ZCB_VMM_FORK = 4,   /* flags; reply: value is the child's process id, ns of the fork */
	ZCB_VMM_REAP = 5,   /* value: the process id of a child that FORK told; it is no more */
	ZCB_VMM_INSTALL = 6, /* offset, flags; reply: ns of the ioctl that put a page there */
	ZCB_VMM_PAGE_OUT = 7, /* offset; the page there is reclaimed, if it can be */
	ZCB_VMM_SUBSCRIBE = 8, /* reply: a subscriber of its MMU notifiers comes with it */
	ZCB_VMM_TYPES,
};

/* Flags of TOUCH. */
#define ZCB_VMM_WRITE 1U /* store value, instead of loading */

/* Flags of INSTALL. */
#define ZCB_VMM_PRESENT 1U /* the page that the memfd already has, instead of a new one */

/* Flags of FORK. */
#define ZCB_VMM_WITH_RAM 1U /* the child maps the guest's RAM too, which QEMU does not let it */

struct zcb_vmm_request {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint64_t serial; /* the reply repeats it */
	zcb_memfd_off offset;
	uint64_t value;
	uint32_t flags;
	uint32_t pages; /* how many entries follow: so the packet's length is known */
	zcb_memfd_off page[];
};

struct zcb_vmm_reply {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint64_t serial; /* 0 where the request was too short to have one */
	int32_t code;	 /* 0 or -errno; text is the sentence for people then */
	uint32_t reserved;
	uint64_t ns; /* of CLOCK_MONOTONIC */
	uint64_t value;
	char text[512]; /* NUL-terminated */
};

#endif
