// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/median.h"
#include "reports/embedded.h"
#include "reports/html/trends-page.h"
#include "reports/plots/plot.h"

/* A plot for each metric and clock: a line a variant, over all its cells. */

#define MAX_FIGURES 30U
#define MAX_LINES 12U
#define MAX_POINTS 70U
#define MAX_NIGHTS_A_POINT 64U
#define MAX_TICS 8U
#define BASE_NIGHTS 7U /* what 100 % is: the median of the first of these */

struct line {
	size_t trend; /* the first of them */
	double *level;
	double base;
};

struct figure {
	struct zcb_trends_page *page;
	const struct zcb_trends *t;
	size_t first; /* the trend that opens it */
	struct line lines[MAX_LINES];
	size_t n;
	double low, high;
};

static bool same(const struct zcb_trends *t, size_t a, size_t b, enum zcb_trend_part part)
{
	return strcmp(t->trends[a].part[part], t->trends[b].part[part]) == 0;
}

/* One figure: never two clocks, nor two processors. */
static bool same_figure(const struct zcb_trends *t, size_t a, size_t b)
{
	return same(t, a, b, ZCB_TREND_METRIC) && same(t, a, b, ZCB_TREND_UNIT) &&
	       same(t, a, b, ZCB_TREND_CLOCK) && same(t, a, b, ZCB_TREND_ACCEL) &&
	       same(t, a, b, ZCB_TREND_CPU);
}

static bool same_line(const struct zcb_trends *t, size_t a, size_t b)
{
	return same_figure(t, a, b) && same(t, a, b, ZCB_TREND_KERNEL) &&
	       same(t, a, b, ZCB_TREND_VARIANT);
}

static double base_of(const struct zcb_trends *t, const double *level)
{
	double first[BASE_NIGHTS];
	size_t n = 0;

	for (size_t i = 0; i < t->n_nights && n < BASE_NIGHTS; i++) {
		if (level[i] > 0)
			first[n++] = level[i];
	}
	return zcb_median(first, n);
}

static void add_line(struct figure *f, size_t trend)
{
	const struct zcb_trends *t = f->t;
	ZCB_FREE const double **cells = calloc(t->n_cells + 1, sizeof(*cells));
	struct line *line = &f->lines[f->n];
	size_t n = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (same_line(t, f->lines[i].trend, trend))
			return;
	}
	line->trend = trend;
	line->level = calloc(t->n_nights + 1, sizeof(*line->level));
	if (!cells || !line->level)
		return;
	for (size_t c = 0; c < t->n_cells; c++) {
		if (same_line(t, t->cells[c].trend, trend))
			cells[n++] = t->cells[c].p50;
	}
	if (zcb_trend_level(cells, n, t->n_nights, line->level))
		return;
	line->base = base_of(t, line->level);
	f->n += line->base > 0;
}

static double percent(const struct line *line, size_t night)
{
	return 100 * line->level[night] / line->base;
}

static double day_of(const struct zcb_trends *t, size_t night)
{
	return difftime(t->nights[night].when, t->nights[0].when) / 86400;
}

static void find_limits(struct figure *f)
{
	f->low = 95;
	f->high = 105;
	for (size_t i = 0; i < f->n; i++) {
		for (size_t n = 0; n < f->t->n_nights; n++) {
			double y = percent(&f->lines[i], n);

			if (isnan(y))
				continue;
			f->low = fmin(f->low, y);
			f->high = fmax(f->high, y);
		}
	}
	/* A night that is off by an order of magnitude may leave the picture. */
	f->low = fmax(f->low - 2, 0);
	f->high = fmin(f->high + 2, 400);
}

/* Of many nights a point is the median of some: a picture has no room for more. */
static size_t nights_a_point(const struct zcb_trends *t)
{
	return 1 + t->n_nights / MAX_POINTS;
}

static double middle_of(const struct line *line, size_t from, size_t to)
{
	double values[MAX_NIGHTS_A_POINT];
	size_t n = 0;

	for (size_t i = from; i < to && n < MAX_NIGHTS_A_POINT; i++) {
		if (line->level[i] > 0)
			values[n++] = percent(line, i);
	}
	return zcb_median(values, n);
}

static void put_line(const struct figure *f, const struct line *line, FILE *data)
{
	size_t step = nights_a_point(f->t);
	bool broken = true; /* by one empty line: two would begin another block */

	for (size_t n = 0; n < f->t->n_nights; n += step) {
		size_t end = n + step < f->t->n_nights ? n + step : f->t->n_nights;
		double y = middle_of(line, n, end);

		/* Two days without a night are a gap, too. */
		if (!broken && (isnan(y) || day_of(f->t, n) - day_of(f->t, n - 1) > 1.9)) {
			fputc('\n', data);
			broken = true;
		}
		if (isnan(y))
			continue;
		fprintf(data, "%.4g\t%.5g\n", day_of(f->t, n), y);
		broken = false;
	}
}

static void put_data(const struct figure *f, FILE *data)
{
	char label[64];

	for (size_t i = 0; i < f->n; i++) {
		const struct zcb_trend *trend = &f->t->trends[f->lines[i].trend];

		snprintf(label, sizeof(label), "%.12s:%.20s", trend->part[ZCB_TREND_KERNEL],
			 trend->part[ZCB_TREND_VARIANT]);
		fputs(i ? "\n\n" : "", data);
		zcb_plot_label(data, label);
		fputc('\n', data);
		put_line(f, &f->lines[i], data);
	}
}

/* Arrays of gnuplot, of numbers and of dates that were checked to be dates. */
static void put_tics(const struct figure *f, FILE *out)
{
	size_t nights = f->t->n_nights, step = nights / MAX_TICS + 1, n = (nights + step - 1) / step;

	fprintf(out, "array days[%zu] = [", n);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s%.4f", i ? ", " : "", day_of(f->t, i * step));
	fprintf(out, "]\narray labels[%zu] = [", n);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "%s\"%.10s\"", i ? ", " : "", f->t->nights[i * step].started);
	fputs("]\n", out);
}

static void put_changes(const struct figure *f, FILE *out)
{
	size_t n = 0;

	for (size_t i = 0; i < f->t->n_alerts; i++)
		n += strcmp(f->t->alerts[i].metric, f->t->trends[f->first].part[ZCB_TREND_METRIC]) ==
			     0 &&
		     !f->t->alerts[i].withdrawn;
	/* An array has at least one place. */
	fprintf(out, "array changes[%zu]\n", n + 1);
	n = 0;
	for (size_t i = 0; i < f->t->n_alerts; i++) {
		const struct zcb_alert *alert = &f->t->alerts[i];

		if (strcmp(alert->metric, f->t->trends[f->first].part[ZCB_TREND_METRIC]) == 0 &&
		    !alert->withdrawn)
			fprintf(out, "changes[%zu] = %.4f\n", ++n,
				day_of(f->t, alert->onset) - 0.5);
	}
	fprintf(out, "changes[%zu] = -10\n", n + 1);
}

static char *variables_of(const struct figure *f)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	if (!out)
		return NULL;
	fprintf(out, "series = %zu\nx_high = %.4f\ny_low = %.4f\ny_high = %.4f\n", f->n,
		fmax(day_of(f->t, f->t->n_nights - 1), 1), f->low, f->high);
	put_tics(f, out);
	put_changes(f, out);
	return fclose(out) == 0 ? text : NULL;
}

static void draw(struct figure *f, size_t number)
{
	const struct zcb_trend *trend = &f->t->trends[f->first];
	ZCB_FREE char *data = NULL, *variables = NULL;
	char name[64], title[160], text[400];
	size_t n;
	FILE *out = open_memstream(&data, &n);

	if (!out)
		return;
	put_data(f, out);
	find_limits(f);
	variables = variables_of(f);
	if (fclose(out) != 0 || !variables)
		return;
	snprintf(name, sizeof(name), "trend-%zu", number);
	snprintf(title, sizeof(title), "%.60s over the nights, %.20s clock",
		 trend->part[ZCB_TREND_METRIC], trend->part[ZCB_TREND_CLOCK]);
	snprintf(text, sizeof(text),
		 "%.60s over the nights, %.20s clock on %.20s: the median of the cells of each variant, "
		 "in per cent of its first nights. A dashed line across: a change.",
		 trend->part[ZCB_TREND_METRIC], trend->part[ZCB_TREND_CLOCK],
		 trend->part[ZCB_TREND_ACCEL]);
	zcb_page_plot(&f->page->page, name, zcb_embedded_trend_gp, variables, data, title, text);
}

static void put_figure(struct zcb_trends_page *page, size_t first, size_t number)
{
	struct figure f = {.page = page, .t = page->trends, .first = first};
	struct zcb_html *html = &page->page.html;
	const struct zcb_trend *trend = &f.t->trends[first];

	for (size_t i = first; i < f.t->n_trends && f.n < MAX_LINES; i++) {
		if (same_figure(f.t, first, i))
			add_line(&f, i);
	}
	zcb_html_raw(html, "<h3><code>");
	zcb_html_clip(html, trend->part[ZCB_TREND_METRIC], 60);
	zcb_html_raw(html, "</code> <small>");
	zcb_html_clip(html, trend->part[ZCB_TREND_CLOCK], 20);
	zcb_html_raw(html, " clock on ");
	zcb_html_clip(html, trend->part[ZCB_TREND_ACCEL], 20);
	zcb_html_raw(html, ", ");
	zcb_html_clip(html, trend->part[ZCB_TREND_CPU], 60);
	zcb_html_raw(html, "</small></h3>\n");
	draw(&f, number);
	for (size_t i = 0; i < f.n; i++)
		free(f.lines[i].level);
}

static bool opens_figure(const struct zcb_trends *t, size_t trend)
{
	for (size_t i = 0; i < trend; i++) {
		if (same_figure(t, i, trend))
			return false;
	}
	return true;
}

void zcb_part_metrics(struct zcb_trends_page *page)
{
	const struct zcb_trends *t = page->trends;
	size_t figures = 0;

	zcb_html_raw(&page->page.html, "<section id=\"metrics\">\n<h2>Metrics</h2>\n");
	for (size_t i = 0; i < t->n_trends && figures < MAX_FIGURES; i++) {
		if (opens_figure(t, i))
			put_figure(page, i, ++figures);
	}
	if (!figures)
		zcb_html_raw(&page->page.html, "<p>No night has a metric.</p>\n");
	zcb_html_raw(&page->page.html, "</section>\n");
}
