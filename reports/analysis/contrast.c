// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/contrast.h"

#include <errno.h>
#include <math.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/bootstrap.h"
#include "reports/analysis/permutation.h"

/* A clock that ticks coarsely gives equal numbers by luck: a tick's even spread is the least. */
static double least_deviation(const struct zcb_column *column, bool paired)
{
	return column->resolution / sqrt(12) * (paired ? sqrt(2) : 1);
}

static void take(const struct zcb_column_boot *boot, enum zcb_arm_index arm, double *logs,
		 double *errors, size_t *n)
{
	logs[*n] = boot->arm[arm].log;
	errors[(*n)++] = sqrt(boot->arm[arm].variance);
}

static void take_pairs(const struct zcb_column *column, enum zcb_arm_index other,
		       struct zcb_contrast *c)
{
	for (size_t i = 0; i < column->n; i++) {
		const struct zcb_column_boot *boot = &column->boots[i];

		if (!boot->arm[ZCB_ARM_A].n || !boot->arm[other].n)
			continue;
		c->difference[c->n_b] = boot->arm[other].log - boot->arm[ZCB_ARM_A].log;
		take(boot, ZCB_ARM_A, c->a, c->error_a, &c->n_a);
		take(boot, other, c->b, c->error_b, &c->n_b);
	}
}

static void take_each(const struct zcb_column *column, enum zcb_arm_index other,
		      struct zcb_contrast *c)
{
	for (size_t i = 0; i < column->n; i++) {
		const struct zcb_column_boot *boot = &column->boots[i];

		if (boot->arm[ZCB_ARM_A].n)
			take(boot, ZCB_ARM_A, c->a, c->error_a, &c->n_a);
		if (boot->arm[other].n)
			take(boot, other, c->b, c->error_b, &c->n_b);
	}
}

int zcb_contrast_of(const struct zcb_column *column, enum zcb_arm_index other, bool one_run,
		    struct zcb_contrast *ret)
{
	struct zcb_contrast c = { .paired = one_run && zcb_column_pairs(column, ZCB_ARM_A, other) };
	double **arrays[] = { &c.a, &c.b, &c.difference, &c.error_a, &c.error_b };
	bool short_of_memory = false;

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		*arrays[i] = calloc(column->n + 1, sizeof(double));
		short_of_memory |= !*arrays[i];
	}
	if (short_of_memory) {
		zcb_contrast_finish(&c);
		return -ENOMEM;
	}
	if (c.paired)
		take_pairs(column, other, &c);
	else
		take_each(column, other, &c);
	c.floor = least_deviation(column, c.paired);
	*ret = c;
	return 0;
}

bool zcb_contrast_effect(const struct zcb_contrast *c, struct zcb_effect *ret_effect)
{
	if (c->paired)
		return zcb_effect_paired(c->difference, c->n_b, c->floor, ret_effect);
	return zcb_effect_unpaired(c->a, c->n_a, c->b, c->n_b, c->floor, ret_effect);
}

double zcb_contrast_permutation(const struct zcb_contrast *c, uint64_t seed)
{
	return c->paired ? zcb_permutation_paired(c->difference, c->n_b, seed) :
			   zcb_permutation_unpaired(c->a, c->n_a, c->b, c->n_b, seed);
}

double zcb_contrast_least(const struct zcb_contrast *c)
{
	return c->paired ? zcb_permutation_least_paired(c->n_b) :
			   zcb_permutation_least_unpaired(c->n_a, c->n_b);
}

static struct zcb_bootstrap_boot *boots_of(const double *logs, const double *errors, size_t n)
{
	struct zcb_bootstrap_boot *boots = calloc(n + 1, sizeof(*boots));

	for (size_t i = 0; boots && i < n; i++)
		boots[i] = (struct zcb_bootstrap_boot){ logs[i], errors[i] };
	return boots;
}

bool zcb_contrast_bootstrap(const struct zcb_contrast *c, double alpha, uint64_t seed,
			    double *ret_low, double *ret_high)
{
	ZCB_FREE struct zcb_bootstrap_boot *a = boots_of(c->a, c->error_a, c->n_a);
	ZCB_FREE struct zcb_bootstrap_boot *b = boots_of(c->b, c->error_b, c->n_b);

	return a && b &&
	       zcb_bootstrap(a, c->n_a, b, c->n_b, c->paired, alpha, seed, ret_low, ret_high);
}

void zcb_contrast_finish(struct zcb_contrast *c)
{
	free(c->error_a);
	free(c->error_b);
	free(c->a);
	free(c->b);
	free(c->difference);
	*c = (struct zcb_contrast){ 0 };
}
