/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_FRAME_SCENE_H
#define ZCB_TESTS_FRAME_SCENE_H

#include "bench/guest/frame.h"

#define SCENE_PAGES 8u
#define SCENE_SIZE (SCENE_PAGES * ZCB_STAMP_PAGE_SIZE)

/**
 * A random frame as a reader sees it, and what the checker has to say about it. It starts good
 * and all fresh; a plant damages the bytes and writes down what must be found.
 */
struct scene {
	struct zcb_frame_spec spec;
	uint64_t want[SCENE_PAGES];
	unsigned char *bytes; /* somewhere in `memory`, at any alignment */
	struct zcb_line_verdict lines[SCENE_PAGES][ZCB_STAMP_LINES];
	enum zcb_verdict pages[SCENE_PAGES];
	uint64_t random;
	unsigned char memory[SCENE_SIZE + ZCB_STAMP_LINE_SIZE];
};

/** A good frame made from the seed: key, number, size, sequences and alignment. */
void scene_init(struct scene *s, uint64_t seed);

/** The same, of at least `pages` pages, all published and without a hole. */
void scene_init_whole(struct scene *s, uint64_t seed, uint32_t pages);

/** A random number below `below`. */
uint64_t scene_random(struct scene *s, uint64_t below);

/** A random page of the frame, made to be wanted at the published sequence if it is a hole. */
uint32_t scene_pick_page(struct scene *s);

/** A random page of the frame, made a hole. */
uint32_t scene_pick_hole(struct scene *s);

/** The bytes of a line. */
unsigned char *scene_line(struct scene *s, uint32_t page, unsigned int line);

/** Writes a whole page, or one line, as some frame's page was at some sequence. */
void scene_stamp(struct scene *s, uint32_t at, uint64_t sequence, uint16_t frame, uint32_t page);
void scene_stamp_line(struct scene *s, uint32_t at, unsigned int line, uint64_t sequence);

/** What one line, or all lines of a page and the page, have to be found. */
void scene_expect_line(struct scene *s, uint32_t page, unsigned int line, enum zcb_verdict verdict);
void scene_expect_page(struct scene *s, uint32_t page, enum zcb_verdict verdict);
void scene_expect_stale(struct scene *s, uint32_t page, unsigned int line, uint64_t age);
void scene_expect_foreign(struct scene *s, uint32_t page, unsigned int line,
			  struct zcb_stamp_place claims);

/** Judges the bytes. Returns NULL if all is found and named as expected, else what is not. */
const char *scene_check(const struct scene *s, const struct zcb_page_diff *diff);

#endif
