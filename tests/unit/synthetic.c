// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/unit/synthetic.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>

static const char *const metric_names[] = { "punch",	    "fault.guest", "fault.vmm",
					    "export.create", "export.close", "frame.read",
					    "migrate",	    "refill" };

/* Of deviation 1, or near it. */
static double noise(const struct synthetic *s, gsl_rng *rng)
{
	switch (s->noise) {
	case SYNTHETIC_HEAVY:
		return gsl_ran_tdist(rng, 3) / sqrt(3);
	case SYNTHETIC_SPIKES:
		return gsl_ran_gaussian(rng, 1) + (gsl_rng_uniform(rng) < .1 ? 5 : 0);
	case SYNTHETIC_MODES:
		return (gsl_rng_uniform(rng) < .25 ? 2.3 : 0) + gsl_ran_gaussian(rng, .001);
	case SYNTHETIC_NORMAL:
	default:
		return gsl_ran_gaussian(rng, 1);
	}
}

static int add_item(struct zcb_observations *o, size_t subject, enum zcb_arm_index arm,
		    uint64_t boot, uint64_t block, double log)
{
	struct zcb_observation item = { .subject = subject, .arm = arm, .boot = boot,
					.block = block, .n = 1000 };

	for (int s = 0; s < ZCB_STATISTICS; s++) {
		item.of[s].known = true;
		item.of[s].value = 10000 * exp(log) * (s == ZCB_STATISTIC_P99 ? 3 : 1);
	}
	return zcb_observations_add(o, &item);
}

static double truth(const struct synthetic *s, enum zcb_arm_index arm, size_t metric, size_t boot)
{
	if (arm != ZCB_ARM_B || metric >= s->affected)
		return 0;
	return s->effect + s->drift * (double)boot;
}

/* One arm of one boot: what it has in common, and each cell's own. */
static int add_arm(const struct synthetic *s, struct zcb_observations *o, gsl_rng *rng,
		   enum zcb_arm_index arm, size_t boot, const double *shared)
{
	int err = 0;

	for (size_t m = 0; m < s->metrics; m++) {
		double common = shared[m] + s->arm * noise(s, rng) + truth(s, arm, m, boot);

		for (size_t c = 0; !err && c < s->cells; c++) {
			for (size_t k = 0; !err && k < s->blocks; k++)
				err = add_item(o, m * s->cells + c, arm, boot + 1, k,
					       common + s->cell * noise(s, rng));
		}
	}
	return err;
}

static void draw_shared(const struct synthetic *s, gsl_rng *rng, double shared[8])
{
	for (size_t m = 0; m < s->metrics; m++)
		shared[m] = s->boot * noise(s, rng);
}

static int add_boot(const struct synthetic *s, struct zcb_observations *o, gsl_rng *rng, size_t boot)
{
	double shared[8];
	int err = 0;

	draw_shared(s, rng, shared);
	for (int arm = 0; !err && arm < (s->twin ? ZCB_ARMS : 2); arm++) {
		if (arm && !s->one_run)
			draw_shared(s, rng, shared);
		err = add_arm(s, o, rng, (enum zcb_arm_index)arm, boot, shared);
	}
	return err;
}

static int add_names(const struct synthetic *s, struct zcb_observations *o)
{
	size_t cell, metric, subject;
	int err = 0;

	for (size_t m = 0; !err && m < s->metrics; m++)
		err = zcb_observations_metric(o, metric_names[m], "ns", &metric);
	for (size_t c = 0; !err && c < s->cells; c++)
		err = zcb_observations_cell(o, zcb_observations_string(o, "cell-%zu", c), "", &cell);
	for (size_t m = 0; m < s->metrics; m++) {
		for (size_t c = 0; !err && c < s->cells; c++)
			err = zcb_observations_subject(o, c, m, &subject);
	}
	return err;
}

struct zcb_observations *synthetic_observations(const struct synthetic *s, gsl_rng *rng)
{
	struct zcb_observations *o = calloc(1, sizeof(*o));
	int err = o ? add_names(s, o) : -1;

	for (size_t boot = 0; !err && boot < s->boots; boot++)
		err = add_boot(s, o, rng, boot);
	if (err) {
		zcb_observations_free(o);
		return NULL;
	}
	o->one_run = s->one_run;
	return o;
}

struct zcb_comparison *synthetic_comparison(const struct synthetic *s,
					    const struct zcb_comparison_options *options, gsl_rng *rng)
{
	struct zcb_observations *o = synthetic_observations(s, rng);
	struct zcb_comparison *c = NULL;

	return o && !zcb_comparison_judge(o, options, &c) ? c : NULL;
}

struct synthetic_counts synthetic_count(const struct synthetic *s,
					const struct zcb_comparison_options *options, size_t n,
					unsigned long seed)
{
	struct synthetic_counts counts = { 0 };
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);

	gsl_rng_set(rng, seed);
	for (size_t i = 0; i < n; i++) {
		ZCB_COMPARISON_FREE struct zcb_comparison *c = synthetic_comparison(s, options, rng);

		if (!c)
			abort();
		counts.verdict[c->verdict]++;
		counts.twin_rows += c->twin_rows;
		counts.twin_alarms += c->false_alarms;
	}
	gsl_rng_free(rng);
	return counts;
}
