// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reports/analysis/distribution.h"

/*
 * The naive computation: the smallest value of the samples that at least the part q of all samples
 * does not exceed, found by counting, without an order or a rank.
 */
static bool naive(const uint64_t *values, size_t n, unsigned int numerator,
		  unsigned int denominator, uint64_t *ret_value)
{
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		size_t not_above = 0;

		for (size_t j = 0; j < n; j++)
			not_above += values[j] <= values[i];
		if (not_above * denominator < n * numerator || values[i] == UINT64_MAX)
			continue;
		if (!found || values[i] < *ret_value)
			*ret_value = values[i];
		found = true;
	}
	return found;
}

static const unsigned int quantiles[][2] = { { 0, 1 },	  { 1, 2 },	{ 9, 10 },
					     { 99, 100 }, { 999, 1000 }, { 1, 1 } };

static void check(const uint64_t *values, size_t n)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = { 0 };

	for (size_t i = 0; i < n; i++)
		assert_int_equal(zcb_distribution_add(&d, values[i]), 0);
	zcb_distribution_sort(&d);
	for (size_t q = 0; q < sizeof(quantiles) / sizeof(quantiles[0]); q++) {
		uint64_t ours = 0, theirs = 0;
		bool known = zcb_distribution_quantile(&d, quantiles[q][0], quantiles[q][1], &ours);

		assert_int_equal(known, naive(values, n, quantiles[q][0], quantiles[q][1], &theirs));
		if (known)
			assert_int_equal(ours, theirs);
	}
}

static void quantiles_are_those_of_counting(void **state)
{
	uint64_t values[220];

	srandom(1);
	for (size_t n = 0; n <= 220; n = n < 25 ? n + 1 : n + 39) {
		for (int spread = 1; spread < 100000; spread *= 10) {
			for (size_t i = 0; i < n; i++)
				values[i] = random() % 9 == 0 ? UINT64_MAX :
								(uint64_t)(random() % spread);
			check(values, n);
		}
	}
}

static int ascending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Many values are sorted by their bytes: the same as by comparing them. */
static void many_values_are_in_order(void **state)
{
	for (int bits = 1; bits < 64; bits += 9) {
		size_t n = 1000 + (size_t)random() % 5000;
		struct zcb_distribution d = { 0 };
		uint64_t *expected = calloc(n, sizeof(*expected)), *values = calloc(n, sizeof(*values));

		for (size_t i = 0; i < n; i++) {
			values[i] = ((uint64_t)random() << 33 ^ (uint64_t)random()) >> (63 - bits);
			if (i % 97 == 5)
				values[i] = UINT64_MAX;
			expected[i] = values[i];
		}
		qsort(expected, n, sizeof(*expected), ascending);
		assert_int_equal(zcb_distribution_take(&d, values, n), 0);
		zcb_distribution_sort(&d);
		assert_int_equal(d.n, n);
		assert_memory_equal(d.values, expected, n * sizeof(*expected));
		assert_int_equal(d.censored, (n + 91) / 97);
		zcb_distribution_finish(&d);
		free(expected);
	}
}

static void what_is_taken_is_added(void **state)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = { 0 };

	for (uint64_t i = 0; i < 3; i++) {
		uint64_t *values = calloc(2, sizeof(*values));

		values[0] = i;
		values[1] = i == 1 ? UINT64_MAX : 10 + i;
		assert_int_equal(zcb_distribution_take(&d, values, 2), 0);
		assert_int_equal(zcb_distribution_take(&d, NULL, 0), 0);
	}
	assert_int_equal(zcb_distribution_add(&d, 5), 0);
	zcb_distribution_sort(&d);
	assert_int_equal(d.n, 7);
	assert_int_equal(d.censored, 1);
	assert_int_equal(d.values[3], 5);
}

/* Where a rank in floating point goes wrong: 0.9 * 10 and 0.99 * 100 are no whole numbers there. */
static void ranks_are_exact(void **state)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = { 0 };
	uint64_t value = 0;

	for (uint64_t i = 1000; i > 0; i--)
		zcb_distribution_add(&d, i);
	zcb_distribution_sort(&d);
	for (unsigned int q = 1; q <= 1000; q++) {
		assert_true(zcb_distribution_quantile(&d, q, 1000, &value));
		assert_int_equal(value, q);
	}
}

static void censored_samples_count_as_the_longest(void **state)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = { 0 };
	uint64_t value = 7;

	zcb_distribution_add(&d, UINT64_MAX);
	zcb_distribution_add(&d, 5);
	zcb_distribution_add(&d, UINT64_MAX);
	zcb_distribution_sort(&d);
	assert_int_equal(d.censored, 2);
	assert_false(zcb_distribution_quantile(&d, 1, 2, &value));
	assert_int_equal(value, 7);
	assert_true(zcb_distribution_quantile(&d, 1, 3, &value));
	assert_int_equal(value, 5);
	assert_true(fabs(zcb_distribution_mean(&d) - 5) < 1e-9);
}

static void of_nothing_there_is_nothing(void **state)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = { 0 };
	uint64_t value;

	zcb_distribution_sort(&d);
	assert_false(zcb_distribution_quantile(&d, 1, 2, &value));
	assert_true(fabs(zcb_distribution_mean(&d)) < 1e-9);
}

static void the_mean_of_large_values_keeps_its_digits(void **state)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = { 0 };

	for (int i = 0; i < 10; i++)
		zcb_distribution_add(&d, UINT64_MAX - 1);
	assert_true(zcb_distribution_mean(&d) > 1.8e19);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quantiles_are_those_of_counting),
		cmocka_unit_test(many_values_are_in_order),
		cmocka_unit_test(what_is_taken_is_added),
		cmocka_unit_test(ranks_are_exact),
		cmocka_unit_test(censored_samples_count_as_the_longest),
		cmocka_unit_test(of_nothing_there_is_nothing),
		cmocka_unit_test(the_mean_of_large_values_keeps_its_digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
