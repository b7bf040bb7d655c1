// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "reports/html/page.h"

/*
 * The table of events: what happens to pages and who looks down, kernels and their variants across, in each box
 * what the variant declares and what the readers of the dma-buf saw. Rows of a box that were
 * declared and observed alike are counted, not repeated.
 */

#define MAX_COLUMNS 24U
#define MAX_EVENTS 80U
#define MAX_GROUPS 12U

/** A line of the table. */
struct event_line {
	const char *event, *memory, *reading;
};

struct event_table {
	struct zcb_page *page;
	struct event_line line[MAX_EVENTS];
	size_t n_lines;
	const struct zcb_summary_row *column[MAX_COLUMNS]; /* the first row of each */
	size_t n_columns;
};

/** Cells of one box that agree. */
struct agreement {
	const struct zcb_summary_row *row;
	size_t cells;
	uint64_t readings;
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

/* The control has no event, and who reads the memfd or nothing tells nothing about the dma-buf. */
static bool is_shown(const struct zcb_summary_row *row)
{
	const struct zcb_result_cell *cell = row->first;

	return *cell->event && strcmp(cell->event, "none") != 0 && *cell->expected &&
	       strcmp(cell->consumer, "oracle") != 0;
}

static bool on_line(const struct zcb_summary_row *row, const struct event_line *line)
{
	return strcmp(row->first->event, line->event) == 0 &&
	       strcmp(row->first->memory, line->memory) == 0 &&
	       strcmp(row->first->reading, line->reading) == 0;
}

static void add_line(struct event_table *t, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < t->n_lines; i++) {
		if (on_line(row, &t->line[i]))
			return;
	}
	if (t->n_lines < MAX_EVENTS)
		t->line[t->n_lines++] = (struct event_line){
			row->first->event, row->first->memory, row->first->reading};
}

static void add_column(struct event_table *t, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		if (zcb_page_same_variant(t->column[i], row))
			return;
	}
	if (t->n_columns < MAX_COLUMNS)
		t->column[t->n_columns++] = row;
}

static void collect(struct event_table *t)
{
	for (size_t i = 0; i < t->page->n_rows; i++) {
		if (!is_shown(&t->page->rows[i]))
			continue;
		add_line(t, &t->page->rows[i]);
		add_column(t, &t->page->rows[i]);
	}
}

static const char *observed_word(const struct zcb_summary_row *row)
{
	if (row->not_counted == row->n_cells)
		return "tainted boot";
	switch (row->status) {
	case ZCB_RESULT_CRASH:
		return "crashed";
	case ZCB_RESULT_ERROR:
		return "error";
	case ZCB_RESULT_SKIP:
		return "skipped";
	case ZCB_RESULT_NOT_RUN:
		return "not run";
	case ZCB_RESULT_PASS:
	case ZCB_RESULT_FAIL:
	case ZCB_RESULT_STATUSES:
		break;
	}
	return *row->observed ? row->observed : "nothing";
}

static bool agree(const struct zcb_summary_row *a, const struct zcb_summary_row *b)
{
	return strcmp(observed_word(a), observed_word(b)) == 0 &&
	       strcmp(a->first->expected, b->first->expected) == 0;
}

static void add_agreement(struct agreement *found, size_t *n, const struct zcb_summary_row *row)
{
	size_t i = 0;

	while (i < *n && !agree(found[i].row, row))
		i++;
	if (i == MAX_GROUPS)
		return;
	if (i == *n)
		found[(*n)++] = (struct agreement){.row = row};
	found[i].cells += row->n_cells;
	found[i].readings += row->pages_checked;
}

static bool is_as_declared(const struct zcb_summary_row *row)
{
	return row->status == ZCB_RESULT_PASS && row->not_counted < row->n_cells;
}

static const char *const classes[] = {
	[ZCB_RESULT_PASS] = "pass",   [ZCB_RESULT_FAIL] = "fail", [ZCB_RESULT_CRASH] = "crash",
	[ZCB_RESULT_ERROR] = "error", [ZCB_RESULT_SKIP] = "skip", [ZCB_RESULT_NOT_RUN] = "skip",
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
	if (is_as_declared(row))
		return "✓ ";
	return row->status == ZCB_RESULT_FAIL ? "✗ " : "– ";
}

static void put_agreement(struct zcb_html *html, const struct agreement *found)
{
	const struct zcb_summary_row *row = found->row;

	zcb_html_raw(html, "<div");
	zcb_html_attribute(html, "class", class_of(row));
	zcb_html_raw(html, "><b>");
	zcb_html_text(html, mark_of(row));
	zcb_html_clip(html, observed_word(row), 40);
	zcb_html_raw(html, "</b><small>");
	if (is_as_declared(row))
		zcb_html_raw(html, "as declared");
	else {
		zcb_html_raw(html, "declared ");
		zcb_html_clip(html, row->first->expected, 40);
	}
	zcb_html_textf(html, "; %zu %s, %llu page readings", found->cells,
		       found->cells == 1 ? "cell" : "cells", (unsigned long long)found->readings);
	zcb_html_raw(html, "</small></div>");
}

static void put_box(struct event_table *t, const struct event_line *line,
		    const struct zcb_summary_row *column)
{
	struct agreement found[MAX_GROUPS];
	size_t n = 0;

	for (size_t i = 0; i < t->page->n_rows; i++) {
		const struct zcb_summary_row *row = &t->page->rows[i];

		if (is_shown(row) && on_line(row, line) && zcb_page_same_variant(row, column))
			add_agreement(found, &n, row);
	}
	zcb_html_raw(&t->page->html, "<td>");
	for (size_t i = 0; i < n; i++)
		put_agreement(&t->page->html, &found[i]);
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

static void put_line(struct event_table *t, const struct event_line *line)
{
	struct zcb_html *html = &t->page->html;
	const char *says = "";

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		if (strcmp(events[i].word, line->event) == 0)
			says = events[i].says;
	}
	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, line->event, 40);
	zcb_html_raw(html, ", ");
	zcb_html_clip(html, line->memory, 40);
	zcb_html_element(html, "small", "", says);
	put_reading(html, line->reading);
	zcb_html_raw(html, "</th>");
	for (size_t i = 0; i < t->n_columns; i++)
		put_box(t, line, t->column[i]);
	zcb_html_raw(html, "</tr>\n");
}

/* The lines of one memory, where this is the first of them: a reader compares within a memory. */
static void put_memory(struct event_table *t, size_t first)
{
	const char *memory = t->line[first].memory;

	for (size_t i = 0; i < first; i++) {
		if (strcmp(t->line[i].memory, memory) == 0)
			return;
	}
	for (size_t i = first; i < t->n_lines; i++) {
		if (strcmp(t->line[i].memory, memory) == 0)
			put_line(t, &t->line[i]);
	}
}

static void put_head(struct event_table *t)
{
	struct zcb_html *html = &t->page->html;

	zcb_html_raw(html, "<table class=\"verdicts events\"><thead><tr><th scope=\"col\">Event</th>");
	for (size_t i = 0; i < t->n_columns; i++) {
		zcb_html_raw(html, "<th scope=\"col\">");
		zcb_html_clip(html, t->column[i]->first->variant, 40);
		zcb_html_raw(html, "<small>on ");
		zcb_html_clip(html, t->column[i]->first->kernel, 60);
		zcb_html_raw(html, "</small></th>");
	}
	zcb_html_raw(html, "</tr></thead>\n<tbody>\n");
}

static void put_table(struct event_table *t)
{
	zcb_page_open_box(t->page, "Events by variant, scrolls sideways");
	put_head(t);
	for (size_t i = 0; i < t->n_lines; i++)
		put_memory(t, i);
	zcb_html_raw(&t->page->html, "</tbody></table>\n");
	zcb_page_close_box(t->page);
}

void zcb_part_events(struct zcb_page *page)
{
	struct event_table t = {.page = page};

	collect(&t);
	zcb_html_raw(&page->html,
		     "<section id=\"events\">\n<h2>What happens to a page, and who notices</h2>\n"
		     "<p>Readers of the dma-buf, by what happened to its pages. <em>stale</em>: old pages "
		     "for good; <em>stale-until-refill</em>: until the VMM faults on them; "
		     "<em>lookup</em>: right at the next access. Oracles and controls are in the "
		     "tables below.</p>\n");
	if (t.n_lines)
		put_table(&t);
	else
		zcb_html_raw(&page->html, "<p>No cell of this run says what happens to its pages.</p>\n");
	zcb_html_raw(&page->html, "</section>\n");
}
