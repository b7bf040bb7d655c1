// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reports/html/trends-page.h"

/* Every series in one line: a small picture, its level, and how it changed. */

#define MAX_SERIES 2500U
#define WIDTH 120.0
#define HEIGHT 18.0
#define MAX_POINTS 60U

/* The median of a few nights would do; the first that has a value is as good for a picture. */
static double at(const struct zcb_trends *t, const struct zcb_trend *trend, size_t point,
		 size_t points)
{
	size_t from = point * t->n_nights / points, to = (point + 1) * t->n_nights / points;

	for (size_t i = from; i < to; i++) {
		if (trend->level[i] > 0)
			return trend->level[i];
	}
	return (double)NAN;
}

static void find_limits(const struct zcb_trends *t, const struct zcb_trend *trend, size_t points,
			double *low, double *high)
{
	*low = INFINITY;
	*high = 0;
	for (size_t i = 0; i < points; i++) {
		double y = at(t, trend, i, points);

		if (isnan(y))
			continue;
		*low = fmin(*low, y);
		*high = fmax(*high, y);
	}
	/* Noise of a per cent is no drama. */
	if (*high < *low * 1.1) {
		double middle = sqrt(*high * *low);

		*low = middle / 1.05;
		*high = middle * 1.05;
	}
}

/* A line that is broken at gaps; a night between two of them is a dot. */
static void put_line(struct zcb_html *html, const struct zcb_trends *t,
		     const struct zcb_trend *trend)
{
	size_t points = t->n_nights < MAX_POINTS ? t->n_nights : MAX_POINTS;
	bool pen = false;
	double low, high;

	find_limits(t, trend, points, &low, &high);
	zcb_html_raw(html, "<svg viewBox=\"0 0 120 18\" aria-hidden=\"true\"><path d=\"");
	for (size_t i = 0; i < points; i++) {
		double y = at(t, trend, i, points);

		if (!isnan(y))
			fprintf(html->out, "%s%.0f %.0f%s", pen ? "L" : "M",
				1 + (WIDTH - 2) * (double)i / (double)(points > 1 ? points - 1 : 1),
				HEIGHT - 2 - (HEIGHT - 4) * (y - low) / (high - low),
				pen ? "" : "h1");
		pen = !isnan(y);
	}
	zcb_html_raw(html, "\"/></svg>");
}

static void put_level(struct zcb_html *html, const struct zcb_trend *trend, double level)
{
	if (strcmp(trend->part[ZCB_TREND_UNIT], "ns") != 0) {
		zcb_html_decimal(html, level, 1);
		zcb_html_raw(html, " ");
		zcb_html_clip(html, trend->part[ZCB_TREND_UNIT], 20);
	} else if (level < 9999.5) {
		zcb_html_decimal(html, level, 0);
		zcb_html_raw(html, " ns");
	} else {
		zcb_html_decimal(html, level < 9999500 ? level / 1e3 : level / 1e6, 1);
		zcb_html_text(html, level < 9999500 ? " µs" : " ms");
	}
}

static double first_level(const struct zcb_trends *t, const struct zcb_trend *trend)
{
	for (size_t i = 0; i < t->n_nights; i++) {
		if (trend->level[i] > 0)
			return trend->level[i];
	}
	return (double)NAN;
}

static void put_changes(struct zcb_html *html, const struct zcb_trends *t,
			const struct zcb_change_series *series)
{
	size_t shown = 0;

	zcb_html_raw(html, "<td>");
	for (size_t i = 0; i < series->n_changes; i++) {
		if (series->changes[i].withdrawn)
			continue;
		zcb_html_text(html, shown++ ? ", " : "");
		zcb_html_change(html, series->changes[i].after / series->changes[i].before);
		zcb_html_textf(html, " on %.10s", t->nights[series->changes[i].onset].started);
	}
	zcb_html_raw(html, "</td></tr>\n");
}

static void put_series(struct zcb_html *html, const struct zcb_trends *t, size_t i)
{
	const struct zcb_trend *trend = &t->trends[i];

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_series(html, trend);
	zcb_html_raw(html, "</th><td>");
	put_line(html, t, trend);
	zcb_html_raw(html, "</td><td>");
	put_level(html, trend, trend->level[trend->last]);
	zcb_html_raw(html, "</td><td>");
	zcb_html_change(html, trend->level[trend->last] / first_level(t, trend));
	zcb_html_raw(html, "</td>");
	put_changes(html, t, &t->changes[i]);
}

static bool same_table(const struct zcb_trends *t, size_t a, size_t b)
{
	return t->changes[a].kind == t->changes[b].kind &&
	       strcmp(t->trends[a].part[ZCB_TREND_CPU], t->trends[b].part[ZCB_TREND_CPU]) == 0 &&
	       strcmp(t->trends[a].part[ZCB_TREND_ACCEL], t->trends[b].part[ZCB_TREND_ACCEL]) == 0;
}

static size_t count(const struct zcb_trends *t, size_t first)
{
	size_t n = 0;

	for (size_t i = first; i < t->n_trends; i++)
		n += same_table(t, first, i);
	return n;
}

static void put_table(struct zcb_trends_page *page, size_t first, size_t *shown)
{
	const struct zcb_trends *t = page->trends;
	struct zcb_html *html = &page->page.html;

	zcb_html_raw(html, "<details><summary><h3><code>");
	zcb_html_clip(html, t->trends[first].part[ZCB_TREND_METRIC], 60);
	zcb_html_raw(html, "</code></h3> ");
	zcb_html_textf(html, "%zu series, ", count(t, first));
	zcb_html_clip(html, t->trends[first].part[ZCB_TREND_CLOCK], 20);
	zcb_html_raw(html, " clock</summary>\n");
	zcb_page_open_box(&page->page, "Series of one metric, scrolls sideways");
	zcb_html_raw(html,
		     "<table class=\"series\"><thead><tr><th scope=\"col\">Series</th>"
		     "<th scope=\"col\">Nights</th><th scope=\"col\" class=\"n\">Last</th>"
		     "<th scope=\"col\" class=\"n\">Since the first</th>"
		     "<th scope=\"col\">Changes</th></tr></thead><tbody>\n");
	for (size_t i = first; i < t->n_trends && *shown < MAX_SERIES; i++) {
		if (!same_table(t, first, i) || t->trends[i].last == t->n_nights)
			continue;
		put_series(html, t, i);
		(*shown)++;
	}
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(&page->page);
	zcb_html_raw(html, "</details>\n");
}

void zcb_part_series(struct zcb_trends_page *page)
{
	const struct zcb_trends *t = page->trends;
	size_t shown = 0;

	zcb_html_raw(&page->page.html, "<section id=\"series\">\n<h2>Series</h2>\n");
	for (size_t i = 0; i < t->n_trends && shown < MAX_SERIES; i++) {
		size_t before = 0;

		while (before < i && !same_table(t, before, i))
			before++;
		if (before == i)
			put_table(page, i, &shown);
	}
	if (shown < t->n_trends)
		zcb_html_textf(&page->page.html, "%zu of %zu series.", shown, t->n_trends);
	zcb_html_raw(&page->page.html, "</section>\n");
}
