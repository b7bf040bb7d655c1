// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/bootstrap.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort_double.h>
#include <gsl/gsl_statistics_double.h>

#include "bench/base/cleanup.h"

#define RESAMPLES 2000

static double redrawn(gsl_rng *rng, const struct zcb_bootstrap_boot *boot)
{
	return boot->log + gsl_ran_gaussian_ziggurat(rng, 1) * boot->error;
}

static double mean_of_drawn(gsl_rng *rng, const struct zcb_bootstrap_boot *boots, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += redrawn(rng, &boots[gsl_rng_uniform_int(rng, n)]);
	return sum / (double)n;
}

static double difference_of_drawn(gsl_rng *rng, const struct zcb_bootstrap_boot *a,
				  const struct zcb_bootstrap_boot *b, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++) {
		size_t boot = gsl_rng_uniform_int(rng, n);

		sum += redrawn(rng, &b[boot]) - redrawn(rng, &a[boot]);
	}
	return sum / (double)n;
}

bool zcb_bootstrap(const struct zcb_bootstrap_boot *a, size_t n_a,
		   const struct zcb_bootstrap_boot *b, size_t n_b, bool paired, double alpha,
		   uint64_t seed, double *ret_low, double *ret_high)
{
	ZCB_FREE double *drawn = calloc(RESAMPLES, sizeof(*drawn));
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);

	if (!rng || !drawn || !n_a || !n_b || (paired && n_a != n_b)) {
		gsl_rng_free(rng);
		return false;
	}
	gsl_rng_set(rng, (unsigned long)seed);
	for (size_t i = 0; i < RESAMPLES; i++)
		drawn[i] = paired ? difference_of_drawn(rng, a, b, n_a) :
				    mean_of_drawn(rng, b, n_b) - mean_of_drawn(rng, a, n_a);
	gsl_rng_free(rng);
	gsl_sort(drawn, 1, RESAMPLES);
	*ret_low = gsl_stats_quantile_from_sorted_data(drawn, 1, RESAMPLES, alpha / 2);
	*ret_high = gsl_stats_quantile_from_sorted_data(drawn, 1, RESAMPLES, 1 - alpha / 2);
	return true;
}
