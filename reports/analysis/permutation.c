// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/permutation.h"

#include <gsl/gsl_rng.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "bench/base/cleanup.h"

/* Sums of the same numbers in another order differ in their last digits. */
#define SAME 1e-12

static gsl_rng *new_rng(uint64_t seed)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus2);

	if (rng)
		gsl_rng_set(rng, (unsigned long)seed);
	return rng;
}

static bool as_far(double sum, double observed, double scale)
{
	return fabs(sum) >= fabs(observed) - SAME * scale;
}

static double total(const double *x, size_t n, bool absolute)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += absolute ? fabs(x[i]) : x[i];
	return sum;
}

/* A set bit turns a sign. The first keeps its own: all turned is as far as none. */
static double turned(const double *x, size_t n, uint64_t signs)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += signs >> i & 1 ? -x[i] : x[i];
	return sum;
}

static double all_signs(const double *x, size_t n)
{
	double observed = total(x, n, false), scale = total(x, n, true);
	uint64_t ways = 1ULL << (n - 1), found = 0;

	for (uint64_t signs = 0; signs < ways; signs++)
		found += as_far(turned(x, n, signs << 1), observed, scale);
	return (double)found / (double)ways;
}

/* What was seen is one of the ways too: so p is never 0, and never too small. */
static double drawn_signs(const double *x, size_t n, uint64_t seed)
{
	double observed = total(x, n, false), scale = total(x, n, true);
	gsl_rng *rng = new_rng(seed);
	uint64_t found = 1;

	if (!rng)
		return NAN;
	for (unsigned int i = 0; i < ZCB_PERMUTATIONS_DRAWN; i++) {
		double sum = 0;

		for (size_t k = 0; k < n; k++)
			sum += gsl_rng_get(rng) & 1 ? -x[k] : x[k];
		found += as_far(sum, observed, scale);
	}
	gsl_rng_free(rng);
	return (double)found / (ZCB_PERMUTATIONS_DRAWN + 1.);
}

double zcb_permutation_paired(const double *difference, size_t n, uint64_t seed)
{
	if (!n)
		return 1;
	return n <= 17 ? all_signs(difference, n) : drawn_signs(difference, n, seed);
}

static double ways_of(size_t n_a, size_t n_b)
{
	return exp(gsl_sf_lnchoose((unsigned int)(n_a + n_b), (unsigned int)n_a));
}

/* A sample of both arms; which of it are A's is a set of bits, or its first ones. */
struct deal {
	double *all, observed, scale, sum;
	size_t n_a, n;
};

static double distance(const struct deal *deal, double sum_a)
{
	return (deal->sum - sum_a) / (double)(deal->n - deal->n_a) - sum_a / (double)deal->n_a;
}

static double dealt(const struct deal *deal, uint64_t set)
{
	double sum = 0;

	for (size_t i = 0; i < deal->n; i++)
		sum += set >> i & 1 ? deal->all[i] : 0;
	return distance(deal, sum);
}

/* The next larger number with as many bits set. */
static uint64_t next_set(uint64_t set)
{
	uint64_t lowest = set & -set, carried = set + lowest;

	return carried | ((set ^ carried) / lowest) >> 2;
}

static double all_deals(const struct deal *deal)
{
	uint64_t set = (1ULL << deal->n_a) - 1, ways = 0, found = 0;

	for (; set < 1ULL << deal->n; set = next_set(set)) {
		found += as_far(dealt(deal, set), deal->observed, deal->scale);
		ways++;
	}
	return (double)found / (double)ways;
}

static double drawn_deals(struct deal *deal, uint64_t seed)
{
	gsl_rng *rng = new_rng(seed);
	uint64_t found = 1;

	if (!rng)
		return NAN;
	for (unsigned int i = 0; i < ZCB_PERMUTATIONS_DRAWN; i++) {
		gsl_ran_shuffle(rng, deal->all, deal->n, sizeof(*deal->all));
		found += as_far(distance(deal, total(deal->all, deal->n_a, false)), deal->observed,
				deal->scale);
	}
	gsl_rng_free(rng);
	return (double)found / (ZCB_PERMUTATIONS_DRAWN + 1.);
}

double zcb_permutation_unpaired(const double *a, size_t n_a, const double *b, size_t n_b,
				uint64_t seed)
{
	struct deal deal = { .n_a = n_a, .n = n_a + n_b };
	ZCB_FREE double *all = calloc(deal.n + 1, sizeof(*all));

	if (!n_a || !n_b)
		return 1;
	if (!all)
		return NAN;
	memcpy(all, a, n_a * sizeof(*all));
	memcpy(all + n_a, b, n_b * sizeof(*all));
	deal.all = all;
	deal.sum = total(all, deal.n, false);
	deal.scale = total(all, deal.n, true);
	deal.observed = distance(&deal, total(a, n_a, false));
	return ways_of(n_a, n_b) <= ZCB_PERMUTATIONS ? all_deals(&deal) : drawn_deals(&deal, seed);
}

/* Drawn ones never give less than what was seen, of all that were drawn. */
static double least_of(double ways, double as_far)
{
	return ways <= ZCB_PERMUTATIONS ? as_far / ways : 1 / (ZCB_PERMUTATIONS_DRAWN + 1.);
}

double zcb_permutation_least_paired(size_t n)
{
	return n ? least_of(pow(2, (double)n - 1), 1) : 1;
}

double zcb_permutation_least_unpaired(size_t n_a, size_t n_b)
{
	if (!n_a || !n_b)
		return 1;
	/* Of arms of one size, exchanging them is as far as leaving them. */
	return least_of(ways_of(n_a, n_b), n_a == n_b ? 2 : 1);
}
