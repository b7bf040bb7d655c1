// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/summary.h"

#include <errno.h>
#include <jansson.h>

static json_t *value_or_null(struct zcb_value value)
{
	return value.known ? json_integer((json_int_t)value.value) : json_null();
}

static json_t *metric_object(const struct zcb_summary_metric *m)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:o, s:f}", "unit", m->unit, "n",
				   (json_int_t)m->n, "censored", (json_int_t)m->censored, "min",
				   value_or_null(m->min), "mean", m->mean);

	for (int q = 0; q < ZCB_QUANTILES; q++)
		json_object_set_new(object, zcb_quantile_name(q), value_or_null(m->quantile[q]));
	json_object_set_new(object, "max", value_or_null(m->max));
	return object;
}

static json_t *counts_object(const size_t counts[ZCB_RESULT_STATUSES], size_t not_counted)
{
	json_t *object = json_object();

	for (int s = 0; s < ZCB_RESULT_STATUSES; s++)
		json_object_set_new(object, zcb_result_status_name(s),
				    json_integer((json_int_t)counts[s]));
	json_object_set_new(object, "tainted", json_integer((json_int_t)not_counted));
	return object;
}

static json_t *pages_object(const struct zcb_summary_row *row)
{
	json_t *object = json_pack("{s:I}", "checked", (json_int_t)row->pages_checked);

	for (int v = 0; v < ZCB_VERDICTS; v++)
		json_object_set_new(object, zcb_result_verdict_name(v),
				    json_integer((json_int_t)row->pages[v]));
	return object;
}

static json_t *row_object(const struct zcb_summary_row *row)
{
	const struct zcb_result_cell *cell = row->first;
	json_t *metrics = json_object();

	for (size_t i = 0; i < row->n_metrics; i++)
		json_object_set_new(metrics, row->metrics[i].name, metric_object(&row->metrics[i]));
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "kernel",
			 cell->kernel, "cell", cell->cell, "params", cell->params, "clock",
			 row->clock, "accel", row->accel, "expected", cell->expected, "observed",
			 row->observed, "cells", counts_object(row->counts, row->not_counted),
			 "pages", pages_object(row), "metrics", metrics);
}

static json_t *tainted_boots(const struct zcb_results *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->n_boots; i++) {
		if (r->boots[i].tainted)
			json_array_append_new(array, json_integer((json_int_t)r->boots[i].number));
	}
	return array;
}

static json_t *notes_array(const struct zcb_results *r)
{
	json_t *array = json_array();

	for (size_t i = 0; i < r->notes.n; i++)
		json_array_append_new(array, json_string(r->notes.items[i]));
	return array;
}

int zcb_summary_to_json(const struct zcb_summary *s, char **ret_text)
{
	json_t *rows = json_array(), *document;
	char *text;

	for (size_t i = 0; i < s->n_rows; i++)
		json_array_append_new(rows, row_object(&s->rows[i]));
	document =
		json_pack("{s:i, s:o, s:o, s:I, s:o, s:o}", "schema", 1, "cells",
			  counts_object(s->counts, s->not_counted), "tainted_boots",
			  tainted_boots(s->results), "kernel_faults", (json_int_t)s->kernel_faults,
			  "rows", rows, "notes", notes_array(s->results));
	text = document ? json_dumps(document, JSON_INDENT(1)) : NULL;
	json_decref(document);
	if (!text)
		return -ENOMEM;
	*ret_text = text;
	return 0;
}
