// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <jansson.h>
#include <math.h>

#include "reports/analysis/comparison.h"

/* A ratio, of its logarithm; null where it is not a number that JSON has. */
static json_t *ratio(double log)
{
	double value = exp(log);

	return isfinite(value) ? json_real(value) : json_null();
}

static json_t *number(double value)
{
	return isfinite(value) ? json_real(value) : json_null();
}

static void add_effect(json_t *object, const struct zcb_comparison_row *row)
{
	json_object_set_new(object, "ratio", ratio(row->effect.log));
	json_object_set_new(object, "low", ratio(row->low));
	json_object_set_new(object, "high", ratio(row->high));
	json_object_set_new(object, "p", number(row->p));
	json_object_set_new(object, "p_t", number(row->p_t));
	json_object_set_new(object, "p_permutation", number(row->p_permutation));
	json_object_set_new(object, "p_holm", number(row->p_holm));
	json_object_set_new(object, "minimum_detectable", ratio(row->detectable));
	json_object_set_new(object, "paired", json_boolean(row->effect.paired));
	json_object_set_new(object, "exact", json_boolean(row->exact));
	if (row->exact)
		json_object_set_new(object, "instructions", number(row->b - row->a));
}

/* For who knows what it is worth with so few boots: see zcb_bootstrap(). */
static void add_bootstrap(json_t *object, const struct zcb_comparison *c,
			  const struct zcb_comparison_row *row)
{
	double low, high;

	if (zcb_contrast_bootstrap(&row->contrast, .05, c->options.seed, &low, &high))
		json_object_set_new(object, "bootstrap",
				    json_pack("[o, o]", ratio(low), ratio(high)));
}

static json_t *twin_object(const struct zcb_comparison_row *row)
{
	if (!row->has_twin)
		return json_null();
	return json_pack("{s:o, s:o, s:s}", "ratio", ratio(row->twin.log), "noise", ratio(row->noise),
			 "verdict", zcb_comparison_verdict_name(row->twin_verdict));
}

static json_t *row_object(const struct zcb_comparison *c, const struct zcb_comparison_row *row)
{
	json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:o, s:o}", "metric",
				   row->metric->name, "unit", row->metric->unit, "statistic",
				   zcb_statistic_name(row->statistic), "verdict",
				   zcb_comparison_verdict_name(row->verdict), "boots",
				   (json_int_t)row->boots, "cells", (json_int_t)row->cells, "a",
				   number(row->a), "b", number(row->b));

	if (!object)
		return json_null();
	if (row->cell) {
		json_object_set_new(object, "cell", json_string(row->cell->name));
		json_object_set_new(object, "params", json_string(row->cell->params));
	}
	if (row->has_effect)
		add_effect(object, row);
	if (row->has_effect && !row->cell)
		add_bootstrap(object, c, row);
	json_object_set_new(object, "twin", twin_object(row));
	if (*row->reason)
		json_object_set_new(object, "reason", json_string(row->reason));
	if (row->verdict == ZCB_INCONCLUSIVE)
		json_object_set_new(object, "more_boots",
				    row->more_boots ? json_integer((json_int_t)row->more_boots) :
						      json_null());
	return object;
}

static json_t *rows_array(const struct zcb_comparison *c, const struct zcb_comparison_row *rows,
			  size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(array, row_object(c, &rows[i]));
	return array;
}

static json_t *wrong_array(const struct zcb_observations *o)
{
	json_t *array = json_array();

	for (size_t i = 0; i < o->n_cells; i++) {
		const struct zcb_compared_cell *cell = &o->cells[i];
		size_t n = zcb_compared_wrong(cell, ZCB_ARM_B);

		if (n)
			json_array_append_new(array,
					      json_pack("{s:s, s:s, s:I, s:I, s:s, s:s}", "cell",
							cell->name, "params", cell->params, "b",
							(json_int_t)n, "a",
							(json_int_t)zcb_compared_wrong(cell, ZCB_ARM_A),
							"expected", cell->expected, "observed",
							cell->observed));
	}
	return array;
}

static json_t *notes_array(const struct zcb_result_strings *notes)
{
	json_t *array = json_array();

	for (size_t i = 0; i < notes->n; i++)
		json_array_append_new(array, json_string(notes->items[i]));
	return array;
}

int zcb_comparison_to_json(const struct zcb_comparison *c, char **ret_text)
{
	json_t *document = json_pack(
		"{s:i, s:s, s:s, s:s, s:s, s:s, s:I, s:b, s:f, s:f, s:f, s:{s:b, s:I, s:I}, s:i}", "schema", 1,
		"a", c->a, "b", c->b, "clock", c->clock, "accel", c->accel, "verdict",
		zcb_comparison_verdict_name(c->verdict), "boots", (json_int_t)c->boots, "paired",
		c->paired, "margin", exp(c->margin), "margin_exact", exp(c->margin_exact), "confidence",
		1 - c->alpha_interval, "twin", "ran",
		c->has_twin, "compared", (json_int_t)c->twin_rows, "false_alarms",
		(json_int_t)c->false_alarms, "exit_code", zcb_comparison_exit_code(c));
	char *text;

	if (!document)
		return -ENOMEM;
	json_object_set_new(document, "rows", rows_array(c, c->rows, c->n_rows));
	json_object_set_new(document, "cell_rows", rows_array(c, c->cell_rows, c->n_cell_rows));
	json_object_set_new(document, "wrong", wrong_array(c->observations));
	json_object_set_new(document, "notes", notes_array(&c->observations->notes));
	text = json_dumps(document, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
	json_decref(document);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}
