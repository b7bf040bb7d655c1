/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_GROWTH_H
#define ZCB_REPORTS_GROWTH_H

#include <stdbool.h>
#include <stddef.h>

/** How a cost grows with something that is counted. */
struct zcb_growth {
	size_t n; /* points */
	/* y = base + each × x, over all points, each weighted by 1/y²: errors are in proportion. */
	double base, each, each_error;
	/*
	 * y ~ x^slope, over the points with x > 0: 0 does not grow, 1 grows in proportion. What is
	 * there without any (base) flattens it: only where that is small is it the power itself.
	 */
	bool has_slope;
	double slope, slope_error;
};

/**
 * Fits both. Errors are standard errors, 0 with fewer than three points. Values of y that are not
 * more than 0 are left out. Returns 0; -ENODATA with fewer than two different x left; -ENOMEM.
 */
int zcb_growth_fit(const double *x, const double *y, size_t n, struct zcb_growth *ret_growth);

#endif
