/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_SYNTHETIC_H
#define ZCB_TESTS_SYNTHETIC_H

#include <gsl/gsl_rng.h>

#include "reports/analysis/comparison.h"

/** How the numbers of a boot vary. */
enum synthetic_noise {
	SYNTHETIC_NORMAL,
	SYNTHETIC_HEAVY,  /* Student's t with 3 degrees of freedom */
	SYNTHETIC_SPIKES, /* normal, and one boot in ten is slow by five deviations more */
	SYNTHETIC_MODES,  /* one of two values, the other in a quarter of the boots */
};

/** A comparison whose truth is known. Deviations are of logarithms: 0.03 is 3 %. */
struct synthetic {
	size_t boots, cells, metrics, blocks;
	bool one_run, twin;
	enum synthetic_noise noise;
	double boot;  /* what all cells and arms of a boot share */
	double arm;   /* what an arm has in one boot, in all its cells */
	double cell;  /* one cell, each time that it is played */
	double effect; /* of B, as a logarithm */
	size_t affected; /* in so many of the metrics, the first ones */
	double drift;	/* of B, by each boot */
};

/** Draws observations; NULL when memory is short. */
struct zcb_observations *synthetic_observations(const struct synthetic *s, gsl_rng *rng);

/** Draws a comparison and judges it; the caller frees it. */
struct zcb_comparison *synthetic_comparison(const struct synthetic *s,
					    const struct zcb_comparison_options *options,
					    gsl_rng *rng);

/** How many of so many comparisons came to each verdict; their own seed. */
struct synthetic_counts {
	size_t verdict[ZCB_COMPARISON_VERDICTS];
	size_t twin_rows, twin_alarms;
};

struct synthetic_counts synthetic_count(const struct synthetic *s,
					const struct zcb_comparison_options *options, size_t n,
					unsigned long seed);

#endif
