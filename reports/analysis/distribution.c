// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/distribution.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static int append(struct zcb_distribution *d, const uint64_t *values, size_t n)
{
	uint64_t *grown = reallocarray(d->values, d->n + n, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	d->values = grown;
	d->room = d->n + n;
	memcpy(d->values + d->n, values, n * sizeof(*values));
	return 0;
}

int zcb_distribution_take(struct zcb_distribution *d, uint64_t *values, size_t n)
{
	int err = 0;

	if (!d->n) {
		free(d->values);
		d->values = values;
		d->room = n;
	} else {
		err = n ? append(d, values, n) : 0;
		free(values);
	}
	if (err)
		return err;
	for (size_t i = d->n; i < d->n + n; i++)
		d->censored += d->values[i] == UINT64_MAX;
	d->n += n;
	return 0;
}

static int ascending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* Fewer are faster compared than counted. */
#define LEAST_FOR_RADIX 1000

/* How often each of a value's eight bytes is what. */
struct bytes {
	size_t count[8][256];
};

static void count_bytes(const uint64_t *values, size_t n, struct bytes *bytes)
{
	for (size_t i = 0; i < n; i++) {
		for (unsigned int b = 0; b < 8; b++)
			bytes->count[b][values[i] >> 8 * b & 255]++;
	}
}

/* One pass of a radix sort: stable, by one byte. */
static void distribute(const uint64_t *from, uint64_t *to, size_t n, unsigned int byte,
		       size_t count[256])
{
	size_t at = 0;

	for (unsigned int i = 0; i < 256; i++) {
		size_t those = count[i];

		count[i] = at;
		at += those;
	}
	for (size_t i = 0; i < n; i++)
		to[count[from[i] >> 8 * byte & 255]++] = from[i];
}

/* The upper bytes of times are mostly alike, and need no pass. False where memory is short. */
static bool radix_sort(uint64_t *values, size_t n)
{
	uint64_t *other = malloc(n * sizeof(*other)), *from = values, *to = other;
	struct bytes *bytes = calloc(1, sizeof(*bytes));
	bool enough = other && bytes;

	if (enough)
		count_bytes(values, n, bytes);
	for (unsigned int b = 0; enough && b < 8; b++) {
		uint64_t *before = from;

		if (bytes->count[b][values[0] >> 8 * b & 255] == n)
			continue;
		distribute(from, to, n, b, bytes->count[b]);
		from = to;
		to = before;
	}
	if (enough && from != values)
		memcpy(values, from, n * sizeof(*values));
	free(bytes);
	free(other);
	return enough;
}

/* Censored values go to the end at once: else they would make all bytes differ. */
static size_t move_censored(uint64_t *values, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		if (values[i] != UINT64_MAX)
			values[kept++] = values[i];
	}
	for (size_t i = kept; i < n; i++)
		values[i] = UINT64_MAX;
	return kept;
}

void zcb_distribution_sort(struct zcb_distribution *d)
{
	size_t n = d->n ? move_censored(d->values, d->n) : 0;

	if (n < LEAST_FOR_RADIX || !radix_sort(d->values, n)) {
		if (n)
			qsort(d->values, n, sizeof(*d->values), ascending);
	}
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
