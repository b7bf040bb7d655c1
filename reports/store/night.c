// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/store/night.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "reports/exports/outcome.h"

static json_t *value_json(struct zcb_value value)
{
	return value.known ? json_integer((json_int_t)value.value) : json_null();
}

/* Texts that rows have in common stand once. */
struct lists {
	json_t *params, *metrics;
};

/* The number of a text in a list, which it joins where it is new. */
static size_t index_of(json_t *list, const char *text)
{
	size_t i = json_array_size(list);

	/* Neighbours have mostly the same. */
	while (i > 0 && strcmp(json_string_value(json_array_get(list, i - 1)), text) != 0)
		i--;
	if (i > 0)
		return i - 1;
	json_array_append_new(list, json_string(text));
	return json_array_size(list) - 1;
}

/* Numbers alone, for a store has years of them: what they are is in docs/store.md. */
static json_t *metric_json(const struct zcb_summary_metric *m, struct lists *lists)
{
	size_t index;
	char name[256];

	/* The list has name and unit; a name of ours has no space. */
	snprintf(name, sizeof(name), "%.120s %.120s", m->name, m->unit);
	index = index_of(lists->metrics, name);
	return json_pack("[I, I, I, o, o, I]", (json_int_t)index, (json_int_t)m->n,
			 (json_int_t)m->censored, value_json(m->quantile[ZCB_P50]),
			 value_json(m->quantile[ZCB_P99]), (json_int_t)m->mean);
}

static json_t *row_json(const struct zcb_summary_row *row, struct lists *lists)
{
	json_t *metrics = json_array();

	for (size_t i = 0; i < row->n_metrics; i++)
		json_array_append_new(metrics, metric_json(&row->metrics[i], lists));
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:s, s:o}", "kernel",
			 row->first->kernel, "cell", row->first->cell, "params",
			 (json_int_t)index_of(lists->params, row->first->params), "clock",
			 row->clock, "accel", row->accel, "expected", row->first->expected,
			 "observed", row->observed, "status", zcb_result_status_name(row->status),
			 "metrics", metrics);
}

static json_t *kernels_json(const struct zcb_results *r)
{
	json_t *kernels = json_array();

	for (size_t i = 0; i < r->n_kernels; i++)
		json_array_append_new(kernels, json_pack("{s:s, s:s, s:s}", "name",
							 r->kernels[i].name, "release",
							 r->kernels[i].release, "config_sha256",
							 r->kernels[i].config));
	return kernels;
}

static json_t *counts_json(const struct zcb_summary *s)
{
	json_t *counts = json_object();

	for (int i = 0; i < ZCB_RESULT_STATUSES; i++)
		json_object_set_new(counts, zcb_result_status_name(i),
				    json_integer((json_int_t)s->counts[i]));
	json_object_set_new(counts, "tainted", json_integer((json_int_t)s->not_counted));
	return counts;
}

int zcb_night_json(const struct zcb_summary *s, char **ret_text)
{
	const struct zcb_results *r = s->results;
	struct lists lists = {json_array(), json_array()};
	json_t *rows = json_array(), *night;
	char run[ZCB_EXPORT_RUN_ROOM];

	zcb_export_run_name(r, run);
	for (size_t i = 0; i < s->n_rows; i++)
		json_array_append_new(rows, row_json(&s->rows[i], &lists));
	night = json_pack("{s:i, s:s, s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:s, s:o, s:o, s:I, s:I, s:f, "
			  "s:o, s:o, s:o}",
			  "schema", 1, "run", run, "plan", r->plan, "started", r->started, "state",
			  r->state, "exit_code", r->exit_code, "seed", (json_int_t)r->seed, "cpu",
			  r->host_cpu, "version", r->version, "git", r->git, "kernels",
			  kernels_json(r), "cells", counts_json(s), "kernel_faults",
			  (json_int_t)s->kernel_faults, "tainted_boots",
			  (json_int_t)s->tainted_boots, "seconds", r->seconds_total, "params",
			  lists.params, "metrics", lists.metrics, "rows", rows);
	*ret_text = night ? json_dumps(night, JSON_COMPACT) : NULL;
	json_decref(night);
	return *ret_text ? 0 : -ENOMEM;
}
