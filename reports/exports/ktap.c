// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "bench/base/cleanup.h"
#include "reports/exports/export.h"
#include "reports/exports/outcome.h"

/*
 * The Kernel Test Anything Protocol, version 1 (Documentation/dev-tools/ktap.rst): a test for each
 * kernel and variant, with a subtest for each cell. Diagnostic lines stand before their result.
 */

/* A '#' would begin a directive; the protocol has no escape for it. */
static void put_letter(FILE *out, uint32_t code)
{
	if (code == '#')
		fputs("[U+0023]", out);
	else
		zcb_export_letter(out, code);
}

static bool is_bad(enum zcb_export_outcome outcome)
{
	return outcome == ZCB_EXPORT_FAIL || outcome == ZCB_EXPORT_ERROR;
}

static int put_cell(const struct zcb_result_cell *cell, size_t number, FILE *out)
{
	ZCB_FREE char *reason = zcb_export_reason(cell), *name = zcb_export_name(cell);
	enum zcb_export_outcome outcome = zcb_export_outcome(cell);

	if (!reason || !name)
		return -ENOMEM;
	if (is_bad(outcome)) {
		fprintf(out, "  # %s: ", outcome == ZCB_EXPORT_FAIL ? "FAIL" : "ERROR");
		zcb_export_text(out, reason, put_letter);
		fputc('\n', out);
	}
	fprintf(out, "  %s %zu ", is_bad(outcome) ? "not ok" : "ok", number);
	zcb_export_text(out, cell->memory, put_letter);
	fputc('/', out);
	zcb_export_text(out, cell->guest, put_letter);
	fputc('/', out);
	zcb_export_text(out, name, put_letter);
	if (outcome == ZCB_EXPORT_KNOWN_BUG) {
		fputs(" # XFAIL ", out);
		zcb_export_text(out, reason, put_letter);
	}
	if (outcome == ZCB_EXPORT_SKIP || outcome == ZCB_EXPORT_NOT_RUN) {
		fputs(" # SKIP ", out);
		zcb_export_text(out, reason, put_letter);
	}
	fputc('\n', out);
	return 0;
}

/* How many cells a variant has, and what is to be said of all: bad, or all skipped. */
static size_t count_cells(const struct zcb_summary *s, const struct zcb_summary_row *first,
			  bool *ret_bad, bool *ret_ran)
{
	size_t n = 0;

	*ret_bad = *ret_ran = false;
	for (size_t i = 0; i < s->n_rows; i++) {
		if (!zcb_summary_same_variant(first, &s->rows[i]))
			continue;
		for (size_t c = 0; c < s->rows[i].n_cells; c++, n++) {
			enum zcb_export_outcome outcome = zcb_export_outcome(s->rows[i].cells[c]);

			*ret_bad |= is_bad(outcome);
			*ret_ran |= is_bad(outcome) || outcome == ZCB_EXPORT_PASS ||
				    outcome == ZCB_EXPORT_KNOWN_BUG;
		}
	}
	return n;
}

static int put_variant(const struct zcb_summary *s, const struct zcb_summary_row *first,
		       size_t number, FILE *out)
{
	bool bad, ran;
	size_t n = count_cells(s, first, &bad, &ran), at = 0;
	int err = 0;

	fprintf(out, "  KTAP version 1\n  1..%zu\n", n);
	for (size_t i = 0; i < s->n_rows; i++) {
		if (!zcb_summary_same_variant(first, &s->rows[i]))
			continue;
		for (size_t c = 0; !err && c < s->rows[i].n_cells; c++)
			err = put_cell(s->rows[i].cells[c], ++at, out);
	}
	fprintf(out, "%s %zu ", bad ? "not ok" : "ok", number);
	zcb_export_text(out, first->first->kernel, put_letter);
	fputc(':', out);
	zcb_export_text(out, first->first->variant, put_letter);
	fputs(ran ? "\n" : " # SKIP no cell ran\n", out);
	return err;
}

static int write_ktap(const struct zcb_export *export, FILE *out)
{
	const struct zcb_summary *s = export->summary;
	size_t variants = 0, number = 0;
	int err = 0;

	for (size_t i = 0; i < s->n_rows; i++)
		variants += zcb_summary_opens_variant(s, i);
	fprintf(out, "KTAP version 1\n1..%zu%s\n", variants, variants ? "" : " # SKIP no cell");
	for (size_t i = 0; !err && i < s->n_rows; i++) {
		if (zcb_summary_opens_variant(s, i))
			err = put_variant(s, &s->rows[i], ++number, out);
	}
	return err;
}

const struct zcb_export_format zcb_export_ktap = {
	.name = "ktap",
	.summary = "Kernel Test Anything Protocol, version 1",
	.write = write_ktap,
};
