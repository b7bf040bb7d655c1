// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/summary.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/samples-reader.h"
#include "reports/analysis/distribution.h"

static const struct {
	const char *name;
	unsigned int numerator, denominator;
} quantiles[] = {
	[ZCB_P50] = {"p50", 1, 2},
	[ZCB_P90] = {"p90", 9, 10},
	[ZCB_P99] = {"p99", 99, 100},
	[ZCB_P999] = {"p999", 999, 1000},
};

const char *zcb_quantile_name(enum zcb_quantile quantile)
{
	return quantiles[quantile].name;
}

/* A cell that never ran has no clock of its own: it would have had the run's. */
static const char *clock_of(const struct zcb_results *r, const struct zcb_result_cell *cell)
{
	return *cell->clock ? cell->clock : r->clock;
}

static const char *accel_of(const struct zcb_results *r, const struct zcb_result_cell *cell)
{
	return *cell->accel ? cell->accel : r->accel;
}

static int compare_identity(const struct zcb_result_cell *a, const struct zcb_result_cell *b,
			    const struct zcb_results *r)
{
	int order = strcmp(a->kernel, b->kernel);

	if (!order)
		order = strcmp(a->cell, b->cell);
	if (!order)
		order = strcmp(a->params, b->params);
	if (!order)
		order = strcmp(clock_of(r, a), clock_of(r, b));
	if (!order)
		order = strcmp(accel_of(r, a), accel_of(r, b));
	return order;
}

static int by_identity(const void *a, const void *b, void *results)
{
	const struct zcb_result_cell *left = *(const struct zcb_result_cell *const *)a;
	const struct zcb_result_cell *right = *(const struct zcb_result_cell *const *)b;
	int order = compare_identity(left, right, results);

	if (order)
		return order;
	return left->index < right->index ? -1 : left->index > right->index;
}

static int by_first_cell(const void *a, const void *b)
{
	const struct zcb_summary_row *left = a, *right = b;

	return left->first->index < right->first->index ? -1
							: left->first->index > right->first->index;
}

/* Sorted by identity, the cells of a row stand side by side. */
static int group(struct zcb_summary *s)
{
	const struct zcb_results *r = s->results;
	size_t n = r->n_cells;

	s->order = calloc(n + 1, sizeof(*s->order));
	s->rows = calloc(n + 1, sizeof(*s->rows));
	if (!s->order || !s->rows)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		s->order[i] = &r->cells[i];
	qsort_r(s->order, n, sizeof(*s->order), by_identity, (void *)r);
	for (size_t i = 0; i < n; i++) {
		struct zcb_summary_row *row;

		if (i == 0 || compare_identity(s->order[i - 1], s->order[i], r) != 0)
			s->rows[s->n_rows++].cells = &s->order[i];
		row = &s->rows[s->n_rows - 1];
		row->n_cells++;
	}
	for (size_t i = 0; i < s->n_rows; i++)
		s->rows[i].first = s->rows[i].cells[0];
	qsort(s->rows, s->n_rows, sizeof(*s->rows), by_first_cell);
	return 0;
}

/* The first of these that a row has is what is said of it. */
static enum zcb_result_status worst(const size_t counts[ZCB_RESULT_STATUSES])
{
	static const enum zcb_result_status worst_first[] = {
		ZCB_RESULT_FAIL,    ZCB_RESULT_CRASH, ZCB_RESULT_ERROR, ZCB_RESULT_KNOWN_BUG,
		ZCB_RESULT_NOT_RUN, ZCB_RESULT_SKIP,  ZCB_RESULT_PASS,
	};
	size_t i = 0;

	while (i + 1 < sizeof(worst_first) / sizeof(worst_first[0]) && !counts[worst_first[i]])
		i++;
	return worst_first[i];
}

static void count_cell(struct zcb_summary_row *row, const struct zcb_result_cell *cell)
{
	row->counts[cell->status]++;
	row->pages_checked += cell->pages_checked;
	for (int v = 0; v < ZCB_VERDICTS; v++)
		row->pages[v] += cell->pages[v];
	for (size_t e = 0; e < cell->n_events; e++) {
		if (strcmp(cell->events[e].name, "stale_not_punched") == 0)
			row->stale_not_punched += cell->events[e].n;
		if (strcmp(cell->events[e].name, "pages_held") == 0)
			row->pages_held += cell->events[e].n;
	}
	if (!*cell->observed)
		return;
	if (*row->observed && strcmp(row->observed, cell->observed) != 0)
		row->observed = "mixed";
	else
		row->observed = cell->observed;
}

static void count_row(struct zcb_summary *s, struct zcb_summary_row *row)
{
	row->clock = clock_of(s->results, row->first);
	row->accel = accel_of(s->results, row->first);
	row->observed = "";
	for (size_t i = 0; i < row->n_cells; i++) {
		if (row->cells[i]->tainted)
			row->not_counted++;
		else
			count_cell(row, row->cells[i]);
	}
	row->status = worst(row->counts);
	s->not_counted += row->not_counted;
	for (int i = 0; i < ZCB_RESULT_STATUSES; i++)
		s->counts[i] += row->counts[i];
}

static void count_faults(struct zcb_summary *s)
{
	const struct zcb_results *r = s->results;

	for (size_t i = 0; i < r->n_boots; i++) {
		s->tainted_boots += r->boots[i].tainted;
		s->kernel_faults += r->boots[i].kernel_faults.n;
	}
	if (s->kernel_faults)
		return;
	/* Without boot.json, what the cells saw is all there is. */
	for (size_t i = 0; i < r->n_cells; i++)
		s->kernel_faults += r->cells[i].kernel_faults.n;
}

static int add_file(struct zcb_results *r, const struct zcb_result_samples *file,
		    struct zcb_distribution *d)
{
	uint64_t *values = NULL;
	bool cut = false;
	size_t n = 0;
	int err = zcb_samples_values(r, file->path, &values, &n, &cut);

	if (err == -ENOMEM)
		return err;
	if (err)
		zcb_results_note(r, "%s cannot be used: %s.", file->path,
				 err == -EBADMSG ? "it is no sample file of version 1"
						 : strerror(-err));
	if (cut)
		zcb_results_note(
			r, "%s was cut off within a record: it is read to the last whole one.",
			file->path);
	return zcb_distribution_take(d, values, n);
}

static struct zcb_value quantile_of(const struct zcb_distribution *d, unsigned int numerator,
				    unsigned int denominator)
{
	struct zcb_value value = {0};

	value.known = zcb_distribution_quantile(d, numerator, denominator, &value.value);
	return value;
}

static void summarize(const struct zcb_result_samples *file, struct zcb_distribution *d,
		      struct zcb_summary_metric *metric)
{
	zcb_distribution_sort(d);
	*metric = (struct zcb_summary_metric){
		.name = file->metric,
		.unit = file->unit,
		.n = d->n,
		.censored = d->censored,
		.min = quantile_of(d, 0, 1),
		.max = quantile_of(d, 1, 1),
		.mean = zcb_distribution_mean(d),
	};
	for (int q = 0; q < ZCB_QUANTILES; q++)
		metric->quantile[q] =
			quantile_of(d, quantiles[q].numerator, quantiles[q].denominator);
}

/* The files of a cell stand side by side in the sorted list: the first of them, and their number.
 */
static const struct zcb_result_samples *files_of(const struct zcb_results *r, uint64_t index,
						 size_t *ret_n)
{
	size_t low = 0, high = r->n_samples, n = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->samples[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + n < r->n_samples && r->samples[low + n].index == index)
		n++;
	*ret_n = n;
	return &r->samples[low];
}

/* Adds the file of one metric of one cell, if the cell counts and there is one. */
static int add_cell(struct zcb_results *r, const struct zcb_result_cell *cell, const char *metric,
		    struct zcb_distribution *d)
{
	size_t n;
	const struct zcb_result_samples *files = files_of(r, cell->index, &n);

	if (cell->tainted || !zcb_result_is_whole(cell->status))
		return 0; /* half a cell is no measurement */
	for (size_t i = 0; i < n; i++) {
		if (strcmp(files[i].metric, metric) == 0)
			return add_file(r, &files[i], d);
	}
	return 0;
}

static int add_metric(struct zcb_results *r, struct zcb_summary_row *row,
		      const struct zcb_result_samples *file)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = {0};
	struct zcb_summary_metric *grown;
	int err = 0;

	if (zcb_summary_metric(row, file->metric))
		return 0;
	for (size_t i = 0; !err && i < row->n_cells; i++)
		err = add_cell(r, row->cells[i], file->metric, &d);
	if (err || d.n == 0)
		return err;
	grown = reallocarray(row->metrics, row->n_metrics + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	row->metrics = grown;
	summarize(file, &d, &row->metrics[row->n_metrics++]);
	return 0;
}

static int measure_row(struct zcb_results *r, struct zcb_summary_row *row)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		size_t n;
		const struct zcb_result_samples *files = files_of(r, row->cells[i]->index, &n);

		for (size_t f = 0; f < n; f++) {
			int err = add_metric(r, row, &files[f]);

			if (err)
				return err;
		}
	}
	return 0;
}

int zcb_summary_make(struct zcb_results *results, struct zcb_summary **ret_summary)
{
	ZCB_SUMMARY_FREE struct zcb_summary *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	s->results = results;
	err = group(s);
	for (size_t i = 0; !err && i < s->n_rows; i++) {
		count_row(s, &s->rows[i]);
		err = measure_row(results, &s->rows[i]);
	}
	if (err)
		return err;
	count_faults(s);
	*ret_summary = zcb_steal_ptr(&s);
	return 0;
}

const struct zcb_summary_metric *zcb_summary_metric(const struct zcb_summary_row *row,
						    const char *name)
{
	for (size_t i = 0; i < row->n_metrics; i++) {
		if (strcmp(row->metrics[i].name, name) == 0)
			return &row->metrics[i];
	}
	return NULL;
}

bool zcb_summary_same_variant(const struct zcb_summary_row *a, const struct zcb_summary_row *b)
{
	return strcmp(a->first->kernel, b->first->kernel) == 0 &&
	       strcmp(a->first->variant, b->first->variant) == 0;
}

bool zcb_summary_opens_variant(const struct zcb_summary *s, size_t row)
{
	for (size_t i = 0; i < row; i++) {
		if (zcb_summary_same_variant(&s->rows[i], &s->rows[row]))
			return false;
	}
	return true;
}

void zcb_summary_free(struct zcb_summary *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->n_rows; i++)
		free(s->rows[i].metrics);
	free(s->rows);
	free(s->order);
	free(s);
}
