// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "reports/analysis/changepoint.h"
#include "reports/analysis/evidence.h"
#include "reports/analysis/median.h"
#include "reports/analysis/noise.h"

#define NIGHTS 60
#define SERIES 1000
#define NOISE 0.02
#define STEP 0.05

static uint64_t state;

/* splitmix64 (S. Vigna): the same series on every machine. */
static double uniform(void)
{
	uint64_t z = (state += 0x9e3779b97f4a7c15U);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return ((double)((z ^ (z >> 31)) >> 11) + 0.5) / 9007199254740992.0;
}

static double gauss(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

/* The plant: with it the rule trusts one night as much as it did before it left one out. The linker puts it in. */
static bool trusting;

double __real_zcb_evidence_without_one(const struct zcb_base_line *base, const double *nights, size_t n);
double __wrap_zcb_evidence_without_one(const struct zcb_base_line *base, const double *nights, size_t n);

double __wrap_zcb_evidence_without_one(const struct zcb_base_line *base, const double *nights, size_t n)
{
	return trusting ? 1e300 : __real_zcb_evidence_without_one(base, nights, n);
}

struct store {
	double values[SERIES][NIGHTS];
	size_t step[SERIES];
	struct zcb_change_series series[SERIES];
};

/* Student's t with 3 degrees of freedom, of deviation 1. */
static double heavy(void)
{
	double normal = gauss(), a = gauss(), b = gauss(), c = gauss();

	return normal / sqrt(a * a + b * b + c * c);
}

enum noise { NORMAL, HEAVY, GROWING };

static double draw(enum noise noise, size_t night)
{
	if (noise == HEAVY)
		return NOISE * heavy();
	if (noise == GROWING)
		return (0.01 + 0.04 * (double)night / (NIGHTS - 1)) * gauss();
	return NOISE * gauss();
}

/* Series around 1000 ns with noise, a step of `size` up or down at a random night. */
static void make_of(struct store *store, uint64_t seed, double size, enum noise noise)
{
	state = seed;
	for (size_t i = 0; i < SERIES; i++) {
		size_t at = 15 + (size_t)(uniform() * 38);
		double factor = uniform() < 0.5 ? 1 + size : 1 / (1 + size);

		store->step[i] = at;
		for (size_t n = 0; n < NIGHTS; n++)
			store->values[i][n] = 1000 * (1 + draw(noise, n)) * (n >= at ? factor : 1);
		store->series[i] = (struct zcb_change_series){.values = store->values[i], .n = NIGHTS};
	}
}

static void make(struct store *store, uint64_t seed, double size)
{
	make_of(store, seed, size, NORMAL);
}

/* Of so many series: how many steps were found, by their third night, and by three nights later. */
struct score {
	size_t series, found, third, in_time, wrong, twice;
};

/* Every alert that was ever raised counts, taken back or not. */
static void judge(const struct store *store, struct score *score)
{
	score->series += SERIES;
	for (size_t i = 0; i < SERIES; i++) {
		const struct zcb_change_series *series = &store->series[i];
		bool found = false;

		for (size_t c = 0; c < series->n_changes; c++) {
			const struct zcb_change *change = &series->changes[c];
			bool right = change->found >= store->step[i] &&
				     change->onset + 3 >= store->step[i] &&
				     change->onset <= store->step[i] + 3;

			score->wrong += !right;
			score->twice += right && found;
			score->found += right && !found;
			score->third += right && !found && change->found <= store->step[i] + 2;
			score->in_time += right && !found && change->found <= store->step[i] + 3;
			found |= right;
		}
	}
}

static double share(size_t n, const struct score *score)
{
	return (double)n / (double)score->series;
}

static double precision(const struct score *score)
{
	return (double)score->found / (double)(score->found + score->wrong + score->twice);
}

static void tell(const char *what, const struct score *score)
{
	printf("%s: %zu steps, recall %.4f, precision %.4f, by the third night %.4f, by three "
	       "nights later %.4f, twice %zu\n",
	       what, score->series, share(score->found, score), precision(score),
	       share(score->third, score), share(score->in_time, score), score->twice);
}

static void demand(const struct score *score, double recall, double least, double third,
		   double in_time)
{
	assert_true(share(score->found, score) >= recall);
	assert_true(precision(score) >= least);
	assert_true(share(score->third, score) >= third);
	assert_true(share(score->in_time, score) >= in_time);
	assert_true(share(score->twice, score) <= 0.002);
}

/* So many stores of 1,000 series: what one of them says is some tenths of a per cent off. */
static struct score score_stores(const char *what, enum noise noise, uint64_t first, uint64_t n)
{
	struct store *store = calloc(1, sizeof(*store));
	struct score score = {0};

	for (uint64_t seed = first; seed < first + n; seed++) {
		make_of(store, seed, STEP, noise);
		assert_int_equal(zcb_changes_find(store->series, SERIES), 0);
		judge(store, &score);
	}
	free(store);
	tell(what, &score);
	return score;
}

static void steps_are_found_in_a_store(void **unused)
{
	struct score score = score_stores("1,000 series in one store", NORMAL, 1, 10);

	demand(&score, 0.95, 0.9, 0.83, 0.945);
	/* On these nothing was tried before the rule was done. */
	score = score_stores("the same of fresh seeds", NORMAL, 20001, 12);
	demand(&score, 0.95, 0.89, 0.83, 0.94);
}

static void steps_are_found_one_by_one(void **unused)
{
	struct store *store = calloc(1, sizeof(*store));
	struct score score = {0};

	for (uint64_t seed = 1; seed <= 5; seed++) {
		make(store, seed, STEP);
		for (size_t i = 0; i < SERIES; i++)
			assert_int_equal(zcb_changes_find(&store->series[i], 1), 0);
		judge(store, &score);
	}
	free(store);
	tell("1,000 stores of one series", &score);
	demand(&score, 0.95, 0.9, 0.67, 0.85);
}

static void heavy_tails_cost_little(void **unused)
{
	struct score score = score_stores("tails of t with 3 degrees of freedom", HEAVY, 1, 10);

	demand(&score, 0.95, 0.88, 0.85, 0.95);
}

/* From 1 to 5 %, with steps of 5 %: half of the alerts are noise, but most steps are told. */
static void growing_noise_is_no_flood(void **unused)
{
	struct score score = score_stores("noise that grows from 1 to 5 %", GROWING, 1, 10);

	demand(&score, 0.75, 0.45, 0, 0);
}

/* How many alerts there are in all. */
static size_t alerts(struct store *store)
{
	size_t n = 0;

	assert_int_equal(zcb_changes_find(store->series, SERIES), 0);
	for (size_t i = 0; i < SERIES; i++)
		n += store->series[i].n_changes;
	return n;
}

static void noise_alone_is_no_change(void **unused)
{
	struct store *store = calloc(1, sizeof(*store));
	size_t n;

	make(store, 4, 0);
	n = alerts(store);
	printf("no step: %zu alerts in %d nights of %d series\n", n, NIGHTS, SERIES);
	assert_true(n <= 5);
	free(store);
}

/* Alerts in all, and those among whose first nights, up to the one on which they were told, the spike is. */
struct spiked {
	size_t all, with_spike, worst;
};

/* Stores without a step, in each series of which `nights` nights are off by a factor, half of them down. */
static struct spiked spike(double size, size_t nights, uint64_t seeds)
{
	struct store *store = calloc(1, sizeof(*store));
	struct spiked n = {0, 0, 0};

	for (uint64_t seed = 501; seed < 501 + seeds; seed++) {
		size_t here;

		make(store, seed, 0);
		for (size_t i = 0; i < SERIES; i++)
			for (size_t night = store->step[i]; night < store->step[i] + nights; night++)
				store->values[i][night] *= i % 2 ? size : 1 / size;
		here = alerts(store);
		n.all += here;
		n.worst = here > n.worst ? here : n.worst;
		for (size_t i = 0; i < SERIES; i++)
			for (size_t c = 0; c < store->series[i].n_changes; c++)
				n.with_spike += store->series[i].changes[c].onset <= store->step[i] &&
						store->series[i].changes[c].found >= store->step[i];
	}
	free(store);
	return n;
}

/*
 * A spike by itself makes none. What is left is noise that looks like a change without the spike, too: that has to
 * be about as rare as noise alone is.
 */
static void single_spikes_are_none(void **unused)
{
	static const double sizes[] = {1, 1.03, 1.07, 1.1, 1.5, 10};

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct spiked n = spike(sizes[i], 1, 10);

		printf("a spike of a factor of %.2f in each: %zu alerts in 10,000 series, %zu with the spike, %zu in the "
		       "worst 1,000\n",
		       sizes[i], n.all, n.with_spike, n.worst);
		assert_true(n.with_spike <= 30);
		assert_true(sizes[i] < 1.2 || n.with_spike == 0);
	}
}

/* The same test must find a rule that trusts one night, and spikes of two nights, which are no spikes. */
static void spikes_that_are_planted_are_found(void **unused)
{
	struct spiked n;

	trusting = true;
	n = spike(1.07, 1, 2);
	trusting = false;
	printf("a spike of 1.07, by a rule that trusts one night: %zu alerts in 2,000 series with it\n", n.with_spike);
	assert_true(n.with_spike > 30);
	n = spike(1.5, 2, 1);
	printf("two nights off by half in each: %zu alerts in 1,000 series\n", n.all);
	assert_true(n.all >= 500);
}

/* A bad night that all series have, of 1,000 and of 12: it is no change of any; a step that all have is found as fast. */
static void a_bad_night_of_all_is_none(void **unused)
{
	static const double sizes[] = {1, 1.03, 1.07, 1.1, 1.5, 10};
	struct store *store = calloc(1, sizeof(*store));

	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t n_series = i % 2 ? 12 : SERIES, n = 0, stores = i % 2 ? SERIES / 12 : 3;
		double size = sizes[i / 2];

		for (uint64_t seed = 601; seed < 601 + stores; seed++) {
			make(store, seed, 0);
			for (size_t k = 0; k < n_series; k++)
				store->values[k][30 + seed % 20] *= size;
			assert_int_equal(zcb_changes_find(store->series, n_series), 0);
			for (size_t k = 0; k < n_series; k++)
				for (size_t c = 0; c < store->series[k].n_changes; c++)
					n += store->series[k].changes[c].onset <= 30 + seed % 20 &&
					     store->series[k].changes[c].found >= 30 + seed % 20;
		}
		printf("a night off by %.2f in all of %zu series: %zu alerts with it in %zu\n", size, n_series, n,
		       stores * n_series);
		assert_true(n <= (i % 2 ? stores * n_series * 3 / 100 : 6));
	}
	free(store);
}

static void a_step_of_all_is_found(void **unused)
{
	struct store *store = calloc(1, sizeof(*store));
	size_t third = 0;

	make(store, 611, 0);
	for (size_t i = 0; i < SERIES; i++) {
		for (size_t n = 35; n < NIGHTS; n++)
			store->values[i][n] *= 1.05;
	}
	alerts(store);
	for (size_t i = 0; i < SERIES; i++)
		third += store->series[i].n_changes && store->series[i].changes[0].found <= 37 &&
			 store->series[i].changes[0].onset + 3 >= 35;
	printf("a step of all: %zu of %d series by its third night\n", third, SERIES);
	assert_true(third >= 0.85 * SERIES);
	free(store);
}

/* However far one night is off, what it says has a limit, and the next normal night takes it back. */
static void one_night_says_little(void **unused)
{
	const struct zcb_base_line base = {.level = 0, .sigma = 1, .nights = 40};

	for (double off = 1; off < 1e6; off *= 1.5) {
		const double last[] = {0.3, -0.2, off}, after[] = {-0.2, off, 0.1}, step[] = {off, off * 1.02, off};

		assert_true(__real_zcb_evidence_without_one(&base, last, 3) < 1);
		assert_true(__real_zcb_evidence_without_one(&base, after, 3) < 1);
		if (off > 3)
			assert_true(__real_zcb_evidence_without_one(&base, step, 3) > 100);
	}
}

static void large_steps_are_found_on_the_second_night(void **unused)
{
	struct store *store = calloc(1, sizeof(*store));
	size_t on_time = 0;

	make(store, 6, 0.3);
	alerts(store);
	for (size_t i = 0; i < SERIES; i++) {
		for (size_t c = 0; c < store->series[i].n_changes; c++)
			on_time += store->series[i].changes[c].onset == store->step[i] &&
				   store->series[i].changes[c].found == store->step[i] + 1;
	}
	printf("steps of 30 %%: %zu of %d on their second night\n", on_time, SERIES);
	assert_true(on_time >= 0.95 * SERIES);
	free(store);
}

static void without_noise(double *values, size_t at, double after)
{
	for (size_t n = 0; n < NIGHTS; n++)
		values[n] = n < at ? 6035 : after;
}

static void counts_of_instructions_need_no_noise(void **unused)
{
	double values[NIGHTS];
	struct zcb_change_series series = {.values = values, .n = NIGHTS};

	without_noise(values, 30, 6035 * 1.02);
	assert_int_equal(zcb_changes_find(&series, 1), 0);
	assert_int_equal(series.n_changes, 1);
	assert_int_equal(series.changes[0].onset, 30);
	assert_int_equal(series.changes[0].found, 31);
	assert_true(fabs(series.changes[0].before - 6035) < 0.01);
	assert_true(fabs(series.changes[0].after / 6035 - 1.02) < 1e-6);
	/* Too little to follow up. */
	without_noise(values, 30, 6035 * 1.002);
	assert_int_equal(zcb_changes_find(&series, 1), 0);
	assert_int_equal(series.n_changes, 0);
}

static void gaps_are_no_nights(void **unused)
{
	double values[NIGHTS];
	struct zcb_change_series series = {.values = values, .n = NIGHTS};

	without_noise(values, 30, 7000);
	for (size_t n = 0; n < NIGHTS; n += 3)
		values[n] = n % 2 ? 0 : (double)NAN;
	assert_int_equal(zcb_changes_find(&series, 1), 0);
	assert_int_equal(series.n_changes, 1);
	assert_int_equal(series.changes[0].onset, 31); /* 30 is a gap */
	assert_int_equal(series.changes[0].found, 32);
	for (size_t n = 0; n < NIGHTS; n++)
		values[n] = (double)NAN;
	assert_int_equal(zcb_changes_find(&series, 1), 0);
	assert_int_equal(series.n_changes, 0);
	assert_int_equal(zcb_changes_find(NULL, 0), 0);
}

/* There and back: two changes, the second back to the level of before. */
static void a_level_that_comes_back_is_another_change(void **unused)
{
	double values[NIGHTS];
	struct zcb_change_series series = {.values = values, .n = NIGHTS};

	without_noise(values, 20, 7000);
	for (size_t n = 40; n < NIGHTS; n++)
		values[n] = 6035;
	assert_int_equal(zcb_changes_find(&series, 1), 0);
	assert_int_equal(series.n_changes, 2);
	assert_int_equal(series.changes[0].onset, 20);
	assert_int_equal(series.changes[1].onset, 40);
	assert_true(fabs(series.changes[1].after - 6035) < 0.01);
}

/* What was known on a night does not depend on what came later. */
static void the_future_changes_nothing(void **unused)
{
	struct store *all = calloc(1, sizeof(*all)), *part = calloc(1, sizeof(*part));

	make(all, 7, STEP);
	make(part, 7, STEP);
	for (size_t i = 0; i < SERIES; i++)
		part->series[i].n = 40;
	alerts(all);
	alerts(part);
	for (size_t i = 0; i < SERIES; i++) {
		const struct zcb_change_series *later = &all->series[i], *then = &part->series[i];

		for (size_t c = 0; c < then->n_changes; c++) {
			assert_int_equal(then->changes[c].onset, later->changes[c].onset);
			assert_int_equal(then->changes[c].found, later->changes[c].found);
			assert_true(then->changes[c].after == later->changes[c].after);
		}
		assert_true(later->n_changes == then->n_changes ||
			    later->changes[then->n_changes].found >= 40);
	}
	free(all);
	free(part);
}

/* Figures of a table of Student's t: p of 0.01, 0.001 and 1e-5, two-sided. */
static void probabilities_are_those_of_tables(void **unused)
{
	static const struct {
		double t, freedom, p;
	} known[] = {{3.499, 7, 0.01},	{5.408, 7, 0.001},  {2.845, 20, 0.01},
		     {3.850, 20, 0.001}, {2.626, 100, 0.01}, {3.390, 100, 0.001},
		     {2.5758, 1e6, 0.01}};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		assert_true(fabs(zcb_student_p(known[i].t, known[i].freedom) / known[i].p - 1) < 0.07);
}

/* Series of one noise lend each other what they know; those of many noises do not. */
static void like_noise_is_shared(void **unused)
{
	struct zcb_variance v[500], same, apart;

	state = 8;
	for (size_t i = 0; i < 500; i++) {
		double squares = 0;

		for (int n = 0; n < 10; n++)
			squares += pow(gauss() * NOISE, 2);
		v[i] = (struct zcb_variance){squares / 10, 10};
	}
	same = zcb_noise_prior(v, 500);
	assert_true(same.freedom > 100);
	assert_true(fabs(sqrt(same.value) / NOISE - 1) < 0.02);
	for (size_t i = 0; i < 500; i++)
		v[i].value *= exp(4 * gauss());
	apart = zcb_noise_prior(v, 500);
	assert_true(apart.freedom < 1);
	assert_true(zcb_noise_prior(v, 3).freedom == 0);
	assert_true(zcb_noise_moderate(v[0], zcb_noise_prior(v, 3)).value == v[0].value);
}

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static void medians_are_those_of_a_sorted_list(void **unused)
{
	double values[41], sorted[41];

	state = 9;
	for (size_t round = 0; round < 20000; round++) {
		size_t n = 1 + round % 41;

		for (size_t i = 0; i < n; i++)
			values[i] = sorted[i] = floor(uniform() * (double)(1 + round % 50));
		qsort(sorted, n, sizeof(*sorted), ascending);
		assert_true(zcb_median(values, n) == (sorted[n / 2] + sorted[(n - 1) / 2]) / 2);
	}
	assert_true(isnan(zcb_median(values, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_found_in_a_store),
		cmocka_unit_test(steps_are_found_one_by_one),
		cmocka_unit_test(heavy_tails_cost_little),
		cmocka_unit_test(growing_noise_is_no_flood),
		cmocka_unit_test(noise_alone_is_no_change),
		cmocka_unit_test(single_spikes_are_none),
		cmocka_unit_test(spikes_that_are_planted_are_found),
		cmocka_unit_test(one_night_says_little),
		cmocka_unit_test(a_bad_night_of_all_is_none),
		cmocka_unit_test(a_step_of_all_is_found),
		cmocka_unit_test(large_steps_are_found_on_the_second_night),
		cmocka_unit_test(counts_of_instructions_need_no_noise),
		cmocka_unit_test(gaps_are_no_nights),
		cmocka_unit_test(a_level_that_comes_back_is_another_change),
		cmocka_unit_test(the_future_changes_nothing),
		cmocka_unit_test(probabilities_are_those_of_tables),
		cmocka_unit_test(like_noise_is_shared),
		cmocka_unit_test(medians_are_those_of_a_sorted_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
