// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/html/records.h"

/*
 * What zcbench itself takes, for each consumer: what is left of a cell when guest, workload, kernel and
 * consumer are taken away. And what a consumer's reading costs, beside a copy of the same bytes.
 */

#define MAX_CONSUMERS 40U
#define MAX_READINGS 60U

struct share {
	const char *consumer;
	size_t cells;
	double seconds, own_s, runner_s, guest_s;
};

static struct share *share_of(struct share *shares, size_t *n, const char *consumer)
{
	for (size_t i = 0; i < *n; i++) {
		if (strcmp(shares[i].consumer, consumer) == 0)
			return &shares[i];
	}
	if (*n == MAX_CONSUMERS)
		return &shares[*n - 1];
	shares[*n] = (struct share){.consumer = consumer};
	return &shares[(*n)++];
}

static void add(struct share *share, const struct zcb_result_cell *cell)
{
	share->cells++;
	share->seconds += cell->seconds;
	share->own_s += cell->harness_cell_s;
	share->runner_s += cell->harness_runner_s;
	share->guest_s += cell->harness_guest_s;
}

static bool is_counted(const struct zcb_result_cell *cell)
{
	return cell->has_harness && cell->status != ZCB_RESULT_CRASH;
}

static size_t collect(const struct zcb_results *r, struct share *shares, struct share *all)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct zcb_result_cell *cell = &r->cells[i];

		if (!is_counted(cell))
			continue;
		add(share_of(shares, &n, cell->consumer), cell);
		add(all, cell);
	}
	return n;
}

static double percent(double part, double whole)
{
	return whole > 0 ? 100 * part / whole : 0;
}

static void put_number(struct zcb_html *html, double value, int decimals)
{
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_html_decimal(html, value, decimals);
	zcb_html_raw(html, "</td>");
}

/* Of more consumers than have a line the last one has them all: its block names what it can. */
static unsigned int record(struct zcb_page *page, const struct share *share)
{
	const struct zcb_results *r = page->results;
	char title[120];
	unsigned int block;
	bool fresh;

	snprintf(title, sizeof(title), "what zcbench itself took in cells of %.60s, CPU seconds", share->consumer);
	block = zcb_records_block(page, title, &fresh);
	for (size_t i = 0; fresh && i < r->n_cells; i++) {
		const struct zcb_result_cell *cell = &r->cells[i];

		if (!is_counted(cell) || strcmp(cell->consumer, share->consumer) != 0)
			continue;
		zcb_records_cell(page, cell, NULL);
		zcb_records_say(page, "%.3f of the cell's %.3f, %.3f in the runner", cell->harness_cell_s, cell->seconds,
				cell->harness_runner_s);
	}
	return block;
}

static void put_share(struct zcb_page *page, const struct share *share, const struct share *all)
{
	struct zcb_html *html = &page->html;
	unsigned int block = share == all ? 0 : record(page, share);

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, share->consumer, 60);
	zcb_html_raw(html, "</th><td class=\"n\">");
	if (share == all)
		zcb_html_raw(html, "<a href=\"cells.jsonl\">");
	zcb_records_open(page, block);
	zcb_html_count(html, share->cells);
	zcb_records_close(page, block);
	if (share == all)
		zcb_html_raw(html, "</a>");
	zcb_html_raw(html, "</td>");
	put_number(html, share->seconds, 2);
	put_number(html, share->own_s, 3);
	put_number(html, share->runner_s, 3);
	put_number(html, percent(share->own_s + share->runner_s, share->seconds), 1);
	zcb_html_raw(html, "</tr>\n");
}

static void put_shares(struct zcb_page *page, const struct share *shares, size_t n,
		       const struct share *all)
{
	struct zcb_html *html = &page->html;

	zcb_page_open_box(page, "What zcbench itself took, by consumer, scrolls sideways");
	zcb_html_raw(html, "<table><thead><tr><th scope=\"col\">Consumer</th>"
			   "<th scope=\"col\" class=\"n\">Cells</th>"
			   "<th scope=\"col\" class=\"n\">Seconds</th>"
			   "<th scope=\"col\" class=\"n\">zcbench in the cell, s</th>"
			   "<th scope=\"col\" class=\"n\">in the runner, s</th>"
			   "<th scope=\"col\" class=\"n\">both, %</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n; i++)
		put_share(page, &shares[i], all);
	if (n > 1)
		put_share(page, all, all);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(page);
}

/*
 * Of a run all is counted, what belongs to no cell, too; and its boots' seconds are all that it took. With
 * icount those are another clock's, and in a journal of before nobody counted: then there is no share.
 */
static void put_run(struct zcb_page *page, const struct share *all)
{
	const struct zcb_results *r = page->results;
	double own_s = all->own_s + all->runner_s, boots_s = 0, between_s = 0;

	for (size_t i = 0; i < r->n_boots; i++) {
		boots_s += r->boots[i].seconds_total;
		between_s += r->boots[i].harness_s;
	}
	if (between_s <= 0 || strcmp(r->clock, "wall") != 0)
		return;
	zcb_html_raw(&page->html, "<p>Of the whole run, from the start of each boot to its end, zcbench took ");
	zcb_html_decimal(&page->html, percent(own_s + between_s, boots_s), 1);
	zcb_html_raw(&page->html, "&nbsp;%: ");
	zcb_html_decimal(&page->html, own_s, 2);
	zcb_html_raw(&page->html, " s for its cells and ");
	zcb_html_decimal(&page->html, between_s, 2);
	zcb_html_raw(&page->html, " s for all that belongs to none, of ");
	zcb_html_decimal(&page->html, boots_s, 1);
	zcb_html_raw(&page->html, " s.</p>\n");
}

/* One line a row: what a consumer reads, and how fast. */
static bool put_reading(struct zcb_page *page, const struct zcb_summary_row *row)
{
	struct zcb_html *html = &page->html;
	const struct zcb_summary_metric *read = zcb_summary_metric(row, "frame.read");
	const struct zcb_summary_metric *copy = zcb_summary_metric(row, "frame.copy");
	double pages = 0, bytes, read_ns, copy_ns;

	if (!read || !copy || !read->quantile[ZCB_P50].known || !copy->quantile[ZCB_P50].known ||
	    strcmp(row->first->workload, "idle") != 0 ||
	    !zcb_result_param(row->first, "pages", &pages))
		return false;
	bytes = pages * 4096;
	read_ns = fmax((double)read->quantile[ZCB_P50].value, 1);
	copy_ns = fmax((double)copy->quantile[ZCB_P50].value, 1);
	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, row->first->consumer, 60);
	zcb_html_raw(html, "</th><td>");
	zcb_page_sample(page, row->first, "frame.read", "samples");
	zcb_html_textf(html, " of %.40s, %.40s, %.40s", row->first->variant, row->first->memory,
		       row->first->guest);
	zcb_html_raw(html, "</td>");
	put_number(html, pages, 0);
	put_number(html, read_ns / 1e3, 1);
	put_number(html, copy_ns / 1e3, 1);
	put_number(html, read_ns / copy_ns, 2);
	put_number(html, bytes / read_ns * 1e3, 0);
	zcb_html_raw(html, "</tr>\n");
	return true;
}

static bool has_reading(const struct zcb_page *page)
{
	for (size_t i = 0; i < page->n_rows; i++) {
		if (strcmp(page->rows[i].first->workload, "idle") == 0 &&
		    zcb_summary_metric(&page->rows[i], "frame.read"))
			return true;
	}
	return false;
}

static void put_readings(struct zcb_page *page)
{
	struct zcb_html *html = &page->html;
	size_t shown = 0;

	if (!has_reading(page))
		return;
	zcb_html_raw(html, "<h3>A reading, beside a copy</h3>\n<p>Medians of the cells in which nothing was "
			   "taken away: a frame acquired and each of its bytes checked, and a plain copy of "
			   "the same bytes right after.</p>\n");
	zcb_page_open_box(page, "What a reading costs, scrolls sideways");
	zcb_html_raw(html, "<table><thead><tr><th scope=\"col\">Consumer</th><th scope=\"col\">Of</th>"
			   "<th scope=\"col\" class=\"n\">Pages</th>"
			   "<th scope=\"col\" class=\"n\">Read, µs</th>"
			   "<th scope=\"col\" class=\"n\">Copy, µs</th>"
			   "<th scope=\"col\" class=\"n\">Read / copy</th>"
			   "<th scope=\"col\" class=\"n\">Read, MB/s</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < page->n_rows && shown < MAX_READINGS; i++)
		shown += put_reading(page, &page->rows[i]);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(page);
}

void zcb_part_overhead(struct zcb_page *page)
{
	struct share shares[MAX_CONSUMERS], all = {.consumer = "all"};
	size_t n = collect(page->results, shares, &all);

	if (!n)
		return;
	zcb_html_raw(&page->html,
		     "<section id=\"overhead\">\n<h2>What zcbench itself took</h2>\n"
		     "<p>CPU seconds: of each cell’s process those outside of guest, workload, consumer, "
		     "dma-buf, check and copy, its start and its end among them; and all of the process that "
		     "started it, but for the start of guests. The consumer <code>null</code> and the workload "
		     "<code>idle</code> show it bare. ");
	zcb_html_raw(&page->html, "Waiting for guests to start took ");
	zcb_html_decimal(&page->html, all.guest_s, 1);
	zcb_html_raw(&page->html, " s beside.</p>\n");
	put_run(page, &all);
	put_shares(page, shares, n, &all);
	put_readings(page);
	zcb_html_raw(&page->html, "</section>\n");
}
