/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONSUMERS_IMPORTER_H
#define ZCB_CONSUMERS_IMPORTER_H

#include <stdint.h>

#include "bench/consumers/consumer.h"

/*
 * The device of the kernel patches that attaches to a dma-buf as a driver with hardware does, and shows
 * what it would read. The consumers `attach…` are each one way of doing so.
 */
#define ZCB_IMPORTER_DEVICE "/dev/dmabuf-importer"

/** How it gets at the pages. The values are those of include/uapi/linux/dmabuf-importer.h there. */
enum zcb_importer_mode {
	ZCB_IMPORTER_STATIC,  /* an sg_table, mapped once */
	ZCB_IMPORTER_DYNAMIC, /* an sg_table, mapped again at the read after a move_notify */
	ZCB_IMPORTER_VMAP,    /* a kernel mapping, made once */
};

/** What an importer counts about its buffer. */
struct zcb_importer_counts {
	uint32_t told; /* how often the exporter said that the buffer moves */
	uint32_t maps; /* how often it was mapped */
};

/**
 * Attaches a new importer to a dma-buf. *ret_fd is the caller's: closing it detaches. Returns 0,
 * -EOPNOTSUPP where the kernel has no such device, or -errno.
 */
int zcb_importer_attach(int dmabuf, enum zcb_importer_mode mode, int *ret_fd, struct zcb_error *err);

/** Reads n bytes from `offset` on as the device would; ret_counts may be NULL. Returns 0 or -errno. */
int zcb_importer_read(int fd, uint64_t offset, void *bytes, uint64_t n,
		      struct zcb_importer_counts *ret_counts);

/* What the consumers have in common: open() with a mode, and the rest of a table. */
int zcb_importer_open(const struct zcb_view *view, enum zcb_importer_mode mode, void **ret_state,
		      struct zcb_error *err);
int zcb_importer_acquire(void *state, const void **ret_bytes, struct zcb_error *err);
int zcb_importer_release(void *state, struct zcb_error *err);
void zcb_importer_close(void *state);

#endif
