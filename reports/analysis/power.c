// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/power.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#define STEPS 400 /* even: Simpson's rule */

/*
 * P(T > c) where T = (Z + shift) / S and S² is chi-squared over its degrees of freedom: the integral
 * of P(Z > c·s - shift) over the density of S, from quantile to quantile.
 */
static double tail(double c, double shift, double df)
{
	double low = sqrt(gsl_cdf_chisq_Pinv(1e-9, df) / df);
	double high = sqrt(gsl_cdf_chisq_Qinv(1e-9, df) / df);
	double step = (high - low) / STEPS, sum = 0;

	for (int i = 0; i <= STEPS; i++) {
		double s = low + i * step;
		double density = gsl_ran_chisq_pdf(df * s * s, df) * 2 * df * s;
		double weight = i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2;

		sum += weight * density * gsl_cdf_ugaussian_Q(c * s - shift);
	}
	return sum * step / 3;
}

double zcb_power(double shift, double df, double alpha)
{
	double c = gsl_cdf_tdist_Qinv(alpha / 2, df);

	return tail(c, shift, df) + tail(c, -shift, df);
}

double zcb_detectable(const struct zcb_effect *effect, double alpha)
{
	double low = 0, high = 4;

	if (!(effect->error > 0))
		return 0;
	while (zcb_power(high, effect->df, alpha) < ZCB_POWER && high < 1e9)
		high *= 2;
	for (int i = 0; i < 40; i++) {
		double middle = (low + high) / 2;

		if (zcb_power(middle, effect->df, alpha) < ZCB_POWER)
			low = middle;
		else
			high = middle;
	}
	return high * effect->error;
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

size_t zcb_boots_needed(const struct zcb_effect *effect, double alpha, double alpha_interval,
			double margin, size_t most)
{
	for (size_t n = effect->boots; n <= most; n += 1 + n / 50) {
		struct zcb_effect more = with_boots(effect, n);
		double low, high;

		zcb_effect_interval(&more, alpha_interval, &low, &high);
		if (zcb_effect_p(&more) <= alpha || (low >= -margin && high <= margin))
			return n;
	}
	return 0;
}
