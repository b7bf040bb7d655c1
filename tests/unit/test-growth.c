// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <math.h>

#include "reports/analysis/growth.h"

#define N 6

static const double counts[N] = { 0, 1, 4, 16, 64, 256 };

static void near(double seen, double wanted, double within)
{
	if (!(fabs(seen - wanted) <= within))
		fail_msg("%g is not within %g of %g", seen, within, wanted);
}

static void a_line_is_found(void **state)
{
	struct zcb_growth growth;
	double y[N];

	for (int i = 0; i < N; i++)
		y[i] = 50000 + 600 * counts[i];
	assert_int_equal(zcb_growth_fit(counts, y, N, &growth), 0);
	assert_int_equal(growth.n, N);
	near(growth.base, 50000, 1e-3);
	near(growth.each, 600, 1e-3);
	near(growth.each_error, 0, 1e-3);
	assert_true(growth.has_slope);
	assert_true(growth.slope > 0.1 && growth.slope < 1); /* the base flattens it */
}

/* Without a base the slope is the power. 0 is left out of it, and has no logarithm. */
static void a_power_is_found(void **state)
{
	static const double powers[] = { 0, 0.5, 1, 2 };
	struct zcb_growth growth;
	double y[N];

	for (size_t p = 0; p < sizeof(powers) / sizeof(powers[0]); p++) {
		for (int i = 0; i < N; i++)
			y[i] = counts[i] > 0 ? 300 * pow(counts[i], powers[p]) : 300;
		assert_int_equal(zcb_growth_fit(counts, y, N, &growth), 0);
		near(growth.slope, powers[p], 1e-9);
		near(growth.slope_error, 0, 1e-6);
	}
}

static void what_does_not_grow_has_no_slope(void **state)
{
	static const double y[N] = { 1000, 1003, 998, 1001, 999, 1002 };
	struct zcb_growth growth;

	assert_int_equal(zcb_growth_fit(counts, y, N, &growth), 0);
	near(growth.slope, 0, 3 * growth.slope_error);
	near(growth.each, 0, 3 * growth.each_error);
	assert_true(growth.slope_error > 0 && growth.each_error > 0);
}

/* By the textbook's sums, done elsewhere: of the logarithms, and of y with the weights 1/y². */
static void scatter_has_an_error(void **state)
{
	static const double x[] = { 1, 2, 3, 4, 5 }, y[] = { 2.1, 3.9, 6.2, 7.8, 10.1 };
	struct zcb_growth growth;

	assert_int_equal(zcb_growth_fit(x, y, 5, &growth), 0);
	near(growth.slope, 0.975385, 1e-6);
	near(growth.slope_error, 0.0269627, 1e-6);
	near(growth.each, 1.961619, 1e-6);
	near(growth.base, 0.116450, 1e-6);
	near(growth.each_error, 0.0547448, 1e-6);
}

static void too_little_is_refused(void **state)
{
	static const double same[] = { 3, 3, 3 }, bad[] = { 0, -1, NAN }, one[] = { 5, 0, 0 };
	struct zcb_growth growth = { .n = 77 };

	assert_int_equal(zcb_growth_fit(counts, counts, 0, &growth), -ENODATA);
	assert_int_equal(zcb_growth_fit(counts, same, 1, &growth), -ENODATA);
	assert_int_equal(zcb_growth_fit(same, same, 3, &growth), -ENODATA);
	assert_int_equal(zcb_growth_fit(counts, bad, 3, &growth), -ENODATA);
	assert_int_equal(zcb_growth_fit(counts, one, 3, &growth), -ENODATA);
	assert_int_equal(growth.n, 77);
	assert_int_equal(zcb_growth_fit(counts, same, 2, &growth), 0); /* 0 and 1: no slope */
	assert_false(growth.has_slope);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_found),
		cmocka_unit_test(a_power_is_found),
		cmocka_unit_test(what_does_not_grow_has_no_slope),
		cmocka_unit_test(scatter_has_an_error),
		cmocka_unit_test(too_little_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
