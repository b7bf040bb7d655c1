// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "reports/exports/export.h"
#include "reports/exports/outcome.h"

/*
 * RFC 4180, with a line for each metric of each row of summary.json; a row without metrics has one
 * line. A field is empty where there is nothing to say; "never" is a quantile that is censored.
 */

static const char header[] =
	"kernel,variant,memory,guest,workload,consumer,params,clock,accel,event,reading,expected,"
	"observed,status,cells,cells_pass,cells_known_bug,cells_fail,cells_crash,cells_error,cells_skip,"
	"cells_not_run,cells_tainted,pages_checked,pages_fresh,pages_stale,pages_zero,pages_torn,"
	"pages_foreign,pages_corrupt,metric,unit,n,censored,min,mean,p50,p90,p99,p999,max";

static void put_letter(FILE *out, uint32_t code)
{
	if (code == '"')
		fputc('"', out);
	zcb_export_letter(out, code);
}

/* A spreadsheet takes a field that begins like this for a formula, and a quote in front as text. */
static void put_text(FILE *out, const char *text)
{
	fputc('"', out);
	if (*text && strchr("=+-@", *text))
		fputc('\'', out);
	zcb_export_text(out, text, put_letter);
	fputs("\",", out);
}

static void put_row(FILE *out, const struct zcb_summary_row *row)
{
	const struct zcb_result_cell *cell = row->first;
	const char *const words[] = {
		cell->kernel,	cell->variant, cell->memory,  cell->guest,
		cell->workload, cell->consumer, cell->params, row->clock,
		row->accel,	cell->event,   cell->reading, cell->expected,
		row->observed,	zcb_result_status_name(row->status),
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		put_text(out, words[i]);
	fprintf(out, "%zu,", row->n_cells);
	for (int s = 0; s < ZCB_RESULT_STATUSES; s++)
		fprintf(out, "%zu,", row->counts[s]);
	fprintf(out, "%zu,%" PRIu64 ",", row->not_counted, row->pages_checked);
	for (int v = 0; v < ZCB_VERDICTS; v++)
		fprintf(out, "%" PRIu64 ",", row->pages[v]);
}

static void put_value(FILE *out, struct zcb_value value, const char *end)
{
	if (value.known)
		fprintf(out, "%" PRIu64 "%s", value.value, end);
	else
		fprintf(out, "never%s", end);
}

static void put_metric(FILE *out, const struct zcb_summary_metric *m)
{
	put_text(out, m->name);
	put_text(out, m->unit);
	fprintf(out, "%zu,%zu,", m->n, m->censored);
	put_value(out, m->min, ",");
	fprintf(out, "%.17g,", m->mean);
	for (int q = 0; q < ZCB_QUANTILES; q++)
		put_value(out, m->quantile[q], ",");
	put_value(out, m->max, "\r\n");
}

static int write_csv(const struct zcb_export *export, FILE *out)
{
	const struct zcb_summary *s = export->summary;

	fprintf(out, "%s\r\n", header);
	for (size_t i = 0; i < s->n_rows; i++) {
		for (size_t m = 0; m < s->rows[i].n_metrics; m++) {
			put_row(out, &s->rows[i]);
			put_metric(out, &s->rows[i].metrics[m]);
		}
		if (s->rows[i].n_metrics)
			continue;
		put_row(out, &s->rows[i]);
		fputs(",,,,,,,,,,\r\n", out);
	}
	return 0;
}

const struct zcb_export_format zcb_export_csv = {
	.name = "csv",
	.summary = "a line for each metric of each cell, for spreadsheets and R",
	.write = write_csv,
};
