/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_DISTRIBUTION_H
#define ZCB_REPORTS_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * All samples of a metric. After zcb_distribution_sort() the values are in order, and the censored
 * ones (events that never came, UINT64_MAX) are the largest: a quantile among them has no value.
 */
struct zcb_distribution {
	uint64_t *values;
	size_t n, censored;
	size_t room;
};

/** Adds a value; UINT64_MAX is censored. Returns 0 or -ENOMEM. */
int zcb_distribution_add(struct zcb_distribution *d, uint64_t value);

/**
 * Adds n values; an array from malloc() that the distribution takes, also where it fails. Returns 0
 * or -ENOMEM.
 */
int zcb_distribution_take(struct zcb_distribution *d, uint64_t *values, size_t n);

void zcb_distribution_sort(struct zcb_distribution *d);

/**
 * The quantile numerator/denominator of a sorted distribution as an exact order statistic: the
 * smallest value that at least this part of all samples does not exceed. False where there is no
 * sample, or where the quantile is censored; *ret_value is then left alone.
 */
bool zcb_distribution_quantile(const struct zcb_distribution *d, unsigned int numerator,
			       unsigned int denominator, uint64_t *ret_value);

/** The mean of what is not censored; 0 where nothing is. */
double zcb_distribution_mean(const struct zcb_distribution *d);

/** Gives the values back; the struct is empty again. */
void zcb_distribution_finish(struct zcb_distribution *d);

#define ZCB_DISTRIBUTION_FINISH __attribute__((cleanup(zcb_distribution_finish)))

#endif
