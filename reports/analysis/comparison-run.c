// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reports/analysis/comparison.h"

bool zcb_comparison_has_arms(const struct zcb_results *r)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		if (!strcmp(r->cells[i].arm, "B"))
			return true;
	}
	return false;
}

/* What was given to an option of the command that made the run, or NULL. */
static const char *given(const struct zcb_results *r, const char *option)
{
	size_t n = strlen(option);

	for (size_t i = 0; i < r->command.n; i++) {
		const char *word = r->command.items[i];

		if (!strcmp(word, option))
			return i + 1 < r->command.n ? r->command.items[i + 1] : NULL;
		if (!strncmp(word, option, n) && word[n] == '=')
			return word + n + 1;
	}
	return NULL;
}

static bool is_of(const struct zcb_result_cell *cell, const char *arm, uint64_t boot)
{
	return !strcmp(cell->arm, arm) && cell->boot == boot && cell->status != ZCB_RESULT_NOT_RUN;
}

static bool has(const struct zcb_results *r, const char *arm, uint64_t boot)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		if (is_of(&r->cells[i], arm, boot))
			return true;
	}
	return false;
}

/* Boots of one arm each come in rounds, of all three arms. */
static uint64_t boots_a_round(const struct zcb_results *r)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		const struct zcb_result_cell *cell = &r->cells[i];

		if (!strcmp(cell->arm, "B"))
			return has(r, "A", cell->boot) ? 1 : 3;
	}
	return 1;
}

/* A run that was looked at while it grew has had a look after each round; shards are not looked at. */
static void count_looks(const struct zcb_results *r, struct zcb_comparison_options *options)
{
	uint64_t each = boots_a_round(r), last = 0;
	uint64_t planned = r->plan_boots_planned ? r->plan_boots_planned : r->plan_boots;

	for (size_t i = 0; i < r->n_cells; i++) {
		if (r->cells[i].status != ZCB_RESULT_NOT_RUN && r->cells[i].boot > last)
			last = r->cells[i].boot;
	}
	if (r->n_merged || r->shards || planned / each <= 1 || planned > 100000 || last / each == 0 || last > planned)
		return;
	options->looks = (unsigned int)(planned / each);
	options->look = (unsigned int)(last / each);
}

int zcb_comparison_of_run(struct zcb_results *r, const struct zcb_comparison_options *given_options,
			  struct zcb_comparison **ret, struct zcb_error *err)
{
	struct zcb_comparison_options options = *given_options;
	const struct zcb_arm a = { .results = r, .arm = 'A' }, b = { .results = r, .arm = 'B' };
	const struct zcb_arm twin = { .results = r, .arm = 'Z' };
	const char *margin = given(r, "--margin");

	if (!zcb_comparison_has_arms(r))
		return zcb_fail(err, -EINVAL,
				"usage: %.200s has no arms, as a run of `zcbench ab` has: name a second run, or "
				"two of its variants: zcbench compare DIR DIR --variant-a A --variant-b B",
				r->dir);
	if (!options.metrics)
		options.metrics = given(r, "--metrics");
	if (!(options.margin > 0) && margin)
		options.margin = strtod(margin, NULL) / 100;
	if (!(options.margin > 0 && options.margin < 100))
		options.margin = 0;
	if (!options.seed)
		options.seed = r->seed;
	if (!options.look)
		count_looks(r, &options);
	return zcb_comparison_make(&a, &b, &twin, &options, ret, err);
}
