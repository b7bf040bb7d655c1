/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONSUMERS_CONSUMER_H
#define ZCB_CONSUMERS_CONSUMER_H

#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"

/** One frame as a consumer gets it. Everything is borrowed until close(). */
struct zcb_view {
	int dmabuf;                /* the frame as a dma-buf */
	int memfd;                 /* the guest's RAM: for the oracle alone */
	const zcb_memfd_off *page; /* the frame's pages in the memfd: for the oracle alone */
	uint32_t pages;
};

/**
 * How a consumer gets at the frame's pages: what it sees of a page that was replaced, and whether it
 * holds the old one, follows from that as much as from the kernel's variant.
 */
enum zcb_reading {
	ZCB_READS_NOTHING,   /* the measure of the harness itself */
	ZCB_READS_MEMFD,     /* it looks at guest RAM beside the dma-buf: always fresh */
	ZCB_READS_MAPPING,   /* by page tables that the exporter can zap: mmap() */
	ZCB_READS_TABLE,     /* by an sg_table that is mapped once, with references to its pages */
	ZCB_READS_DYNAMIC,   /* by an sg_table that is mapped again after move_notify */
	ZCB_READS_KEPT_VMAP, /* by a kernel mapping that is made once, with references to its pages */
};

/** A consumer: one file ending in one of these, and one row in bench/consumers/meson.build. */
struct zcb_consumer_ops {
	const char *name;
	const char *summary; /* one line for `zcbench list` */
	enum zcb_reading reading;

	/**
	 * Gets ready to read this frame many times; called when the frame was drawn once. -EOPNOTSUPP
	 * is a skip: err says what is missing, and what mends it.
	 */
	int (*open)(const struct zcb_view *view, void **ret_state, struct zcb_error *err);
	/**
	 * Gives the frame's bytes as they are now, view->pages * 4096 of them, valid until release().
	 * The frame is complete: the guest waits. NULL where the consumer reads nothing.
	 */
	int (*acquire)(void *state, const void **ret_bytes, struct zcb_error *err);
	/** Follows every successful acquire(). */
	int (*release)(void *state, struct zcb_error *err);
	/** Gives all of it back. Not called after a failed open(). */
	void (*close)(void *state);
};

/** All consumers, NULL-terminated; made by meson from the rows. */
extern const struct zcb_consumer_ops *const zcb_consumers[];

/** The consumer of that name, or NULL. */
const struct zcb_consumer_ops *zcb_consumer_find(const char *name);

#endif
