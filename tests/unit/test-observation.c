// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "bench/executor/observation.h"

/*
 * A frame is a word: one letter a page for its verdict, F fresh, S stale, Z zero, T torn, X foreign,
 * C corrupt; and beside it one letter for what the workload did: - nothing, h hole, z zeroed.
 */
struct look {
	enum zcb_phase phase;
	const char *hits, *verdicts;
};

#define BASELINE(verdicts) { ZCB_PHASE_BASELINE, "----", verdicts }
#define STRUCK(hits, verdicts) { ZCB_PHASE_STRUCK, hits, verdicts }
#define REFILLED(hits, verdicts) { ZCB_PHASE_REFILLED, hits, verdicts }

struct scene {
	struct look look[5];
	bool reads_memfd;
	const char *word;
	const char *expected; /* what the variant declares */
	uint64_t unexplained;
};

static enum zcb_verdict verdict_of(char letter)
{
	static const char letters[] = "FSZTXC";

	return (enum zcb_verdict)(strchr(letters, letter) - letters);
}

static enum zcb_hit hit_of(char letter)
{
	static const char letters[] = "-hzmr";

	return (enum zcb_hit)(strchr(letters, letter) - letters);
}

static void add(struct zcb_observation *o, const struct look *look)
{
	struct zcb_page_verdict page[8] = { 0 };
	struct zcb_frame_tally tally = { 0 };
	enum zcb_hit hit[8];
	uint32_t n = (uint32_t)strlen(look->verdicts);

	assert_int_equal(strlen(look->hits), n);
	for (uint32_t i = 0; i < n; i++) {
		page[i].verdict = verdict_of(look->verdicts[i]);
		hit[i] = hit_of(look->hits[i]);
		tally.pages[page[i].verdict]++;
		tally.bytes += ZCB_STAMP_PAGE_SIZE;
	}
	zcb_observation_add(o, look->phase, hit, page, n, &tally);
}

static void play(const struct scene *scene)
{
	struct zcb_observation o = { 0 };

	for (size_t i = 0; i < 5 && scene->look[i].verdicts; i++)
		add(&o, &scene->look[i]);
	assert_string_equal(zcb_observation_word(&o, scene->reads_memfd), scene->word);
	assert_int_equal(zcb_observation_unexplained(&o, scene->expected), scene->unexplained);
}

#define PLAY(name, ...)                                                                            \
	static void name(void **state)                                                             \
	{                                                                                          \
		static const struct scene scene = { __VA_ARGS__ };                                 \
                                                                                                   \
		play(&scene);                                                                      \
	}

PLAY(fresh_when_nothing_was_hit, .look = { BASELINE("FFFF"), REFILLED("----", "FFFF") },
     .word = "fresh", .expected = "fresh")

static void an_unfenced_frame_is_torn_or_not(void **state)
{
	struct zcb_frame_tally whole = { .bytes = 4096, .pages = { [ZCB_VERDICT_FRESH] = 1 } };
	struct zcb_frame_tally torn = { .bytes = 4096, .pages = { [ZCB_VERDICT_TORN] = 1 } };
	struct zcb_frame_tally foreign = { .bytes = 4096, .pages = { [ZCB_VERDICT_FOREIGN] = 1 } };
	struct zcb_observation o = { 0 };

	zcb_observation_add_unfenced(&o, &whole);
	assert_string_equal(zcb_observation_word(&o, false), "fresh");
	zcb_observation_add_unfenced(&o, &torn);
	assert_string_equal(zcb_observation_word(&o, true), "torn");
	assert_int_equal(o.frames_fresh, 1);
	zcb_observation_add_unfenced(&o, &foreign);
	assert_string_equal(zcb_observation_word(&o, false), "wrong");
}

PLAY(fresh_in_the_memfd, .reads_memfd = true, .word = "fresh", .expected = "fresh",
     .look = { BASELINE("FFFF"), STRUCK("h-h-", "FFFF"), REFILLED("h-h-", "FFFF") })

PLAY(stale_for_good, .word = "stale", .expected = "stale",
     .look = { BASELINE("FFFF"), STRUCK("h-h-", "SFSF"), REFILLED("h-h-", "SFSF"),
	       REFILLED("h-h-", "SFSF") })

PLAY(stale_in_the_memfd_is_seen, .reads_memfd = true, .word = "stale", .expected = "fresh",
     .look = { STRUCK("h-h-", "SFSF"), REFILLED("h-h-", "SFSF") })

PLAY(stale_until_refill, .word = "stale-until-refill", .expected = "stale-until-refill",
     .look = { BASELINE("FFFF"), STRUCK("h-h-", "SFSF"), REFILLED("h-h-", "FFFF") })

PLAY(fresh_at_lookup, .word = "lookup", .expected = "lookup",
     .look = { BASELINE("FFFF"), STRUCK("h-h-", "FFFF"), REFILLED("h-h-", "FFFF") })

PLAY(zeroed_in_place, .word = "zero-in-place", .expected = "zero-in-place",
     .look = { BASELINE("FFFF"), STRUCK("z-z-", "FFFF"), REFILLED("z-z-", "FFFF") })

PLAY(partly_zeroed_in_place_is_lookup, .word = "lookup", .expected = "lookup",
     .look = { STRUCK("z-h-", "FFFF"), REFILLED("z-h-", "FFFF") })

PLAY(moved_and_followed, .word = "lookup", .expected = "lookup",
     .look = { STRUCK("m-m-", "FFFF"), REFILLED("m-m-", "FFFF") })

PLAY(moved_and_lost, .word = "stale", .expected = "lookup",
     .look = { STRUCK("m-m-", "FFFF"), REFILLED("m-m-", "SFSF") })

PLAY(refused_to_move, .word = "refused", .expected = "refused",
     .look = { STRUCK("r-r-", "FFFF"), REFILLED("r-r-", "FFFF") })

PLAY(refused_and_stale_all_the_same, .word = "stale", .expected = "refused",
     .look = { STRUCK("r-r-", "FFFF"), REFILLED("r-r-", "SFSF") })

PLAY(some_refused, .word = "mixed", .expected = "refused",
     .look = { STRUCK("r-m-", "FFFF"), REFILLED("r-m-", "FFFF") })

PLAY(mixed_before_the_refill, .word = "mixed", .expected = "stale-until-refill",
     .look = { STRUCK("h-h-", "SFFF"), REFILLED("h-h-", "FFFF") })

PLAY(mixed_after_the_refill, .word = "mixed", .expected = "stale", .unexplained = 1,
     .look = { STRUCK("h-h-", "SFSF"), REFILLED("h-h-", "SFFF") })

PLAY(mixed_from_round_to_round, .word = "mixed", .expected = "stale", .unexplained = 2,
     .look = { REFILLED("h-h-", "SFSF"), REFILLED("h-h-", "FFFF") })

PLAY(stale_bystander, .word = "mixed", .expected = "stale", .unexplained = 1,
     .look = { STRUCK("h---", "SFFF"), REFILLED("h---", "SFFS") })

PLAY(bystander_in_the_baseline, .word = "mixed", .expected = "fresh", .unexplained = 1,
     .look = { BASELINE("FSFF") })

PLAY(bystander_counts_for_every_expectation, .word = "mixed", .expected = "lookup",
     .unexplained = 2, .look = { STRUCK("h---", "FFSF"), REFILLED("h---", "FFSF") })

PLAY(bystander_counts_without_expectation, .word = "mixed", .unexplained = 1,
     .look = { REFILLED("h---", "SFSF") })

PLAY(right_before_the_refill_is_not_stale_for_good, .word = "stale", .expected = "stale",
     .unexplained = 2, .look = { STRUCK("h-h-", "FFFF"), REFILLED("h-h-", "SFSF") })

PLAY(torn, .word = "wrong", .expected = "stale", .unexplained = 1,
     .look = { REFILLED("h---", "SFTF") })

PLAY(foreign, .word = "wrong", .expected = "stale", .look = { REFILLED("h---", "XFFF") })

PLAY(corrupt, .word = "wrong", .expected = "stale", .look = { STRUCK("h---", "CFFF") })

PLAY(zero_before_anything_was_taken, .word = "wrong", .expected = "stale", .unexplained = 1,
     .look = { BASELINE("FFZF") })

/* The reader went on to see the hole and not what the guest wrote over it: stale all the same. */
PLAY(zero_after_the_refill_is_stale, .word = "stale", .expected = "stale",
     .look = { STRUCK("h---", "SFFF"), REFILLED("h---", "ZFFF") })

PLAY(zero_bystander, .word = "mixed", .expected = "stale", .unexplained = 1,
     .look = { STRUCK("h---", "SFFF"), REFILLED("h---", "SZFF") })

static json_int_t number(json_t *json, const char *key)
{
	assert_true(json_is_integer(json_object_get(json, key)));
	return json_integer_value(json_object_get(json, key));
}

static void counts_are_those_of_the_frames(void **state)
{
	static const struct look looks[] = { BASELINE("FFFF"), STRUCK("h-h-", "SFSF"),
					     REFILLED("h-h-", "SZXC") };
	struct zcb_observation o = { 0 };
	json_t *pages, *frames;

	for (size_t i = 0; i < 3; i++)
		add(&o, &looks[i]);
	assert_int_equal(o.hits, 4);
	assert_int_equal(o.stale_in_frame, 1);
	pages = zcb_observation_pages(&o);
	assert_int_equal(number(pages, "checked"), 12);
	assert_int_equal(number(pages, "fresh"), 6);
	assert_int_equal(number(pages, "stale"), 3);
	assert_int_equal(number(pages, "zero"), 1);
	assert_int_equal(number(pages, "torn"), 0);
	assert_int_equal(number(pages, "foreign"), 1);
	assert_int_equal(number(pages, "corrupt"), 1);
	frames = zcb_observation_frames(&o);
	assert_int_equal(number(frames, "checked"), 3);
	assert_int_equal(number(frames, "fresh"), 1);
	assert_int_equal(number(frames, "bad"), 2);
	json_decref(pages);
	json_decref(frames);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fresh_when_nothing_was_hit),
		cmocka_unit_test(fresh_in_the_memfd),
		cmocka_unit_test(stale_for_good),
		cmocka_unit_test(stale_in_the_memfd_is_seen),
		cmocka_unit_test(an_unfenced_frame_is_torn_or_not),
		cmocka_unit_test(stale_until_refill),
		cmocka_unit_test(fresh_at_lookup),
		cmocka_unit_test(zeroed_in_place),
		cmocka_unit_test(partly_zeroed_in_place_is_lookup),
		cmocka_unit_test(moved_and_followed),
		cmocka_unit_test(moved_and_lost),
		cmocka_unit_test(refused_to_move),
		cmocka_unit_test(refused_and_stale_all_the_same),
		cmocka_unit_test(some_refused),
		cmocka_unit_test(mixed_before_the_refill),
		cmocka_unit_test(mixed_after_the_refill),
		cmocka_unit_test(mixed_from_round_to_round),
		cmocka_unit_test(stale_bystander),
		cmocka_unit_test(bystander_in_the_baseline),
		cmocka_unit_test(bystander_counts_for_every_expectation),
		cmocka_unit_test(bystander_counts_without_expectation),
		cmocka_unit_test(right_before_the_refill_is_not_stale_for_good),
		cmocka_unit_test(torn),
		cmocka_unit_test(foreign),
		cmocka_unit_test(corrupt),
		cmocka_unit_test(zero_before_anything_was_taken),
		cmocka_unit_test(zero_after_the_refill_is_stale),
		cmocka_unit_test(zero_bystander),
		cmocka_unit_test(counts_are_those_of_the_frames),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
