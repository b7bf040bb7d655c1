// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/growth.h"

#include <errno.h>
#include <gsl/gsl_fit.h>
#include <math.h>
#include <stdlib.h>

#include "bench/base/cleanup.h"

static bool differ(const double *x, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		if (x[i] != x[0])
			return true;
	}
	return false;
}

/* Of what is left over after the fit, as the points' own errors are not known. */
static double standard_error(double variance, double squares, size_t n)
{
	return n > 2 ? sqrt(fmax(variance * squares / (double)(n - 2), 0)) : 0;
}

static void fit_line(const double *x, const double *y, double *weight, size_t n, struct zcb_growth *growth)
{
	double cov00, cov01, cov11, squares;

	for (size_t i = 0; i < n; i++)
		weight[i] = 1 / (y[i] * y[i]);
	gsl_fit_wlinear(x, 1, weight, 1, y, 1, n, &growth->base, &growth->each, &cov00, &cov01,
			&cov11, &squares);
	growth->each_error = standard_error(cov11, squares, n);
}

/* gsl_fit_linear() has the error from the residuals in its covariance already. */
static void fit_slope(const double *log_x, const double *log_y, size_t n, struct zcb_growth *growth)
{
	double constant, cov00, cov01, cov11, squares;

	growth->has_slope = n >= 2 && differ(log_x, n);
	if (!growth->has_slope)
		return;
	gsl_fit_linear(log_x, 1, log_y, 1, n, &constant, &growth->slope, &cov00, &cov01, &cov11,
		       &squares);
	growth->slope_error = n > 2 ? sqrt(fmax(cov11, 0)) : 0;
}

int zcb_growth_fit(const double *x, const double *y, size_t n, struct zcb_growth *ret_growth)
{
	ZCB_FREE double *room = calloc(n ? n : 1, 5 * sizeof(*room));
	double *used_x = room, *used_y = room + n, *weight = room + 2 * n, *log_x = room + 3 * n,
	       *log_y = room + 4 * n;
	struct zcb_growth growth = {0};
	size_t logs = 0;

	if (!room)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		if (!(y[i] > 0) || !isfinite(y[i]) || !isfinite(x[i]))
			continue;
		used_x[growth.n] = x[i];
		used_y[growth.n++] = y[i];
		if (x[i] > 0) {
			log_x[logs] = log(x[i]);
			log_y[logs++] = log(y[i]);
		}
	}
	if (growth.n < 2 || !differ(used_x, growth.n))
		return -ENODATA;
	fit_line(used_x, used_y, weight, growth.n, &growth);
	fit_slope(log_x, log_y, logs, &growth);
	*ret_growth = growth;
	return 0;
}
