/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_BOOTSTRAP_H
#define ZCB_REPORTS_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A number of one boot, and how far another set of its operations would have moved it. */
struct zcb_bootstrap_boot {
	double log;
	double error;
};

/**
 * The percentile interval (1 - alpha) of B against A by a hierarchical bootstrap: boots are drawn
 * with replacement, and each one's operations are drawn anew within it. That second step is a normal
 * of the boot's error: the resampled quantile of many operations is one, and need not be drawn
 * operation by operation. Paired: a[i] and b[i] are of one boot, and are drawn together. False where
 * an arm has no boot, or memory is short.
 *
 * With few boots it covers too seldom (3 boots: some three of four times where 95 % are claimed), for
 * it has nothing but those to draw from. No verdict rests on it; docs/methodology.md.
 */
bool zcb_bootstrap(const struct zcb_bootstrap_boot *a, size_t n_a,
		   const struct zcb_bootstrap_boot *b, size_t n_b, bool paired, double alpha,
		   uint64_t seed, double *ret_low, double *ret_high);

#endif
