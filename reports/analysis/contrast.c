// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/contrast.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

/* What the spread of the samples alone makes a boot's number deviate, as a root mean square. */
static double sampling_error(const struct zcb_column *column, enum zcb_arm_index other, bool paired)
{
	double sum = 0;
	size_t n = 0;

	for (size_t i = 0; i < column->n; i++) {
		const struct zcb_column_boot *boot = &column->boots[i];

		if (paired && !(boot->arm[ZCB_ARM_A].n && boot->arm[other].n))
			continue;
		for (int a = 0; a < ZCB_ARMS; a++) {
			if ((a != ZCB_ARM_A && a != (int)other) || !boot->arm[a].n)
				continue;
			sum += boot->arm[a].variance;
			n++;
		}
	}
	return n ? sqrt(sum / (double)n * (paired ? 2 : 1)) : 0;
}

/* A clock that ticks coarsely gives equal numbers by luck: a tick's even spread is the least. */
static double least_deviation(const struct zcb_column *column, enum zcb_arm_index other, bool paired)
{
	double tick = column->resolution / sqrt(12) * (paired ? sqrt(2) : 1);

	return fmax(tick, sampling_error(column, other, paired));
}

static void take_pairs(const struct zcb_column *column, enum zcb_arm_index other,
		       struct zcb_contrast *c)
{
	for (size_t i = 0; i < column->n; i++) {
		const struct zcb_column_boot *boot = &column->boots[i];

		if (!boot->arm[ZCB_ARM_A].n || !boot->arm[other].n)
			continue;
		c->a[c->n_a++] = boot->arm[ZCB_ARM_A].log;
		c->b[c->n_b] = boot->arm[other].log;
		c->difference[c->n_b++] = boot->arm[other].log - boot->arm[ZCB_ARM_A].log;
	}
}

static void take_each(const struct zcb_column *column, enum zcb_arm_index other,
		      struct zcb_contrast *c)
{
	for (size_t i = 0; i < column->n; i++) {
		const struct zcb_column_boot *boot = &column->boots[i];

		if (boot->arm[ZCB_ARM_A].n)
			c->a[c->n_a++] = boot->arm[ZCB_ARM_A].log;
		if (boot->arm[other].n)
			c->b[c->n_b++] = boot->arm[other].log;
	}
}

int zcb_contrast_of(const struct zcb_column *column, enum zcb_arm_index other, bool one_run,
		    struct zcb_contrast *ret)
{
	struct zcb_contrast c = { .paired = one_run && zcb_column_pairs(column, ZCB_ARM_A, other) };

	c.a = calloc(column->n + 1, sizeof(*c.a));
	c.b = calloc(column->n + 1, sizeof(*c.b));
	c.difference = calloc(column->n + 1, sizeof(*c.difference));
	if (!c.a || !c.b || !c.difference) {
		zcb_contrast_finish(&c);
		return -ENOMEM;
	}
	if (c.paired)
		take_pairs(column, other, &c);
	else
		take_each(column, other, &c);
	c.floor = least_deviation(column, other, c.paired);
	*ret = c;
	return 0;
}

bool zcb_contrast_effect(const struct zcb_contrast *c, struct zcb_effect *ret_effect)
{
	if (c->paired)
		return zcb_effect_paired(c->difference, c->n_b, c->floor, ret_effect);
	return zcb_effect_unpaired(c->a, c->n_a, c->b, c->n_b, c->floor, ret_effect);
}

void zcb_contrast_finish(struct zcb_contrast *c)
{
	free(c->a);
	free(c->b);
	free(c->difference);
	*c = (struct zcb_contrast){ 0 };
}
