/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_COLUMN_H
#define ZCB_REPORTS_COLUMN_H

#include "reports/analysis/observations.h"

/** What one boot says of one statistic: of one cell, or over several. */
struct zcb_column_boot {
	uint64_t boot;
	struct {
		size_t n;	/* cells played that it is the mean of; 0: none */
		double log;	/* mean of their logarithms */
		double variance; /* of that mean, as the spread of the samples has it */
	} arm[ZCB_ARMS];
};

/** One statistic of one metric, boot by boot. */
struct zcb_column {
	struct zcb_column_boot *boots; /* by number */
	size_t n;
	struct {
		size_t repeats; /* cells played */
		bool identical; /* all of them had the same value */
	} arm[ZCB_ARMS];
	double resolution; /* the smallest step between two values, as a logarithm; 0: all equal */
};

/**
 * Collects a statistic of a subject. Items of the observations must be in order of subject. Returns
 * 0 or -ENOMEM; *ret is finished with zcb_column_finish().
 */
int zcb_column_of(const struct zcb_observations *o, size_t subject, enum zcb_statistic statistic,
		  struct zcb_column *ret);

/**
 * The mean over columns, of those boots alone that all of them have in the arms A and B; which
 * columns have too few boots is decided before. Returns 0 or -ENOMEM.
 */
int zcb_column_pool(const struct zcb_column *columns, size_t n, struct zcb_column *ret);

/**
 * Numbers the boots of a column anew, from 1, so that columns whose cells ran in other boots (those of
 * another kernel) can be pooled: boots of A and B together where `paired`, else each arm's by itself.
 */
void zcb_column_renumber(struct zcb_column *column, bool paired);

/** How many boots have an arm. */
size_t zcb_column_boots(const struct zcb_column *column, enum zcb_arm_index arm);

/** How many boots have both. */
size_t zcb_column_pairs(const struct zcb_column *column, enum zcb_arm_index a, enum zcb_arm_index b);

/** Mean of an arm's logarithms over the boots that have it. */
double zcb_column_mean(const struct zcb_column *column, enum zcb_arm_index arm);

void zcb_column_finish(struct zcb_column *column);

#define ZCB_COLUMN_FINISH __attribute__((cleanup(zcb_column_finish)))

#endif
