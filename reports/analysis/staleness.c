// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/staleness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/samples-reader.h"

struct samples {
	struct zcb_result_sample *items;
	size_t n;
};

static int append_file(struct zcb_results *r, const char *path, struct samples *all)
{
	ZCB_FREE struct zcb_result_sample *more = NULL;
	struct zcb_result_sample *grown;
	bool cut;
	size_t n;
	int err = zcb_samples_read(r, path, &more, &n, &cut);

	/* What cannot be read has its note already: the summary read the same files. */
	if (err || !n)
		return err == -ENOMEM ? err : 0;
	grown = reallocarray(all->items, all->n + n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memcpy(grown + all->n, more, n * sizeof(*more));
	all->items = grown;
	all->n += n;
	return 0;
}

static int append_cell(struct zcb_results *r, uint64_t index, struct samples *all)
{
	int err = 0;

	for (size_t i = 0; !err && i < r->n_samples; i++) {
		if (r->samples[i].index == index &&
		    strcmp(r->samples[i].metric, "frame.stale") == 0)
			err = append_file(r, r->samples[i].path, all);
	}
	return err;
}

static int by_operation_and_value(const void *a, const void *b)
{
	const struct zcb_result_sample *left = a, *right = b;

	if (left->operation != right->operation)
		return left->operation < right->operation ? -1 : 1;
	return left->value < right->value ? -1 : left->value > right->value;
}

/* The samples from first on, up to n, that share its operation make one point. */
static size_t make_point(const struct zcb_result_sample *first, size_t n,
			 struct zcb_staleness_point *point)
{
	size_t same = 1;

	while (same < n && first[same].operation == first->operation)
		same++;
	*point = (struct zcb_staleness_point){
		.frames_since_hole = first->operation,
		.frames = same,
		.least = first->value,
		.median = first[(same - 1) / 2].value,
		.most = first[same - 1].value,
	};
	return same;
}

static int make_points(const struct samples *all, struct zcb_staleness_point **ret_points,
		       size_t *ret_n)
{
	struct zcb_staleness_point *points;
	size_t n = 0;

	if (!all->n)
		return 0;
	qsort(all->items, all->n, sizeof(*all->items), by_operation_and_value);
	points = calloc(all->n, sizeof(*points));
	if (!points)
		return -ENOMEM;
	for (size_t i = 0; i < all->n;)
		i += make_point(&all->items[i], all->n - i, &points[n++]);
	*ret_points = points;
	*ret_n = n;
	return 0;
}

int zcb_staleness_of(struct zcb_results *r, const struct zcb_summary_row *row,
		     struct zcb_staleness_point **ret_points, size_t *ret_n)
{
	struct samples all = {0};
	int err = 0;

	*ret_points = NULL;
	*ret_n = 0;
	for (size_t i = 0; !err && i < row->n_cells; i++) {
		if (!row->cells[i]->tainted && row->cells[i]->status != ZCB_RESULT_NOT_RUN)
			err = append_cell(r, row->cells[i]->index, &all);
	}
	if (!err)
		err = make_points(&all, ret_points, ret_n);
	free(all.items);
	return err;
}
