// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "reports/html/page.h"

/* What was found, in words: the worst first. */

#define MAX_NAMED 8U
#define MAX_WORKLOADS 500U

static bool reads_frames(const struct zcb_summary_row *row)
{
	return strcmp(row->first->consumer, "null") != 0 &&
	       strcmp(row->first->consumer, "oracle") != 0;
}

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

struct phrase {
	const char *observed, *text;
};

static const struct phrase phrases[] = {
	{"stale", "stay stale"},
	{"stale-until-refill", "are stale until the hole is refilled"},
	{"fresh", "stay fresh"},
	{"lookup", "are fresh at the next look-up"},
	{"zero-in-place", "are zeroed in place and stay coherent"},
	{"refused", "stay where they are: the kernel refused"},
	{"mixed", "differ from boot to boot"},
};

#define PHRASES (sizeof(phrases) / sizeof(phrases[0]))
#define MAX_MEMORIES 4U

/* The cells of one kernel, variant and workload that read frames and gave a verdict. */
struct tally {
	size_t cells, by_phrase[PHRASES];
	/* Which memories stand behind each phrase, the first few of them. */
	const char *memory[PHRASES][MAX_MEMORIES];
	size_t by_memory[PHRASES][MAX_MEMORIES];
	uint64_t checked, stale;
};

static void tally_memory(struct tally *tally, size_t phrase, const char *memory, size_t n)
{
	size_t m = 0;

	while (m < MAX_MEMORIES && tally->memory[phrase][m] &&
	       strcmp(tally->memory[phrase][m], memory) != 0)
		m++;
	if (m == MAX_MEMORIES)
		return;
	tally->memory[phrase][m] = memory;
	tally->by_memory[phrase][m] += n;
}

static void tally_row(const struct zcb_summary_row *row, struct tally *tally)
{
	size_t n = row->counts[ZCB_RESULT_PASS] + row->counts[ZCB_RESULT_FAIL];

	if (!reads_frames(row) || !n || !*row->observed)
		return;
	tally->cells += n;
	tally->checked += row->pages_checked;
	tally->stale += row->pages[ZCB_VERDICT_STALE];
	for (size_t i = 0; i < PHRASES; i++) {
		if (strcmp(row->observed, phrases[i].observed) != 0)
			continue;
		tally->by_phrase[i] += n;
		tally_memory(tally, i, row->first->memory, n);
	}
}

/*
 * What one sentence is about: a workload, or where variants are compared all workloads of one, but
 * not the control, which would be another sentence a variant for nothing.
 */
static bool same_subject(const struct zcb_page *page, const struct zcb_summary_row *a,
			 const struct zcb_summary_row *b)
{
	if (zcb_page_has_variants(page))
		return zcb_page_same_variant(a, b) && strcmp(b->first->event, "none") != 0;
	return zcb_page_same_variant(a, b) && strcmp(a->first->workload, b->first->workload) == 0;
}

/* " (shmem 4, hugetlb 1)" */
static void put_memories(struct zcb_html *html, const struct tally *tally, size_t phrase)
{
	for (size_t m = 0; m < MAX_MEMORIES && tally->memory[phrase][m]; m++) {
		zcb_html_text(html, m ? ", " : " (");
		zcb_html_clip(html, tally->memory[phrase][m], 40);
		zcb_html_textf(html, " %zu", tally->by_memory[phrase][m]);
	}
	zcb_html_raw(html, ")");
}

static void put_tally(struct zcb_page *page, const struct tally *tally)
{
	struct zcb_html *html = &page->html;
	size_t parts = 0;

	for (size_t i = 0; i < PHRASES; i++) {
		if (!tally->by_phrase[i])
			continue;
		zcb_html_text(html, parts++ ? "; they " : "pages read through the dma-buf ");
		zcb_html_element(html, "strong", "", phrases[i].text);
		zcb_html_textf(html, " in %zu", tally->by_phrase[i]);
		if (parts == 1)
			zcb_html_textf(html, " of %zu cell%s", tally->cells,
				       tally->cells == 1 ? "" : "s");
		put_memories(html, tally, i);
	}
	if (!parts)
		zcb_html_text(html, "no verdict of the list below was given");
	zcb_html_raw(html, ". ");
	zcb_html_count(html, tally->stale);
	zcb_html_raw(html, " of ");
	zcb_html_count(html, tally->checked);
	zcb_html_raw(html, " page readings were stale.</p>\n");
}

/* "On stock (6.12.94), punch: pages … stay stale in 8 of 10 cells; …" */
static void put_subject(struct zcb_page *page, size_t first, bool stale)
{
	const struct zcb_summary_row *rows = page->rows;
	const struct zcb_result_cell *cell = rows[first].first;
	const char *release = zcb_page_release(page, cell->kernel);
	struct tally tally = {0};

	if (!same_subject(page, &rows[first], &rows[first]))
		return;
	for (size_t i = 0; i < first; i++) {
		if (same_subject(page, &rows[first], &rows[i]))
			return;
	}
	for (size_t i = first; i < page->n_rows; i++) {
		if (same_subject(page, &rows[first], &rows[i]))
			tally_row(&rows[i], &tally);
	}
	if (!tally.cells || (tally.stale > 0) != stale)
		return;
	zcb_html_raw(&page->html, "<p>On <strong>");
	zcb_html_clip(&page->html, cell->variant, 60);
	zcb_html_raw(&page->html, "</strong> (");
	zcb_html_clip(&page->html, *release ? release : cell->kernel, 80);
	zcb_html_raw(&page->html, ")");
	if (!zcb_page_has_variants(page)) {
		zcb_html_raw(&page->html, ", workload <strong>");
		zcb_html_clip(&page->html, cell->workload, 60);
		zcb_html_raw(&page->html, "</strong>");
	}
	zcb_html_raw(&page->html, ": ");
	put_tally(page, &tally);
}

static void name_failures(struct zcb_page *page)
{
	const struct zcb_summary *s = page->summary;
	size_t named = 0;

	zcb_html_raw(&page->html, "<ul class=\"plain\">\n");
	for (size_t i = 0; i < s->n_rows && named < MAX_NAMED; i++) {
		const struct zcb_summary_row *row = &s->rows[i];

		if (!row->counts[ZCB_RESULT_FAIL])
			continue;
		named++;
		zcb_html_raw(&page->html, "<li><code>");
		zcb_html_clip(&page->html, row->first->cell, 160);
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
		zcb_html_textf(&page->html, "all %zu cells that gave a verdict.", passed);
		zcb_html_raw(&page->html, "</p>\n");
		return;
	}
	zcb_html_raw(&page->html, "<p class=\"alarm\"><strong>✗ Not as declared:</strong> ");
	zcb_html_textf(&page->html, "%zu of %zu cells that gave a verdict.", failed,
		       failed + passed);
	zcb_html_raw(&page->html, "</p>\n");
	name_failures(page);
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
	zcb_html_raw(&page->html, "<section id=\"found\">\n<h2>What was found</h2>\n");
	put_faults(page);
	put_state(page);
	put_notes(page);
	for (size_t i = 0; i < page->n_rows && i < MAX_WORKLOADS; i++)
		put_subject(page, i, true);
	for (size_t i = 0; i < page->n_rows && i < MAX_WORKLOADS; i++)
		put_subject(page, i, false);
	put_declarations(page);
	put_oracle(page);
	put_harness(page);
	zcb_html_raw(&page->html, "</section>\n");
}
