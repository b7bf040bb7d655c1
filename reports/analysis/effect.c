// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/effect.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "reports/analysis/moments.h"

bool zcb_effect_paired(const double *difference, size_t n, double floor,
		       struct zcb_effect *ret_effect)
{
	double deviation;

	if (n < 2)
		return false;
	deviation = fmax(zcb_deviation(difference, n), floor);
	*ret_effect = (struct zcb_effect){
		.log = zcb_mean(difference, n),
		.error = deviation / sqrt((double)n),
		.df = (double)n - 1,
		.boots = n,
		.paired = true,
	};
	return true;
}

bool zcb_effect_unpaired(const double *a, size_t n_a, const double *b, size_t n_b, double floor,
			 struct zcb_effect *ret_effect)
{
	double var_a, var_b;

	if (n_a < 2 || n_b < 2)
		return false;
	var_a = pow(fmax(zcb_deviation(a, n_a), floor), 2) / (double)n_a;
	var_b = pow(fmax(zcb_deviation(b, n_b), floor), 2) / (double)n_b;
	*ret_effect = (struct zcb_effect){
		.log = zcb_mean(b, n_b) - zcb_mean(a, n_a),
		.error = sqrt(var_a + var_b),
		.df = (double)(n_a < n_b ? n_a : n_b) - 1,
		.boots = n_a < n_b ? n_a : n_b,
	};
	/* Welch and Satterthwaite; between the smaller arm's and both arms' degrees of freedom. */
	if (var_a + var_b > 0)
		ret_effect->df = pow(var_a + var_b, 2) / (var_a * var_a / ((double)n_a - 1) +
							  var_b * var_b / ((double)n_b - 1));
	return true;
}

void zcb_effect_interval(const struct zcb_effect *effect, double alpha, double *ret_low,
			 double *ret_high)
{
	double half = effect->error > 0
			      ? effect->error * gsl_cdf_tdist_Qinv(alpha / 2, effect->df)
			      : 0;

	*ret_low = effect->log - half;
	*ret_high = effect->log + half;
}

double zcb_effect_p(const struct zcb_effect *effect)
{
	if (!(effect->error > 0))
		return fabs(effect->log) > 0 ? 0 : 1;
	return 2 * gsl_cdf_tdist_Q(fabs(effect->log) / effect->error, effect->df);
}
