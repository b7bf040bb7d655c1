// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/noise.h"

#include <math.h>

#define MAX_FREEDOM 200.0 /* more makes no difference */
#define MIN_SERIES 4U

/* The derivatives of log Γ, by recurrence up to where the asymptotic series holds to 1e-9. */
static double digamma(double x)
{
	double sum = 0;

	for (; x < 8; x++)
		sum -= 1 / x;
	return sum + log(x) - 1 / (2 * x) -
	       (1.0 / 12 - (1.0 / 120 - 1.0 / (252 * x * x)) / (x * x)) / (x * x);
}

static double trigamma(double x)
{
	double sum = 0;

	for (; x < 8; x++)
		sum += 1 / (x * x);
	return sum + 1 / x + 1 / (2 * x * x) +
	       (1.0 / 6 - (1.0 / 30 - 1.0 / (42 * x * x)) / (x * x)) / (x * x * x);
}

/* It falls all the way: halving finds where it has a value. */
static double inverse_trigamma(double value)
{
	double low = 1e-3, high = MAX_FREEDOM;

	for (int i = 0; i < 60; i++) {
		double middle = sqrt(low * high);

		if (trigamma(middle) > value)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The logarithm of a variance, less what its few degrees of freedom add on average. */
static double centred_log(struct zcb_variance v)
{
	return log(v.value) - digamma(v.freedom / 2) + log(v.freedom / 2);
}

struct zcb_variance zcb_noise_prior(const struct zcb_variance *variances, size_t n)
{
	double mean = 0, spread = 0, half;

	if (n < MIN_SERIES)
		return (struct zcb_variance){0, 0};
	for (size_t i = 0; i < n; i++)
		mean += centred_log(variances[i]) / (double)n;
	/* How much more the logarithms spread than they would if all variances were the same. */
	for (size_t i = 0; i < n; i++) {
		double off = centred_log(variances[i]) - mean;

		spread += off * off / (double)(n - 1) -
			  trigamma(variances[i].freedom / 2) / (double)n;
	}
	half = spread > 0 ? inverse_trigamma(spread) : MAX_FREEDOM / 2;
	if (half > MAX_FREEDOM / 2)
		half = MAX_FREEDOM / 2;
	return (struct zcb_variance){exp(mean + digamma(half) - log(half)), 2 * half};
}

struct zcb_variance zcb_noise_moderate(struct zcb_variance own, struct zcb_variance prior)
{
	double freedom = own.freedom + prior.freedom;

	return (struct zcb_variance){
		(own.value * own.freedom + prior.value * prior.freedom) / freedom, freedom};
}

/*
 * D. Wallace, Bounds on normal approximations to Student's and the chi-square distributions, Ann.
 * Math. Stat. 30, 1959: within some per cent of p from 7 degrees of freedom.
 */
double zcb_student_p(double t, double freedom)
{
	double z = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(t * t / freedom));

	return erfc(z / sqrt(2));
}
