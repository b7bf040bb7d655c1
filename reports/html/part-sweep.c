// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/growth.h"
#include "reports/embedded.h"
#include "reports/html/page.h"
#include "reports/plots/plot.h"

/*
 * How costs grow with something that is counted: cells that are alike but for one parameter. One
 * plot and one table for each such parameter and metric; a line each kernel and variant.
 */

#define LEAST_COUNTS 3U /* fewer make no curve */
#define MAX_POINTS 40U
#define MAX_SERIES 16U
#define MAX_FIGURES 16U

/* what is that of sweep.gp. */
static const struct {
	const char *param, *title, *each;
} counted[] = {
	{"udmabufs", "Other live udmabufs of the VMM", "udmabuf"},
	{"udmabuf_pages", "Pages of another udmabuf of the VMM", "page"},
	{"subscribers", "More subscribers of the VMM’s MMU notifiers", "subscriber"},
	{"run", "Pages punched one after the other", "page"},
	{"pages", "Pages of the frame", "page"},
};

#define COUNTED (sizeof(counted) / sizeof(counted[0]))

static const char *const metrics[] = {"fault.guest",  "fault.vmm",	"punch",	 "export.create",
				      "export.close", "company.create", "company.close"};

#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

struct series {
	const struct zcb_result_cell *first;
	double x[MAX_POINTS], y[MAX_POINTS];
	size_t n;
};

struct sweep {
	struct zcb_page *page;
	size_t what; /* of counted[] */
	const struct zcb_summary_row *first;
	const char *metric, *unit;
	struct series *series;
	size_t n;
};

static bool is_param(const char *one, const char *name)
{
	size_t n = strlen(name);

	return strncmp(one, name, n) == 0 && one[n] == ' ';
}

/* Descriptions list the same parameters in the same order: they differ in values alone. */
static bool same_but(const char *a, const char *b, const char *name)
{
	for (;;) {
		size_t n_a = strcspn(a, ","), n_b = strcspn(b, ",");

		if (!(is_param(a, name) && is_param(b, name)) &&
		    (n_a != n_b || memcmp(a, b, n_a) != 0))
			return false;
		a += n_a;
		b += n_b;
		if (!*a || !*b)
			return !*a && !*b;
		a += strspn(a, ", ");
		b += strspn(b, ", ");
	}
}

/* Alike but for kernel, variant, and the parameter. */
static bool same_sweep(const struct zcb_summary_row *a, const struct zcb_summary_row *b, const char *param)
{
	return strcmp(a->first->memory, b->first->memory) == 0 &&
	       strcmp(a->first->guest, b->first->guest) == 0 &&
	       strcmp(a->first->workload, b->first->workload) == 0 &&
	       strcmp(a->first->consumer, b->first->consumer) == 0 &&
	       strcmp(a->clock, b->clock) == 0 && strcmp(a->accel, b->accel) == 0 &&
	       same_but(a->first->params, b->first->params, param);
}

static bool opens_sweep(const struct zcb_page *page, size_t row, const char *param)
{
	for (size_t i = 0; i < row; i++) {
		if (same_sweep(&page->rows[i], &page->rows[row], param))
			return false;
	}
	return true;
}

static size_t distinct(const struct series *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++) {
		size_t j = 0;

		while (j < i && s->x[j] != s->x[i])
			j++;
		n += j == i;
	}
	return n;
}

static struct series *series_of(struct sweep *sweep, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < sweep->n; i++) {
		if (strcmp(sweep->series[i].first->kernel, row->first->kernel) == 0 &&
		    strcmp(sweep->series[i].first->variant, row->first->variant) == 0)
			return &sweep->series[i];
	}
	if (sweep->n == MAX_SERIES)
		return NULL;
	sweep->series[sweep->n] = (struct series){.first = row->first};
	return &sweep->series[sweep->n++];
}

/* In order of x, wherever the plan has it. */
static void add_point(struct series *s, double x, double y)
{
	size_t at = s->n;

	if (s->n == MAX_POINTS)
		return;
	for (; at > 0 && s->x[at - 1] > x; at--) {
		s->x[at] = s->x[at - 1];
		s->y[at] = s->y[at - 1];
	}
	s->x[at] = x;
	s->y[at] = y;
	s->n++;
}

static void collect(struct sweep *sweep)
{
	const char *param = counted[sweep->what].param;
	struct zcb_page *page = sweep->page;

	sweep->n = 0;
	for (size_t i = 0; i < page->n_rows; i++) {
		const struct zcb_summary_row *row = &page->rows[i];
		const struct zcb_summary_metric *m = zcb_summary_metric(row, sweep->metric);
		struct series *s;
		double x;

		if (!m || !m->quantile[ZCB_P50].known || !same_sweep(row, sweep->first, param) ||
		    !zcb_result_param(row->first, param, &x))
			continue;
		sweep->unit = m->unit;
		s = series_of(sweep, row);
		if (s)
			add_point(s, x, (double)m->quantile[ZCB_P50].value);
	}
}

static bool is_sweep(const struct sweep *sweep)
{
	for (size_t i = 0; i < sweep->n; i++) {
		if (distinct(&sweep->series[i]) >= LEAST_COUNTS)
			return true;
	}
	return false;
}

struct limits {
	double low, high, least, most; /* of x above 0, and of y */
	bool zero;
};

static struct limits limits_of(const struct sweep *sweep)
{
	struct limits l = {.low = INFINITY, .least = INFINITY};

	for (size_t i = 0; i < sweep->n; i++) {
		const struct series *s = &sweep->series[i];

		for (size_t p = 0; p < s->n; p++) {
			l.zero |= s->x[p] <= 0;
			l.low = s->x[p] > 0 ? fmin(l.low, s->x[p]) : l.low;
			l.high = fmax(l.high, s->x[p]);
			l.least = fmin(l.least, s->y[p]);
			l.most = fmax(l.most, s->y[p]);
		}
	}
	return l;
}

/* unit is that of sweep.gp. */
struct scale {
	const char *name;
	double divisor;
	unsigned int unit;
	int decimals;
};

static struct scale scale_of(const struct sweep *sweep, const struct limits *l)
{
	if (strcmp(sweep->unit, "ns") != 0)
		return (struct scale){"", 1, 6, 0};
	if (strcmp(sweep->first->clock, "icount") == 0)
		return (struct scale){"instructions", 1, 4, 0};
	if (l->most < 10000)
		return (struct scale){"ns", 1, 1, 0};
	return l->most < 10000000 ? (struct scale){"µs", 1e3, 2, 1} : (struct scale){"ms", 1e6, 3, 2};
}

static void put_data(const struct sweep *sweep, const struct scale *scale, FILE *data)
{
	for (size_t i = 0; i < sweep->n; i++) {
		const struct series *s = &sweep->series[i];
		char label[80];

		snprintf(label, sizeof(label), "%.24s:%.24s", s->first->kernel, s->first->variant);
		zcb_plot_label(data, label);
		fputc('\n', data);
		/* The axis is logarithmic and has no place for 0. */
		for (size_t p = 0; p < s->n; p++)
			fprintf(data, "%.12g\t%.6g\n", s->x[p], fmax(s->y[p] / scale->divisor, 1e-3));
		fputs("\n\n", data);
	}
}

static void draw(const struct sweep *sweep, const struct limits *l, const struct scale *scale, size_t number)
{
	double low = isfinite(l->low) ? l->low : 1, zero_at = l->zero ? low / 2 : 0;
	char name[32], title[120], variables[200];
	ZCB_FREE char *text = NULL;
	size_t n;
	FILE *data = open_memstream(&text, &n);

	if (!data)
		return;
	put_data(sweep, scale, data);
	fclose(data);
	snprintf(name, sizeof(name), "sweep-%zu", number);
	snprintf(title, sizeof(title), "%s against: %s", sweep->metric, counted[sweep->what].title);
	snprintf(variables, sizeof(variables),
		 "series = %zu\nx_low = %.6g\nx_high = %.6g\nzero_at = %.6g\nunit = %u\nwhat = %zu\n",
		 sweep->n, l->zero ? zero_at : low, fmax(l->high, 2 * low), zero_at, scale->unit,
		 sweep->what + 1);
	zcb_page_plot(sweep->page, name, zcb_embedded_sweep_gp, variables, text, title,
		      "Medians on logarithmic axes, one line for each kernel and variant. What is flat "
		      "does not grow; a slope of 1 grows in proportion.");
}

static void put_number(struct zcb_html *html, double value, int decimals)
{
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_html_decimal(html, value, decimals);
	zcb_html_raw(html, "</td>");
}

static void put_fitted(struct zcb_html *html, double value, double error, int decimals)
{
	zcb_html_raw(html, "<td class=\"n\">");
	if (value < 0)
		zcb_html_raw(html, "−");
	zcb_html_decimal(html, fabs(value), decimals);
	zcb_html_raw(html, " ± ");
	zcb_html_decimal(html, error, decimals);
	zcb_html_raw(html, "</td>");
}

static void put_series(const struct sweep *sweep, const struct series *s, const struct scale *scale)
{
	struct zcb_html *html = &sweep->page->html;
	struct zcb_growth growth;
	double first = s->y[0], last = s->y[s->n - 1];

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, s->first->variant, 60);
	zcb_html_raw(html, " on ");
	zcb_html_clip(html, s->first->kernel, 60);
	zcb_html_raw(html, "</th>");
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_page_sample(sweep->page, s->first, sweep->metric, "raw");
	zcb_html_raw(html, " ");
	zcb_html_decimal(html, first / scale->divisor, scale->decimals);
	zcb_html_raw(html, "</td>");
	put_number(html, last / scale->divisor, scale->decimals);
	put_number(html, first > 0 ? last / first : 0, 2);
	if (zcb_growth_fit(s->x, s->y, s->n, &growth)) {
		zcb_html_raw(html, "<td class=\"n\">–</td><td class=\"n\">–</td></tr>\n");
		return;
	}
	put_fitted(html, growth.each, growth.each_error, fabs(growth.each) < 10 ? 2 : 0);
	if (growth.has_slope)
		put_fitted(html, growth.slope, growth.slope_error, 2);
	else
		zcb_html_raw(html, "<td class=\"n\">–</td>");
	zcb_html_raw(html, "</tr>\n");
}

static void put_table(const struct sweep *sweep, const struct limits *l, const struct scale *scale)
{
	struct zcb_html *html = &sweep->page->html;

	zcb_page_open_box(sweep->page, "Growth by variant, scrolls sideways");
	zcb_html_raw(html, "<table><thead><tr><th scope=\"col\">Variant</th><th scope=\"col\" class=\"n\">");
	zcb_html_textf(html, "%s with %.0f", scale->name, l->zero ? 0 : l->low);
	zcb_html_raw(html, "</th><th scope=\"col\" class=\"n\">");
	zcb_html_textf(html, "with %.0f", l->high);
	zcb_html_raw(html, "</th><th scope=\"col\" class=\"n\">times</th><th scope=\"col\" class=\"n\">");
	zcb_html_textf(html, "%s each further %s", scale->unit == 4 ? "instructions" : sweep->unit,
		       counted[sweep->what].each);
	zcb_html_raw(html, "</th><th scope=\"col\" class=\"n\">slope</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < sweep->n; i++) {
		if (sweep->series[i].n)
			put_series(sweep, &sweep->series[i], scale);
	}
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(sweep->page);
}

static void put_title(const struct sweep *sweep)
{
	struct zcb_html *html = &sweep->page->html;
	const struct zcb_result_cell *cell = sweep->first->first;

	zcb_html_raw(html, "<h3><code>");
	zcb_html_clip(html, sweep->metric, 40);
	zcb_html_raw(html, "</code> against: ");
	zcb_html_text(html, counted[sweep->what].title);
	zcb_html_textf(html, " (%.20s, %.40s, %.20s, %.40s)", cell->memory, cell->workload, cell->consumer,
		       sweep->first->clock);
	zcb_html_raw(html, "</h3>\n");
}

static void put_sweep(struct sweep *sweep, size_t *figures)
{
	for (size_t m = 0; m < METRICS && *figures < MAX_FIGURES; m++) {
		struct limits l;
		struct scale scale;

		sweep->metric = metrics[m];
		collect(sweep);
		if (!is_sweep(sweep))
			continue;
		if (!*figures)
			zcb_html_raw(&sweep->page->html,
				     "<section id=\"growth\">\n<h2>How costs grow</h2>\n<p>Medians. “Each "
				     "further” is the slope of a straight line through all counts; “slope” "
				     "is that of the logarithms, without a count of 0: 0 does not grow, 1 "
				     "grows in proportion. Both with one standard error.</p>\n");
		l = limits_of(sweep);
		scale = scale_of(sweep, &l);
		put_title(sweep);
		draw(sweep, &l, &scale, ++*figures);
		put_table(sweep, &l, &scale);
	}
}

void zcb_part_sweep(struct zcb_page *page)
{
	ZCB_FREE struct series *series = calloc(MAX_SERIES, sizeof(*series));
	struct sweep sweep = {.page = page, .series = series, .unit = ""};
	size_t figures = 0;

	for (sweep.what = 0; series && sweep.what < COUNTED; sweep.what++) {
		for (size_t i = 0; i < page->n_rows && figures < MAX_FIGURES; i++) {
			sweep.first = &page->rows[i];
			if (opens_sweep(page, i, counted[sweep.what].param))
				put_sweep(&sweep, &figures);
		}
	}
	if (figures)
		zcb_html_raw(&page->html, "</section>\n");
}
