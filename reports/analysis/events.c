// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/events.h"

#include <string.h>

/* The control has no event, and who reads the memfd or nothing tells nothing about the dma-buf. */
static bool is_shown(const struct zcb_summary_row *row)
{
	const struct zcb_result_cell *cell = row->first;

	return *cell->event && strcmp(cell->event, "none") != 0 && *cell->expected &&
	       strcmp(cell->consumer, "oracle") != 0;
}

static bool on_line(const struct zcb_summary_row *row, const struct zcb_event_line *line)
{
	return strcmp(row->first->event, line->event) == 0 &&
	       strcmp(row->first->memory, line->memory) == 0 &&
	       strcmp(row->first->reading, line->reading) == 0;
}

static void add_line(struct zcb_event_table *t, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < t->n_lines; i++) {
		if (on_line(row, &t->line[i]))
			return;
	}
	if (t->n_lines < ZCB_EVENT_LINES)
		t->line[t->n_lines++] = (struct zcb_event_line){
			row->first->event, row->first->memory, row->first->reading};
}

static void add_column(struct zcb_event_table *t, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < t->n_columns; i++) {
		if (zcb_summary_same_variant(t->column[i], row))
			return;
	}
	if (t->n_columns < ZCB_EVENT_COLUMNS)
		t->column[t->n_columns++] = row;
}

/* A reader compares within a memory: its lines stand together, memories as the plan has them. */
static void sort_by_memory(struct zcb_event_table *t)
{
	struct zcb_event_line sorted[ZCB_EVENT_LINES];
	bool taken[ZCB_EVENT_LINES] = {false};
	size_t n = 0;

	for (size_t i = 0; i < t->n_lines; i++) {
		for (size_t j = i; j < t->n_lines; j++) {
			if (taken[j] || strcmp(t->line[i].memory, t->line[j].memory) != 0)
				continue;
			taken[j] = true;
			sorted[n++] = t->line[j];
		}
	}
	memcpy(t->line, sorted, n * sizeof(*sorted));
}

void zcb_event_table_make(const struct zcb_summary_row *rows, size_t n_rows,
			  struct zcb_event_table *t)
{
	*t = (struct zcb_event_table){.rows = rows, .n_rows = n_rows};
	for (size_t i = 0; i < n_rows; i++) {
		if (!is_shown(&rows[i]))
			continue;
		add_line(t, &rows[i]);
		add_column(t, &rows[i]);
	}
	sort_by_memory(t);
}

const char *zcb_observed_word(const struct zcb_summary_row *row)
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
	case ZCB_RESULT_KNOWN_BUG:
	case ZCB_RESULT_FAIL:
	case ZCB_RESULT_STATUSES:
		break;
	}
	return *row->observed ? row->observed : "nothing";
}

static bool agree(const struct zcb_summary_row *a, const struct zcb_summary_row *b)
{
	return strcmp(zcb_observed_word(a), zcb_observed_word(b)) == 0 &&
	       strcmp(a->first->expected, b->first->expected) == 0;
}

static void add_agreement(struct zcb_agreement *found, size_t *n, const struct zcb_summary_row *row)
{
	size_t i = 0;

	while (i < *n && !agree(found[i].row, row))
		i++;
	if (i == ZCB_EVENT_GROUPS)
		return;
	if (i == *n)
		found[(*n)++] = (struct zcb_agreement){.row = row};
	found[i].cells += row->n_cells;
	found[i].readings += row->pages_checked;
}

bool zcb_is_as_declared(const struct zcb_summary_row *row)
{
	return row->status == ZCB_RESULT_PASS && row->not_counted < row->n_cells;
}

static bool is_in_box(const struct zcb_event_table *t, size_t line, size_t column, const struct zcb_summary_row *row)
{
	return is_shown(row) && on_line(row, &t->line[line]) && zcb_summary_same_variant(row, t->column[column]);
}

bool zcb_event_agrees(const struct zcb_event_table *t, size_t line, size_t column, const struct zcb_agreement *found,
		      const struct zcb_summary_row *row)
{
	return is_in_box(t, line, column, row) && agree(found->row, row);
}

size_t zcb_event_box(const struct zcb_event_table *t, size_t line, size_t column,
		     struct zcb_agreement found[ZCB_EVENT_GROUPS])
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_rows; i++) {
		if (is_in_box(t, line, column, &t->rows[i]))
			add_agreement(found, &n, &t->rows[i]);
	}
	return n;
}
