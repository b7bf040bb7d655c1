/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_EVENTS_H
#define ZCB_REPORTS_EVENTS_H

#include "reports/analysis/summary.h"

/*
 * The table of events: what happens to pages and who looks down, kernels and their variants across;
 * in each box what is declared and what the readers of the dma-buf saw. Oracles and controls are
 * not in it.
 */

#define ZCB_EVENT_COLUMNS 24U
#define ZCB_EVENT_LINES 80U
#define ZCB_EVENT_GROUPS 12U

/** A line of the table; the strings are the results'. */
struct zcb_event_line {
	const char *event, *memory, *reading;
};

struct zcb_event_table {
	const struct zcb_summary_row *rows; /* borrowed */
	size_t n_rows;
	struct zcb_event_line line[ZCB_EVENT_LINES]; /* those of one memory side by side */
	size_t n_lines;
	const struct zcb_summary_row *column[ZCB_EVENT_COLUMNS]; /* the first row of each */
	size_t n_columns;
};

/** Cells of one box that were declared and observed alike. */
struct zcb_agreement {
	const struct zcb_summary_row *row; /* the first of them */
	size_t cells;
	uint64_t readings; /* of pages */
};

/** Finds the lines and columns that rows have; what is beyond the limits is left out. */
void zcb_event_table_make(const struct zcb_summary_row *rows, size_t n_rows,
			  struct zcb_event_table *ret_table);

/** The agreements of one box, in the order of the plan. Returns their number. */
size_t zcb_event_box(const struct zcb_event_table *table, size_t line, size_t column,
		     struct zcb_agreement found[ZCB_EVENT_GROUPS]);

/** Whether a row of cells is one of those that an agreement of this box counts. */
bool zcb_event_agrees(const struct zcb_event_table *table, size_t line, size_t column,
		      const struct zcb_agreement *found, const struct zcb_summary_row *row);

/** What was observed of a row, in one word: a verdict, or why there is none. */
const char *zcb_observed_word(const struct zcb_summary_row *row);

/** Whether cells of a row count, and all that count are as declared. */
bool zcb_is_as_declared(const struct zcb_summary_row *row);

#endif
