/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_POWER_H
#define ZCB_REPORTS_POWER_H

#include "reports/analysis/effect.h"

/** What the smallest detectable effect is detected with. */
#define ZCB_POWER 0.8

/**
 * The probability that the two-sided t-test at level alpha, with `df` degrees of freedom, rejects
 * where the truth is `shift` standard errors from 0: by the noncentral t distribution.
 */
double zcb_power(double shift, double df, double alpha);

/**
 * The smallest true effect (as a logarithm, at least 0) that boots that vary as these would find at
 * level alpha with probability ZCB_POWER. It is an estimate, as the deviation of the boots is.
 */
double zcb_detectable(const struct zcb_effect *effect, double alpha);

/**
 * How many boots an arm would need in all so that, with this effect and deviation, either the test
 * at level alpha rejects, or the interval of level alpha_interval lies within ±margin. 0 where more
 * than `most` would be needed.
 */
size_t zcb_boots_needed(const struct zcb_effect *effect, double alpha, double alpha_interval,
			double margin, size_t most);

#endif
