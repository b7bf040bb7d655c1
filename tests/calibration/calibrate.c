// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How often comparisons of what was really recorded would be wrong. From the summaries of a run
 * (zcbench compare DIR --summaries) it makes comparisons of A with A: in each, boots are drawn, and what
 * A and its twin did in a boot (or where there is no twin, A's turns) is dealt to two arms by lot. Then
 * the same with B made slower: by so many per cent, by what each metric's row says that it would find,
 * and with the B that was recorded, if one was. See README.md.
 */
#include <getopt.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/comparison.h"
#include "reports/analysis/observations-json.h"

struct calibration {
	struct zcb_observations *recorded;
	uint64_t *boots; /* of A, once each */
	size_t n_boots, drawn, comparisons;
	double effect;	 /* a logarithm */
	const char *only; /* the metric that has it; NULL: all */
	bool in_boot;	 /* two arms can be made of what one boot did */
	bool as_recorded; /* the arms are those that were played */
	gsl_rng *rng;
};

static bool has_boot(const struct calibration *c, uint64_t boot)
{
	for (size_t i = 0; i < c->n_boots; i++)
		if (c->boots[i] == boot)
			return true;
	return false;
}

/* A boot can be both arms where each subject was played at least twice in it, as A or as its twin. */
static bool plays_twice(const struct zcb_observations *o)
{
	size_t plays = 0;

	for (size_t i = 0; i < o->n; i++)
		plays += o->items[i].arm != ZCB_ARM_B && o->items[i].boot == o->items[0].boot &&
			 o->items[i].subject == o->items[0].subject;
	return o->one_run && plays >= 2;
}

static int find_boots(struct calibration *c)
{
	const struct zcb_observations *o = c->recorded;

	c->boots = calloc(o->n + 1, sizeof(*c->boots));
	for (size_t i = 0; c->boots && i < o->n; i++)
		if (o->items[i].arm == ZCB_ARM_A && !has_boot(c, o->items[i].boot))
			c->boots[c->n_boots++] = o->items[i].boot;
	c->in_boot = o->n && plays_twice(o);
	return c->boots ? 0 : -1;
}

static int copy_names(const struct zcb_observations *from, struct zcb_observations *to)
{
	size_t ignored;
	int err = 0;

	for (size_t i = 0; !err && i < from->n_metrics; i++)
		err = zcb_observations_metric(to, from->metrics[i].name, from->metrics[i].unit, &ignored);
	for (size_t i = 0; !err && i < from->n_cells; i++)
		err = zcb_observations_cell(to, from->cells[i].name, from->cells[i].params, &ignored);
	for (size_t i = 0; !err && i < from->n_subjects; i++)
		err = zcb_observations_subject(to, from->subjects[i].cell, from->subjects[i].metric, &ignored);
	to->icount = from->icount;
	return err;
}

static bool is_slowed(const struct calibration *c, const struct zcb_observation *item)
{
	const struct zcb_observations *o = c->recorded;

	return item->arm == ZCB_ARM_B &&
	       (!c->only || !strcmp(c->only, o->metrics[o->subjects[item->subject].metric].name));
}

static int add(const struct calibration *c, struct zcb_observations *to, struct zcb_observation item)
{
	for (int s = 0; is_slowed(c, &item) && s < ZCB_STATISTICS; s++)
		item.of[s].value *= exp(c->effect);
	return zcb_observations_add(to, &item);
}

/* With a twin, which of both is B is dealt; without, every other turn is, from a first that is dealt. */
static enum zcb_arm_index deal(const struct zcb_observation *item, bool twin, size_t turn, bool turned)
{
	return (twin ? item->arm == ZCB_ARM_TWIN : turn % 2) != turned ? ZCB_ARM_B : ZCB_ARM_A;
}

static int add_boot(struct calibration *c, struct zcb_observations *to, uint64_t boot, uint64_t as,
		    enum zcb_arm_index whole, bool twin)
{
	const struct zcb_observations *o = c->recorded;
	bool turned = gsl_rng_get(c->rng) & 1;
	ZCB_FREE size_t *turns = calloc(o->n_subjects + 1, sizeof(*turns));
	int err = turns ? 0 : -1;

	for (size_t i = 0; !err && i < o->n; i++) {
		struct zcb_observation item = o->items[i];

		if (item.boot != boot || (item.arm == ZCB_ARM_B && !c->as_recorded))
			continue;
		item.boot = as;
		if (!c->as_recorded)
			item.arm = c->in_boot ? deal(&o->items[i], twin, turns[item.subject]++, turned) : whole;
		err = add(c, to, item);
	}
	return err;
}

static bool has_arm(const struct zcb_observations *o, enum zcb_arm_index arm)
{
	for (size_t i = 0; i < o->n; i++)
		if (o->items[i].arm == arm)
			return true;
	return false;
}

/* Boots are drawn without replacement: one that is there twice would look as if boots did not vary. */
static struct zcb_observations *draw(struct calibration *c)
{
	struct zcb_observations *o = calloc(1, sizeof(*o));
	bool twin = has_arm(c->recorded, ZCB_ARM_TWIN);
	size_t n = c->in_boot ? c->drawn : 2 * c->drawn;
	int err = o ? copy_names(c->recorded, o) : -1;

	gsl_ran_shuffle(c->rng, c->boots, c->n_boots, sizeof(*c->boots));
	for (size_t i = 0; !err && i < n; i++)
		err = add_boot(c, o, c->boots[i], i + 1, i % 2 ? ZCB_ARM_B : ZCB_ARM_A, twin);
	if (err) {
		zcb_observations_free(o);
		return NULL;
	}
	o->one_run = c->in_boot;
	return o;
}

/* What a thousand comparisons said of one metric's median over all cells. */
struct tally {
	const char *metric;
	size_t n, verdicts[ZCB_COMPARISON_VERDICTS];
	double *effects, *detectables;
};

static int tally_row(struct tally *t, const struct zcb_comparison_row *row, size_t room)
{
	if (!t->effects) {
		t->effects = calloc(room, sizeof(*t->effects));
		t->detectables = calloc(room, sizeof(*t->detectables));
	}
	if (!t->effects || !t->detectables)
		return -1;
	t->effects[t->n] = row->effect.log;
	t->detectables[t->n++] = row->detectable;
	t->verdicts[row->verdict]++;
	return 0;
}

static void tally_finish(struct tally *t)
{
	free(t->effects);
	free(t->detectables);
	*t = (struct tally){ .metric = t->metric };
}

/* One comparison a time: adds up the verdicts of the whole, and of each metric. */
static int compare(struct calibration *c, size_t verdicts[ZCB_COMPARISON_VERDICTS], struct tally *tallies)
{
	const struct zcb_comparison_options comparison_options = { .seed = 1 };
	ZCB_COMPARISON_FREE struct zcb_comparison *comparison = NULL;
	struct zcb_observations *o = draw(c);
	int err = o ? zcb_comparison_judge(o, &comparison_options, &comparison) : -1;

	if (err)
		return -1;
	verdicts[comparison->verdict]++;
	for (size_t i = 0; !err && i < comparison->n_rows; i++) {
		const struct zcb_comparison_row *row = &comparison->rows[i];

		if (row->statistic == ZCB_STATISTIC_P50 && row->has_effect)
			err = tally_row(&tallies[row->metric - o->metrics], row, c->comparisons);
	}
	return err;
}

static double median(double *values, size_t n)
{
	gsl_sort(values, 1, n);
	return gsl_stats_median_from_sorted_data(values, 1, n);
}

static void print_tallies(const struct tally *tallies, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct tally *t = &tallies[i];

		if (t->n)
			printf("  %-22s worse %zu better %zu, median effect %+.1f %%, median detectable %.1f %%\n",
			       t->metric, t->verdicts[ZCB_WORSE], t->verdicts[ZCB_BETTER],
			       100 * expm1(median(t->effects, t->n)), 100 * expm1(median(t->detectables, t->n)));
	}
}

/* Prints how the comparisons came out, and fills tallies, one for each metric. */
static int calibrate(struct calibration *c, const char *what, struct tally *tallies)
{
	size_t verdicts[ZCB_COMPARISON_VERDICTS] = { 0 };

	for (size_t i = 0; i < c->comparisons; i++)
		if (compare(c, verdicts, tallies))
			return -1;
	printf("%-24s", what);
	for (int v = 0; v < ZCB_COMPARISON_VERDICTS; v++)
		printf(" %s %zu", zcb_comparison_verdict_name((enum zcb_comparison_verdict)v), verdicts[v]);
	putchar('\n');
	return c->as_recorded || c->effect > 0 ||
	       verdicts[ZCB_WORSE] + verdicts[ZCB_BETTER] <= c->comparisons / 50 ? 0 : 1;
}

static void finish(struct calibration *c)
{
	free(c->boots);
	zcb_observations_free(c->recorded);
	gsl_rng_free(c->rng);
}

static int usage(void)
{
	fprintf(stderr, "usage: calibrate FILE [--boots N] [--comparisons N] [--effect PERCENT] [--seed N]\n"
			"                      [--detectable]\n"
			"FILE has what `zcbench compare DIR --summaries` prints.\n");
	return 2;
}

static const struct option options[] = {
	{ "boots", required_argument, NULL, 'b' },
	{ "comparisons", required_argument, NULL, 'n' },
	{ "effect", required_argument, NULL, 'e' },
	{ "seed", required_argument, NULL, 's' },
	{ "detectable", no_argument, NULL, 'd' },
	{ 0 },
};

static int take(struct calibration *c, int argc, char **argv, double *effect, bool *detectables)
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		double value = optarg ? strtod(optarg, NULL) : 0;

		if (option == 'b')
			c->drawn = (size_t)value;
		else if (option == 'n')
			c->comparisons = (size_t)value;
		else if (option == 'e')
			*effect = value;
		else if (option == 's')
			gsl_rng_set(c->rng, (unsigned long)value);
		else if (option == 'd')
			*detectables = true;
		else
			return -1;
	}
	return optind + 1 == argc ? 0 : -1;
}

static struct tally *tallies_new(const struct zcb_observations *o)
{
	struct tally *tallies = calloc(o->n_metrics + 1, sizeof(*tallies));

	for (size_t i = 0; tallies && i < o->n_metrics; i++)
		tallies[i].metric = o->metrics[i].name;
	return tallies;
}

/* Whether what each row says that it would find is found, in that metric alone. */
static int try_detectables(struct calibration *c, struct tally *same, size_t n)
{
	int ret = 0;

	for (size_t i = 0; ret >= 0 && i < n; i++) {
		ZCB_FREE struct tally *tallies = tallies_new(c->recorded);
		char what[64];

		if (!tallies || !same[i].n)
			continue;
		c->only = same[i].metric;
		c->effect = median(same[i].detectables, same[i].n);
		snprintf(what, sizeof(what), "%s %.1f %% slower:", c->only, 100 * expm1(c->effect));
		ret = calibrate(c, what, tallies);
		printf("  %-22s worse %zu of %zu\n", c->only, tallies[i].verdicts[ZCB_WORSE], tallies[i].n);
		for (size_t k = 0; k < n; k++)
			tally_finish(&tallies[k]);
	}
	c->only = NULL;
	return ret;
}

static int run_one(struct calibration *c, const char *what, bool detectables)
{
	ZCB_FREE struct tally *tallies = tallies_new(c->recorded);
	size_t n = c->recorded->n_metrics;
	int ret = tallies ? calibrate(c, what, tallies) : -1;

	if (ret >= 0)
		print_tallies(tallies, n);
	if (ret >= 0 && detectables && try_detectables(c, tallies, n) < 0)
		ret = -1;
	for (size_t i = 0; tallies && i < n; i++)
		tally_finish(&tallies[i]);
	return ret;
}

static int run(struct calibration *c, double effect, bool detectables)
{
	size_t most = c->in_boot ? c->n_boots : c->n_boots / 2;
	char what[64];
	int ret;

	if (!c->drawn || c->drawn > most)
		c->drawn = most;
	printf("%zu boots recorded, %zu an arm drawn, %s\n", c->n_boots, c->drawn,
	       c->in_boot ? "both arms in each" : "one arm each");
	ret = run_one(c, "A with A:", detectables);
	snprintf(what, sizeof(what), "B %g %% slower:", effect);
	c->effect = log1p(effect / 100);
	if (ret >= 0 && run_one(c, what, false) < 0)
		ret = -1;
	c->effect = 0;
	c->as_recorded = c->in_boot && has_arm(c->recorded, ZCB_ARM_B);
	if (ret >= 0 && c->as_recorded && run_one(c, "B as recorded:", false) < 0)
		ret = -1;
	return ret < 0 ? 13 : ret;
}

int main(int argc, char **argv)
{
	ZCB_CLEANUP(finish) struct calibration c = { .comparisons = 1000,
						    .rng = gsl_rng_alloc(gsl_rng_mt19937) };
	ZCB_FCLOSE FILE *f = NULL;
	struct zcb_error err = { "" };
	double effect = 10;
	bool detectables = false;

	if (take(&c, argc, argv, &effect, &detectables))
		return usage();
	f = fopen(argv[optind], "r");
	if (!f || zcb_observations_read(f, &c.recorded, &err) || find_boots(&c)) {
		fprintf(stderr, "calibrate: %s: %s\n", argv[optind], *err.text ? err.text : "cannot be read");
		return 2;
	}
	return run(&c, effect, detectables);
}
