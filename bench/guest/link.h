/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_LINK_H
#define ZCB_GUEST_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"
#include "bench/guest/abi.h"

/**
 * The host's end of the guest link, and the only place that reads the guest's messages. A message
 * is copied out of the socket once and validated whole before anything of it is used.
 */
struct zcb_link {
	int fd;          /* a stream socket, borrowed */
	uint32_t serial; /* of the last request */
	int timeout_ms;  /* how long a reply may take */
};

/** Where guest memory lies in the memfd: RAM is split around the PCI hole. */
struct zcb_ram_map {
	uint64_t below_4g; /* bytes at guest physical address 0, at offset 0 of the memfd */
	uint64_t above_4g; /* bytes at 4 GiB, right behind them in the memfd */
	uint64_t plug_at;  /* guest physical address of what is plugged in and out; above all that */
	uint64_t plug;     /* its bytes, behind all others in the memfd; 0: there is none */
};

/**
 * Translates a guest physical address to the memfd offset of the same byte.
 * Returns 0, or -EFAULT where there is no RAM.
 */
int zcb_ram_map_offset(const struct zcb_ram_map *map, zcb_gpa gpa, zcb_memfd_off *ret_offset);

/** Waits for HELLO. Errors: -ETIMEDOUT, -EPROTO (not what was expected), -ENOTCONN. */
int zcb_link_hello(struct zcb_link *link, struct zcb_abi_hello *ret_hello, struct zcb_error *err);

/**
 * Asks for a frame. ret_offsets has room for request->pages entries and is filled with the memfd
 * offset of each page, all of them in RAM and no two the same.
 */
int zcb_link_alloc(struct zcb_link *link, const struct zcb_abi_alloc *request,
		   const struct zcb_ram_map *map, zcb_memfd_off *ret_offsets,
		   struct zcb_error *err);

/**
 * Asks for a frame of the display driver's memory, shown on the guest's screen, with
 * request->sequence drawn; waits until that is done.
 */
int zcb_link_show(struct zcb_link *link, const struct zcb_abi_show *request, struct zcb_error *err);

/** Has the guest draw and publish this sequence, and waits until it says so. */
int zcb_link_draw(struct zcb_link *link, uint32_t frame, uint64_t sequence, struct zcb_error *err);

/** Has the guest read a word of each page of the frame, and waits until it has. */
/** Has the guest draw this sequence of the frame, and then the next ones until zcb_link_calm(). */
int zcb_link_storm(struct zcb_link *link, uint32_t frame, uint64_t sequence,
		   struct zcb_error *err);

/** Ends that; *ret_sequence is the last that it published, not before `first`. */
int zcb_link_calm(struct zcb_link *link, uint32_t frame, uint64_t first, uint64_t *ret_sequence,
		  struct zcb_error *err);

int zcb_link_read(struct zcb_link *link, uint32_t frame, struct zcb_error *err);

/**
 * Has the guest free n pages of the frame, by their places in it, and waits until they are on its
 * free lists. They stay the frame's in name; it may not be drawn before zcb_link_regain().
 */
int zcb_link_give(struct zcb_link *link, uint32_t frame, const uint32_t *page, uint32_t n,
		  struct zcb_error *err);

/**
 * Has the guest get the very same guest pages again, each in its place, and waits until it has.
 * -EREMOTEIO names a page that cannot be had.
 */
int zcb_link_regain(struct zcb_link *link, uint32_t frame, const uint32_t *page, uint32_t n,
		    struct zcb_error *err);

/** Gives the frame's pages back to the guest. */
int zcb_link_free(struct zcb_link *link, uint32_t frame, struct zcb_error *err);

/**
 * The pure parser of a page list, for the fuzzer: n bytes of payload against what was asked.
 * Returns 0, -EPROTO or -ENOMEM; ret_offsets is untouched then.
 */
int zcb_link_parse_pages(const void *payload, size_t n, const struct zcb_abi_alloc *request,
			 const struct zcb_ram_map *map, zcb_memfd_off *ret_offsets,
			 struct zcb_error *err);

#endif
