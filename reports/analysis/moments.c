// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/moments.h"

#include <gsl/gsl_statistics_double.h>
#include <math.h>

double zcb_mean(const double *x, size_t n)
{
	return n ? gsl_stats_mean(x, 1, n) : 0;
}

double zcb_deviation(const double *x, size_t n)
{
	return n > 1 ? gsl_stats_sd(x, 1, n) : 0;
}

double zcb_root_mean_square(const double *x, size_t n)
{
	return n ? sqrt(gsl_stats_tss_m(x, 1, n, 0) / (double)n) : 0;
}
