// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "reports/html/page.h"

/* What was found, in words: the worst first. */

#define MAX_NAMED 8U

static void put_first_fault(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;

	for (size_t i = 0; i < r->n_boots; i++) {
		if (!r->boots[i].kernel_faults.n)
			continue;
		zcb_html_textf(&page->html, "First, in boot %llu: “",
			       (unsigned long long)r->boots[i].number);
		zcb_html_clip(&page->html, r->boots[i].kernel_faults.items[0], 200);
		zcb_html_raw(&page->html, "”. ");
		return;
	}
}

static void put_faults(struct zcb_page *page)
{
	const struct zcb_summary *s = page->summary;
	const struct zcb_results *r = page->results;
	struct zcb_html *html = &page->html;

	if (!s->tainted_boots && !s->kernel_faults && !s->not_counted)
		return;
	zcb_html_raw(html, "<p class=\"alarm\"><strong>✗ Kernel faults.</strong> ");
	zcb_html_textf(
		html,
		"%zu of %zu boots %s tainted, with %zu kernel fault%s. No number of a tainted boot "
		"is shown: %zu cell%s of this run do%s not count. ",
		s->tainted_boots, r->n_boots, s->tainted_boots == 1 ? "is" : "are",
		s->kernel_faults, s->kernel_faults == 1 ? "" : "s", s->not_counted,
		s->not_counted == 1 ? "" : "s", s->not_counted == 1 ? "es" : "");
	put_first_fault(page);
	zcb_html_raw(html, "See <a href=\"#trouble\">trouble</a>.</p>\n");
}

static void put_state(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	const struct zcb_summary *s = page->summary;
	size_t planned = s->not_counted;

	for (int i = 0; i < ZCB_RESULT_STATUSES; i++)
		planned += s->counts[i];
	if (strcmp(r->state, "complete") == 0 && !s->counts[ZCB_RESULT_NOT_RUN])
		return;
	zcb_html_raw(&page->html, "<p class=\"warn\"><strong>! The run is not complete.</strong> ");
	zcb_html_textf(&page->html, "%zu of %zu planned cells have no result. Its state is “",
		       s->counts[ZCB_RESULT_NOT_RUN], planned);
	zcb_html_clip(&page->html, *r->state ? r->state : "unknown", 60);
	zcb_html_raw(&page->html, "”");
	if (*r->reason) {
		zcb_html_raw(&page->html, ": ");
		zcb_html_clip(&page->html, r->reason, 400);
	}
	zcb_html_raw(&page->html, ".</p>\n");
}

static void put_notes(struct zcb_page *page)
{
	size_t n = page->results->notes.n;

	if (!n)
		return;
	zcb_html_raw(&page->html,
		     "<p class=\"warn\"><strong>! The run directory is damaged</strong> ");
	zcb_html_textf(&page->html, "in %zu place%s; what could be read is shown. ", n,
		       n == 1 ? "" : "s");
	zcb_html_raw(&page->html, "See <a href=\"#damage\">what is wrong with it</a>.</p>\n");
}

/* The first cell of a row that ended so, in a boot that counts. */
static const struct zcb_result_cell *first_with(const struct zcb_summary_row *row, enum zcb_result_status status)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		if (row->cells[i]->status == status && !row->cells[i]->tainted)
			return row->cells[i];
	}
	return row->first;
}

/* The first rows that have cells of a status. */
static void name_rows(struct zcb_page *page, enum zcb_result_status status)
{
	const struct zcb_summary *s = page->summary;
	size_t named = 0;

	zcb_html_raw(&page->html, "<ul class=\"plain\">\n");
	for (size_t i = 0; i < s->n_rows && named < MAX_NAMED; i++) {
		const struct zcb_summary_row *row = &s->rows[i];
		bool leads;

		if (!row->counts[status])
			continue;
		named++;
		zcb_html_raw(&page->html, "<li><code>");
		leads = zcb_page_open_line(page, first_with(row, status));
		zcb_html_clip(&page->html, row->first->cell, 160);
		zcb_page_close_line(page, leads);
		zcb_html_raw(&page->html, "</code> ");
		zcb_html_clip(&page->html, row->first->brief, 120);
		zcb_html_raw(&page->html, ": declared ");
		zcb_html_clip(&page->html, *row->first->expected ? row->first->expected : "nothing",
			      40);
		zcb_html_raw(&page->html, ", observed <strong>");
		zcb_html_clip(&page->html, *row->observed ? row->observed : "nothing", 40);
		zcb_html_raw(&page->html, "</strong></li>\n");
	}
	zcb_html_raw(&page->html, "</ul>\n");
}

/* Cells that passed and observed something: a consumer that reads nothing gives no verdict. */
static size_t with_verdict(const struct zcb_page *page)
{
	size_t n = 0;

	for (size_t i = 0; i < page->summary->n_rows; i++) {
		if (*page->summary->rows[i].observed)
			n += page->summary->rows[i].counts[ZCB_RESULT_PASS];
	}
	return n;
}

static void put_declarations(struct zcb_page *page)
{
	const size_t *counts = page->summary->counts;
	size_t failed = counts[ZCB_RESULT_FAIL], passed = with_verdict(page);

	if (!failed && !passed) {
		zcb_html_raw(&page->html, "<p><strong>No cell gave a verdict.</strong></p>\n");
		return;
	}
	if (!failed) {
		zcb_html_raw(&page->html, "<p><strong>✓ As declared:</strong> ");
		zcb_html_textf(&page->html, "all %zu %scells that gave a verdict.", passed,
			       counts[ZCB_RESULT_KNOWN_BUG] ? "other " : "");
		zcb_html_raw(&page->html, "</p>\n");
		return;
	}
	zcb_html_raw(&page->html, "<p class=\"alarm\"><strong>✗ Not as declared:</strong> ");
	zcb_html_textf(&page->html, "%zu of %zu cells that gave a verdict.", failed,
		       failed + passed);
	zcb_html_raw(&page->html, "</p>\n");
	name_rows(page, ZCB_RESULT_FAIL);
}

/* Each bug is told once: the first cell of its kernel speaks for all. */
static void put_known_bugs(struct zcb_page *page)
{
	const struct zcb_summary *s = page->summary;
	size_t n = s->counts[ZCB_RESULT_KNOWN_BUG];
	const struct zcb_result_cell *cell;
	size_t row = 0;

	while (row < s->n_rows && !s->rows[row].counts[ZCB_RESULT_KNOWN_BUG])
		row++;
	if (row == s->n_rows)
		return;
	cell = first_with(&s->rows[row], ZCB_RESULT_KNOWN_BUG);
	zcb_html_raw(&page->html, "<p class=\"warn\"><strong>⚠ A known bug of the kernel</strong> ");
	zcb_html_clip(&page->html, cell->kernel, 60);
	zcb_html_textf(&page->html, " shows in %zu cell%s: ", n, n == 1 ? "" : "s");
	zcb_html_clip(&page->html, cell->known_bug, 400);
	zcb_html_raw(&page->html, ". It is no failure of this run.</p>\n");
	name_rows(page, ZCB_RESULT_KNOWN_BUG);
}

static void put_oracle(struct zcb_page *page)
{
	const struct zcb_summary *s = page->summary;
	size_t cells = 0, right = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		if (strcmp(s->rows[i].first->consumer, "oracle") != 0)
			continue;
		cells += s->rows[i].counts[ZCB_RESULT_PASS] + s->rows[i].counts[ZCB_RESULT_FAIL];
		right += s->rows[i].counts[ZCB_RESULT_PASS];
	}
	if (!cells)
		return;
	if (right == cells)
		zcb_html_raw(&page->html, "<p><strong>✓ Oracle right:</strong> ");
	else
		zcb_html_raw(&page->html, "<p class=\"alarm\"><strong>✗ Oracle wrong:</strong> ");
	zcb_html_textf(&page->html,
		       "reading the memfd itself gave what was declared in %zu of %zu cells%s",
		       right, cells,
		       right == cells ? "." : ". Do not trust verdicts of such cells.");
	zcb_html_raw(&page->html, "</p>\n");
}

static void put_harness(struct zcb_page *page)
{
	const size_t *counts = page->summary->counts;
	size_t broken = counts[ZCB_RESULT_ERROR] + counts[ZCB_RESULT_CRASH];

	if (broken)
		zcb_html_raw(&page->html, "<p class=\"warn\"><strong>! Harness:</strong> ");
	else
		zcb_html_raw(&page->html, "<p><strong>✓ Harness:</strong> ");
	zcb_html_textf(&page->html, "%zu errors, %zu crashed or hung cells, %zu skipped.",
		       counts[ZCB_RESULT_ERROR], counts[ZCB_RESULT_CRASH], counts[ZCB_RESULT_SKIP]);
	if (broken || counts[ZCB_RESULT_SKIP])
		zcb_html_raw(&page->html,
			     " The reasons are under <a href=\"#trouble\">trouble</a>.");
	zcb_html_raw(&page->html, "</p>\n");
}

void zcb_part_findings(struct zcb_page *page)
{
	zcb_html_raw(&page->html, "<section id=\"found\">\n<h2>What was found</h2>\n"
				  "<p class=\"lead\">The host reads a guest’s pages through a dma-buf while they are taken away, "
				  "moved or refilled. Does it go on seeing the old ones?</p>\n");
	put_faults(page);
	put_state(page);
	put_notes(page);
	put_declarations(page);
	put_known_bugs(page);
	zcb_part_sightings(page);
	put_oracle(page);
	put_harness(page);
	zcb_html_raw(&page->html, "</section>\n");
}
