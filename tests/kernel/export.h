/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_EXPORT_H
#define ZCB_TESTS_KERNEL_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/kernel/dice.h"
#include "tests/kernel/ram.h"

enum { EXPORT_PAGES = 128 };

/** A udmabuf, and which page of the memfd each of its pages is. */
struct export
{
	int fd;
	uint32_t n;
	uint32_t page[EXPORT_PAGES];
};

/** Exports these pages, one list entry each, in the order given. Returns 0 or -errno. */
int export_pages(const struct ram *ram, struct export *export);

/**
 * Exports pages by chance: one range, scattered pages, or ranges, which may overlap and which a
 * page may be in twice. Returns 0 or -errno.
 */
int export_random(const struct ram *ram, struct dice *dice, struct export *ret_export);

/** Hands the dma-buf to whoever reads the socket; 0, or -errno (-EAGAIN: it has enough). */
int export_send(const struct export *export, int socket);

/** Takes one that was sent. Returns 0, -EAGAIN, -EPIPE or another -errno. */
int export_receive(int socket, struct export *ret_export);

/** Brackets reads by the CPU: DMA_BUF_IOCTL_SYNC. Returns 0 or -errno. */
int export_sync(int dmabuf, bool end);

/** The udmabufs that live now, by debugfs; -1 where the kernel does not say. */
int export_count_live(void);

#endif
