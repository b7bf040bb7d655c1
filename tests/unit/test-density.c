// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "reports/analysis/density.h"

#define N 20000U

static double area(const double *density, double low, double high)
{
	double sum = 0;

	for (size_t i = 0; i < ZCB_DENSITY_POINTS; i++)
		sum += density[i] * (high - low) / (ZCB_DENSITY_POINTS - 1);
	return sum;
}

/* Quantiles of a normal distribution, so that nothing hangs on luck: by bisection of its integral. */
static double quantile(double share)
{
	double low = -10, high = 10;

	for (int i = 0; i < 60; i++) {
		double middle = (low + high) / 2;

		if (erfc(-middle / sqrt(2)) / 2 < share)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void a_normal_distribution_is_found(void **state)
{
	double *values = calloc(N, sizeof(*values)), density[ZCB_DENSITY_POINTS];

	for (size_t i = 0; i < N; i++)
		values[N - 1 - i] = quantile(((double)i + 0.5) / N);
	zcb_density(values, N, -4, 4, density);
	for (size_t i = 0; i < ZCB_DENSITY_POINTS; i++) {
		double x = -4 + 8.0 * (double)i / (ZCB_DENSITY_POINTS - 1);

		assert_true(fabs(density[i] - exp(-x * x / 2) / sqrt(2 * M_PI)) < 0.01);
	}
	assert_true(fabs(area(density, -4, 4) - 1) < 0.001);
	/* Half of it lies on the one side, wherever the picture ends. */
	zcb_density(values, N, 0, 4, density);
	assert_true(fabs(area(density, 0, 4) - 0.5) < 0.03);
	free(values);
}

static void two_modes_are_two(void **state)
{
	double values[200], density[ZCB_DENSITY_POINTS];

	for (size_t i = 0; i < 200; i++)
		values[i] = (i % 2 ? 1 : 3) + 0.0001 * (double)i;
	zcb_density(values, 200, 0, 4, density);
	assert_true(density[12] > density[24] && density[35] > density[24]);
}

/* Counts of instructions may all be one. */
static void a_single_value_is_a_peak(void **state)
{
	double values[] = { 2, 2, 2, 2 }, density[ZCB_DENSITY_POINTS];

	zcb_density(values, 4, 0, 4, density);
	assert_true(fabs(area(density, 0, 4) - 1) < 0.05);
	assert_true(density[0] == 0 && density[ZCB_DENSITY_POINTS - 1] == 0);
}

static void nothing_is_nothing(void **state)
{
	double values[] = { 1, 5 }, density[ZCB_DENSITY_POINTS];

	zcb_density(values, 0, 0, 4, density);
	assert_true(density[0] == 0);
	zcb_density(values, 2, 4, 4, density);
	assert_true(density[0] == 0);
	zcb_density(values, 2, 10, 20, density);
	assert_true(area(density, 10, 20) < 0.01);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_normal_distribution_is_found),
		cmocka_unit_test(two_modes_are_two),
		cmocka_unit_test(a_single_value_is_a_peak),
		cmocka_unit_test(nothing_is_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
