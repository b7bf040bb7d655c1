/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_STAMP_H
#define ZCB_GUEST_STAMP_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/*
 * The pattern that the guest writes into its frames and that every reader on the host expects.
 *
 * Each line of 64 bytes is eight little-endian words, and says by itself what it is:
 *
 *   word 0     the sequence of the frame, 1 or more
 *   word 1     where the line belongs: frame << 48 | page << 16 | line
 *   words 2-7  check words of key, sequence, frame and page, plus the line times an odd constant
 *
 * So line l of a page is base + l * step, word by word: the base costs a few multiplications a
 * page, and a line one addition of vectors. All zero is no line, since no sequence is 0.
 *
 * The guest includes this file too: it may include the C library alone.
 */

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the pattern is written in little-endian words"
#endif

#define ZCB_STAMP_PAGE_SIZE ((size_t)4096)
#define ZCB_STAMP_LINE_SIZE ((size_t)64)
#define ZCB_STAMP_LINES (ZCB_STAMP_PAGE_SIZE / ZCB_STAMP_LINE_SIZE)
#define ZCB_STAMP_WORDS (ZCB_STAMP_LINE_SIZE / sizeof(uint64_t))
#define ZCB_STAMP_FRAME_MAX 0xffffu

/** Where a line belongs: frame up to ZCB_STAMP_FRAME_MAX, page of that frame, line of that page. */
struct zcb_stamp_place {
	uint16_t frame;
	uint32_t page;
	uint16_t line;
};

/** The words of a page: line l is base[i] + l * step[i]. All zero: the pattern of a hole. */
struct zcb_stamp_page {
	uint64_t base[ZCB_STAMP_WORDS];
	uint64_t step[ZCB_STAMP_WORDS];
};

/** Spreads each bit of x over all of the result (Stafford's mix 13); a bijection. */
static inline uint64_t zcb_stamp_mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

/** Word 1 of a line. */
static inline uint64_t zcb_stamp_location(struct zcb_stamp_place place)
{
	return (uint64_t)place.frame << 48 | (uint64_t)place.page << 16 | place.line;
}

/** The place that word 1 of a line names. */
static inline struct zcb_stamp_place zcb_stamp_place_of(uint64_t location)
{
	return (struct zcb_stamp_place){
		.frame = (uint16_t)(location >> 48),
		.page = (uint32_t)(location >> 16),
		.line = (uint16_t)location,
	};
}

/** What the check words of a page follow from; `location` is that of its line 0. */
static inline uint64_t zcb_stamp_seed(uint64_t key, uint64_t sequence, uint64_t location)
{
	return zcb_stamp_mix(zcb_stamp_mix(zcb_stamp_mix(key) + sequence) + location);
}

/** Check word i, from 2 on, of line 0. */
static inline uint64_t zcb_stamp_check_word(uint64_t seed, size_t i)
{
	return zcb_stamp_mix(seed + i * UINT64_C(0x9e3779b97f4a7c15));
}

/** Works out the pattern of one page. sequence is 1 or more. */
static inline void zcb_stamp_page_init(struct zcb_stamp_page *ret_page, uint64_t key,
				       uint64_t sequence, uint16_t frame, uint32_t page)
{
	/* The fractions of the square roots of the first six primes, the first made odd. */
	static const uint64_t step[ZCB_STAMP_WORDS] = {
		0,
		1,
		UINT64_C(0x6a09e667f3bcc909),
		UINT64_C(0xbb67ae8584caa73b),
		UINT64_C(0x3c6ef372fe94f82b),
		UINT64_C(0xa54ff53a5f1d36f1),
		UINT64_C(0x510e527fade682d1),
		UINT64_C(0x9b05688c2b3e6c1f),
	};
	uint64_t location = zcb_stamp_location((struct zcb_stamp_place){frame, page, 0});
	uint64_t seed = zcb_stamp_seed(key, sequence, location);

	memcpy(ret_page->step, step, sizeof(step));
	ret_page->base[0] = sequence;
	ret_page->base[1] = location;
	for (size_t i = 2; i < ZCB_STAMP_WORDS; i++)
		ret_page->base[i] = zcb_stamp_check_word(seed, i);
}

/** Works out one line of a page's pattern. */
static inline void zcb_stamp_line(const struct zcb_stamp_page *page, unsigned int line,
				  uint64_t ret_words[ZCB_STAMP_WORDS])
{
	for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
		ret_words[i] = page->base[i] + line * page->step[i];
}

/** Writes a page's pattern to the 4096 bytes at `to`, of any alignment. */
static inline void zcb_stamp_write(const struct zcb_stamp_page *page, void *to)
{
	unsigned char *at = to;
	uint64_t words[ZCB_STAMP_WORDS];

	memcpy(words, page->base, sizeof(words));
	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++, at += ZCB_STAMP_LINE_SIZE) {
		memcpy(at, words, sizeof(words));
		for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
			words[i] += page->step[i];
	}
}

/** Stamps one page of a frame: all that a guest needs to publish it under `sequence`. */
static inline void zcb_stamp_fill(void *to, uint64_t key, uint64_t sequence, uint16_t frame,
				  uint32_t page)
{
	struct zcb_stamp_page pattern;

	zcb_stamp_page_init(&pattern, key, sequence, frame, page);
	zcb_stamp_write(&pattern, to);
}

#endif
