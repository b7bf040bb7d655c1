/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_CONTRAST_H
#define ZCB_REPORTS_CONTRAST_H

#include "reports/analysis/column.h"
#include "reports/analysis/effect.h"

/** One arm of a column against A: what the boots say, as numbers a test can take. */
struct zcb_contrast {
	bool paired;
	double *a, *b;	      /* logarithms, a boot each; of a paired contrast, in pairs */
	double *difference;   /* b - a of a paired one */
	double *error_a, *error_b; /* of each, as the spread of its samples has it */
	size_t n_a, n_b;      /* the same of a paired one */
	double floor;	      /* what a boot's number deviates at least */
};

/**
 * Of a column, arm `other` against A. With `one_run`, boots that have both arms make it paired, and
 * those that have one alone are left out; where there is none, or the arms lie in two runs, all
 * boots of each arm count. Returns 0 or -ENOMEM; finished with zcb_contrast_finish().
 */
int zcb_contrast_of(const struct zcb_column *column, enum zcb_arm_index other, bool one_run,
		    struct zcb_contrast *ret);

/** The effect of a contrast, or false where there are fewer than two boots. */
bool zcb_contrast_effect(const struct zcb_contrast *contrast, struct zcb_effect *ret_effect);

/** p by dealing boots to arms, and the least that this can give with so many boots. */
double zcb_contrast_permutation(const struct zcb_contrast *contrast, uint64_t seed);
double zcb_contrast_least(const struct zcb_contrast *contrast);

/** The bootstrap's interval; false where there is none. */
bool zcb_contrast_bootstrap(const struct zcb_contrast *contrast, double alpha, uint64_t seed,
			    double *ret_low, double *ret_high);

void zcb_contrast_finish(struct zcb_contrast *contrast);

#define ZCB_CONTRAST_FINISH __attribute__((cleanup(zcb_contrast_finish)))

#endif
