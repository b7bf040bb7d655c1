/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_ABI_H
#define ZCB_GUEST_ABI_H

#include <stdint.h>

#include "bench/guest/stamp.h"

/*
 * What the guest agent and the host agree on; the only header they share. Messages travel over the
 * guest link (a virtio-serial port), requests from the host and one reply each from the guest, in
 * order and little-endian. Frame sequences are published through the control page, which is guest
 * memory that both sides see.
 */

#define ZCB_ABI_PORT "zcb.link" /* the virtio-serial port's name */
#define ZCB_ABI_MAGIC 0x2b62637aU /* "zcb+" */
#define ZCB_ABI_CONTROL_MAGIC 0x6c6f72746e6f635aULL /* "Zcontrol" */
#define ZCB_ABI_VERSION 5

#define ZCB_ABI_PAGE_SIZE 4096U
#define ZCB_ABI_BLOCK_PAGES 512U /* a block is 2 MiB, a huge page of the guest */
#define ZCB_ABI_MAX_PAGES 16384U /* of one frame: 64 MiB, udmabuf's default size limit */
#define ZCB_ABI_MAX_FRAMES 64U

enum zcb_abi_type {
	ZCB_ABI_HELLO = 1, /* guest: I am up; struct zcb_abi_hello */
	ZCB_ABI_ALLOC = 2, /* host: make a frame, in place of the one of that number */
	ZCB_ABI_PAGES = 3, /* guest: its pages; struct zcb_abi_pages */
	ZCB_ABI_DRAW = 4,  /* host: the frame is released, draw; struct zcb_abi_draw */
	ZCB_ABI_DRAWN = 5, /* guest: published; struct zcb_abi_drawn */
	ZCB_ABI_FREE = 6,  /* host: give the frame's pages back; struct zcb_abi_free */
	ZCB_ABI_FREED = 7, /* guest: done; struct zcb_abi_free */
	ZCB_ABI_ERROR = 8, /* guest: the request failed; struct zcb_abi_error */
	ZCB_ABI_READ = 9,  /* host: read a word of each page, write none; struct zcb_abi_read */
	ZCB_ABI_WAS_READ = 10, /* guest: done; struct zcb_abi_read */
	ZCB_ABI_GIVE = 11,   /* host: free these pages of the frame; struct zcb_abi_some */
	ZCB_ABI_GIVEN = 12,  /* guest: they are on its free lists; struct zcb_abi_some_done */
	ZCB_ABI_REGAIN = 13, /* host: have the very same pages again; struct zcb_abi_some */
	ZCB_ABI_REGAINED = 14, /* guest: they are in their places; struct zcb_abi_some_done */
	/*
	 * host: draw this sequence and then the next ones, until CALM, whenever no request waits;
	 * struct zcb_abi_draw. guest: DRAWN, for the first.
	 */
	ZCB_ABI_STORM = 20,
	ZCB_ABI_CALM = 21, /* host: end that, struct zcb_abi_free. guest: DRAWN, for the last */
	/*
	 * host: make a frame of the display driver's own memory, in place of the one of that number,
	 * draw this sequence and put it on the screen; struct zcb_abi_show. guest: DRAWN. No process is
	 * told where the driver's pages are, so the host finds them by what is drawn there.
	 */
	ZCB_ABI_SHOW = 22,
};

struct zcb_abi_header {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint32_t serial; /* of the request; a reply repeats it; 0 in HELLO */
	uint32_t length; /* of what follows, in bytes */
};

struct zcb_abi_hello {
	uint64_t nonce;       /* zcb.nonce of the guest's kernel command line */
	uint64_t control_gpa; /* of struct zcb_abi_control */
	uint64_t memory_bytes;
};

struct zcb_abi_alloc {
	uint32_t frame; /* below ZCB_ABI_MAX_FRAMES */
	uint32_t pages;
	uint32_t block_pages; /* 1: single pages from all over; 512: pages shuffled over huge pages */
	uint32_t blocks;      /* how many huge pages to draw from, where block_pages is 512 */
	uint64_t seed;        /* of the shuffle */
	uint64_t key;         /* of the stamps */
};

struct zcb_abi_pages {
	uint32_t frame;
	uint32_t pages;
	uint64_t gfn[]; /* guest frame numbers, in the order of the frame's bytes */
};

struct zcb_abi_draw {
	uint32_t frame;
	uint32_t reserved;
	uint64_t sequence;
};

struct zcb_abi_drawn {
	uint32_t frame;
	uint32_t reserved;
	uint64_t sequence;
};

struct zcb_abi_free {
	uint32_t frame;
	uint32_t reserved;
};

struct zcb_abi_show {
	uint32_t frame; /* below ZCB_ABI_MAX_FRAMES */
	uint32_t pages;
	uint32_t width, height; /* in pixels of 4 bytes, xrgb8888 */
	uint32_t stride;	/* bytes from row to row */
	uint32_t offset;	/* bytes before the first row */
	uint64_t seed;		/* of where its pages shall lie */
	uint64_t key;		/* of the stamps */
	uint64_t sequence;
};

struct zcb_abi_read {
	uint32_t frame;
	uint32_t reserved;
};

/** Some pages of a frame, by their place in it: bit i % 64 of word i / 64 is page i. */
struct zcb_abi_some {
	uint32_t frame;
	uint32_t pages; /* how many bits are set */
	uint64_t bits[ZCB_ABI_MAX_PAGES / 64];
};

struct zcb_abi_some_done {
	uint32_t frame;
	uint32_t pages; /* as in the request */
};

static inline int zcb_abi_some_has(const struct zcb_abi_some *some, uint32_t page)
{
	return (int)(some->bits[page / 64] >> page % 64 & 1);
}

struct zcb_abi_error {
	char text[120]; /* NUL-terminated; hostile like all the rest */
};

/** The control page: frame sequences, stored with release order after the frame's last byte. */
struct zcb_abi_control {
	uint64_t magic;
	uint64_t nonce;
	uint64_t published[ZCB_ABI_MAX_FRAMES];
};

/** No message is longer than the page list of the largest frame. */
#define ZCB_ABI_MAX_LENGTH (sizeof(struct zcb_abi_pages) + 8U * ZCB_ABI_MAX_PAGES)

#endif
