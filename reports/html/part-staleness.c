// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/staleness.h"
#include "reports/embedded.h"
#include "reports/html/page.h"
#include "reports/plots/plot.h"

/*
 * Stale pages against frames since the hole, one plot for each kernel and variant. Rows that never
 * showed a stale page are one line together: the oracle's, and the other consumers'.
 */

#define MAX_SERIES 16U
#define MAX_LINES 200U
#define MAX_FIGURES 12U

struct series {
	const struct zcb_summary_row *row;
	struct zcb_staleness_point *points;
	size_t n;
};

struct staleness {
	struct zcb_page *page;
	struct series *series;
	size_t n;
	const char *variant, *kernel;
};

static bool is_ever_stale(const struct series *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->points[i].most)
			return true;
	}
	return false;
}

static bool is_oracle(const struct series *s)
{
	return strcmp(s->row->first->consumer, "oracle") == 0;
}

static size_t pattern_length(const struct zcb_result_cell *cell)
{
	size_t n = strcspn(cell->brief, ",");

	return n < 20 ? n : 20;
}

static bool same_curve(const struct series *a, const struct series *b)
{
	for (size_t i = 0; a->n == b->n && i < a->n; i++) {
		if (a->points[i].frames_since_hole != b->points[i].frames_since_hole ||
		    a->points[i].median != b->points[i].median)
			return false;
	}
	return a->n == b->n;
}

/* Whether two series are one line: the same strike, and all its readers saw the same. */
static bool is_one_line(const struct series *a, const struct series *b)
{
	const struct zcb_result_cell *left = a->row->first, *right = b->row->first;

	return strcmp(left->memory, right->memory) == 0 &&
	       strcmp(left->workload, right->workload) == 0 &&
	       pattern_length(left) == pattern_length(right) &&
	       strncmp(left->brief, right->brief, pattern_length(left)) == 0 && same_curve(a, b);
}

static bool is_drawn_before(const struct staleness *st, size_t i)
{
	for (size_t j = 0; j < i; j++) {
		if (is_one_line(&st->series[j], &st->series[i]))
			return true;
	}
	return false;
}

/* "shmem punch stride: mmap and 3 other cells" */
static void label(const struct staleness *st, size_t i, char *text, size_t room)
{
	const struct zcb_result_cell *cell = st->series[i].row->first;
	size_t others = 0, used;

	for (size_t j = i + 1; j < st->n; j++)
		others += is_one_line(&st->series[i], &st->series[j]);
	used = (size_t)snprintf(text, room, "%.12s %.16s %.*s: %.14s", cell->memory, cell->workload,
				(int)pattern_length(cell), cell->brief, cell->consumer);
	if (others && used < room)
		snprintf(text + used, room - used, " + %zu more", others);
}

/* One block of the data file: the label, then a line a point. */
static void put_block(FILE *data, const char *title, const struct series *s, size_t *ret_blocks)
{
	if ((*ret_blocks)++)
		fputs("\n\n", data);
	zcb_plot_label(data, title);
	fputc('\n', data);
	for (size_t i = 0; i < s->n; i++)
		fprintf(data, "%" PRIu64 "\t%" PRIu64 "\n", s->points[i].frames_since_hole,
			s->points[i].median);
}

/* All never-stale rows of a kind, as one flat line over the longest of them. */
static void put_flat(FILE *data, const struct staleness *st, bool oracle, size_t *blocks)
{
	const struct series *longest = NULL;
	size_t cells = 0;
	char title[64];

	for (size_t i = 0; i < st->n; i++) {
		const struct series *s = &st->series[i];

		if (is_oracle(s) != oracle || is_ever_stale(s))
			continue;
		cells++;
		if (!longest || s->n > longest->n)
			longest = s;
	}
	if (!longest)
		return;
	snprintf(title, sizeof(title), "%s: %zu cells, none stale",
		 oracle ? "oracle" : "other readers", cells);
	put_block(data, title, longest, blocks);
}

static size_t put_data(FILE *data, const struct staleness *st)
{
	size_t blocks = 0;
	char title[128];

	for (size_t i = 0; i < st->n && blocks < MAX_SERIES; i++) {
		if (!is_ever_stale(&st->series[i]) || is_drawn_before(st, i))
			continue;
		label(st, i, title, sizeof(title));
		put_block(data, title, &st->series[i], &blocks);
	}
	put_flat(data, st, false, &blocks);
	put_flat(data, st, true, &blocks);
	return blocks;
}

static void find_limits(const struct staleness *st, uint64_t *x_high, uint64_t *y_high)
{
	*x_high = *y_high = 1;
	for (size_t i = 0; i < st->n; i++) {
		for (size_t p = 0; p < st->series[i].n; p++) {
			const struct zcb_staleness_point *point = &st->series[i].points[p];

			if (point->frames_since_hole > *x_high)
				*x_high = point->frames_since_hole;
			if (point->median > *y_high)
				*y_high = point->median;
		}
	}
}

static void draw(const struct staleness *st, size_t number)
{
	ZCB_FREE char *data = NULL;
	char name[32], variables[200], title[200];
	uint64_t x_high, y_high;
	size_t n, blocks;
	FILE *out = open_memstream(&data, &n);

	if (!out)
		return;
	blocks = put_data(out, st);
	if (fclose(out) != 0)
		return;
	find_limits(st, &x_high, &y_high);
	snprintf(name, sizeof(name), "staleness-%zu", number);
	snprintf(variables, sizeof(variables),
		 "series = %zu\nx_high = %" PRIu64 ".0\ny_high = %" PRIu64 ".0\n", blocks, x_high,
		 y_high);
	snprintf(title, sizeof(title), "Stale pages over frames, %.60s on %.60s", st->variant,
		 st->kernel);
	zcb_page_plot(
		st->page, name, zcb_embedded_staleness_gp, variables, data, title,
		"Stale pages of each checked frame (the median over rounds and boots) against the "
		"number of frames drawn since the hole. A line that stays up: stale for good. Cells whose "
		"readers saw the same are one line.");
}

static void put_range(struct zcb_html *html, const struct zcb_staleness_point *point)
{
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_html_count(html, point->least);
	if (point->most != point->least) {
		zcb_html_raw(html, " to ");
		zcb_html_count(html, point->most);
	}
	zcb_html_raw(html, "</td>");
}

static void put_series(struct zcb_page *page, const struct series *s)
{
	struct zcb_html *html = &page->html;
	const struct zcb_result_cell *cell = s->row->first;
	uint64_t frames = 0;

	for (size_t i = 0; i < s->n; i++)
		frames += s->points[i].frames;
	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, cell->memory, 40);
	zcb_html_raw(html, " ");
	zcb_html_clip(html, cell->workload, 40);
	zcb_html_raw(html, "<small>");
	zcb_html_clip(html, cell->brief, 120);
	zcb_html_raw(html, "</small></th><td>");
	zcb_html_clip(html, cell->consumer, 40);
	zcb_html_raw(html, "</td><td class=\"n\">");
	zcb_page_samples(page, s->row->cells, s->row->n_cells, "frame.stale", frames);
	zcb_html_raw(html, "</td>");
	put_range(html, &s->points[0]);
	put_range(html, &s->points[s->n - 1]);
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_html_count(html, s->points[s->n - 1].frames_since_hole);
	zcb_html_raw(html, "</td></tr>\n");
}

static void put_never(const struct staleness *st, bool oracle)
{
	struct zcb_html *html = &st->page->html;
	size_t cells = 0;
	uint64_t frames = 0;

	for (size_t i = 0; i < st->n; i++) {
		const struct series *s = &st->series[i];

		if (is_oracle(s) != oracle || is_ever_stale(s))
			continue;
		cells++;
		for (size_t p = 0; p < s->n; p++)
			frames += s->points[p].frames;
	}
	if (!cells)
		return;
	zcb_html_textf(html, "No stale page in %zu cell%s of %s (", cells, cells == 1 ? "" : "s",
		       oracle ? "the oracle" : "other readers");
	zcb_html_count(html, frames);
	zcb_html_raw(html, " frames checked). ");
}

static size_t stale_series(const struct staleness *st)
{
	size_t n = 0;

	for (size_t i = 0; i < st->n; i++)
		n += is_ever_stale(&st->series[i]);
	return n;
}

static void put_table(const struct staleness *st)
{
	struct zcb_html *html = &st->page->html;
	size_t lines = 0;

	zcb_page_open_box(st->page, "Stale pages over frames, scrolls sideways");
	zcb_html_raw(
		html,
		"<table><thead><tr><th scope=\"col\">Cell</th><th scope=\"col\">Consumer</th>"
		"<th scope=\"col\" class=\"n\">Frames checked</th>"
		"<th scope=\"col\" class=\"n\">Stale pages, first frame</th>"
		"<th scope=\"col\" class=\"n\">last frame</th>"
		"<th scope=\"col\" class=\"n\">last frame is number</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < st->n && lines < MAX_LINES; i++) {
		if (!is_ever_stale(&st->series[i]))
			continue;
		put_series(st->page, &st->series[i]);
		lines++;
	}
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(st->page);
}

static void collect(struct staleness *st, size_t first)
{
	struct zcb_page *page = st->page;

	for (size_t i = first; i < page->n_rows; i++) {
		struct series *s = &st->series[st->n];

		if (!zcb_page_same_variant(&page->rows[i], &page->rows[first]))
			continue;
		s->row = &page->rows[i];
		zcb_staleness_of(page->results, s->row, &s->points, &s->n);
		st->n += s->n > 0;
	}
}

static bool put_variant(struct zcb_page *page, size_t first, size_t number)
{
	struct staleness st = {.page = page,
			       .variant = page->rows[first].first->variant,
			       .kernel = page->rows[first].first->kernel};

	st.series = calloc(page->n_rows + 1, sizeof(*st.series));
	if (!st.series)
		return false;
	collect(&st, first);
	if (st.n) {
		if (number == 1)
			zcb_html_raw(&page->html, "<details open><summary><h3>");
		else
			zcb_html_raw(&page->html, "<details><summary><h3>");
		zcb_html_clip(&page->html, st.variant, 60);
		zcb_html_raw(&page->html, " on kernel ");
		zcb_html_clip(&page->html, st.kernel, 60);
		zcb_html_raw(&page->html, "</h3>");
		zcb_html_textf(&page->html, " %zu cell%s, %zu with stale pages", st.n, st.n == 1 ? "" : "s",
			       stale_series(&st));
		zcb_html_raw(&page->html, "</summary>\n");
		draw(&st, number);
		if (stale_series(&st))
			put_table(&st);
		zcb_html_raw(&page->html, "<p>");
		put_never(&st, false);
		put_never(&st, true);
		zcb_html_raw(&page->html, "</p>\n</details>\n");
	}
	for (size_t i = 0; i < st.n; i++)
		free(st.series[i].points);
	free(st.series);
	return st.n > 0;
}

void zcb_part_staleness(struct zcb_page *page)
{
	size_t figures = 0;

	zcb_html_raw(&page->html, "<section id=\"staleness\">\n<h2>Staleness over frames</h2>\n");
	for (size_t i = 0; i < page->n_rows && figures < MAX_FIGURES; i++) {
		if (zcb_page_opens_variant(page, i))
			figures += put_variant(page, i, figures + 1);
	}
	if (!figures)
		zcb_html_raw(
			&page->html,
			"<p>No cell that counts left the metric <code>frame.stale</code>.</p>\n");
	zcb_html_raw(&page->html, "</section>\n");
}
