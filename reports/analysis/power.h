/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_POWER_H
#define ZCB_REPORTS_POWER_H

#include "reports/analysis/effect.h"

/** What the smallest detectable effect is detected with. */
#define ZCB_POWER 0.8

/**
 * The probability that the two-sided t-test at level alpha, with `df` degrees of freedom, rejects
 * where the truth is `shift` standard errors from 0.
 */
double zcb_power(double shift, double df, double alpha);

/**
 * How many standard errors the truth must be from 0 for that test to find it with probability
 * ZCB_POWER. Times the standard error, corrected as below, it is the smallest detectable effect: an
 * estimate, as the deviation of the boots is one.
 */
double zcb_detectable_shift(double df, double alpha);

/**
 * What an estimate of a deviation must be multiplied with to be too small as often as too large: with few
 * degrees of freedom it mostly is too small.
 */
double zcb_deviation_correction(double df);

/**
 * How many boots an arm would need in all so that, with this effect and deviation, either the test
 * at level alpha rejects, or the interval of level alpha_interval lies within ±margin. 0 where more
 * than `most` would be needed.
 */
size_t zcb_boots_needed(const struct zcb_effect *effect, double alpha, double alpha_interval,
			double margin, size_t most);

#endif
