// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/observe.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/samples-reader.h"
#include "reports/analysis/distribution.h"

/* A 99th percentile of fewer is the maximum, or next to it, and tells nothing of a tail. */
#define LEAST_FOR_P99 100

struct observing {
	struct zcb_observations *o;
	const struct zcb_arm *arm;
	enum zcb_arm_index index;
	bool with_variant; /* the runs hold several: it is part of what a cell is */
};

/* Whether a cell is one of "VARIANT" or "KERNEL:VARIANT". */
static bool is_variant(const struct zcb_result_cell *cell, const char *wanted)
{
	size_t kernel = strlen(cell->kernel);

	if (!strcmp(cell->variant, wanted))
		return true;
	return !strncmp(cell->kernel, wanted, kernel) && wanted[kernel] == ':' &&
	       !strcmp(cell->variant, wanted + kernel + 1);
}

static bool belongs(const struct zcb_arm *arm, const struct zcb_result_cell *cell)
{
	/* A run without arms has A alone, and so have journals that do not say. */
	if (arm->arm && (*cell->arm ? *cell->arm : 'A') != arm->arm)
		return false;
	return !arm->variant || is_variant(cell, arm->variant);
}

static bool same_side(const struct zcb_result_cell *a, const struct zcb_result_cell *b)
{
	return !strcmp(a->kernel, b->kernel) && !strcmp(a->variant, b->variant);
}

static bool has_several(const struct zcb_arm *arm)
{
	const struct zcb_result_cell *first = NULL;

	for (size_t i = 0; i < arm->results->n_cells; i++) {
		const struct zcb_result_cell *cell = &arm->results->cells[i];

		if (!belongs(arm, cell))
			continue;
		if (first && !same_side(first, cell))
			return true;
		first = cell;
	}
	return false;
}

const char *zcb_observe_label(struct zcb_observations *o, const struct zcb_arm *arm)
{
	const char *label = "";
	const struct zcb_result_cell *last = NULL;

	for (size_t i = 0; i < arm->results->n_cells; i++) {
		const struct zcb_result_cell *cell = &arm->results->cells[i];
		const char *one;

		if (!belongs(arm, cell) || (last && same_side(last, cell)))
			continue;
		last = cell;
		one = zcb_observations_string(o, "%s:%s", cell->kernel, cell->variant);
		if (strstr(label, one))
			continue;
		label = zcb_observations_string(o, "%s%s%s", label, *label ? ", " : "", one);
	}
	return label;
}

static int find_cell(struct observing *ob, const struct zcb_result_cell *cell, size_t *ret_cell)
{
	const char *prefix = ob->with_variant
				     ? zcb_observations_string(ob->o, "%s:%s/", cell->kernel,
							       cell->variant)
				     : "";
	const char *name = zcb_observations_string(ob->o, "%s%s/%s/%s/%s", prefix, cell->memory,
						   cell->guest, cell->workload, cell->consumer);
	int err = zcb_observations_cell(ob->o, name, cell->params, ret_cell);

	if (err)
		return err;
	if (!*ob->o->cells[*ret_cell].brief)
		ob->o->cells[*ret_cell].brief = cell->brief;
	return 0;
}

static const struct zcb_result_samples *find_file(const struct zcb_results *r, uint64_t index,
						  const char *metric)
{
	size_t low = 0, high = r->n_samples;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct zcb_result_samples *file = &r->samples[middle];
		int order = file->index < index ? -1 :
			    file->index > index ? 1 :
						  strcmp(file->metric, metric);

		if (order == 0)
			return file;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Half the distance, on a log scale, of the order statistics one standard error on either side. */
static double quantile_error(const struct zcb_distribution *d, double q)
{
	double n = (double)(d->n), spread = sqrt(n * q * (1 - q));
	double low = fmax(1, floor(n * q - spread)), high = fmin(n, ceil(n * q + spread));
	uint64_t below = d->values[(size_t)low - 1], above = d->values[(size_t)high - 1];

	if (above == UINT64_MAX || !below)
		return 0;
	return (log((double)above) - log((double)below)) / 2;
}

static double mean_error(const struct zcb_distribution *d, double mean)
{
	size_t n = d->n - d->censored;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pow((double)d->values[i] - mean, 2);
	return n > 1 ? sqrt(sum / ((double)n - 1) / (double)n) / mean : 0;
}

/* Figures of a sorted distribution. A value of 0 has no logarithm: it is less than the clock's unit. */
static void describe(const struct zcb_distribution *d, struct zcb_observation *item)
{
	static const unsigned int percent[] = { 50, 99 };
	double mean = zcb_distribution_mean(d);

	item->n = d->n;
	item->censored = d->censored;
	for (int s = 0; s < 2; s++) {
		uint64_t value = 0;

		if (s == ZCB_STATISTIC_P99 && d->n < LEAST_FOR_P99)
			continue;
		item->of[s].known = zcb_distribution_quantile(d, percent[s], 100, &value);
		item->of[s].value = fmax((double)value, .5);
		item->of[s].error = item->of[s].known ? quantile_error(d, percent[s] / 100.) : 0;
	}
	item->of[ZCB_STATISTIC_MEAN].known = d->n && !d->censored && mean > 0;
	item->of[ZCB_STATISTIC_MEAN].value = mean;
	item->of[ZCB_STATISTIC_MEAN].error = mean > 0 ? mean_error(d, mean) : 0;
}

static int read_file(struct observing *ob, const struct zcb_result_samples *file,
		     struct zcb_observation *item)
{
	ZCB_DISTRIBUTION_FINISH struct zcb_distribution d = { 0 };
	uint64_t *values = NULL;
	bool cut = false;
	size_t n = 0;
	int err = zcb_samples_values(ob->arm->results, file->path, &values, &n, &cut);

	if (err == -ENOMEM)
		return err;
	if (err || cut)
		zcb_observations_note(ob->o, "%s of %s %s.", file->path, ob->arm->results->dir,
				      err ? "cannot be used" : "was cut off within a record");
	err = zcb_distribution_take(&d, values, n);
	if (err || !n)
		return err;
	zcb_distribution_sort(&d);
	describe(&d, item);
	return zcb_observations_add(ob->o, item);
}

static int observe_metric(struct observing *ob, const struct zcb_result_cell *cell, size_t index,
			  size_t metric)
{
	const struct zcb_result_samples *file =
		find_file(ob->arm->results, cell->index, ob->o->metrics[metric].name);
	struct zcb_observation item = { .arm = ob->index, .index = cell->index, .boot = cell->boot,
					.block = cell->block };
	int err;

	if (!file)
		return 0;
	ob->o->metrics[metric].unit = file->unit;
	err = zcb_observations_subject(ob->o, index, metric, &item.subject);
	return err ? err : read_file(ob, file, &item);
}

static void count(struct observing *ob, const struct zcb_result_cell *cell, size_t index)
{
	struct zcb_compared_cell *compared = &ob->o->cells[index];

	compared->counts[ob->index][cell->status]++;
	if (ob->index != ZCB_ARM_B || *compared->expected ||
	    (cell->status != ZCB_RESULT_FAIL && cell->status != ZCB_RESULT_KNOWN_BUG))
		return;
	compared->expected = *cell->expected ? cell->expected : "nothing";
	compared->observed = *cell->observed ? cell->observed : "nothing";
}

static int observe_cell(struct observing *ob, const struct zcb_result_cell *cell)
{
	size_t index;
	int err;

	if (cell->tainted) {
		ob->o->tainted[ob->index]++;
		return 0;
	}
	err = find_cell(ob, cell, &index);
	if (err)
		return err;
	count(ob, cell, index);
	if (!zcb_result_is_whole(cell->status))
		return 0; /* half a cell is no measurement */
	for (size_t m = 0; !err && m < ob->o->n_metrics; m++)
		err = observe_metric(ob, cell, index, m);
	return err;
}

static int observe_arm(struct observing *ob)
{
	const struct zcb_results *r = ob->arm->results;
	int err = 0;

	for (size_t i = 0; !err && i < r->n_cells; i++) {
		if (belongs(ob->arm, &r->cells[i]))
			err = observe_cell(ob, &r->cells[i]);
	}
	return err;
}

static int take_metrics(struct zcb_observations *o, const char *metrics)
{
	char *list = (char *)zcb_observations_string(o, "%s", metrics), *rest = NULL;
	int err = 0;

	for (char *one = strtok_r(list, ",", &rest); !err && one; one = strtok_r(NULL, ",", &rest)) {
		size_t index;

		err = zcb_observations_metric(o, one, "", &index);
	}
	return err;
}

/* Whether variants are part of what a cell is: both arms have several. One alone is not clear. */
static int ask_variants(const struct zcb_arm *a, const struct zcb_arm *b, bool *ret_with,
			struct zcb_error *err)
{
	bool several_a = has_several(a), several_b = has_several(b);

	*ret_with = several_a && several_b;
	if (several_a == several_b)
		return 0;
	return zcb_fail(err, -EINVAL,
			"usage: %s holds several variants, and the other arm one: say which is meant with "
			"--variant-%c",
			several_a ? a->results->dir : b->results->dir, several_a ? 'a' : 'b');
}

int zcb_observe(const struct zcb_arm *a, const struct zcb_arm *b, const struct zcb_arm *twin,
		const char *metrics, struct zcb_observations **ret_observations,
		struct zcb_error *err)
{
	ZCB_OBSERVATIONS_FREE struct zcb_observations *o = calloc(1, sizeof(*o));
	const struct zcb_arm *arms[ZCB_ARMS] = { a, b, twin };
	struct observing ob = { .o = o };
	int result;

	if (!o)
		return -ENOMEM;
	result = ask_variants(a, b, &ob.with_variant, err);
	if (result)
		return result;
	o->one_run = a->results == b->results;
	o->icount = !strcmp(a->results->clock, "icount");
	result = take_metrics(o, metrics);
	for (int i = 0; !result && i < ZCB_ARMS; i++) {
		ob.arm = arms[i];
		ob.index = (enum zcb_arm_index)i;
		if (arms[i])
			result = observe_arm(&ob);
	}
	if (result)
		return result;
	*ret_observations = zcb_steal_ptr(&o);
	return 0;
}
