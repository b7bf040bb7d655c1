/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_DENSITY_H
#define ZCB_REPORTS_DENSITY_H

#include <stddef.h>

/** At how many places a density is told. */
#define ZCB_DENSITY_POINTS 48U

/**
 * A Gaussian kernel estimate of how dense values lie between low and high, at places that are equally far from each
 * other, from low to high; its area is 1 of all values, those outside included. The width is Silverman's (0.9 of the
 * smaller of deviation and quartiles' distance / 1.34, by the fifth root of n), but at least half a step. values are put in
 * order. All is 0 where n is 0 or high is not above low.
 */
void zcb_density(double *values, size_t n, double low, double high, double ret_density[ZCB_DENSITY_POINTS]);

#endif
