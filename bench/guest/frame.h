/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_FRAME_H
#define ZCB_GUEST_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/guest/page-diff.h"
#include "bench/guest/stamp.h"

/*
 * Judges what a reader saw of a frame. A frame is an ordered list of guest pages of 4096 bytes,
 * seen by readers as one run. Every byte is compared with the pattern of bench/guest/stamp.h;
 * a page that differs is judged line by line.
 */

/** What a line, or a page, turned out to be. Words of the design: docs and reports use them. */
enum zcb_verdict {
	/** Just what is wanted there: the pattern, or all zero where a hole is wanted. */
	ZCB_VERDICT_FRESH,
	/** The right place, but an older sequence. A page: all of its lines, of one sequence. */
	ZCB_VERDICT_STALE,
	/** All zero where the pattern is wanted. */
	ZCB_VERDICT_ZERO,
	/**
	 * A line: the right place, but a newer sequence than is wanted; without a fence also words
	 * of two sequences. A page: fresh, stale, zero or newer lines side by side, which no
	 * replacement of a whole page can bring about.
	 */
	ZCB_VERDICT_TORN,
	/** A valid line of another place. A page: at least one such line, and no corrupt one. */
	ZCB_VERDICT_FOREIGN,
	/** Anything else. A page: at least one such line. */
	ZCB_VERDICT_CORRUPT,
	ZCB_VERDICT_COUNT,
};

/** The word for a verdict, as in reports: "fresh", "stale"…; a constant string. */
const char *zcb_verdict_name(enum zcb_verdict verdict);

struct zcb_frame_mask;

/** Which frame is looked at, and how far the guest has come with it. */
struct zcb_frame_spec {
	/** The run's key: the same in guest and host, different in every run. */
	uint64_t key;
	/** The frame's number, at most ZCB_STAMP_FRAME_MAX. */
	uint32_t frame;
	/** How many pages it has, at least 1. */
	uint32_t pages;
	/** The last sequence the guest published; 0: none yet, so that all pages are holes. */
	uint64_t published;
	/**
	 * No fence keeps the guest from writing while the reader reads. A line of its own place
	 * whose words are of two sequences, at most ZCB_UNFENCED_REACH from the published one, or
	 * zero, is then torn. With a fence, false, it is corrupt: a flipped bit in the sequence
	 * looks the same.
	 */
	bool unfenced;
	/** Which of the bytes are to be judged; NULL: all of them. */
	const struct zcb_frame_mask *mask;
};

#define ZCB_UNFENCED_REACH UINT64_C(64)

/** What one line of 64 bytes is. */
struct zcb_line_verdict {
	enum zcb_verdict verdict;
	/** Stale lines: how many sequences behind the published one. Others: 0. */
	uint64_t age;
	/** Foreign lines: the place the line belongs to. Others: 0. */
	struct zcb_stamp_place claims;
};

/** What one page is. */
struct zcb_page_verdict {
	enum zcb_verdict verdict;
	/** The place that its first foreign line belongs to; 0 without any. */
	struct zcb_stamp_place claims;
	/** How many sequences its oldest and its youngest stale line are behind; 0 without any. */
	uint64_t age;
	uint64_t age_youngest;
	/** Its lines by verdict: ZCB_STAMP_LINES together. */
	uint8_t lines[ZCB_VERDICT_COUNT];
	/** The first line that is not fresh; 0 where all are. */
	uint8_t first_wrong;
	/**
	 * The page differed when it was compared and was right when it was read again to be judged.
	 * It changed under the reader, which a fence rules out: torn, with 64 fresh lines.
	 */
	bool changed;
};

/** A frame, or many, counted. */
struct zcb_frame_tally {
	uint64_t bytes;
	uint64_t pages[ZCB_VERDICT_COUNT];
	uint64_t lines[ZCB_VERDICT_COUNT];
	/** The age of the oldest stale line. */
	uint64_t age;
};

/**
 * Judges a whole frame, each of its bytes that the mask leaves. A line that is wrong is first
 * completed (frame-mask.h), so that what is said of a page is said of all its lines.
 *
 * @want: for each page the sequence wanted there, at most spec->published; 0 where a hole is
 *        wanted, all zero. NULL: spec->published everywhere.
 * @bytes: spec->pages * 4096 bytes, of any alignment. They may change while they are read.
 * @ret_pages: the caller's array of spec->pages; NULL if not wanted.
 * @ret_tally: written over, not added to.
 *
 * Returns 0 whatever the verdict, -EINVAL for a spec or a want that breaks the rules above.
 */
int zcb_frame_check(const struct zcb_frame_spec *spec, const uint64_t *want, const void *bytes,
		    struct zcb_page_verdict *ret_pages, struct zcb_frame_tally *ret_tally);

/** zcb_frame_check() with a given way to compare pages, which the CPU must be able to run. */
int zcb_frame_check_with(const struct zcb_page_diff *diff, const struct zcb_frame_spec *spec,
			 const uint64_t *want, const void *bytes,
			 struct zcb_page_verdict *ret_pages, struct zcb_frame_tally *ret_tally);

/** Judges the 64 bytes that were seen at one line, of which `wanted` is the sequence, or 0. */
void zcb_line_judge(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		    unsigned int line, const void *bytes, struct zcb_line_verdict *ret_verdict);

/** Judges the 4096 bytes that were seen at one page, line by line: slower than the check. */
void zcb_page_judge(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		    const void *bytes, struct zcb_page_verdict *ret_verdict);

/** Whether the 4096 bytes that were seen at one page are just what is wanted: as fast as the check. */
bool zcb_page_is_fresh(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		       const void *bytes);

/** The sequence wanted at a page; 0 for a hole. @want as in zcb_frame_check(). */
static inline uint64_t zcb_frame_wanted(const struct zcb_frame_spec *spec, const uint64_t *want,
					uint32_t page)
{
	return want ? want[page] : spec->published;
}

/** The pattern wanted at a page of which `wanted` is the sequence: all zero for a hole. */
static inline void zcb_frame_pattern(const struct zcb_frame_spec *spec, uint64_t wanted,
				     uint32_t page, struct zcb_stamp_page *ret_pattern)
{
	if (wanted)
		zcb_stamp_page_init(ret_pattern, spec->key, wanted, (uint16_t)spec->frame, page);
	else
		memset(ret_pattern, 0, sizeof(*ret_pattern));
}

/** Whether a tally is of something, and all of it fresh. */
static inline bool zcb_frame_good(const struct zcb_frame_tally *tally)
{
	return tally->bytes &&
	       tally->pages[ZCB_VERDICT_FRESH] * ZCB_STAMP_PAGE_SIZE == tally->bytes;
}

/** Adds one tally to a sum of many. */
void zcb_frame_tally_add(struct zcb_frame_tally *sum, const struct zcb_frame_tally *one);

#endif
