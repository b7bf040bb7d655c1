// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "reports/analysis/events.h"
#include "reports/html/records.h"

/*
 * The table of events: what happens to pages and who looks down, kernels and their variants across, in each box
 * what the variant declares and what the readers of the dma-buf saw. Rows of a box that were
 * declared and observed alike are counted, not repeated.
 */

struct event_table {
	struct zcb_page *page;
	struct zcb_event_table t;
};

/* What the journal's words mean; an unknown one, of a newer zcbench, is shown as it is. */
static const struct {
	const char *word, *says;
} events[] = {
	{"fault", "taken away; then the guest or the VMM faults on the hole"},
	{"refill-write", "refilled by another way in; then the guest writes"},
	{"refill-read", "refilled by another way in; then the guest reads, and fault-around maps it"},
	{"refill-read-fault", "the same, but each page has a fault of its own"},
	{"refill-only", "refilled by another way in; the VMM never faults"},
	{"zeroed", "a hole smaller than a huge page: zeroed in place"},
	{"refill-uffd", "put into the VMM's page table by userfaultfd, without a fault"},
	{"thp-punch", "holes in some pages of a transparent huge page"},
	{"thp-punch-all", "holes in all pages that the buffer has of one"},
	{"migrate", "the kernel is asked to move the pages"},
	{"movable", "it clears memory that must stay movable: CMA, ZONE_MOVABLE"},
	{"collapse", "it is asked to make one huge page of them"},
	{"split", "it is asked to split the huge page that they are in"},
	{"swap", "it is asked to write them to swap"},
	{"mix", "in each round another of these, held to its own declaration"},
};

/* What is not zapped with a mapping is a line of its own, for it is declared on its own. */
static const struct {
	const char *word, *says;
} readings[] = {
	{"table", "by a device that keeps its sg_table"},
	{"dynamic", "by a device that maps its sg_table again when it is told"},
	{"vmap", "by a kernel mapping that is made for each frame"},
	{"kept-vmap", "by a kernel mapping that is kept"},
};

static const char *const classes[] = {
	[ZCB_RESULT_PASS] = "pass",   [ZCB_RESULT_KNOWN_BUG] = "pass stale", [ZCB_RESULT_FAIL] = "fail",
	[ZCB_RESULT_CRASH] = "crash", [ZCB_RESULT_ERROR] = "error",	     [ZCB_RESULT_SKIP] = "skip",
	[ZCB_RESULT_NOT_RUN] = "skip",
};

static const char *class_of(const struct zcb_summary_row *row)
{
	if (row->not_counted == row->n_cells)
		return "skip";
	if (row->status != ZCB_RESULT_PASS)
		return classes[row->status];
	if (strncmp(row->observed, "stale", 5) == 0)
		return strcmp(row->observed, "stale") == 0 ? "pass stale" : "pass until";
	return strcmp(row->observed, "zero-in-place") == 0 ? "pass zero" : "pass fresh";
}

static const char *mark_of(const struct zcb_summary_row *row)
{
	if (zcb_is_as_declared(row))
		return "✓ ";
	if (row->status == ZCB_RESULT_KNOWN_BUG)
		return "⚠ ";
	return row->status == ZCB_RESULT_FAIL ? "✗ " : "– ";
}

/* The cells that one agreement counts, by name. */
static unsigned int record(struct event_table *t, size_t line, size_t column, const struct zcb_agreement *found)
{
	const struct zcb_event_line *on = &t->t.line[line];
	const struct zcb_result_cell *first = found->row->first;
	char title[240];
	unsigned int block;
	bool fresh;

	snprintf(title, sizeof(title), "%.40s, %.30s, read by %.20s, on %.40s:%.40s: %.30s", on->event, on->memory,
		 on->reading, first->kernel, first->variant, zcb_observed_word(found->row));
	if (!zcb_is_as_declared(found->row))
		snprintf(title + strlen(title), sizeof(title) - strlen(title), ", declared %.20s", first->expected);
	block = zcb_records_block(t->page, title, &fresh);
	for (size_t i = 0; fresh && i < t->t.n_rows; i++) {
		const struct zcb_summary_row *row = &t->t.rows[i];

		for (size_t c = 0; c < row->n_cells && zcb_event_agrees(&t->t, line, column, found, row); c++) {
			zcb_records_cell(t->page, row->cells[c], NULL);
			zcb_records_say(t->page, "%.30s, %llu page readings", row->cells[c]->observed,
					(unsigned long long)row->cells[c]->pages_checked);
		}
	}
	return block;
}

static void put_agreement(struct event_table *t, const struct zcb_agreement *found, unsigned int block)
{
	struct zcb_html *html = &t->page->html;
	const struct zcb_summary_row *row = found->row;

	zcb_html_raw(html, "<div");
	zcb_html_attribute(html, "class", class_of(row));
	zcb_html_raw(html, "><b>");
	zcb_records_open(t->page, block);
	zcb_html_text(html, mark_of(row));
	zcb_html_clip(html, zcb_observed_word(row), 40);
	zcb_records_close(t->page, block);
	zcb_html_raw(html, "</b><small>");
	if (zcb_is_as_declared(row))
		zcb_html_raw(html, "as declared");
	else {
		zcb_html_text(html, row->status == ZCB_RESULT_KNOWN_BUG ? "a known bug; declared " : "declared ");
		zcb_html_clip(html, row->first->expected, 40);
	}
	zcb_html_textf(html, "; %zu %s, %llu page readings", found->cells,
		       found->cells == 1 ? "cell" : "cells", (unsigned long long)found->readings);
	zcb_html_raw(html, "</small></div>");
}

static void put_box(struct event_table *t, size_t line, size_t column)
{
	struct zcb_agreement found[ZCB_EVENT_GROUPS];
	size_t n = zcb_event_box(&t->t, line, column, found);

	zcb_html_raw(&t->page->html, "<td>");
	for (size_t i = 0; i < n; i++)
		put_agreement(t, &found[i], record(t, line, column, &found[i]));
	if (!n)
		zcb_html_raw(&t->page->html, "<span class=\"none\">not planned</span>");
	zcb_html_raw(&t->page->html, "</td>");
}

/* Who reads by page tables is the rule, and not named. */
static void put_reading(struct zcb_html *html, const char *reading)
{
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		if (strcmp(readings[i].word, reading) == 0)
			zcb_html_element(html, "small", "", readings[i].says);
	}
}

static void put_line(struct event_table *t, size_t i)
{
	const struct zcb_event_line *line = &t->t.line[i];
	struct zcb_html *html = &t->page->html;
	const char *says = "";

	for (size_t e = 0; e < sizeof(events) / sizeof(events[0]); e++) {
		if (strcmp(events[e].word, line->event) == 0)
			says = events[e].says;
	}
	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, line->event, 40);
	zcb_html_raw(html, ", ");
	zcb_html_clip(html, line->memory, 40);
	zcb_html_element(html, "small", "", says);
	put_reading(html, line->reading);
	zcb_html_raw(html, "</th>");
	for (size_t column = 0; column < t->t.n_columns; column++)
		put_box(t, i, column);
	zcb_html_raw(html, "</tr>\n");
}

static void put_head(struct event_table *t)
{
	struct zcb_html *html = &t->page->html;

	zcb_html_raw(html, "<table class=\"verdicts events\"><thead><tr><th scope=\"col\">Event</th>");
	for (size_t i = 0; i < t->t.n_columns; i++) {
		zcb_html_raw(html, "<th scope=\"col\">");
		zcb_html_clip(html, t->t.column[i]->first->variant, 40);
		zcb_html_raw(html, "<small>on ");
		zcb_html_clip(html, t->t.column[i]->first->kernel, 60);
		zcb_html_raw(html, "</small></th>");
	}
	zcb_html_raw(html, "</tr></thead>\n<tbody>\n");
}

static void put_table(struct event_table *t)
{
	zcb_page_open_box(t->page, "Events by variant, scrolls sideways");
	put_head(t);
	for (size_t i = 0; i < t->t.n_lines; i++)
		put_line(t, i);
	zcb_html_raw(&t->page->html, "</tbody></table>\n");
	zcb_page_close_box(t->page);
}

void zcb_part_events(struct zcb_page *page)
{
	struct event_table t = {.page = page};

	zcb_event_table_make(page->rows, page->n_rows, &t.t);
	zcb_html_raw(&page->html,
		     "<section id=\"events\">\n<h2>What happens to a page, and who notices</h2>\n"
		     "<p>Readers of the dma-buf, by what happened to its pages. <em>stale</em>: old pages "
		     "for good; <em>stale-until-refill</em>: until the VMM faults on them; "
		     "<em>lookup</em>: right at the next access. Oracles and controls are in the "
		     "tables below.</p>\n");
	if (t.t.n_lines)
		put_table(&t);
	else
		zcb_html_raw(&page->html, "<p>No cell of this run says what happens to its pages.</p>\n");
	zcb_html_raw(&page->html, "</section>\n");
}
