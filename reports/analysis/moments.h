/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_MOMENTS_H
#define ZCB_REPORTS_MOMENTS_H

#include <stddef.h>

/** The mean; 0 of nothing. */
double zcb_mean(const double *x, size_t n);

/** The sample standard deviation, by n - 1; 0 of fewer than two. */
double zcb_deviation(const double *x, size_t n);

/** The root of the mean square: the deviation where the mean is known to be 0. */
double zcb_root_mean_square(const double *x, size_t n);

#endif
