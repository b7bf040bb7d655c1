/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_MEDIAN_H
#define ZCB_REPORTS_MEDIAN_H

#include <stddef.h>

/** The median of values without NaN, which are put in another order; NaN where there are none. */
double zcb_median(double *values, size_t n);

#endif
