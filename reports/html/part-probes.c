// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "reports/html/page.h"

/* Metrics that are made of the kernel's trace, and that a kernel could not tell: which, and why. */

#define MAX_ROWS 60U
#define MAX_METRICS 24U

/* Cells of one kernel in which metrics were lost for one reason. */
struct row {
	const struct zcb_result_cell *first, *last;
	const char *state, *reason;
	const char *metrics[MAX_METRICS];
	size_t n_metrics, n_cells, left_out;
	uint64_t most_lost;
};

struct rows {
	struct row row[MAX_ROWS];
	size_t n, left_out;
};

static bool is_told(const struct zcb_result_probe *probe)
{
	return strcmp(probe->state, "measured") == 0;
}

static struct row *row_of(struct rows *rows, const struct zcb_result_cell *cell,
			  const struct zcb_result_probe *probe)
{
	for (size_t i = 0; i < rows->n; i++) {
		struct row *row = &rows->row[i];

		if (strcmp(row->first->kernel, cell->kernel) == 0 &&
		    strcmp(row->state, probe->state) == 0 && strcmp(row->reason, probe->reason) == 0)
			return row;
	}
	if (rows->n == MAX_ROWS)
		return NULL;
	rows->row[rows->n] = (struct row){.first = cell, .state = probe->state, .reason = probe->reason};
	return &rows->row[rows->n++];
}

static void add_metric(struct row *row, const char *metric)
{
	for (size_t i = 0; i < row->n_metrics; i++) {
		if (strcmp(row->metrics[i], metric) == 0)
			return;
	}
	if (row->n_metrics < MAX_METRICS)
		row->metrics[row->n_metrics++] = metric;
	else
		row->left_out++;
}

static void add(struct rows *rows, const struct zcb_result_cell *cell,
		const struct zcb_result_probe *probe)
{
	struct row *row = row_of(rows, cell, probe);

	if (!row) {
		rows->left_out++;
		return;
	}
	add_metric(row, probe->metric);
	row->n_cells += row->last != cell;
	row->last = cell;
	if (probe->lost > row->most_lost)
		row->most_lost = probe->lost;
}

static void put_reason(struct zcb_html *html, const struct row *row)
{
	zcb_html_raw(html, "<td>");
	zcb_html_clip(html, row->reason, 500);
	if (row->most_lost) {
		if (*row->reason)
			zcb_html_raw(html, "; ");
		zcb_html_raw(html, "the kernel dropped up to ");
		zcb_html_count(html, row->most_lost);
		zcb_html_raw(html, " events of a cell: nothing of the metric is kept");
	} else if (!*row->reason) {
		zcb_html_raw(html, "no reason was given");
	}
	zcb_html_raw(html, "</td>");
}

static void put_row(struct zcb_page *page, const struct row *row)
{
	struct zcb_html *html = &page->html;
	bool leads;

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, row->first->kernel, 60);
	zcb_html_raw(html, "</th><td>");
	for (size_t i = 0; i < row->n_metrics; i++) {
		if (i)
			zcb_html_raw(html, ", ");
		zcb_html_raw(html, "<code>");
		zcb_html_clip(html, row->metrics[i], 60);
		zcb_html_raw(html, "</code>");
	}
	if (row->left_out)
		zcb_html_raw(html, " and more");
	zcb_html_raw(html, "</td><td>");
	zcb_html_clip(html, *row->state ? row->state : "not said", 40);
	zcb_html_raw(html, "</td>");
	put_reason(html, row);
	zcb_html_raw(html, "<td class=\"n\">");
	leads = zcb_page_open_line(page, row->first);
	zcb_html_count(html, row->n_cells);
	zcb_page_close_line(page, leads);
	zcb_html_raw(html, "</td></tr>\n");
}

static void put_table(struct zcb_page *page, const struct rows *rows)
{
	struct zcb_html *html = &page->html;

	zcb_page_open_box(page, "What the probes could not tell, scrolls sideways");
	zcb_html_raw(html, "<table><thead><tr><th scope=\"col\">Kernel</th><th scope=\"col\">Metrics</th>"
			   "<th scope=\"col\">State</th><th scope=\"col\">Why</th>"
			   "<th scope=\"col\" class=\"n\">Cells</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < rows->n; i++)
		put_row(page, &rows->row[i]);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(page);
	if (rows->left_out)
		zcb_html_raw(html, "<p class=\"note\">There is more; cells.jsonl has it all.</p>\n");
}

void zcb_part_probes(struct zcb_page *page)
{
	struct rows rows = {.n = 0};
	size_t probed = 0;

	for (size_t i = 0; i < page->results->n_cells; i++) {
		const struct zcb_result_cell *cell = &page->results->cells[i];

		probed += cell->n_probes > 0;
		for (size_t p = 0; p < cell->n_probes; p++) {
			if (!is_told(&cell->probes[p]))
				add(&rows, cell, &cell->probes[p]);
		}
	}
	if (!probed)
		return;
	zcb_html_raw(&page->html, "<h3>What the probes could not tell</h3>\n");
	if (rows.n)
		put_table(page, &rows);
	else
		zcb_html_raw(&page->html, "<p>Every metric of the kernel’s trace was measured, and no event "
					  "was lost.</p>\n");
}
