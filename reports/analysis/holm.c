// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/holm.h"

#include <errno.h>
#include <gsl/gsl_sort_double.h>
#include <math.h>

#include "bench/base/cleanup.h"

int zcb_holm(double *p, size_t n)
{
	ZCB_FREE size_t *order = calloc(n + 1, sizeof(*order));
	double least = 0;

	if (!order)
		return -ENOMEM;
	gsl_sort_index(order, p, 1, n);
	for (size_t i = 0; i < n; i++) {
		double adjusted = fmin(1, p[order[i]] * (double)(n - i));

		/* One that a smaller p could not reject, a larger one cannot either. */
		least = fmax(least, adjusted);
		p[order[i]] = least;
	}
	return 0;
}
