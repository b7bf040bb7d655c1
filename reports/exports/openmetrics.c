// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/exports/export.h"
#include "reports/exports/outcome.h"

/*
 * OpenMetrics 1.0. Times are summaries in seconds; a quantile whose event never came is +Inf. Each
 * sample has the time at which the run started: so Prometheus can be given runs of long ago.
 */

static void put_letter(FILE *out, uint32_t code)
{
	if (code == '"' || code == '\\')
		fputc('\\', out);
	zcb_export_letter(out, code);
}

static void put_label(FILE *out, const char *comma, const char *name, const char *value)
{
	fprintf(out, "%s%s=\"", comma, name);
	zcb_export_text(out, value, put_letter);
	fputc('"', out);
}

static void put_family(FILE *out, const char *name, const char *type, const char *unit,
		       const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
	fprintf(out, "# HELP %s %s\n", name, help);
}

static void put_run(const struct zcb_export *export, FILE *out)
{
	const struct zcb_results *r = export->results;
	time_t started = zcb_export_time(r->started);
	char seed[24];

	snprintf(seed, sizeof(seed), "%" PRIu64, r->seed);
	put_family(out, "zcbench_run", "info", NULL, "What was run.");
	fputs("zcbench_run_info{", out);
	put_label(out, "", "run", export->run);
	put_label(out, ",", "plan", r->plan);
	put_label(out, ",", "seed", seed);
	put_label(out, ",", "version", r->version);
	put_label(out, ",", "git", r->git);
	put_label(out, ",", "state", r->state);
	fputs("} 1\n", out);
	if (started >= 0) {
		put_family(out, "zcbench_run_started_timestamp_seconds", "gauge", "seconds",
			   "When the run started.");
		fprintf(out, "zcbench_run_started_timestamp_seconds %lld\n", (long long)started);
	}
	if (r->seconds_total > 0) {
		put_family(out, "zcbench_run_duration_seconds", "gauge", "seconds",
			   "How long it took, in host time.");
		fprintf(out, "zcbench_run_duration_seconds %.9g\n", r->seconds_total);
	}
}

static void put_counts(const struct zcb_summary *s, FILE *out)
{
	put_family(out, "zcbench_cells", "gauge", NULL, "Cells by how they ended.");
	for (int i = 0; i < ZCB_RESULT_STATUSES; i++)
		fprintf(out, "zcbench_cells{status=\"%s\"} %zu\n", zcb_result_status_name(i),
			s->counts[i]);
	fprintf(out, "zcbench_cells{status=\"tainted\"} %zu\n", s->not_counted);
	put_family(out, "zcbench_boots", "gauge", NULL, "Boots of the host under test.");
	fprintf(out, "zcbench_boots{tainted=\"no\"} %zu\nzcbench_boots{tainted=\"yes\"} %zu\n",
		s->results->n_boots - s->tainted_boots, s->tainted_boots);
	put_family(out, "zcbench_kernel_faults", "gauge", NULL,
		   "Faults that kernels under test reported.");
	fprintf(out, "zcbench_kernel_faults %zu\n", s->kernel_faults);
}

static void put_params_id(FILE *out, const char *comma, const char *params)
{
	fprintf(out, "%sparams_id=\"%016" PRIx64 "\"", comma,
		zcb_export_hash(ZCB_EXPORT_HASH, params));
}

/* What tells a row from all others. */
static void put_labels(FILE *out, const struct zcb_summary_row *row)
{
	const struct zcb_result_cell *cell = row->first;

	put_label(out, "", "kernel", cell->kernel);
	put_label(out, ",", "variant", cell->variant);
	put_label(out, ",", "memory", cell->memory);
	put_label(out, ",", "guest", cell->guest);
	put_label(out, ",", "workload", cell->workload);
	put_label(out, ",", "consumer", cell->consumer);
	put_params_id(out, ",", cell->params);
	put_label(out, ",", "clock", row->clock);
	put_label(out, ",", "accel", row->accel);
}

/* The parameters are long: samples have their hash, and this says once what it stands for. */
static void put_params(const struct zcb_summary *s, FILE *out)
{
	put_family(out, "zcbench_params", "info", NULL, "The parameters behind a params_id.");
	for (size_t i = 0; i < s->n_rows; i++) {
		const char *params = s->rows[i].first->params;
		size_t before = 0;

		while (before < i && strcmp(s->rows[before].first->params, params) != 0)
			before++;
		if (before < i)
			continue;
		fputs("zcbench_params_info{", out);
		put_params_id(out, "", params);
		put_label(out, ",", "params", params);
		fputs("} 1\n", out);
	}
}

static bool has_verdict(const struct zcb_summary_row *row)
{
	return row->not_counted < row->n_cells &&
	       zcb_result_is_whole(row->status);
}

static void put_verdicts(const struct zcb_summary *s, FILE *out)
{
	put_family(out, "zcbench_as_declared", "gauge", NULL,
		   "1 where what was observed is what the variant declares, else 0.");
	for (size_t i = 0; i < s->n_rows; i++) {
		if (!has_verdict(&s->rows[i]))
			continue;
		fputs("zcbench_as_declared{", out);
		put_labels(out, &s->rows[i]);
		fprintf(out, "} %d\n", s->rows[i].status == ZCB_RESULT_PASS);
	}
	put_family(out, "zcbench_page_readings", "gauge", NULL, "Readings of pages by verdict.");
	for (size_t i = 0; i < s->n_rows; i++) {
		for (int v = 0; v < ZCB_VERDICTS && s->rows[i].pages_checked; v++) {
			fputs("zcbench_page_readings{", out);
			put_labels(out, &s->rows[i]);
			fprintf(out, ",verdict=\"%s\"} %" PRIu64 "\n", zcb_result_verdict_name(v),
				s->rows[i].pages[v]);
		}
	}
}

/* Units that have a family of their own. Another one is a label. */
static const struct family {
	const char *unit, *name, *base, *help;
	double divisor;
} families[] = {
	{"ns", "zcbench_time_seconds", "seconds",
	 "Times of operations; under the clock icount 1 ns is an instruction.", 1e9},
	{"pages", "zcbench_frame_pages", "pages", "Pages of a frame.", 1},
	{NULL, "zcbench_value", NULL, "Metrics of other units.", 1},
};

static bool is_of(const struct family *family, const struct zcb_summary_metric *m)
{
	if (family->unit)
		return strcmp(m->unit, family->unit) == 0;
	for (const struct family *known = families; known->unit; known++) {
		if (strcmp(m->unit, known->unit) == 0)
			return false;
	}
	return true;
}

static void put_sample(FILE *out, const struct family *family, const char *suffix,
		       const struct zcb_summary_row *row, const struct zcb_summary_metric *m,
		       const char *quantile)
{
	fprintf(out, "%s%s{", family->name, suffix);
	put_labels(out, row);
	put_label(out, ",", "metric", m->name);
	if (!family->unit)
		put_label(out, ",", "unit", m->unit);
	if (quantile)
		fprintf(out, ",quantile=\"%s\"", quantile);
	fputs("} ", out);
}

static void put_metric(FILE *out, const struct family *family, const struct zcb_summary_row *row,
		       const struct zcb_summary_metric *m)
{
	static const char *const quantiles[] = {"0.5", "0.9", "0.99", "0.999"};

	for (int q = 0; q < ZCB_QUANTILES; q++) {
		put_sample(out, family, "", row, m, quantiles[q]);
		if (m->quantile[q].known)
			fprintf(out, "%.12g\n", (double)m->quantile[q].value / family->divisor);
		else
			fputs("+Inf\n", out);
	}
	put_sample(out, family, "_count", row, m, NULL);
	fprintf(out, "%zu\n", m->n);
	put_sample(out, family, "_sum", row, m, NULL);
	/* The sum of what has no end has none. */
	if (m->censored)
		fputs("+Inf\n", out);
	else
		fprintf(out, "%.12g\n", m->mean * (double)m->n / family->divisor);
}

static void put_metrics(const struct zcb_summary *s, const struct family *family, FILE *out)
{
	bool opened = false;

	for (size_t i = 0; i < s->n_rows; i++) {
		for (size_t m = 0; m < s->rows[i].n_metrics; m++) {
			if (!is_of(family, &s->rows[i].metrics[m]))
				continue;
			if (!opened)
				put_family(out, family->name, "summary", family->base,
					   family->help);
			opened = true;
			put_metric(out, family, &s->rows[i], &s->rows[i].metrics[m]);
		}
	}
}

static void put_all(const struct zcb_export *export, FILE *out)
{
	put_run(export, out);
	put_counts(export->summary, out);
	put_params(export->summary, out);
	put_verdicts(export->summary, out);
	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		put_metrics(export->summary, &families[i], out);
	fputs("# EOF\n", out);
}

/* A line is a sample where it does not begin with '#'; no label has a new line in it. */
static void put_stamped(FILE *out, const char *text, const char *stamp)
{
	while (*text) {
		size_t n = strcspn(text, "\n");

		fprintf(out, "%.*s%s\n", (int)n, text, *text == '#' ? "" : stamp);
		text += n + (text[n] == '\n');
	}
}

static int write_openmetrics(const struct zcb_export *export, FILE *out)
{
	time_t started = zcb_export_time(export->results->started);
	ZCB_FREE char *text = NULL;
	char stamp[32] = "";
	size_t n = 0;
	FILE *plain = open_memstream(&text, &n);

	if (!plain)
		return -ENOMEM;
	put_all(export, plain);
	if (fclose(plain) != 0)
		return -ENOMEM;
	if (started >= 0)
		snprintf(stamp, sizeof(stamp), " %lld", (long long)started);
	put_stamped(out, text, stamp);
	return 0;
}

const struct zcb_export_format zcb_export_openmetrics = {
	.name = "openmetrics",
	.summary = "OpenMetrics 1.0, for Prometheus",
	.write = write_openmetrics,
};
