// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "reports/html/page.h"

/*
 * Declared and observed, one table for each kernel and variant: memory, workload and parameters
 * down, consumers across.
 */

#define MAX_CONSUMERS 16U
#define MAX_LINES 500U

struct table {
	struct zcb_page *page;
	const struct zcb_summary_row *rows;
	size_t n, first; /* the first row of this kernel and variant */
	const char *consumers[MAX_CONSUMERS];
	size_t n_consumers;
	size_t lines;
};

static const struct {
	const char *symbol, *word, *class;
} marks[] = {
	[ZCB_RESULT_PASS] = {"✓", "", "pass"},
	[ZCB_RESULT_KNOWN_BUG] = {"⚠", "", "pass stale"},
	[ZCB_RESULT_FAIL] = {"✗", "", "fail"},
	[ZCB_RESULT_CRASH] = {"†", "crashed", "crash"},
	[ZCB_RESULT_ERROR] = {"!", "error", "error"},
	[ZCB_RESULT_SKIP] = {"–", "skipped", "skip"},
	[ZCB_RESULT_NOT_RUN] = {"·", "not run", "skip"},
};

static bool is_ours(const struct table *t, size_t i)
{
	return zcb_page_same_variant(&t->rows[i], &t->rows[t->first]);
}

static bool same_memory(const struct zcb_result_cell *a, const struct zcb_result_cell *b)
{
	return strcmp(a->memory, b->memory) == 0 && strcmp(a->guest, b->guest) == 0;
}

static bool same_line(const struct zcb_result_cell *a, const struct zcb_result_cell *b)
{
	return same_memory(a, b) && strcmp(a->workload, b->workload) == 0 &&
	       strcmp(a->params, b->params) == 0;
}

static void find_consumers(struct table *t)
{
	for (size_t i = t->first; i < t->n; i++) {
		const char *name = t->rows[i].first->consumer;
		size_t c = 0;

		while (c < t->n_consumers && strcmp(t->consumers[c], name) != 0)
			c++;
		if (is_ours(t, i) && c == t->n_consumers && c < MAX_CONSUMERS)
			t->consumers[t->n_consumers++] = name;
	}
}

/* The tint says what was seen, the symbol and the word whether that was declared. */
static const char *class_of(const struct zcb_summary_row *row)
{
	if (row->not_counted == row->n_cells)
		return "skip";
	if (row->status != ZCB_RESULT_PASS)
		return marks[row->status].class;
	if (strncmp(row->observed, "stale", 5) == 0)
		return "pass stale";
	if (strcmp(row->observed, "zero-in-place") == 0)
		return "pass zero";
	return *row->observed ? "pass fresh" : "pass";
}

/* Opens the small print before its first note, and parts the others. */
static void put_comma(struct zcb_html *html, size_t *notes)
{
	if ((*notes)++)
		zcb_html_raw(html, "; ");
	else
		zcb_html_raw(html, "<small>");
}

static void put_share(struct zcb_html *html, const struct zcb_summary_row *row, size_t *notes)
{
	uint64_t wrong = 0;

	for (int v = ZCB_VERDICT_STALE; v < ZCB_VERDICTS; v++)
		wrong += row->pages[v];
	if (!wrong || !row->pages_checked)
		return;
	put_comma(html, notes);
	zcb_html_decimal(html, 100.0 * (double)wrong / (double)row->pages_checked, 1);
	zcb_html_raw(html, " % of readings");
}

/* Most boxes have none: a table of hundreds of them must not repeat itself. */
static void put_notes(struct zcb_html *html, const struct zcb_summary_row *row, size_t *notes)
{
	size_t counted = row->n_cells - row->not_counted;

	if (row->status != ZCB_RESULT_PASS) {
		put_comma(html, notes);
		zcb_html_text(html, row->status == ZCB_RESULT_KNOWN_BUG ? "a known bug; declared " : "declared ");
		zcb_html_clip(html, *row->first->expected ? row->first->expected : "nothing", 40);
	}
	put_share(html, row, notes);
	if (row->pages_held) {
		put_comma(html, notes);
		zcb_html_textf(html, "%llu huge pages held from the pool",
			       (unsigned long long)row->pages_held);
	}
	if (counted > 1) {
		put_comma(html, notes);
		zcb_html_textf(html, "%zu of %zu runs", row->counts[row->status], counted);
	}
	if (row->not_counted) {
		put_comma(html, notes);
		zcb_html_textf(html, "%zu tainted, not counted", row->not_counted);
	}
}

static void put_verdict(struct zcb_page *page, const struct zcb_summary_row *row)
{
	struct zcb_html *html = &page->html;
	size_t notes = 0;
	bool leads;

	zcb_html_raw(html, "<div");
	zcb_html_attribute(html, "class", class_of(row));
	zcb_html_raw(html, "><b>");
	if (row->not_counted == row->n_cells) {
		zcb_html_raw(html, "⊘ tainted boot</b><small>not counted</small></div>");
		return;
	}
	leads = zcb_page_open_line(page, row->first);
	zcb_html_text(html, marks[row->status].symbol);
	zcb_html_raw(html, " ");
	if (*marks[row->status].word)
		zcb_html_text(html, marks[row->status].word);
	else
		zcb_html_clip(html, *row->observed ? row->observed : "ran", 40);
	zcb_page_close_line(page, leads);
	zcb_html_raw(html, "</b>");
	put_notes(html, row, &notes);
	if (notes)
		zcb_html_raw(html, "</small>");
	zcb_html_raw(html, "</div>");
}

/* Rows that differ in the clock alone share a box of the table, one below the other. */
static void put_box(struct table *t, size_t line, const char *consumer)
{
	struct zcb_html *html = &t->page->html;

	zcb_html_raw(html, "<td>");
	for (size_t i = t->first; i < t->n; i++) {
		const struct zcb_result_cell *cell = t->rows[i].first;

		if (!is_ours(t, i) || !same_line(cell, t->rows[line].first) ||
		    strcmp(cell->consumer, consumer) != 0)
			continue;
		put_verdict(t->page, &t->rows[i]);
	}
	zcb_html_raw(html, "</td>");
}

static void put_line(struct table *t, size_t line)
{
	const struct zcb_result_cell *cell = t->rows[line].first;
	struct zcb_html *html = &t->page->html;

	for (size_t i = t->first; i < line; i++) {
		if (is_ours(t, i) && same_line(t->rows[i].first, cell))
			return;
	}
	if (t->lines++ >= MAX_LINES)
		return;
	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, cell->workload, 60);
	zcb_html_raw(html, "<small>");
	zcb_html_clip(html, cell->brief, 200);
	zcb_html_raw(html, "</small></th>");
	for (size_t c = 0; c < t->n_consumers; c++)
		put_box(t, line, t->consumers[c]);
	zcb_html_raw(html, "</tr>\n");
}

static void put_memory(struct table *t, size_t first)
{
	const struct zcb_result_cell *cell = t->rows[first].first;
	struct zcb_html *html = &t->page->html;

	for (size_t i = t->first; i < first; i++) {
		if (is_ours(t, i) && same_memory(t->rows[i].first, cell))
			return;
	}
	zcb_html_raw(html, "<tbody><tr><th scope=\"rowgroup\" class=\"group\"");
	fprintf(html->out, " colspan=\"%zu\">", t->n_consumers + 1);
	zcb_html_clip(html, cell->memory, 60);
	zcb_html_raw(html, " memory, ");
	zcb_html_clip(html, cell->guest, 60);
	zcb_html_raw(html, " guest</th></tr>\n");
	for (size_t i = first; i < t->n && t->lines < MAX_LINES; i++) {
		if (is_ours(t, i) && same_memory(t->rows[i].first, cell))
			put_line(t, i);
	}
	zcb_html_raw(html, "</tbody>\n");
}

/* Rows that went as declared, and those that did not; what was skipped, not run or tainted is neither. */
static void count_rows(const struct table *t, size_t *ret_right, size_t *ret_wrong)
{
	*ret_right = *ret_wrong = 0;
	for (size_t i = t->first; i < t->n; i++) {
		const struct zcb_summary_row *row = &t->rows[i];

		if (!is_ours(t, i) || row->not_counted == row->n_cells)
			continue;
		*ret_right += row->status == ZCB_RESULT_PASS;
		*ret_wrong += row->status == ZCB_RESULT_FAIL || row->status == ZCB_RESULT_CRASH ||
			      row->status == ZCB_RESULT_ERROR;
	}
}

/* The first stands open, and those in which something went wrong. */
static void put_table_head(struct table *t)
{
	const struct zcb_result_cell *cell = t->rows[t->first].first;
	struct zcb_html *html = &t->page->html;
	size_t right, wrong;

	count_rows(t, &right, &wrong);
	if (wrong || t->first == 0)
		zcb_html_raw(html, "<details open><summary><h3>");
	else
		zcb_html_raw(html, "<details><summary><h3>");
	zcb_html_clip(html, cell->variant, 60);
	zcb_html_raw(html, " on kernel ");
	zcb_html_clip(html, cell->kernel, 60);
	zcb_html_raw(html, " ");
	zcb_html_clip(html, zcb_page_release(t->page, cell->kernel), 80);
	zcb_html_raw(html, "</h3>");
	zcb_html_textf(html, " %zu as declared, %zu not", right, wrong);
	zcb_html_raw(html, "</summary>\n");
	zcb_page_open_box(t->page, "Verdicts, scrolls sideways");
	zcb_html_raw(html, "<table class=\"verdicts\"><thead><tr><th scope=\"col\">Workload</th>");
	for (size_t c = 0; c < t->n_consumers; c++) {
		zcb_html_raw(html, "<th scope=\"col\">");
		zcb_html_clip(html, t->consumers[c], 40);
		zcb_html_raw(html, "</th>");
	}
	zcb_html_raw(html, "</tr></thead>\n");
}

static void put_table(struct zcb_page *page, size_t first)
{
	struct table t = {.page = page, .rows = page->rows, .n = page->n_rows, .first = first};

	find_consumers(&t);
	put_table_head(&t);
	for (size_t i = first; i < t.n && t.lines < MAX_LINES; i++) {
		if (is_ours(&t, i))
			put_memory(&t, i);
	}
	zcb_html_raw(&page->html, "</table>\n");
	zcb_page_close_box(page);
	if (t.lines >= MAX_LINES)
		zcb_html_raw(
			&page->html,
			"<p class=\"note\">There are more lines; summary.json has them all.</p>\n");
	zcb_html_raw(&page->html, "</details>\n");
}

void zcb_part_verdicts(struct zcb_page *page)
{
	size_t tables = 0;

	zcb_html_raw(
		&page->html,
		"<section id=\"verdicts\">\n<h2>Declared and observed</h2>\n"
		"<p>✓ what was observed is what the variant declares; ✗ it is not. The tint says "
		"what was seen: staleness that is declared is a finding, not a failure. The share of "
		"page readings that were not fresh stands below it. <em>ran</em>: the consumer reads "
		"nothing. An empty box is not in the plan. A verdict leads to its line in <code>cells.jsonl</code>.</p>\n");
	for (size_t i = 0; i < page->n_rows && tables < 24; i++) {
		if (!zcb_page_opens_variant(page, i))
			continue;
		put_table(page, i);
		tables++;
	}
	if (!tables)
		zcb_html_raw(&page->html, "<p>The plan and the journal name no cell.</p>\n");
	zcb_html_raw(&page->html, "</section>\n");
}
