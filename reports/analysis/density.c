// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/density.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A kernel's tail beyond this many widths is nothing. */
#define REACH 4.0
/* Values are counted in so many bins for each place first: millions of them cost no more than that. */
#define FINE 16U
#define BINS ((ZCB_DENSITY_POINTS - 1) * FINE + 1)

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double deviation(const double *values, size_t n)
{
	double mean = 0, sum = 0;

	for (size_t i = 0; i < n; i++)
		mean += values[i] / (double)n;
	for (size_t i = 0; i < n; i++)
		sum += (values[i] - mean) * (values[i] - mean);
	return n > 1 ? sqrt(sum / (double)(n - 1)) : 0;
}

static double width_of(const double *values, size_t n, double least)
{
	double quartiles = (values[n * 3 / 4] - values[n / 4]) / 1.34;
	double spread = deviation(values, n);

	if (quartiles > 0 && quartiles < spread)
		spread = quartiles;
	return fmax(0.9 * spread * pow((double)n, -0.2), least);
}

void zcb_density(double *values, size_t n, double low, double high, double ret_density[ZCB_DENSITY_POINTS])
{
	double count[BINS] = {0}, step = (high - low) / (ZCB_DENSITY_POINTS - 1), width;

	memset(ret_density, 0, ZCB_DENSITY_POINTS * sizeof(*ret_density));
	if (!n || !(step > 0))
		return;
	qsort(values, n, sizeof(*values), ascending);
	width = width_of(values, n, step / 2);
	for (size_t i = 0; i < n; i++) {
		double bin = (values[i] - low) / step * FINE;

		if (bin >= -0.5 && bin < BINS - 0.5)
			count[(size_t)(bin + 0.5)]++;
	}
	for (size_t at = 0; at < ZCB_DENSITY_POINTS; at++) {
		for (size_t bin = 0; bin < BINS; bin++) {
			double far = ((double)bin / FINE - (double)at) * step / width;

			if (count[bin] > 0 && fabs(far) < REACH)
				ret_density[at] += count[bin] * exp(-far * far / 2);
		}
		ret_density[at] /= (double)n * width * sqrt(2 * M_PI);
	}
}
