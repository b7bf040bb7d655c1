// SPDX-License-Identifier: GPL-2.0-or-later
/* Each line of standard input asks for one routine; each answer is a line of numbers. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/analysis/bootstrap.h"
#include "reports/analysis/distribution.h"
#include "reports/analysis/drift.h"
#include "reports/analysis/effect.h"
#include "reports/analysis/holm.h"
#include "reports/analysis/looks.h"
#include "reports/analysis/permutation.h"
#include "reports/analysis/power.h"

/* The numbers of a line, one after the other. */
struct line {
	char *at;
};

static double next(struct line *line)
{
	return strtod(line->at, &line->at);
}

/* A count, then so many numbers; the caller's to free. */
static double *next_list(struct line *line, size_t *ret_n)
{
	size_t n = (size_t)next(line);
	double *list = calloc(n + 1, sizeof(*list));

	for (size_t i = 0; list && i < n; i++)
		list[i] = next(line);
	*ret_n = n;
	return list;
}

static void quantile(struct line *line)
{
	unsigned int numerator = (unsigned int)next(line), denominator = (unsigned int)next(line);
	struct zcb_distribution d = { 0 };
	uint64_t value = 0;
	size_t n;
	double *list = next_list(line, &n);

	for (size_t i = 0; i < n; i++)
		zcb_distribution_add(&d, (uint64_t)list[i]);
	zcb_distribution_sort(&d);
	zcb_distribution_quantile(&d, numerator, denominator, &value);
	printf("%.17g\n", (double)value);
	zcb_distribution_finish(&d);
	free(list);
}

static void print_effect(const struct zcb_effect *effect, double alpha)
{
	double low, high;

	zcb_effect_interval(effect, alpha, &low, &high);
	printf("%.17g %.17g %.17g %.17g %.17g %.17g\n", effect->log, effect->error, effect->df, low,
	       high, zcb_effect_p(effect));
}

static void paired(struct line *line)
{
	double floor = next(line), alpha = next(line);
	struct zcb_effect effect = { 0 };
	size_t n;
	double *list = next_list(line, &n);

	zcb_effect_paired(list, n, floor, &effect);
	print_effect(&effect, alpha);
	free(list);
}

static void unpaired(struct line *line)
{
	double floor = next(line), alpha = next(line);
	struct zcb_effect effect = { 0 };
	size_t n_a, n_b;
	double *a = next_list(line, &n_a), *b = next_list(line, &n_b);

	zcb_effect_unpaired(a, n_a, b, n_b, floor, &effect);
	print_effect(&effect, alpha);
	free(a);
	free(b);
}

static void holm(struct line *line)
{
	size_t n;
	double *list = next_list(line, &n);

	zcb_holm(list, n);
	for (size_t i = 0; i < n; i++)
		printf("%.17g ", list[i]);
	putchar('\n');
	free(list);
}

static void permutation(struct line *line)
{
	size_t n_a, n_b;
	double *a = next_list(line, &n_a), *b = next_list(line, &n_b);

	if (n_b)
		printf("%.17g %.17g\n", zcb_permutation_unpaired(a, n_a, b, n_b, 1),
		       zcb_permutation_least_unpaired(n_a, n_b));
	else
		printf("%.17g %.17g\n", zcb_permutation_paired(a, n_a, 1),
		       zcb_permutation_least_paired(n_a));
	free(a);
	free(b);
}

static struct zcb_bootstrap_boot *next_boots(struct line *line, size_t *ret_n)
{
	size_t n = (size_t)next(line);
	struct zcb_bootstrap_boot *boots = calloc(n + 1, sizeof(*boots));

	for (size_t i = 0; boots && i < n; i++) {
		boots[i].log = next(line);
		boots[i].error = next(line);
	}
	*ret_n = n;
	return boots;
}

static void bootstrap(struct line *line)
{
	bool is_paired = next(line) > 0;
	double alpha = next(line), low = 0, high = 0;
	uint64_t seed = (uint64_t)next(line);
	size_t n_a, n_b;
	struct zcb_bootstrap_boot *a = next_boots(line, &n_a), *b = next_boots(line, &n_b);

	zcb_bootstrap(a, n_a, b, n_b, is_paired, alpha, seed, &low, &high);
	printf("%.17g %.17g\n", low, high);
	free(a);
	free(b);
}

static void drift(struct line *line)
{
	size_t n;
	double *list = next_list(line, &n);
	struct zcb_drift drift = zcb_drift_of(list, n);

	printf("%.17g %.17g\n", drift.total, drift.p);
	free(list);
}

static void power(struct line *line)
{
	double shift = next(line), df = next(line), alpha = next(line);

	printf("%.17g %.17g\n", zcb_power(shift, df, alpha), zcb_detectable_shift(df, alpha));
}

static void look(struct line *line)
{
	unsigned int one = (unsigned int)next(line), all = (unsigned int)next(line);

	printf("%.17g\n", zcb_look_share(one, all));
}

static const struct {
	const char *name;
	void (*run)(struct line *line);
} routines[] = {
	{ "quantile", quantile }, { "paired", paired },	      { "unpaired", unpaired },
	{ "holm", holm },	  { "permutation", permutation }, { "bootstrap", bootstrap },
	{ "drift", drift },	  { "power", power },	      { "look", look },
};

int main(void)
{
	char *text = NULL;
	size_t room = 0;

	while (getline(&text, &room, stdin) > 0) {
		size_t name = strcspn(text, " \n");
		struct line line = { text + name };
		bool known = false;

		for (size_t i = 0; i < sizeof(routines) / sizeof(routines[0]); i++) {
			if (strlen(routines[i].name) != name || strncmp(routines[i].name, text, name) != 0)
				continue;
			routines[i].run(&line);
			known = true;
		}
		if (!known)
			return 2;
	}
	free(text);
	return 0;
}
