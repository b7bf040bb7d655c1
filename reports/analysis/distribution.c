// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/distribution.h"

#include <errno.h>
#include <stdlib.h>

int zcb_distribution_add(struct zcb_distribution *d, uint64_t value)
{
	if (d->n == d->room) {
		size_t room = d->room ? d->room * 2 : 256;
		uint64_t *grown = reallocarray(d->values, room, sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		d->values = grown;
		d->room = room;
	}
	d->values[d->n++] = value;
	d->censored += value == UINT64_MAX;
	return 0;
}

static int ascending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

void zcb_distribution_sort(struct zcb_distribution *d)
{
	if (d->n)
		qsort(d->values, d->n, sizeof(*d->values), ascending);
}

bool zcb_distribution_quantile(const struct zcb_distribution *d, unsigned int numerator,
			       unsigned int denominator, uint64_t *ret_value)
{
	/* The rank is ceil(n * q), at least 1: in integers, for a float may round to the next rank.
	 */
	size_t rank = (d->n * numerator + denominator - 1) / denominator;

	if (rank == 0)
		rank = 1;
	if (rank > d->n - d->censored)
		return false;
	*ret_value = d->values[rank - 1];
	return true;
}

double zcb_distribution_mean(const struct zcb_distribution *d)
{
	size_t n = d->n - d->censored;
	long double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (long double)d->values[i];
	return n ? (double)(sum / (long double)n) : 0;
}

void zcb_distribution_finish(struct zcb_distribution *d)
{
	free(d->values);
	*d = (struct zcb_distribution){0};
}
