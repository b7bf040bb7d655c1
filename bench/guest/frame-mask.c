// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/frame-mask.h"

#include <string.h>

/* Bits of word 1, by what they say. */
#define LOCATION_LINE UINT64_C(0x000000000000ffff)
#define LOCATION_PAGE UINT64_C(0x0000ffffffff0000)
#define LOCATION_FRAME UINT64_C(0xffff000000000000)
#define LOST_BITS_TRIED 8 /* of either, so that a line costs some hundred tries */

void zcb_frame_mask_init(struct zcb_frame_mask *ret_mask, const struct zcb_geometry *geometry,
			 uint64_t bits)
{
	ret_mask->bits = bits;
	ret_mask->planes = zcb_geometry_planes(geometry, ret_mask->plane);
}

/* Sets the bits of [begin, end), bytes of the page; begin is a multiple of 8, end of 4. */
static void set_bits(unsigned char *bytes, uint64_t bits, size_t begin, size_t end)
{
	for (; begin + 8 <= end; begin += 8)
		memcpy(bytes + begin, &bits, 8);
	memcpy(bytes + begin, &bits, end - begin);
}

/* The part of a plane's row that lies in the page; returns whether the page ends within the row. */
static void set_rows(struct zcb_mask_window *window, const struct zcb_plane *plane, size_t at)
{
	size_t end = at + ZCB_STAMP_PAGE_SIZE;
	size_t row = at > plane->offset ? (at - plane->offset) / plane->stride : 0;

	for (; row < plane->rows; row++) {
		size_t first = plane->offset + row * plane->stride, last = first + plane->row_bytes;

		if (first >= end)
			break;
		if (last <= at)
			continue;
		set_bits(window->bytes, window->mask->bits, first > at ? first - at : 0,
			 (last < end ? last : end) - at);
	}
}

/* Whether a page lies within rows that follow each other without padding. */
static bool is_uniform(const struct zcb_frame_mask *mask, size_t at)
{
	for (unsigned int i = 0; i < mask->planes; i++) {
		const struct zcb_plane *plane = &mask->plane[i];

		if (plane->row_bytes == plane->stride && at >= plane->offset &&
		    at + ZCB_STAMP_PAGE_SIZE <= plane->offset + (size_t)plane->rows * plane->stride)
			return true;
	}
	return false;
}

const void *zcb_mask_of(struct zcb_mask_window *window, uint32_t page)
{
	size_t at = (size_t)page * ZCB_STAMP_PAGE_SIZE;
	bool uniform;

	if (!window->mask)
		return NULL;
	uniform = is_uniform(window->mask, at);
	if (window->made && (window->page == page || (uniform && window->uniform)))
		return window->bytes;
	memset(window->bytes, 0, sizeof(window->bytes));
	for (unsigned int i = 0; i < window->mask->planes; i++)
		set_rows(window, &window->mask->plane[i], at);
	window->made = true;
	window->uniform = uniform;
	window->page = page;
	return window->bytes;
}

/* Where a line may come from; a sequence of 0 stands for zeros. */
struct origin {
	uint64_t sequence, location;
};

/* A line that is being completed, and the page around it. */
struct search {
	const struct zcb_frame_spec *spec;
	uint64_t wanted;
	uint32_t page;
	uint64_t own; /* its own location */
	uint64_t seen[ZCB_STAMP_WORDS], mask[ZCB_STAMP_WORDS], found[ZCB_STAMP_WORDS];
	struct origin origin; /* of what was found */
};

static void line_of(const struct search *s, struct origin from, uint64_t ret_words[ZCB_STAMP_WORDS])
{
	struct zcb_stamp_place place = zcb_stamp_place_of(from.location);
	struct zcb_stamp_page pattern = {0};

	if (from.sequence)
		zcb_stamp_page_init(&pattern, s->spec->key, from.sequence, place.frame, place.page);
	zcb_stamp_line(&pattern, place.line, ret_words);
}

static bool fits(const struct search *s, const uint64_t words[ZCB_STAMP_WORDS])
{
	uint64_t diff = 0;

	for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
		diff |= (words[i] ^ s->seen[i]) & s->mask[i];
	return diff == 0;
}

static bool try_origin(struct search *s, uint64_t sequence, uint64_t location)
{
	struct origin from = {sequence, location};
	uint64_t words[ZCB_STAMP_WORDS];

	if (zcb_stamp_place_of(location).line >= ZCB_STAMP_LINES)
		return false;
	line_of(s, from, words);
	if (!fits(s, words))
		return false;
	memcpy(s->found, words, sizeof(words));
	s->origin = from;
	return true;
}

/*
 * Sequence i of those that the line's first word leaves possible, nearest to the published one
 * first; its lost bits are those of the published one, or of what lies their lowest bit away.
 */
static bool possible_sequence(const struct search *s, unsigned int i, uint64_t *ret_sequence)
{
	uint64_t lost = ~s->mask[0], step = lost & -lost;
	uint64_t near = s->spec->published;

	if (i > 2 || (i && !lost))
		return false;
	near += i == 1 ? -step : i == 2 ? step : 0;
	*ret_sequence = (s->seen[0] & s->mask[0]) | (near & lost);
	return true;
}

static bool try_location(struct search *s, uint64_t location)
{
	struct zcb_stamp_place place = zcb_stamp_place_of(location);
	uint64_t sequence;

	for (unsigned int i = 0; possible_sequence(s, i, &sequence); i++) {
		uint64_t seed = zcb_stamp_seed(s->spec->key, sequence, location & ~LOCATION_LINE);
		uint64_t word = zcb_stamp_check_word(seed, 2) +
				place.line * UINT64_C(0x6a09e667f3bcc909);

		if (!sequence || (word ^ s->seen[2]) & s->mask[2])
			continue;
		if (try_origin(s, sequence, location))
			return true;
	}
	return false;
}

/* All ways to fill in these lost bits of a location, those of its own place first. */
static bool try_lost_bits(struct search *s, uint64_t location, uint64_t lost)
{
	uint64_t fill = 0;

	if (__builtin_popcountll(lost) > LOST_BITS_TRIED)
		return try_location(s, location);
	do {
		if (try_location(s, location ^ fill))
			return true;
		fill = (fill - lost) & lost;
	} while (fill);
	return false;
}

static bool try_elsewhere(struct search *s)
{
	uint64_t lost = ~s->mask[1], known = s->seen[1] & s->mask[1];

	if (lost & LOCATION_LINE || (known & LOCATION_LINE) >= ZCB_STAMP_LINES)
		return false;
	return try_lost_bits(s, known | (s->own & lost), lost & LOCATION_PAGE) ||
	       try_lost_bits(s, known | (s->own & lost), lost & LOCATION_FRAME) ||
	       try_lost_bits(s, known, lost & LOCATION_FRAME);
}

/* Each word from one of two sequences of its own place: the guest was at it. */
static bool try_mixture(struct search *s, uint64_t first, uint64_t other)
{
	uint64_t words[2][ZCB_STAMP_WORDS], mixed[ZCB_STAMP_WORDS];

	line_of(s, (struct origin){first, s->own}, words[0]);
	line_of(s, (struct origin){other, s->own}, words[1]);
	for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
		mixed[i] = words[((words[0][i] ^ s->seen[i]) & s->mask[i]) != 0][i];
	if (!fits(s, mixed))
		return false;
	memcpy(s->found, mixed, sizeof(mixed));
	s->origin = (struct origin){first, s->own};
	return true;
}

static bool try_mixtures(struct search *s, uint64_t first)
{
	uint64_t newest = s->spec->published + ZCB_UNFENCED_REACH;

	for (uint64_t i = 0; i <= 2 * ZCB_UNFENCED_REACH && i <= newest; i++)
		if (try_mixture(s, first, newest - i))
			return true;
	return try_mixture(s, first, 0);
}

static bool try_half_written(struct search *s)
{
	uint64_t first;

	if (!s->spec->unfenced)
		return false;
	for (unsigned int i = 0; possible_sequence(s, i, &first); i++)
		if (try_mixtures(s, first))
			return true;
	return try_mixtures(s, 0);
}

static bool find(struct search *s, const struct origin *hint)
{
	uint64_t sequence;

	if (hint && try_origin(s, hint->sequence, hint->location))
		return true;
	if (try_origin(s, s->wanted, s->own) || try_origin(s, 0, s->own))
		return true;
	for (unsigned int i = 0; possible_sequence(s, i, &sequence); i++)
		if (sequence && try_origin(s, sequence, s->own))
			return true;
	return try_elsewhere(s) || try_half_written(s);
}

/* Nothing fits, and what is filled in cannot make it fit: that was tried. */
static void leave_corrupt(struct search *s)
{
	line_of(s, (struct origin){s->wanted, s->own}, s->found);
	for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
		s->found[i] = (s->seen[i] & s->mask[i]) | (s->found[i] & ~s->mask[i]);
}

/* The same origin, so many lines further on. */
static struct origin shifted(struct origin from, unsigned int by)
{
	struct zcb_stamp_place place = zcb_stamp_place_of(from.location);
	uint32_t line = place.line + by;

	place.page += line / ZCB_STAMP_LINES;
	place.line = line % ZCB_STAMP_LINES;
	return (struct origin){from.sequence, zcb_stamp_location(place)};
}

static bool is_carried(const struct search *s)
{
	uint64_t any = 0;

	for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
		any |= s->mask[i];
	return any != 0;
}

static void begin_line(struct search *s, unsigned int line, const unsigned char *mask,
		       const unsigned char *bytes)
{
	struct zcb_stamp_place own = {(uint16_t)s->spec->frame, s->page, (uint16_t)line};

	s->own = zcb_stamp_location(own);
	memcpy(s->seen, bytes + line * ZCB_STAMP_LINE_SIZE, sizeof(s->seen));
	memcpy(s->mask, mask + line * ZCB_STAMP_LINE_SIZE, sizeof(s->mask));
}

/* What the lines of a page so far turned out to be. */
struct trail {
	bool known;
	struct origin last;
	unsigned int line; /* of `last` */
};

static void complete_line(struct search *s, struct trail *trail, unsigned int line,
			  unsigned char *bytes)
{
	struct origin hint = shifted(trail->last, line - trail->line);

	if (find(s, trail->known ? &hint : NULL))
		*trail = (struct trail){true, s->origin, line};
	else
		leave_corrupt(s);
	memcpy(bytes + line * ZCB_STAMP_LINE_SIZE, s->found, sizeof(s->found));
}

/* The first lines, of which nothing is carried: as old as the others, so as not to mix ages. */
static void complete_head(struct search *s, const struct trail *trail, unsigned int lines,
			  unsigned char *bytes)
{
	for (unsigned int line = 0; line < lines; line++) {
		struct zcb_stamp_place own = {(uint16_t)s->spec->frame, s->page, (uint16_t)line};
		struct origin from = {trail->known ? trail->last.sequence : s->wanted,
				      zcb_stamp_location(own)};
		uint64_t words[ZCB_STAMP_WORDS];

		line_of(s, from, words);
		memcpy(bytes + line * ZCB_STAMP_LINE_SIZE, words, sizeof(words));
	}
}

void zcb_page_complete(const struct zcb_frame_spec *spec, uint64_t wanted, uint32_t page,
		       const void *mask, void *bytes)
{
	struct search s = {.spec = spec, .wanted = wanted, .page = page};
	struct trail trail = {0};
	unsigned int head = 0;

	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++) {
		begin_line(&s, line, mask, bytes);
		if (line == head && !is_carried(&s))
			head++;
		else
			complete_line(&s, &trail, line, bytes);
	}
	complete_head(&s, &trail, head, bytes);
}

void zcb_frame_complete(const struct zcb_frame_spec *spec, const uint64_t *want, void *bytes)
{
	struct zcb_mask_window window = {.mask = spec->mask};
	unsigned char *at = bytes;

	for (uint32_t page = 0; spec->mask && page < spec->pages; page++, at += ZCB_STAMP_PAGE_SIZE)
		zcb_page_complete(spec, zcb_frame_wanted(spec, want, page), page,
				  zcb_mask_of(&window, page), at);
}
