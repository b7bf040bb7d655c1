// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <gsl/gsl_randist.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/bootstrap.h"
#include "reports/analysis/looks.h"
#include "tests/unit/synthetic.h"

/*
 * The verdicts, against truths that are known. Numbers are drawn from fixed seeds, so a test gives
 * the same each time; the limits leave what so many draws vary.
 */

static const struct zcb_comparison_options usual = { .seed = 1 };

#define COMPARISONS 1000

/* Of arms that are the same, in COMPARISONS comparisons at most 2 % may be called better, or worse. */
static void demand_few_false_alarms(const struct synthetic *s, const char *what)
{
	struct synthetic_counts counts = synthetic_count(s, &usual, COMPARISONS, 7);
	size_t worse = counts.verdict[ZCB_WORSE], better = counts.verdict[ZCB_BETTER];

	print_message("%s, %zu boots: %zu worse, %zu better, %zu equivalent, %zu inconclusive, %zu invalid; "
		      "twin %zu of %zu\n",
		      what, s->boots, worse, better, counts.verdict[ZCB_EQUIVALENT],
		      counts.verdict[ZCB_INCONCLUSIVE], counts.verdict[ZCB_INVALID], counts.twin_alarms,
		      counts.twin_rows);
	assert_true(worse + better <= COMPARISONS / 50);
	assert_true(counts.verdict[ZCB_INVALID] <= COMPARISONS / 50);
	assert_true(counts.twin_alarms <= counts.twin_rows / 50);
}

static const char *const noises[] = { "normal", "heavy tails", "spikes", "two modes" };

static void same_arms_in_each_boot_are_rarely_told_apart(void **state)
{
	static const size_t boots[] = { 2, 3, 4, 6, 8 };

	for (int noise = SYNTHETIC_NORMAL; noise <= SYNTHETIC_MODES; noise++) {
		for (size_t i = 0; i < sizeof(boots) / sizeof(boots[0]); i++) {
			const struct synthetic s = {
				.boots = boots[i], .cells = 2, .metrics = 3, .blocks = 2,
				.one_run = true, .twin = true, .noise = (enum synthetic_noise)noise,
				.boot = i % 2 ? .3 : .03, .arm = i % 2 ? .1 : .01, .cell = .01,
			};

			demand_few_false_alarms(&s, noises[noise]);
		}
	}
}

static void same_arms_in_boots_of_their_own_are_rarely_told_apart(void **state)
{
	static const size_t boots[] = { 2, 3, 4, 6 };

	for (int noise = SYNTHETIC_NORMAL; noise <= SYNTHETIC_MODES; noise++) {
		for (size_t i = 0; i < sizeof(boots) / sizeof(boots[0]); i++) {
			const struct synthetic s = {
				.boots = boots[i], .cells = 2, .metrics = 3, .blocks = 1,
				.noise = (enum synthetic_noise)noise, .boot = i % 2 ? .3 : .03, .cell = .01,
			};

			demand_few_false_alarms(&s, noises[noise]);
		}
	}
}

/* One metric of one cell: then nothing else takes a part of the error rate. */
static void a_single_number_keeps_its_rate_too(void **state)
{
	for (int noise = SYNTHETIC_NORMAL; noise <= SYNTHETIC_MODES; noise++) {
		const struct synthetic s = { .boots = 4, .cells = 1, .metrics = 1, .blocks = 1,
					     .one_run = true, .noise = (enum synthetic_noise)noise,
					     .boot = .1, .arm = .3 };

		demand_few_false_alarms(&s, noises[noise]);
	}
}

static size_t found(const struct synthetic *s, enum zcb_comparison_verdict verdict, size_t n)
{
	return synthetic_count(s, &usual, n, 11).verdict[verdict];
}

/* What the documentation promises of power: see docs/methodology.md. */
static void a_tenth_slower_is_found(void **state)
{
	struct synthetic s = { .boots = 6, .cells = 3, .metrics = 4, .blocks = 2, .one_run = true,
			       .twin = true, .boot = .3, .arm = .01, .cell = .02,
			       .effect = log(1.1), .affected = 1 };
	size_t worse = found(&s, ZCB_WORSE, 300);

	print_message("10 %% slower in one of four metrics: %zu of 300 worse\n", worse);
	assert_true(worse >= 270);
	s.effect = -log(1.1);
	assert_true(found(&s, ZCB_BETTER, 300) + found(&s, ZCB_INCONCLUSIVE, 300) >= 295);
	s = (struct synthetic){ .boots = 8, .cells = 2, .metrics = 2, .blocks = 1, .boot = .03,
				.effect = log(1.1), .affected = 2 };
	worse = found(&s, ZCB_WORSE, 300);
	print_message("10 %% slower, boots of 3 %% with one arm each: %zu of 300 worse\n", worse);
	assert_true(worse >= 270);
}

static double mean_detectable(const struct synthetic *s, size_t n)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		ZCB_COMPARISON_FREE struct zcb_comparison *c = synthetic_comparison(s, &usual, rng);

		assert_non_null(c);
		sum += c->rows[0].detectable;
	}
	gsl_rng_free(rng);
	return sum / (double)n;
}

/* The margin is small, lest an effect be both detectable and too small to matter. */
static void the_detectable_effect_is_what_is_detected(void **state)
{
	static const size_t boots[] = { 4, 6, 10 };

	for (size_t i = 0; i < 2 * sizeof(boots) / sizeof(boots[0]); i++) {
		struct synthetic s = { .boots = boots[i / 2], .cells = 1, .metrics = 1, .blocks = 2,
				       .one_run = i % 2, .boot = .1, .arm = i % 2 ? .1 : 0, .cell = .02 };
		size_t worse;

		s.effect = mean_detectable(&s, 300);
		s.affected = 1;
		worse = found(&s, ZCB_WORSE, 500);
		print_message("%zu boots: detectable %.1f %%, found %zu of 500\n", s.boots,
			      100 * expm1(s.effect), worse);
		assert_in_range(worse, 330, 470);
	}
}

static void few_boots_that_agree_are_equivalent(void **state)
{
	struct synthetic s = { .boots = 6, .cells = 3, .metrics = 4, .blocks = 2, .one_run = true,
			       .twin = true, .boot = .3, .arm = .01, .cell = .02 };

	assert_true(found(&s, ZCB_EQUIVALENT, 300) >= 285);
	/* An effect as large as the margin is called none once in 40 a metric, or less. */
	s.effect = log(1.05);
	s.affected = 1;
	assert_true(found(&s, ZCB_EQUIVALENT, 1000) <= 35);
}

/* That these tests can fail: a verdict by the bootstrap's interval would not keep the rate. */
static void a_verdict_by_the_bootstrap_would_be_found_out(void **state)
{
	const struct synthetic s = { .boots = 4, .cells = 1, .metrics = 1, .blocks = 1, .one_run = true,
				     .boot = .1, .arm = .1 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t wrong = 0;

	for (size_t i = 0; i < COMPARISONS; i++) {
		ZCB_COMPARISON_FREE struct zcb_comparison *c = synthetic_comparison(&s, &usual, rng);
		double low, high;

		assert_true(zcb_contrast_bootstrap(&c->rows[0].contrast, .01, i, &low, &high));
		wrong += low > 0 || high < 0;
	}
	gsl_rng_free(rng);
	print_message("by the bootstrap's 99 %% interval of 4 boots %zu of %d are wrong\n", wrong, COMPARISONS);
	assert_true(wrong > 2 * COMPARISONS / 50);
}

static double covered(size_t boots, bool bootstrap)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	size_t n = 2000, inside = 0;

	for (size_t i = 0; i < n; i++) {
		struct zcb_bootstrap_boot a[8] = { 0 }, b[8] = { 0 };
		double difference[8], low = 0, high = 0;
		struct zcb_effect effect;

		for (size_t k = 0; k < boots; k++)
			b[k].log = difference[k] = gsl_ran_gaussian(rng, .1);
		if (bootstrap) {
			assert_true(zcb_bootstrap(a, boots, b, boots, true, .05, i, &low, &high));
		} else {
			assert_true(zcb_effect_paired(difference, boots, 0, &effect));
			zcb_effect_interval(&effect, .05, &low, &high);
		}
		inside += low <= 0 && high >= 0;
	}
	gsl_rng_free(rng);
	return (double)inside / (double)n;
}

/* Why no verdict rests on the bootstrap: three boots are too few to draw from. */
static void the_interval_covers_and_the_bootstrap_of_three_does_not(void **state)
{
	print_message("95 %% of 3 boots: t covers %.3f, the bootstrap %.3f; of 8: %.3f, %.3f\n",
		      covered(3, false), covered(3, true), covered(8, false), covered(8, true));
	assert_true(fabs(covered(3, false) - .95) < .015);
	assert_true(fabs(covered(8, false) - .95) < .015);
	assert_true(covered(3, true) < .85);
}

/* A boot after the other is looked at, until it is settled. Returns the verdict there. */
static enum zcb_comparison_verdict peek(struct zcb_observations *all, size_t boots, size_t *ret_look)
{
	enum zcb_comparison_verdict verdict = ZCB_INVALID;
	bool settled = false;

	for (size_t look = 2; look <= boots && !settled; look++) {
		struct zcb_comparison_options options = { .look = (unsigned int)look,
							  .looks = (unsigned int)boots };
		ZCB_COMPARISON_FREE struct zcb_comparison *c = NULL;
		struct zcb_observations *part = calloc(1, sizeof(*part));
		size_t ignored;

		for (size_t m = 0; m < all->n_metrics; m++)
			zcb_observations_metric(part, all->metrics[m].name, "ns", &ignored);
		for (size_t i = 0; i < all->n_cells; i++)
			zcb_observations_cell(part, all->cells[i].name, "", &ignored);
		for (size_t i = 0; i < all->n_subjects; i++)
			zcb_observations_subject(part, all->subjects[i].cell, all->subjects[i].metric,
						 &ignored);
		for (size_t i = 0; i < all->n; i++) {
			if (all->items[i].boot <= look)
				zcb_observations_add(part, &all->items[i]);
		}
		part->one_run = all->one_run;
		assert_int_equal(zcb_comparison_judge(part, &options, &c), 0);
		settled = zcb_comparison_settled(c);
		verdict = c->verdict;
		*ret_look = look;
	}
	return verdict;
}

struct peeked {
	size_t verdict[ZCB_COMPARISON_VERDICTS], looks;
};

static struct peeked peek_often(const struct synthetic *s, size_t n)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct peeked peeked = { 0 };

	for (size_t i = 0; i < n; i++) {
		ZCB_OBSERVATIONS_FREE struct zcb_observations *all = synthetic_observations(s, rng);
		size_t look = 0;

		peeked.verdict[peek(all, s->boots, &look)]++;
		peeked.looks += look;
	}
	gsl_rng_free(rng);
	return peeked;
}

static void looking_after_each_boot_keeps_the_rate(void **state)
{
	for (int noise = SYNTHETIC_NORMAL; noise <= SYNTHETIC_MODES; noise++) {
		const struct synthetic s = { .boots = 8, .cells = 1, .metrics = 2, .blocks = 1,
					     .one_run = true, .noise = (enum synthetic_noise)noise,
					     .arm = noise % 2 ? .03 : .1 };
		struct peeked peeked = peek_often(&s, COMPARISONS);

		print_message("peeking, %s: %zu worse, %zu better, %.1f boots of 8\n", noises[noise],
			      peeked.verdict[ZCB_WORSE], peeked.verdict[ZCB_BETTER],
			      (double)peeked.looks / COMPARISONS);
		assert_true(peeked.verdict[ZCB_WORSE] + peeked.verdict[ZCB_BETTER] <= COMPARISONS / 50);
	}
}

static void what_is_clear_ends_early(void **state)
{
	const struct synthetic same = { .boots = 12, .cells = 2, .metrics = 2, .blocks = 2,
					.one_run = true, .twin = true, .boot = .3, .arm = .005, .cell = .01 };
	struct synthetic slower = same;
	struct peeked peeked = peek_often(&same, 100);

	assert_true(peeked.verdict[ZCB_EQUIVALENT] >= 99);
	assert_true(peeked.looks <= 100 * 8);
	slower.effect = log(1.3);
	slower.affected = 2;
	peeked = peek_often(&slower, 100);
	assert_true(peeked.verdict[ZCB_WORSE] >= 99);
	assert_true(peeked.looks <= 100 * 8);
}

static void all_looks_together_spend_it_all(void **state)
{
	double sum = 0;

	for (unsigned int look = 1; look <= 9; look++)
		sum += zcb_look_share(look, 9);
	assert_true(fabs(sum - 1) < 1e-12);
	assert_true(fabs(zcb_look_share(0, 0) - 1) < 1e-12);
	assert_true(fabs(zcb_look_share(10, 9)) < 1e-12);
}

static struct zcb_comparison *compare(const struct synthetic *s)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct zcb_comparison *c = synthetic_comparison(s, &usual, rng);

	gsl_rng_free(rng);
	assert_non_null(c);
	return c;
}

static void what_drifts_is_invalid(void **state)
{
	const struct synthetic s = { .boots = 8, .cells = 1, .metrics = 1, .blocks = 1, .one_run = true,
				     .arm = .005, .drift = .03, .affected = 1, .effect = -.1 };
	ZCB_COMPARISON_FREE struct zcb_comparison *c = compare(&s);

	assert_int_equal(c->rows[0].verdict, ZCB_INVALID);
	assert_non_null(strstr(c->rows[0].reason, "drifted by +2"));
	assert_int_equal(zcb_comparison_exit_code(c), ZCB_EXIT_INCONCLUSIVE);
}

static void one_boot_is_too_few(void **state)
{
	const struct synthetic s = { .boots = 1, .cells = 1, .metrics = 1, .blocks = 4, .one_run = true };
	ZCB_COMPARISON_FREE struct zcb_comparison *c = compare(&s);

	assert_int_equal(c->rows[0].verdict, ZCB_INVALID);
	assert_non_null(strstr(c->rows[0].reason, "two are the least"));
	assert_false(zcb_comparison_settled(c));
}

static void inconclusive_says_how_many_more(void **state)
{
	struct synthetic s = { .boots = 4, .cells = 1, .metrics = 1, .blocks = 2, .one_run = true,
			       .arm = .06, .effect = log(1.15), .affected = 1 };
	size_t needed, worse;

	{
		ZCB_COMPARISON_FREE struct zcb_comparison *c = compare(&s);

		assert_int_equal(c->rows[0].verdict, ZCB_INCONCLUSIVE);
		assert_in_range(c->rows[0].more_boots, 1, 40);
		needed = s.boots + c->rows[0].more_boots;
	}
	s.boots = 2 * needed;
	worse = found(&s, ZCB_WORSE, 200);
	print_message("%zu boots were said to be needed; with twice as many %zu of 200 are worse\n", needed,
		      worse);
	assert_true(worse >= 150);
}

/* A twin that is far from A shows that arms differ by more than what they run. */
static void a_twin_that_differs_spoils_the_verdict(void **state)
{
	const struct synthetic s = { .boots = 6, .cells = 1, .metrics = 1, .blocks = 1, .one_run = true,
				     .twin = true, .arm = .003, .effect = .1, .affected = 1 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct zcb_observations *o = synthetic_observations(&s, rng);
	ZCB_COMPARISON_FREE struct zcb_comparison *c = NULL;

	gsl_rng_free(rng);
	for (size_t i = 0; i < o->n; i++) {
		for (int k = 0; k < ZCB_STATISTICS; k++)
			o->items[i].of[k].value *= o->items[i].arm == ZCB_ARM_TWIN ? 1.09 : 1;
	}
	assert_int_equal(zcb_comparison_judge(o, &usual, &c), 0);
	assert_int_equal(c->rows[0].verdict, ZCB_INVALID);
	assert_non_null(strstr(c->rows[0].reason, "twin"));
	assert_int_equal(c->false_alarms, 2);
}

/* Counts of instructions: as the arms of `values` have them, in each boot, twice. */
static struct zcb_comparison *count_instructions(const double values[ZCB_ARMS], double one_off)
{
	struct zcb_observations *o = calloc(1, sizeof(*o));
	struct zcb_comparison *c = NULL;
	size_t metric, cell, subject;

	zcb_observations_metric(o, "fault.guest", "ns", &metric);
	zcb_observations_cell(o, "shmem/micro/punch/mmap", "", &cell);
	zcb_observations_subject(o, cell, metric, &subject);
	for (uint64_t boot = 1; boot <= 2; boot++) {
		for (int arm = 0; arm < 2 * ZCB_ARMS; arm++) {
			struct zcb_observation item = { .subject = subject, .boot = boot, .n = 500,
							.arm = (enum zcb_arm_index)(arm % ZCB_ARMS) };

			item.of[ZCB_STATISTIC_P50].known = true;
			item.of[ZCB_STATISTIC_P50].value = values[arm % ZCB_ARMS];
			if (boot == 2 && arm == 1)
				item.of[ZCB_STATISTIC_P50].value += one_off;
			zcb_observations_add(o, &item);
		}
	}
	o->icount = o->one_run = true;
	assert_int_equal(zcb_comparison_judge(o, &usual, &c), 0);
	return c;
}

static void identical_counts_are_compared_exactly(void **state)
{
	static const struct {
		double values[ZCB_ARMS], one_off;
		bool exact;
		enum zcb_comparison_verdict verdict;
	} rows[] = {
		{ { 8058, 8058, 8058 }, 0, true, ZCB_EQUIVALENT },
		{ { 8058, 8078, 8058 }, 0, true, ZCB_WORSE },
		{ { 8058, 8038, 8058 }, 0, true, ZCB_BETTER },
		{ { 8058, 8060, 8058 }, 0, true, ZCB_EQUIVALENT },
		{ { 8058, 8078, 8088 }, 0, true, ZCB_INVALID },
		{ { 8058, 8078, 8058 }, 300, false, ZCB_INCONCLUSIVE },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ZCB_COMPARISON_FREE struct zcb_comparison *c =
			count_instructions(rows[i].values, rows[i].one_off);

		assert_int_equal(c->rows[0].exact, rows[i].exact);
		assert_int_equal(c->rows[0].verdict, rows[i].verdict);
	}
}

static void wrong_frames_are_worse_however_fast(void **state)
{
	const struct synthetic s = { .boots = 6, .cells = 2, .metrics = 1, .blocks = 1, .one_run = true,
				     .arm = .003, .effect = -.3, .affected = 1 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	struct zcb_observations *o = synthetic_observations(&s, rng);
	ZCB_COMPARISON_FREE struct zcb_comparison *c = NULL;

	gsl_rng_free(rng);
	o->cells[1].counts[ZCB_ARM_B][ZCB_RESULT_FAIL] = 1;
	assert_int_equal(zcb_comparison_judge(o, &usual, &c), 0);
	assert_int_equal(c->rows[0].verdict, ZCB_BETTER);
	assert_int_equal(c->verdict, ZCB_WORSE);
	assert_int_equal(zcb_comparison_exit_code(c), ZCB_EXIT_CORRUPTION);
}

/* Nobody is called worse for what A shows as well; who brings such a bug is. */
static void a_known_bug_is_worse_where_it_is_new(void **state)
{
	const struct synthetic s = { .boots = 6, .cells = 2, .metrics = 1, .blocks = 1, .one_run = true,
				     .arm = .003, .affected = 1 };

	for (int both = 0; both < 2; both++) {
		gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
		struct zcb_observations *o = synthetic_observations(&s, rng);
		ZCB_COMPARISON_FREE struct zcb_comparison *c = NULL;

		gsl_rng_free(rng);
		o->cells[1].counts[ZCB_ARM_B][ZCB_RESULT_KNOWN_BUG] = 1;
		o->cells[1].counts[ZCB_ARM_A][ZCB_RESULT_KNOWN_BUG] = both;
		assert_int_equal(zcb_comparison_judge(o, &usual, &c), 0);
		assert_int_equal(c->corrupt, !both);
		assert_int_equal(zcb_comparison_exit_code(c) == ZCB_EXIT_CORRUPTION, !both);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_arms_in_each_boot_are_rarely_told_apart),
		cmocka_unit_test(same_arms_in_boots_of_their_own_are_rarely_told_apart),
		cmocka_unit_test(a_single_number_keeps_its_rate_too),
		cmocka_unit_test(a_verdict_by_the_bootstrap_would_be_found_out),
		cmocka_unit_test(a_tenth_slower_is_found),
		cmocka_unit_test(the_detectable_effect_is_what_is_detected),
		cmocka_unit_test(few_boots_that_agree_are_equivalent),
		cmocka_unit_test(the_interval_covers_and_the_bootstrap_of_three_does_not),
		cmocka_unit_test(looking_after_each_boot_keeps_the_rate),
		cmocka_unit_test(what_is_clear_ends_early),
		cmocka_unit_test(all_looks_together_spend_it_all),
		cmocka_unit_test(what_drifts_is_invalid),
		cmocka_unit_test(one_boot_is_too_few),
		cmocka_unit_test(inconclusive_says_how_many_more),
		cmocka_unit_test(a_twin_that_differs_spoils_the_verdict),
		cmocka_unit_test(identical_counts_are_compared_exactly),
		cmocka_unit_test(wrong_frames_are_worse_however_fast),
		cmocka_unit_test(a_known_bug_is_worse_where_it_is_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
