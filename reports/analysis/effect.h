/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_EFFECT_H
#define ZCB_REPORTS_EFFECT_H

#include <stdbool.h>
#include <stddef.h>

/**
 * How far arm B lies from arm A, as the logarithm of the ratio B/A. The unit of repetition is the
 * boot: each number that goes in is one boot's.
 */
struct zcb_effect {
	double log;   /* the estimate */
	double error; /* its standard error; 0 where the repeats were identical */
	double df;    /* degrees of freedom of that error */
	size_t boots; /* of the arm that has fewer */
	bool paired;
};

/**
 * From boots that played both arms: the differences of the logarithms, log B - log A. Their standard
 * deviation is never taken for less than `floor`. Returns false with fewer than two.
 */
bool zcb_effect_paired(const double *difference, size_t n, double floor,
		       struct zcb_effect *ret_effect);

/**
 * From boots that played one arm each: their logarithms. Welch's test: the arms need not vary
 * alike. Returns false with fewer than two boots of an arm.
 */
bool zcb_effect_unpaired(const double *a, size_t n_a, const double *b, size_t n_b, double floor,
			 struct zcb_effect *ret_effect);

/** The interval that covers with probability 1 - alpha, by Student's t. */
void zcb_effect_interval(const struct zcb_effect *effect, double alpha, double *ret_low,
			 double *ret_high);

/** How likely an estimate so far from 0, either way, is where the arms are the same. */
double zcb_effect_p(const struct zcb_effect *effect);

#endif
