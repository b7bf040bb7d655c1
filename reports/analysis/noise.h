/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_NOISE_H
#define ZCB_REPORTS_NOISE_H

#include <stddef.h>

/** A variance, and how many degrees of freedom it is known by. */
struct zcb_variance {
	double value, freedom;
};

/**
 * What the variances of many series have in common (empirical Bayes, see changepoint.h): a variance,
 * and by how many degrees of freedom it counts for each; 0 where they have nothing in common, or are
 * fewer than 4.
 */
struct zcb_variance zcb_noise_prior(const struct zcb_variance *variances, size_t n);

/** A variance drawn towards what all have in common. */
struct zcb_variance zcb_noise_moderate(struct zcb_variance own, struct zcb_variance prior);

/** The two-sided probability that Student's t with so many degrees of freedom exceeds |t|. */
double zcb_student_p(double t, double freedom);

#endif
