// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/column.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "bench/base/cleanup.h"

static const struct zcb_observation *first_of(const struct zcb_observations *o, size_t subject)
{
	size_t low = 0, high = o->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (o->items[middle].subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	return &o->items[low];
}

static size_t count_of(const struct zcb_observations *o, const struct zcb_observation *first)
{
	const struct zcb_observation *end = o->items + o->n, *at = first;

	while (at < end && at->subject == first->subject)
		at++;
	return (size_t)(at - first);
}

static int by_boot(const void *a, const void *b)
{
	const struct zcb_column_boot *left = a, *right = b;

	return left->boot < right->boot ? -1 : left->boot > right->boot;
}

/* Boots that stand side by side with the same number become one. Sums, not yet means. */
static void merge(struct zcb_column *column)
{
	size_t kept = 0;

	qsort(column->boots, column->n, sizeof(*column->boots), by_boot);
	for (size_t i = 0; i < column->n; i++) {
		struct zcb_column_boot *last = kept ? &column->boots[kept - 1] : NULL;

		if (!last || last->boot != column->boots[i].boot) {
			column->boots[kept++] = column->boots[i];
			continue;
		}
		for (int a = 0; a < ZCB_ARMS; a++) {
			last->arm[a].n += column->boots[i].arm[a].n;
			last->arm[a].log += column->boots[i].arm[a].log;
			last->arm[a].variance += column->boots[i].arm[a].variance;
		}
	}
	column->n = kept;
}

static void divide(struct zcb_column *column)
{
	for (size_t i = 0; i < column->n; i++) {
		for (int a = 0; a < ZCB_ARMS; a++) {
			double n = (double)column->boots[i].arm[a].n;

			if (!column->boots[i].arm[a].n)
				continue;
			column->boots[i].arm[a].log /= n;
			column->boots[i].arm[a].variance /= n * n;
		}
	}
}

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

/* The smallest step between the values: sorts them. */
static double resolution_of(double *logs, size_t n)
{
	double least = 0;

	qsort(logs, n, sizeof(*logs), ascending);
	for (size_t i = 1; i < n; i++) {
		double step = logs[i] - logs[i - 1];

		if (step > 0 && (!(least > 0) || step < least))
			least = step;
	}
	return least;
}

/* Identical means to the last digit: these were whole numbers of the clock's unit. */
static void note_repeat(struct zcb_column *column, enum zcb_arm_index arm, double value,
			double first[ZCB_ARMS])
{
	if (!column->arm[arm].repeats++) {
		first[arm] = value;
		column->arm[arm].identical = true;
	} else if (value < first[arm] || value > first[arm]) {
		column->arm[arm].identical = false;
	}
}

static void collect(const struct zcb_observation *items, size_t n, enum zcb_statistic statistic,
		    double *logs, struct zcb_column *column)
{
	double first[ZCB_ARMS] = { 0 };
	size_t known = 0;

	for (size_t i = 0; i < n; i++) {
		const struct zcb_observation *item = &items[i];
		double error = item->of[statistic].error;

		if (!item->of[statistic].known)
			continue;
		logs[known++] = log(item->of[statistic].value);
		note_repeat(column, item->arm, item->of[statistic].value, first);
		column->boots[column->n] = (struct zcb_column_boot){ .boot = item->boot };
		column->boots[column->n].arm[item->arm].n = 1;
		column->boots[column->n].arm[item->arm].log = log(item->of[statistic].value);
		column->boots[column->n++].arm[item->arm].variance = error * error;
	}
	column->resolution = resolution_of(logs, known);
}

int zcb_column_of(const struct zcb_observations *o, size_t subject, enum zcb_statistic statistic,
		  struct zcb_column *ret)
{
	const struct zcb_observation *items = first_of(o, subject);
	size_t n = count_of(o, items);
	ZCB_FREE double *logs = calloc(n + 1, sizeof(*logs));
	struct zcb_column column = { .boots = calloc(n + 1, sizeof(*column.boots)) };

	if (!logs || !column.boots) {
		free(column.boots);
		return -ENOMEM;
	}
	collect(items, n, statistic, logs, &column);
	merge(&column);
	divide(&column);
	*ret = column;
	return 0;
}

static const struct zcb_column_boot *boot_of(const struct zcb_column *column, uint64_t boot)
{
	const struct zcb_column_boot key = { .boot = boot };

	return column->n ? bsearch(&key, column->boots, column->n, sizeof(key), by_boot) : NULL;
}

static void pool_boot(const struct zcb_column *columns, size_t n, enum zcb_arm_index arm,
		      struct zcb_column_boot *pooled)
{
	double log = 0, variance = 0;
	size_t played = 0;

	for (size_t i = 0; i < n; i++) {
		const struct zcb_column_boot *boot = boot_of(&columns[i], pooled->boot);

		if (!boot || !boot->arm[arm].n)
			return;
		log += boot->arm[arm].log;
		variance += boot->arm[arm].variance;
		played += boot->arm[arm].n;
	}
	pooled->arm[arm].n = played;
	pooled->arm[arm].log = log / (double)n;
	pooled->arm[arm].variance = variance / ((double)n * (double)n);
}

static void pool_repeats(const struct zcb_column *columns, size_t n, struct zcb_column *pooled)
{
	for (int a = 0; a < ZCB_ARMS; a++) {
		pooled->arm[a].repeats = columns[0].arm[a].repeats;
		pooled->arm[a].identical = true;
		for (size_t i = 0; i < n; i++) {
			pooled->arm[a].identical &= columns[i].arm[a].identical;
			if (columns[i].arm[a].repeats < pooled->arm[a].repeats)
				pooled->arm[a].repeats = columns[i].arm[a].repeats;
		}
	}
}

int zcb_column_pool(const struct zcb_column *columns, size_t n, struct zcb_column *ret)
{
	struct zcb_column pooled = { .n = n ? columns[0].n : 0 };

	pooled.boots = calloc(pooled.n + 1, sizeof(*pooled.boots));
	if (!pooled.boots)
		return -ENOMEM;
	for (size_t b = 0; b < pooled.n; b++) {
		pooled.boots[b].boot = columns[0].boots[b].boot;
		for (int a = 0; a < ZCB_ARMS; a++)
			pool_boot(columns, n, (enum zcb_arm_index)a, &pooled.boots[b]);
	}
	if (n)
		pool_repeats(columns, n, &pooled);
	for (size_t i = 0; i < n; i++)
		pooled.resolution = fmax(pooled.resolution, columns[i].resolution / (double)n);
	*ret = pooled;
	return 0;
}

static void keep_pairs(struct zcb_column *column)
{
	size_t kept = 0;

	for (size_t i = 0; i < column->n; i++) {
		if (column->boots[i].arm[ZCB_ARM_A].n && column->boots[i].arm[ZCB_ARM_B].n)
			column->boots[kept++] = column->boots[i];
	}
	column->n = kept;
}

/* The k-th boot that has the arm becomes the k-th one, whatever the other arms have there. */
static void close_up(struct zcb_column *column, enum zcb_arm_index arm)
{
	size_t kept = 0;

	for (size_t i = 0; i < column->n; i++) {
		if (column->boots[i].arm[arm].n)
			column->boots[kept++].arm[arm] = column->boots[i].arm[arm];
	}
	for (size_t i = kept; i < column->n; i++)
		column->boots[i].arm[arm].n = 0;
}

void zcb_column_renumber(struct zcb_column *column, bool paired)
{
	if (paired)
		keep_pairs(column);
	for (int a = 0; !paired && a < ZCB_ARMS; a++)
		close_up(column, (enum zcb_arm_index)a);
	for (size_t i = 0; i < column->n; i++)
		column->boots[i].boot = i + 1;
}

size_t zcb_column_boots(const struct zcb_column *column, enum zcb_arm_index arm)
{
	return zcb_column_pairs(column, arm, arm);
}

size_t zcb_column_pairs(const struct zcb_column *column, enum zcb_arm_index a, enum zcb_arm_index b)
{
	size_t n = 0;

	for (size_t i = 0; i < column->n; i++)
		n += column->boots[i].arm[a].n && column->boots[i].arm[b].n;
	return n;
}

double zcb_column_mean(const struct zcb_column *column, enum zcb_arm_index arm)
{
	double sum = 0;
	size_t n = zcb_column_boots(column, arm);

	for (size_t i = 0; i < column->n; i++)
		sum += column->boots[i].arm[arm].n ? column->boots[i].arm[arm].log : 0;
	return n ? sum / (double)n : 0;
}

void zcb_column_finish(struct zcb_column *column)
{
	free(column->boots);
	*column = (struct zcb_column){ 0 };
}
