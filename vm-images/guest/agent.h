/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_AGENT_H
#define ZCB_AGENT_H

#include <stdint.h>

#include "bench/guest/abi.h"

/** A frame of the guest: its pages in the order of its bytes. */
struct frame {
	uint32_t pages;
	uint64_t key;
	void *base;       /* the mapping that the pages are taken from */
	uint64_t mapped;  /* its size in bytes */
	int huge;         /* they are huge pages of the guest's pool */
	uint8_t **page;   /* where each page is mapped */
	uint64_t *gfn;    /* and its guest frame number; NULL where nobody tells it */
	uint32_t buffer;  /* of a frame on the screen: the driver's handle of its memory, else 0 */
	uint32_t shown;   /* and KMS's number of the picture */
	uint32_t width, height;
};

/**
 * Takes pages as the request says and finds out where they are.
 * Returns NULL, or what went wrong; the frame is empty then.
 */
const char *frame_alloc(struct frame *frame, const struct zcb_abi_alloc *request);

/** Stamps every line of every page with this sequence. */
void frame_draw(const struct frame *frame, uint32_t id, uint64_t sequence);

/** Reads a word of each page. */
void frame_read(const struct frame *frame);

void frame_free(struct frame *frame);

/**
 * Frees some pages of the frame: they go to the kernel's free lists, and their places stay.
 * Returns NULL or what went wrong.
 */
const char *frame_give(struct frame *frame, const struct zcb_abi_some *some);

/**
 * Gets the very same pages again, each in its place. Returns NULL, or what went wrong: a page that
 * cannot be had, by its number, in a static buffer. Then it was not done for any of them.
 */
const char *frame_regain(struct frame *frame, const struct zcb_abi_some *some);

/**
 * Makes the frame of the display driver's memory (a guest blob of virtio-gpu) and puts it on the
 * screen, drawn. Returns NULL, or what went wrong; the frame is empty then.
 */
const char *screen_show(struct frame *frame, const struct zcb_abi_show *request);

/** Tells the display that the frame was drawn; returns when the VMM has passed it on. */
void screen_update(const struct frame *frame);

/** Takes it off the screen and gives its memory back; the rest is frame_free()'s. */
void screen_drop(struct frame *frame);

/**
 * Until scatter_end(), so many single pages that are allocated in the kernel are hardly ever neighbours.
 * Where memory does not suffice for that, they are as they come.
 */
void scatter_begin(uint32_t pages, uint64_t seed);
void scatter_end(void);

/** The next number of a seeded sequence. */
uint64_t next_random(uint64_t *state);

/** The guest frame number of a mapped page, or 0. Needs root. */
uint64_t gfn_of(const void *page);

/** The same of n pages side by side. */
void gfns_of(const void *pages, uint32_t n, uint64_t *ret_gfns);

/** Mounts what the agent reads and loads the modules that the link needs. */
void system_prepare(void);

/** Opens the link's port, waiting for it to appear. Returns a descriptor or -1. */
int system_open_link(void);

/** The nonce of the kernel's command line, or 0. */
uint64_t system_nonce(void);

#endif
