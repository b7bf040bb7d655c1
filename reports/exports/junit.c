// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "bench/base/cleanup.h"
#include "reports/exports/export.h"
#include "reports/exports/outcome.h"
#include "reports/html/writer.h"

/*
 * JUnit's XML, of which there is no one definition: what is written here is what Jenkins, GitLab
 * and their likes all read. A suite for each kernel and variant, a case for each cell.
 */

struct tally {
	size_t n[ZCB_EXPORT_OUTCOMES];
	size_t tests;
	double seconds;
};

static void add_row(struct tally *tally, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		tally->n[zcb_export_outcome(row->cells[i])]++;
		tally->tests++;
		if (row->cells[i]->seconds > 0)
			tally->seconds += row->cells[i]->seconds;
	}
}

static void put_counts(struct zcb_html *xml, const struct tally *tally)
{
	fprintf(xml->out,
		" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
		tally->tests, tally->n[ZCB_EXPORT_FAIL], tally->n[ZCB_EXPORT_ERROR],
		tally->n[ZCB_EXPORT_KNOWN_BUG] + tally->n[ZCB_EXPORT_SKIP] + tally->n[ZCB_EXPORT_NOT_RUN], tally->seconds);
}

static void put_property(struct zcb_html *xml, const char *name, const char *value)
{
	if (!*value)
		return;
	zcb_html_raw(xml, "    <property");
	zcb_html_attribute(xml, "name", name);
	zcb_html_attribute(xml, "value", value);
	zcb_html_raw(xml, "/>\n");
}

static void put_properties(struct zcb_html *xml, const struct zcb_export *export,
			   const struct zcb_summary_row *first)
{
	const struct zcb_results *r = export->results;
	char seed[24];

	snprintf(seed, sizeof(seed), "%" PRIu64, r->seed);
	zcb_html_raw(xml, "  <properties>\n");
	put_property(xml, "run", export->run);
	put_property(xml, "plan", r->plan);
	put_property(xml, "seed", seed);
	put_property(xml, "clock", first->clock);
	put_property(xml, "accel", first->accel);
	put_property(xml, "kernel", first->first->kernel);
	put_property(xml, "zcbench", r->version);
	zcb_html_raw(xml, "  </properties>\n");
}

static void put_outcome(struct zcb_html *xml, const struct zcb_result_cell *cell,
			const char *reason)
{
	static const char *const types[] = {
		[ZCB_EXPORT_FAIL] = "undeclared",
		[ZCB_EXPORT_ERROR] = "error",
	};
	enum zcb_export_outcome outcome = zcb_export_outcome(cell);

	if (outcome == ZCB_EXPORT_PASS)
		return;
	/* As pytest writes a failure that was expected: there is no element for it. */
	if (outcome == ZCB_EXPORT_KNOWN_BUG || outcome == ZCB_EXPORT_SKIP || outcome == ZCB_EXPORT_NOT_RUN) {
		zcb_html_raw(xml, "<skipped");
		zcb_html_attribute(xml, "message", reason);
		zcb_html_raw(xml, "/>");
		return;
	}
	fprintf(xml->out, "<%s", outcome == ZCB_EXPORT_FAIL ? "failure" : "error");
	zcb_html_attribute(xml, "type", cell->kernel_faults.n ? "kernel-fault" : types[outcome]);
	zcb_html_attribute(xml, "message", reason);
	zcb_html_raw(xml, ">");
	for (size_t i = 0; i < cell->kernel_faults.n; i++) {
		zcb_html_text(xml, cell->kernel_faults.items[i]);
		zcb_html_raw(xml, "\n");
	}
	zcb_html_text(xml, cell->params);
	fprintf(xml->out, "</%s>", outcome == ZCB_EXPORT_FAIL ? "failure" : "error");
}

static int put_case(struct zcb_html *xml, const struct zcb_result_cell *cell)
{
	ZCB_FREE char *reason = zcb_export_reason(cell), *name = zcb_export_name(cell);

	if (!reason || !name)
		return -ENOMEM;
	zcb_html_raw(xml, "  <testcase classname=\"");
	zcb_html_clip(xml, cell->kernel, 60);
	zcb_html_raw(xml, ".");
	zcb_html_clip(xml, cell->variant, 60);
	zcb_html_raw(xml, ".");
	zcb_html_clip(xml, cell->memory, 60);
	zcb_html_raw(xml, ".");
	zcb_html_clip(xml, cell->guest, 60);
	zcb_html_raw(xml, "\"");
	zcb_html_attribute(xml, "name", name);
	fprintf(xml->out, " time=\"%.3f\">", cell->seconds > 0 ? cell->seconds : 0);
	put_outcome(xml, cell, reason);
	zcb_html_raw(xml, "</testcase>\n");
	return 0;
}

static int put_suite(struct zcb_html *xml, const struct zcb_export *export,
		     const struct zcb_summary_row *first)
{
	const struct zcb_summary *s = export->summary;
	struct tally tally = {0};
	int err = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		if (zcb_summary_same_variant(first, &s->rows[i]))
			add_row(&tally, &s->rows[i]);
	}
	zcb_html_raw(xml, "<testsuite name=\"");
	zcb_html_clip(xml, first->first->kernel, 60);
	zcb_html_raw(xml, ":");
	zcb_html_clip(xml, first->first->variant, 60);
	zcb_html_raw(xml, "\"");
	put_counts(xml, &tally);
	/* ISO 8601 without a zone, as the format has it. */
	if (zcb_export_time(export->results->started) >= 0)
		fprintf(xml->out, " timestamp=\"%.19s\"", export->results->started);
	zcb_html_raw(xml, ">\n");
	put_properties(xml, export, first);
	for (size_t i = 0; i < s->n_rows; i++) {
		if (!zcb_summary_same_variant(first, &s->rows[i]))
			continue;
		for (size_t c = 0; !err && c < s->rows[i].n_cells; c++)
			err = put_case(xml, s->rows[i].cells[c]);
	}
	zcb_html_raw(xml, "</testsuite>\n");
	return err;
}

static int write_junit(const struct zcb_export *export, FILE *out)
{
	const struct zcb_summary *s = export->summary;
	struct zcb_html xml = {.out = out};
	struct tally tally = {0};
	int err = 0;

	for (size_t i = 0; i < s->n_rows; i++)
		add_row(&tally, &s->rows[i]);
	zcb_html_raw(&xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites");
	zcb_html_attribute(&xml, "name", export->run);
	put_counts(&xml, &tally);
	zcb_html_raw(&xml, ">\n");
	for (size_t i = 0; !err && i < s->n_rows; i++) {
		if (zcb_summary_opens_variant(s, i))
			err = put_suite(&xml, export, &s->rows[i]);
	}
	zcb_html_raw(&xml, "</testsuites>\n");
	return err;
}

const struct zcb_export_format zcb_export_junit = {
	.name = "junit",
	.summary = "JUnit's XML, as Jenkins and GitLab read it",
	.write = write_junit,
};
