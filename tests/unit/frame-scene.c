// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/frame-scene.h"

#include <string.h>

uint64_t scene_random(struct scene *s, uint64_t below)
{
	s->random += UINT64_C(0x9e3779b97f4a7c15);
	return zcb_stamp_mix(s->random) % below;
}

/* Small sequences as well as ones that fill the word; room for older and newer ones. */
static uint64_t random_sequence(struct scene *s)
{
	return 10000 + (scene_random(s, UINT64_MAX) >> (1 + scene_random(s, 63)));
}

static void init_spec(struct scene *s, uint64_t seed, uint32_t min_pages)
{
	memset(s, 0, sizeof(*s));
	s->random = zcb_stamp_mix(seed);
	s->spec.key = scene_random(s, UINT64_MAX);
	s->spec.frame = (uint32_t)scene_random(s, ZCB_STAMP_FRAME_MAX + 1);
	s->spec.pages = min_pages + (uint32_t)scene_random(s, SCENE_PAGES + 1 - min_pages);
	s->spec.published = random_sequence(s);
	s->bytes = s->memory + scene_random(s, ZCB_STAMP_LINE_SIZE);
}

static void want_page(struct scene *s, uint32_t page, uint64_t sequence)
{
	s->want[page] = sequence;
	if (sequence)
		scene_stamp(s, page, sequence, (uint16_t)s->spec.frame, page);
	else
		memset(scene_line(s, page, 0), 0, ZCB_STAMP_PAGE_SIZE);
}

void scene_init(struct scene *s, uint64_t seed)
{
	init_spec(s, seed, 1);
	for (uint32_t page = 0; page < s->spec.pages; page++) {
		bool hole = scene_random(s, 5) == 0;

		want_page(s, page, hole ? 0 : s->spec.published - scene_random(s, 3));
	}
}

void scene_init_whole(struct scene *s, uint64_t seed, uint32_t pages)
{
	init_spec(s, seed, pages);
	for (uint32_t page = 0; page < s->spec.pages; page++)
		want_page(s, page, s->spec.published);
}

uint32_t scene_pick_page(struct scene *s)
{
	uint32_t page = (uint32_t)scene_random(s, s->spec.pages);

	if (s->want[page] == 0)
		want_page(s, page, s->spec.published);
	return page;
}

uint32_t scene_pick_hole(struct scene *s)
{
	uint32_t page = (uint32_t)scene_random(s, s->spec.pages);

	want_page(s, page, 0);
	return page;
}

unsigned char *scene_line(struct scene *s, uint32_t page, unsigned int line)
{
	return s->bytes + page * ZCB_STAMP_PAGE_SIZE + line * ZCB_STAMP_LINE_SIZE;
}

void scene_stamp(struct scene *s, uint32_t at, uint64_t sequence, uint16_t frame, uint32_t page)
{
	zcb_stamp_fill(scene_line(s, at, 0), s->spec.key, sequence, frame, page);
}

void scene_stamp_line(struct scene *s, uint32_t at, unsigned int line, uint64_t sequence)
{
	struct zcb_stamp_page pattern;
	uint64_t words[ZCB_STAMP_WORDS];

	zcb_stamp_page_init(&pattern, s->spec.key, sequence, (uint16_t)s->spec.frame, at);
	zcb_stamp_line(&pattern, line, words);
	memcpy(scene_line(s, at, line), words, sizeof(words));
}

void scene_expect_line(struct scene *s, uint32_t page, unsigned int line, enum zcb_verdict verdict)
{
	s->lines[page][line] = (struct zcb_line_verdict){.verdict = verdict};
}

void scene_expect_page(struct scene *s, uint32_t page, enum zcb_verdict verdict)
{
	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++)
		scene_expect_line(s, page, line, verdict);
	s->pages[page] = verdict;
}

void scene_expect_stale(struct scene *s, uint32_t page, unsigned int line, uint64_t age)
{
	scene_expect_line(s, page, line, ZCB_VERDICT_STALE);
	s->lines[page][line].age = age;
}

void scene_expect_foreign(struct scene *s, uint32_t page, unsigned int line,
			  struct zcb_stamp_place claims)
{
	scene_expect_line(s, page, line, ZCB_VERDICT_FOREIGN);
	s->lines[page][line].claims = claims;
}

static bool same_place(struct zcb_stamp_place a, struct zcb_stamp_place b)
{
	return zcb_stamp_location(a) == zcb_stamp_location(b);
}

static const char *check_lines(const struct scene *s, uint32_t page)
{
	const unsigned char *at = s->bytes + page * ZCB_STAMP_PAGE_SIZE;

	for (unsigned int i = 0; i < ZCB_STAMP_LINES; i++, at += ZCB_STAMP_LINE_SIZE) {
		const struct zcb_line_verdict *expected = &s->lines[page][i];
		struct zcb_line_verdict seen;

		zcb_line_judge(&s->spec, s->want[page], page, i, at, &seen);
		if (seen.verdict != expected->verdict)
			return "a line's verdict";
		if (seen.age != expected->age)
			return "a line's age";
		if (!same_place(seen.claims, expected->claims))
			return "the place a line claims";
	}
	return NULL;
}

/* The page's numbers, worked out once more from its lines: not as frame.c does it. */
static const char *check_page(const struct scene *s, uint32_t page,
			      const struct zcb_page_verdict *seen)
{
	unsigned int counts[ZCB_VERDICT_COUNT] = {0}, first_wrong = 0;
	uint64_t oldest = 0, youngest = UINT64_MAX;
	struct zcb_stamp_place claims = {0};

	for (unsigned int i = ZCB_STAMP_LINES; i-- > 0;) {
		const struct zcb_line_verdict *line = &s->lines[page][i];

		counts[line->verdict]++;
		if (line->verdict != ZCB_VERDICT_FRESH)
			first_wrong = i;
		if (line->verdict == ZCB_VERDICT_FOREIGN)
			claims = line->claims;
		if (line->verdict == ZCB_VERDICT_STALE) {
			oldest = line->age > oldest ? line->age : oldest;
			youngest = line->age < youngest ? line->age : youngest;
		}
	}
	for (size_t i = 0; i < ZCB_VERDICT_COUNT; i++)
		if (seen->lines[i] != counts[i])
			return "a page's count of lines";
	if (seen->verdict != s->pages[page] || seen->changed)
		return "a page's verdict";
	if (seen->first_wrong != first_wrong)
		return "a page's first wrong line";
	if (seen->age != oldest || seen->age_youngest != (counts[ZCB_VERDICT_STALE] ? youngest : 0))
		return "a page's ages";
	return same_place(seen->claims, claims) ? NULL : "the place a page claims";
}

static const char *check_tally(const struct scene *s, const struct zcb_frame_tally *seen)
{
	uint64_t pages[ZCB_VERDICT_COUNT] = {0}, lines[ZCB_VERDICT_COUNT] = {0}, age = 0;

	for (uint32_t page = 0; page < s->spec.pages; page++) {
		pages[s->pages[page]]++;
		for (unsigned int i = 0; i < ZCB_STAMP_LINES; i++) {
			lines[s->lines[page][i].verdict]++;
			age = s->lines[page][i].age > age ? s->lines[page][i].age : age;
		}
	}
	if (memcmp(pages, seen->pages, sizeof(pages)) != 0)
		return "the tally of pages";
	if (memcmp(lines, seen->lines, sizeof(lines)) != 0)
		return "the tally of lines";
	if (seen->bytes != (uint64_t)s->spec.pages * ZCB_STAMP_PAGE_SIZE || seen->age != age)
		return "the tally's bytes or age";
	if (zcb_frame_good(seen) != (pages[ZCB_VERDICT_FRESH] == s->spec.pages))
		return "whether the frame is good";
	return NULL;
}

const char *scene_check(const struct scene *s, const struct zcb_page_diff *diff)
{
	struct zcb_page_verdict pages[SCENE_PAGES];
	struct zcb_frame_tally tally;
	const char *wrong = NULL;

	if (zcb_frame_check_with(diff, &s->spec, s->want, s->bytes, pages, &tally))
		return "the check's return code";
	for (uint32_t page = 0; page < s->spec.pages && !wrong; page++) {
		wrong = check_page(s, page, &pages[page]);
		if (!wrong)
			wrong = check_lines(s, page);
	}
	return wrong ? wrong : check_tally(s, &tally);
}
