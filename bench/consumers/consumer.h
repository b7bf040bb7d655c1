/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONSUMERS_CONSUMER_H
#define ZCB_CONSUMERS_CONSUMER_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/geometry.h"
#include "bench/base/types.h"

/** One frame as a consumer gets it. Everything is borrowed until close(). */
struct zcb_view {
	int dmabuf;                /* the frame as a dma-buf; -1: it comes by the display */
	int display;               /* a connection to the VMM's display, for whoever reads by that; else -1 */
	int memfd;                 /* the guest's RAM: for the oracle alone */
	const zcb_memfd_off *page; /* the frame's pages in the memfd: for the oracle alone */
	uint32_t pages;
	struct zcb_geometry geometry; /* settled */
	bool import_each;             /* what it imports, it imports anew for each acquire() */
};

/**
 * How a consumer gets at the frame's pages: what it sees of a page that was replaced, and whether it
 * holds the old one, follows from that as much as from the kernel's variant.
 */
enum zcb_reading {
	ZCB_READS_NOTHING,   /* the measure of the harness itself */
	ZCB_READS_MEMFD,     /* it looks at guest RAM beside the dma-buf: always fresh */
	ZCB_READS_MAPPING,   /* by page tables that the exporter can zap: mmap() */
	ZCB_READS_VMAP,      /* by a kernel mapping (dma_buf_vmap) that is made for each acquire(), of a
				buffer that is attached, with references to its pages, while it is imported */
	ZCB_READS_TABLE,     /* by an sg_table that is mapped once, with references to its pages */
	ZCB_READS_DYNAMIC,   /* by an sg_table that is mapped again after move_notify */
	ZCB_READS_KEPT_VMAP, /* by a kernel mapping that is made once, with references to its pages */
};

/** "mapping", "table"…: as in the journal. */
const char *zcb_reading_name(enum zcb_reading reading);

/** A consumer: one file ending in one of these, and one row in bench/consumers/meson.build. */
struct zcb_consumer_ops {
	const char *name;
	const char *summary; /* one line for `zcbench list` */
	enum zcb_reading reading;
	/**
	 * It looks at the guest's screen: the guest has one and shows its frames there, and the VMM
	 * exports them.
	 */
	bool display;
	/**
	 * Where it needs a library, its code is a file beside the program, which is loaded for its
	 * cells alone: the functions below are NULL until zcb_consumer_load(). Else NULL.
	 */
	const char *module;
	const char *missing; /* why this build has no such file, and the mend; else NULL */
	bool screen;	     /* it shows frames on a display of the host's */

	/**
	 * Which bits of a picture its readings carry: every eight bytes of a row alike, the low byte
	 * first. Padding between rows, and what lies before and behind the picture, they do not carry.
	 * NULL: they carry each byte of the frame. `geometry` is settled.
	 */
	uint64_t (*carries)(const struct zcb_geometry *geometry);

	/**
	 * Gets ready to read this frame many times; called when the frame was drawn once. -EOPNOTSUPP
	 * where this host cannot, with what is missing and its mend: the cell is then skipped.
	 */
	int (*open)(const struct zcb_view *view, void **ret_state, struct zcb_error *err);
	/**
	 * Gives the frame's bytes as they are now, view->pages * 4096 of them, valid until release().
	 * What it does not carry may be anything. The frame is complete: the guest waits. NULL where the
	 * consumer reads nothing.
	 */
	int (*acquire)(void *state, const void **ret_bytes, struct zcb_error *err);
	/** Follows every successful acquire(). */
	int (*release)(void *state, struct zcb_error *err);
	/**
	 * The dma-buf that came by the display, borrowed until close(). NULL but for a consumer that
	 * looks there.
	 */
	int (*dmabuf)(void *state);
	/**
	 * Waits until the VMM has said that the frame changed, as often as this was called; it is, each
	 * time that the guest has drawn. NULL but for a consumer that looks at the display.
	 */
	int (*await)(void *state, struct zcb_error *err);
	/** Gives all of it back. Not called after a failed open(). */
	void (*close)(void *state);
};

/** Before the table of a consumer that is a module: it alone is seen from outside. */
#define ZCB_CONSUMER_MODULE __attribute__((visibility("default")))

/** All consumers, NULL-terminated; made by meson from the rows. */
extern const struct zcb_consumer_ops *const zcb_consumers[];

/** The consumer of that name, or NULL. */
const struct zcb_consumer_ops *zcb_consumer_find(const char *name);

/**
 * The row with its functions, from its module where it has one; what is loaded stays so. Returns
 * 0, or -EOPNOTSUPP with what is missing on this host.
 */
int zcb_consumer_load(const struct zcb_consumer_ops *row, struct zcb_consumer_ops *ret_ops,
		      struct zcb_error *err);

#endif
