// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/drift.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_fit.h>
#include <math.h>

#include "bench/base/cleanup.h"

#define LEAST_BOOTS 5

struct zcb_drift zcb_drift_of(const double *y, size_t n)
{
	struct zcb_drift drift = { 0, 1 };
	double start, slope, v00, v01, v11, rest;
	ZCB_FREE double *x = n < LEAST_BOOTS ? NULL : calloc(n, sizeof(*x));

	if (!x)
		return drift;
	for (size_t i = 0; i < n; i++)
		x[i] = (double)i;
	gsl_fit_linear(x, 1, y, 1, n, &start, &slope, &v00, &v01, &v11, &rest);
	drift.total = slope * ((double)n - 1);
	if (v11 > 0)
		drift.p = 2 * gsl_cdf_tdist_Q(fabs(slope) / sqrt(v11), (double)n - 2);
	return drift;
}
