// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/turns.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Ten times as long: who prints more figures than that says nothing. */
#define MAX_DETECTABLE 2.3

static bool is_arm(const struct zcb_result_cell *cell, char arm)
{
	return cell->arm[0] == arm && !cell->arm[1];
}

static bool has_name(const struct zcb_turns *turns, const char *name)
{
	for (size_t i = 0; i < turns->n; i++)
		if (!strcmp(turns->names[i], name))
			return true;
	return false;
}

static bool plays_arm(const struct zcb_results *results, const struct zcb_result_cell *like, char letter)
{
	for (size_t i = 0; i < results->n_cells; i++)
		if (is_arm(&results->cells[i], letter) && !strcmp(results->cells[i].kernel, like->kernel) &&
		    !strcmp(results->cells[i].variant, like->variant))
			return true;
	return false;
}

/* The arms of `letter`, each kernel and variant once, as the run has them first. Returns 0 or -ENOMEM. */
static int take_names(const struct zcb_results *results, char letter, struct zcb_turns *turns)
{
	for (size_t i = 0; i < results->n_cells; i++) {
		const struct zcb_result_cell *cell = &results->cells[i];
		char *name, **grown;

		if (i && !strcmp(cell->kernel, cell[-1].kernel) && !strcmp(cell->variant, cell[-1].variant))
			continue;
		if (asprintf(&name, "%s:%s", cell->kernel, cell->variant) < 0)
			return -ENOMEM;
		grown = has_name(turns, name) || !plays_arm(results, cell, letter) ? NULL :
						reallocarray(turns->names, turns->n + 1, sizeof(*grown));
		if (grown) {
			turns->names = grown;
			grown[turns->n++] = name;
		} else {
			free(name);
		}
	}
	return 0;
}

static int compare(struct zcb_results *results, const char *base, const char *other,
		   const struct zcb_comparison_options *given, struct zcb_comparison **ret,
		   struct zcb_error *err)
{
	struct zcb_comparison_options options = *given;
	struct zcb_arm a = { .results = results, .arm = 'A', .variant = base };
	struct zcb_arm b = { .results = results, .arm = 'B', .variant = other };
	struct zcb_arm twin = { .results = results, .arm = 'Z', .variant = base };

	options.seed = options.seed ? options.seed : results->seed;
	return zcb_comparison_make(&a, &b, &twin, &options, ret, err);
}

/*
 * A single one may be that of a command with options of its own, which looked at it early. That has no
 * boots without turns, in which variants beside the first would be of its arm.
 */
static bool is_of_command(const struct zcb_results *results, const struct zcb_turns *turns)
{
	struct zcb_turns first = { 0 };
	bool one = turns->n == 1 && !take_names(results, 'A', &first) && first.n == 1;

	zcb_turns_finish(&first);
	return one;
}

static int make_all(struct zcb_results *results, const char *base,
		    const struct zcb_comparison_options *options, struct zcb_turns *turns,
		    struct zcb_error *err)
{
	bool of_command = is_of_command(results, turns);
	int ret = 0;

	for (size_t i = 0; i < turns->n && !ret; i++) {
		ret = of_command ? zcb_comparison_of_run(results, options, &turns->items[i], err) :
				      compare(results, base, turns->names[i], options, &turns->items[i], err);
		if (ret == -ENODATA && turns->n > 1)
			ret = 0;
	}
	return ret;
}

int zcb_turns_make(struct zcb_results *results, const struct zcb_comparison_options *options,
		   struct zcb_turns *ret_turns, struct zcb_error *err)
{
	struct zcb_turns base = { 0 }, turns = { 0 };
	int ret = take_names(results, 'Z', &base);

	if (!ret)
		ret = take_names(results, 'B', &turns);
	turns.items = calloc(turns.n ? turns.n : 1, sizeof(struct zcb_comparison *));
	if (ret || !turns.items)
		ret = zcb_fail(err, -ENOMEM, "host set-up: no memory for comparisons");
	else
		ret = make_all(results, base.n ? base.names[0] : NULL, options, &turns, err);
	zcb_turns_finish(&base);
	if (ret)
		zcb_turns_finish(&turns);
	else
		*ret_turns = turns;
	return ret;
}

void zcb_turns_finish(struct zcb_turns *turns)
{
	for (size_t i = 0; i < turns->n; i++) {
		if (turns->items)
			zcb_comparison_free(turns->items[i]);
		free(turns->names[i]);
	}
	free(turns->items);
	free(turns->names);
	*turns = (struct zcb_turns){ 0 };
}

const struct zcb_comparison *zcb_turns_find(const struct zcb_turns *turns, const char *name)
{
	for (size_t i = 0; i < turns->n; i++) {
		const char *colon = strrchr(turns->names[i], ':');

		if (!strcmp(turns->names[i], name) || !strcmp(colon + 1, name))
			return turns->items[i];
	}
	return NULL;
}

static void print_one(FILE *f, const struct zcb_comparison *c)
{
	fputs("  ", f);
	zcb_print_plain(f, c->b, 60);
	fprintf(f, ": %s\n", zcb_comparison_verdict_name(c->verdict));
	for (size_t i = 0; i < c->n_rows; i++) {
		const struct zcb_comparison_row *row = &c->rows[i];

		if (row->statistic != ZCB_STATISTIC_P50)
			continue;
		fprintf(f, "    %-16.16s ", row->metric->name);
		if (row->has_effect)
			fprintf(f, "%+7.1f %%  ", 100 * expm1(row->effect.log));
		else
			fprintf(f, "%9s  ", "-");
		if (row->has_effect && !row->exact && row->detectable < MAX_DETECTABLE)
			fprintf(f, "found from %.1f %% on  ", 100 * expm1(row->detectable));
		else if (row->has_effect && !row->exact)
			fputs("too few boots to find it  ", f);
		fprintf(f, "%s\n", zcb_comparison_verdict_name(row->verdict));
	}
}

void zcb_turns_print(FILE *f, const struct zcb_turns *turns)
{
	bool begun = false;

	for (size_t i = 0; i < turns->n; i++) {
		const struct zcb_comparison *c = turns->items[i];

		if (!c)
			continue;
		if (!begun) {
			fputs("what it costs, against ", f);
			zcb_print_plain(f, c->a, 60);
			fprintf(f, " (medians, %zu boots by turns):\n", c->boots);
		}
		begun = true;
		print_one(f, c);
	}
}
