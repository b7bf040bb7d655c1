// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/power.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sf_gamma.h>
#include <math.h>

/*
 * T = (Z + shift) / S exceeds c where Z - c S exceeds -shift. S, the root of a chi-squared over its
 * degrees of freedom, is near enough to a normal of its mean and variance for their sum to be one
 * (N. L. Johnson and B. L. Welch, Applications of the non-central t-distribution, 1940): within two
 * per cent of the shift from one degree of freedom on.
 */
static void spread(double c, double df, double *ret_mean, double *ret_deviation)
{
	double mean = sqrt(2 / df) * exp(gsl_sf_lngamma((df + 1) / 2) - gsl_sf_lngamma(df / 2));

	*ret_mean = c * mean;
	*ret_deviation = sqrt(1 + c * c * (1 - mean * mean));
}

double zcb_power(double shift, double df, double alpha)
{
	double mean, deviation;

	spread(gsl_cdf_tdist_Qinv(alpha / 2, df), df, &mean, &deviation);
	return gsl_cdf_ugaussian_P((shift - mean) / deviation) +
	       gsl_cdf_ugaussian_P((-shift - mean) / deviation);
}

double zcb_detectable_shift(double df, double alpha)
{
	double mean, deviation;

	spread(gsl_cdf_tdist_Qinv(alpha / 2, df), df, &mean, &deviation);
	return mean + deviation * gsl_cdf_ugaussian_Pinv(ZCB_POWER);
}

double zcb_deviation_correction(double df)
{
	return sqrt(df / gsl_cdf_chisq_Pinv(.5, df));
}

/* The error and degrees of freedom that n boots an arm would have, if they vary as these did. */
static struct zcb_effect with_boots(const struct zcb_effect *effect, size_t n)
{
	struct zcb_effect more = *effect;

	more.boots = n;
	more.error *= sqrt((double)effect->boots / (double)n);
	more.df = effect->df * ((double)n - 1) / ((double)effect->boots - 1);
	return more;
}

static bool settles(const struct zcb_effect *effect, size_t n, double alpha, double alpha_interval,
		    double margin)
{
	struct zcb_effect more = with_boots(effect, n);
	double low, high;

	zcb_effect_interval(&more, alpha_interval, &low, &high);
	return zcb_effect_p(&more) <= alpha || (low >= -margin && high <= margin);
}

size_t zcb_boots_needed(const struct zcb_effect *effect, double alpha, double alpha_interval,
			double margin, size_t most)
{
	size_t low = effect->boots - 1, high = effect->boots;

	while (high < most && !settles(effect, high, alpha, alpha_interval, margin)) {
		low = high;
		high = high * 2 < most ? high * 2 : most;
	}
	if (!settles(effect, high, alpha, alpha_interval, margin))
		return 0;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (settles(effect, middle, alpha, alpha_interval, margin))
			high = middle;
		else
			low = middle;
	}
	return high;
}
