// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/frame.h"

#include <errno.h>
#include <string.h>

#include "bench/guest/frame-mask.h"

const char *zcb_verdict_name(enum zcb_verdict verdict)
{
	static const char *const names[ZCB_VERDICT_COUNT] = {
		[ZCB_VERDICT_FRESH] = "fresh",	   [ZCB_VERDICT_STALE] = "stale",
		[ZCB_VERDICT_ZERO] = "zero",	   [ZCB_VERDICT_TORN] = "torn",
		[ZCB_VERDICT_FOREIGN] = "foreign", [ZCB_VERDICT_CORRUPT] = "corrupt",
	};

	return (unsigned int)verdict < ZCB_VERDICT_COUNT ? names[verdict] : "unknown";
}

static bool line_is_zero(const uint64_t words[ZCB_STAMP_WORDS])
{
	uint64_t any = 0;

	for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
		any |= words[i];
	return any == 0;
}

/* Whether the check words are those of the sequence and the place that the line names. */
static bool line_is_valid(const uint64_t words[ZCB_STAMP_WORDS], uint64_t key)
{
	struct zcb_stamp_place place = zcb_stamp_place_of(words[1]);
	struct zcb_stamp_page pattern;
	uint64_t own[ZCB_STAMP_WORDS];

	if (words[0] == 0 || place.line >= ZCB_STAMP_LINES)
		return false;
	zcb_stamp_page_init(&pattern, key, words[0], place.frame, place.page);
	zcb_stamp_line(&pattern, place.line, own);
	return memcmp(own, words, sizeof(own)) == 0;
}

/* The words of a line of its own place at a sequence; all zero for 0. */
static void own_line(const struct zcb_frame_spec *spec, uint64_t sequence, uint32_t page,
		     unsigned int line, uint64_t ret_words[ZCB_STAMP_WORDS])
{
	struct zcb_stamp_page pattern;

	zcb_frame_pattern(spec, sequence, page, &pattern);
	zcb_stamp_line(&pattern, line, ret_words);
}

/* Whether each word is one of the line `first`, or of this line at another sequence. */
static bool is_mixture(const struct zcb_frame_spec *spec, uint32_t page, unsigned int line,
		       const uint64_t words[ZCB_STAMP_WORDS], const uint64_t first[ZCB_STAMP_WORDS],
		       uint64_t sequence)
{
	uint64_t other[ZCB_STAMP_WORDS];

	own_line(spec, sequence, page, line, other);
	for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
		if (words[i] != first[i] && words[i] != other[i])
			return false;
	return true;
}

/* Whether the guest was at this line: its first word names one sequence, the other is tried. */
static bool line_is_half_written(const struct zcb_frame_spec *spec, uint32_t page,
				 unsigned int line, const uint64_t words[ZCB_STAMP_WORDS])
{
	uint64_t newest = spec->published + ZCB_UNFENCED_REACH;
	uint64_t behind = spec->published < ZCB_UNFENCED_REACH ? newest : 2 * ZCB_UNFENCED_REACH;
	uint64_t first[ZCB_STAMP_WORDS];

	if (words[0] > newest)
		return false;
	own_line(spec, words[0], page, line, first);
	for (uint64_t i = 0; i <= behind; i++)
		if (is_mixture(spec, page, line, words, first, newest - i))
			return true;
	return is_mixture(spec, page, line, words, first, 0);
}

/* A valid line of its own place. In a hole no sequence is wanted: all that were are older. */
static void judge_sequence(const struct zcb_frame_spec *spec, uint64_t wanted, uint64_t seen,
			   struct zcb_line_verdict *ret_verdict)
{
	if (seen == wanted) {
		ret_verdict->verdict = ZCB_VERDICT_FRESH;
	} else if (seen > (wanted ? wanted : spec->published)) {
		ret_verdict->verdict = ZCB_VERDICT_TORN;
	} else {
		ret_verdict->verdict = ZCB_VERDICT_STALE;
		ret_verdict->age = spec->published - seen;
	}
}

void zcb_line_judge(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		    unsigned int line, const void *bytes, struct zcb_line_verdict *ret_verdict)
{
	struct zcb_stamp_place own = {(uint16_t)spec->frame, page, (uint16_t)line};
	uint64_t words[ZCB_STAMP_WORDS];

	memcpy(words, bytes, sizeof(words));
	memset(ret_verdict, 0, sizeof(*ret_verdict));
	if (line_is_zero(words)) {
		ret_verdict->verdict = wanted ? ZCB_VERDICT_ZERO : ZCB_VERDICT_FRESH;
	} else if (!line_is_valid(words, spec->key)) {
		bool torn = spec->unfenced && line_is_half_written(spec, page, line, words);

		ret_verdict->verdict = torn ? ZCB_VERDICT_TORN : ZCB_VERDICT_CORRUPT;
	} else if (words[1] != zcb_stamp_location(own)) {
		ret_verdict->verdict = ZCB_VERDICT_FOREIGN;
		ret_verdict->claims = zcb_stamp_place_of(words[1]);
	} else {
		judge_sequence(spec, wanted, words[0], ret_verdict);
	}
}

static void page_add_line(struct zcb_page_verdict *page, const struct zcb_line_verdict *line,
			  unsigned int index)
{
	if (line->verdict != ZCB_VERDICT_FRESH && page->lines[ZCB_VERDICT_FRESH] == index)
		page->first_wrong = (uint8_t)index;
	if (line->verdict == ZCB_VERDICT_FOREIGN && !page->lines[ZCB_VERDICT_FOREIGN])
		page->claims = line->claims;
	if (line->verdict == ZCB_VERDICT_STALE) {
		bool first = !page->lines[ZCB_VERDICT_STALE];

		if (first || line->age > page->age)
			page->age = line->age;
		if (first || line->age < page->age_youngest)
			page->age_youngest = line->age;
	}
	page->lines[line->verdict]++;
}

static enum zcb_verdict page_verdict(const struct zcb_page_verdict *page)
{
	const uint8_t *lines = page->lines;

	if (lines[ZCB_VERDICT_CORRUPT])
		return ZCB_VERDICT_CORRUPT;
	if (lines[ZCB_VERDICT_FOREIGN])
		return ZCB_VERDICT_FOREIGN;
	if (lines[ZCB_VERDICT_FRESH] == ZCB_STAMP_LINES)
		return ZCB_VERDICT_FRESH;
	if (lines[ZCB_VERDICT_STALE] == ZCB_STAMP_LINES && page->age == page->age_youngest)
		return ZCB_VERDICT_STALE;
	if (lines[ZCB_VERDICT_ZERO] == ZCB_STAMP_LINES)
		return ZCB_VERDICT_ZERO;
	return ZCB_VERDICT_TORN;
}

void zcb_page_judge(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		    const void *bytes, struct zcb_page_verdict *ret_verdict)
{
	const unsigned char *at = bytes;

	memset(ret_verdict, 0, sizeof(*ret_verdict));
	for (unsigned int i = 0; i < ZCB_STAMP_LINES; i++, at += ZCB_STAMP_LINE_SIZE) {
		struct zcb_line_verdict line;

		zcb_line_judge(spec, wanted, page, i, at, &line);
		page_add_line(ret_verdict, &line, i);
	}
	ret_verdict->verdict = page_verdict(ret_verdict);
}

bool zcb_page_is_fresh(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		       const void *bytes)
{
	struct zcb_stamp_page pattern;

	zcb_frame_pattern(spec, wanted, page, &pattern);
	return !zcb_page_diff_best()->differs(&pattern, bytes);
}

/* The bytes are copied before they are judged: all lines are then of one reading. */
static void judge_wrong_page(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
			     const void *mask, const void *bytes,
			     struct zcb_page_verdict *ret_verdict)
{
	unsigned char copy[ZCB_STAMP_PAGE_SIZE];

	memcpy(copy, bytes, sizeof(copy));
	if (mask)
		zcb_page_complete(spec, wanted, page, mask, copy);
	zcb_page_judge(spec, wanted, page, copy, ret_verdict);
	if (ret_verdict->verdict == ZCB_VERDICT_FRESH) {
		ret_verdict->verdict = ZCB_VERDICT_TORN;
		ret_verdict->changed = true;
	}
}

static void tally_page(struct zcb_frame_tally *tally, const struct zcb_page_verdict *page)
{
	tally->pages[page->verdict]++;
	for (size_t i = 0; i < ZCB_VERDICT_COUNT; i++)
		tally->lines[i] += page->lines[i];
	if (page->age > tally->age)
		tally->age = page->age;
}

static bool request_is_valid(const struct zcb_frame_spec *spec, const uint64_t *want)
{
	if (spec->pages == 0 || spec->frame > ZCB_STAMP_FRAME_MAX)
		return false;
	for (uint32_t page = 0; want && page < spec->pages; page++)
		if (want[page] > spec->published)
			return false;
	return true;
}

static uint64_t differs(const struct zcb_page_diff *diff, const struct zcb_stamp_page *pattern,
			const void *mask, const void *bytes)
{
	return mask ? diff->differs_masked(pattern, mask, bytes) : diff->differs(pattern, bytes);
}

int zcb_frame_check_with(const struct zcb_page_diff *diff, const struct zcb_frame_spec *spec,
			 const uint64_t *want, const void *bytes,
			 struct zcb_page_verdict *ret_pages, struct zcb_frame_tally *ret_tally)
{
	static const struct zcb_page_verdict fresh = {
		.verdict = ZCB_VERDICT_FRESH,
		.lines = {[ZCB_VERDICT_FRESH] = ZCB_STAMP_LINES},
	};
	struct zcb_mask_window mask = {.mask = spec->mask};
	const unsigned char *at = bytes;

	if (!request_is_valid(spec, want))
		return -EINVAL;
	memset(ret_tally, 0, sizeof(*ret_tally));
	ret_tally->bytes = (uint64_t)spec->pages * ZCB_STAMP_PAGE_SIZE;
	for (uint32_t page = 0; page < spec->pages; page++, at += ZCB_STAMP_PAGE_SIZE) {
		uint64_t wanted = zcb_frame_wanted(spec, want, page);
		struct zcb_page_verdict verdict = fresh;
		struct zcb_stamp_page pattern;

		zcb_frame_pattern(spec, wanted, page, &pattern);
		if (differs(diff, &pattern, zcb_mask_of(&mask, page), at))
			judge_wrong_page(spec, wanted, page, zcb_mask_of(&mask, page), at, &verdict);
		tally_page(ret_tally, &verdict);
		if (ret_pages)
			ret_pages[page] = verdict;
	}
	return 0;
}

int zcb_frame_check(const struct zcb_frame_spec *spec, const uint64_t *want, const void *bytes,
		    struct zcb_page_verdict *ret_pages, struct zcb_frame_tally *ret_tally)
{
	return zcb_frame_check_with(zcb_page_diff_best(), spec, want, bytes, ret_pages, ret_tally);
}

void zcb_frame_tally_add(struct zcb_frame_tally *sum, const struct zcb_frame_tally *one)
{
	sum->bytes += one->bytes;
	for (size_t i = 0; i < ZCB_VERDICT_COUNT; i++) {
		sum->pages[i] += one->pages[i];
		sum->lines[i] += one->lines[i];
	}
	if (one->age > sum->age)
		sum->age = one->age;
}
