// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/embedded.h"
#include "reports/html/curves.h"
#include "reports/html/density.h"
#include "reports/html/page.h"
#include "reports/plots/plot.h"

/*
 * Times: one plot and one table for each metric, clock and KVM back end, for times of different
 * clocks never stand beside each other.
 */

#define MAX_PLOTTED 24U
#define MAX_LINES 120U
#define MAX_FIGURES 24U

struct line {
	const struct zcb_summary_row *row;
	const struct zcb_summary_metric *metric;
};

/* What one plot and one table show. */
struct table {
	struct zcb_page *page;
	const char *metric, *unit, *clock, *accel;
	bool variants; /* lines name their kernel and variant */
	bool censored; /* there are events that never came */
	struct line *lines;
	size_t n;
	unsigned int scale; /* an index of scales[] */
};

/* unit is that of latency.gp. */
static const struct {
	const char *name;
	double divisor;
	int decimals;
	unsigned int unit;
} scales[] = {
	{"ns", 1, 0, 1},	   {"µs", 1e3, 2, 2},  {"ms", 1e6, 2, 3},
	{"instructions", 1, 0, 4}, {"pages", 1, 0, 5}, {"", 1, 0, 6},
};

enum { NS, US, MS, INSTRUCTIONS, PAGES, OTHER };

static const struct {
	const char *name, *text;
} descriptions[] = {
	{"punch", "One call that takes pages away from the memfd: fallocate(PUNCH_HOLE)."},
	{"refill", "One page brought back by another way in than the guest’s."},
	{"migrate", "One call that moves pages."},
	{"fault.guest", "The guest vCPU’s first touch of a page that was hit, by its own TSC."},
	{"export.create", "The udmabuf ioctl that makes the dma-buf."},
	{"export.close", "From closing the dma-buf to its release."},
	{"frame.read", "One whole frame, of pages that were never struck, read by the consumer, each byte checked."},
	{"frame.reread", "The same of pages that were struck, where the frame was right."},
	{"frame.copy",
	 "A plain copy of the same memory in the same process: what frame.read is held against."},
	{"coherence.fresh",
	 "From the guest’s publish after a refill to the first reading that returns it."},
};

static const char *description_of(const char *metric)
{
	for (size_t i = 0; i < sizeof(descriptions) / sizeof(descriptions[0]); i++) {
		if (strcmp(metric, descriptions[i].name) == 0)
			return descriptions[i].text;
	}
	return "";
}

static bool belongs(const struct table *t, const struct zcb_summary_row *row,
		    const struct zcb_summary_metric *metric)
{
	return strcmp(metric->name, t->metric) == 0 && strcmp(metric->unit, t->unit) == 0 &&
	       strcmp(row->clock, t->clock) == 0 && strcmp(row->accel, t->accel) == 0;
}

static void collect(struct table *t)
{
	for (size_t i = 0; i < t->page->n_rows; i++) {
		const struct zcb_summary_row *row = &t->page->rows[i];

		for (size_t m = 0; m < row->n_metrics; m++) {
			if (!belongs(t, row, &row->metrics[m]))
				continue;
			t->lines[t->n++] = (struct line){row, &row->metrics[m]};
			t->censored |= row->metrics[m].censored > 0;
		}
	}
}

static int ascending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* The median of the lines' medians: one slow cell must not round the others to nothing. */
static uint64_t middle_of(const struct table *t)
{
	ZCB_FREE uint64_t *p50 = calloc(t->n + 1, sizeof(*p50));
	size_t n = 0;

	for (size_t i = 0; p50 && i < t->n; i++) {
		if (t->lines[i].metric->quantile[ZCB_P50].known)
			p50[n++] = t->lines[i].metric->quantile[ZCB_P50].value;
	}
	if (!n)
		return 0;
	qsort(p50, n, sizeof(*p50), ascending);
	return p50[n / 2];
}

/* An unit that a reader can take in at a glance; under icount nothing is rounded. */
static void choose_scale(struct table *t)
{
	uint64_t middle = middle_of(t);

	if (strcmp(t->unit, "ns") != 0)
		t->scale = strcmp(t->unit, "pages") == 0 ? PAGES : OTHER;
	else if (strcmp(t->clock, "icount") == 0)
		t->scale = INSTRUCTIONS;
	else
		t->scale = middle < 1000 ? NS : middle < 10000000 ? US : MS;
}

static void label(const struct table *t, const struct line *line, char *text, size_t room)
{
	const struct zcb_result_cell *cell = line->row->first;
	size_t pattern = strcspn(cell->brief, ",");

	snprintf(text, room, "%.12s%s%.16s%s%.16s %.12s %.*s, %.12s",
		 t->variants ? cell->kernel : "", t->variants ? ":" : "",
		 t->variants ? cell->variant : "", t->variants ? " " : "", cell->memory,
		 cell->workload, (int)(pattern < 14 ? pattern : 14), cell->brief, cell->consumer);
}

static double scaled(const struct table *t, struct zcb_value value, double otherwise)
{
	double shown = value.known ? (double)value.value / scales[t->scale].divisor : otherwise;

	/* The axis is logarithmic and has no place for 0. */
	return shown > 1e-3 ? shown : 1e-3;
}

/* The range of all samples, a little wider; a quantile that never came lies at its right end. */
static void find_limits(const struct table *t, double *low, double *high)
{
	*low = 1e300;
	*high = 1e-3;
	for (size_t i = 0; i < t->n && i < MAX_PLOTTED; i++) {
		const struct zcb_summary_metric *m = t->lines[i].metric;
		double least = scaled(t, m->min, 1e300), most = scaled(t, m->max, 0);

		if (m->min.known && least < *low)
			*low = least;
		if (m->max.known && most > *high)
			*high = most;
		for (int q = 0; q < ZCB_QUANTILES; q++) {
			if (m->quantile[q].known && scaled(t, m->quantile[q], 0) > *high)
				*high = scaled(t, m->quantile[q], 0);
		}
	}
	if (*low > *high)
		*low = *high / 10;
	*low *= 0.8;
	*high *= 1.25;
}

static void put_data(const struct table *t, FILE *data, double high, size_t *ret_longest)
{
	char text[128];

	*ret_longest = 0;
	for (size_t i = 0; i < t->n && i < MAX_PLOTTED; i++) {
		const struct zcb_summary_metric *m = t->lines[i].metric;

		label(t, &t->lines[i], text, sizeof(text));
		if (strlen(text) > *ret_longest)
			*ret_longest = strlen(text);
		fprintf(data, "%zu\t", i + 1);
		zcb_plot_label(data, text);
		fprintf(data, "\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n", scaled(t, m->min, high),
			scaled(t, m->quantile[ZCB_P50], high),
			scaled(t, m->quantile[ZCB_P90], high),
			scaled(t, m->quantile[ZCB_P99], high), scaled(t, m->max, high));
	}
}

static void draw(const struct table *t, size_t number)
{
	ZCB_FREE char *data = NULL;
	char name[64], variables[256], title[160], text[400];
	double low, high;
	size_t n, longest, shown = t->n < MAX_PLOTTED ? t->n : MAX_PLOTTED;
	FILE *out = open_memstream(&data, &n);

	if (!out)
		return;
	find_limits(t, &low, &high);
	put_data(t, out, high, &longest);
	if (fclose(out) != 0)
		return;
	snprintf(name, sizeof(name), "latency-%zu-%.32s", number, t->metric);
	snprintf(variables, sizeof(variables),
		 "rows = %zu\nlabel_chars = %zu\nlow = %.9g\nhigh = %.9g\nunit = %u\n", shown,
		 longest, low, high, scales[t->scale].unit);
	snprintf(title, sizeof(title), "%.60s, %.20s clock", t->metric, t->clock);
	snprintf(text, sizeof(text),
		 "%.60s of each cell on a logarithmic axis. Line: least to largest; ● p50, ○ p90, "
		 "× p99, "
		 "exact order statistics%s.",
		 t->metric, t->n > shown ? "; the first rows of the table" : "");
	zcb_page_plot(t->page, name, zcb_embedded_latency_gp, variables, data, title, text);
}

static void put_value(const struct table *t, struct zcb_value value)
{
	struct zcb_html *html = &t->page->html;

	zcb_html_raw(html, "<td>");
	if (!value.known)
		zcb_html_raw(html, "never");
	else if (scales[t->scale].divisor > 1)
		zcb_html_decimal(html, (double)value.value / scales[t->scale].divisor,
				 scales[t->scale].decimals);
	else
		zcb_html_count(html, value.value);
	zcb_html_raw(html, "</td>");
}

/* With fewer samples than this a quantile is the largest of them, and no more is known of it. */
static void put_tail(const struct table *t, const struct zcb_summary_metric *metric,
		     enum zcb_quantile quantile, size_t needed)
{
	if (metric->n >= needed || !metric->max.known)
		put_value(t, metric->quantile[quantile]);
	else
		zcb_html_raw(&t->page->html, "<td class=\"none\">= max</td>");
}

static void put_line(const struct table *t, const struct line *line)
{
	const struct zcb_result_cell *cell = line->row->first;
	struct zcb_html *html = &t->page->html;

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	if (t->variants) {
		zcb_html_clip(html, cell->kernel, 40);
		zcb_html_raw(html, ":");
		zcb_html_clip(html, cell->variant, 40);
		zcb_html_raw(html, " ");
	}
	zcb_html_clip(html, cell->memory, 40);
	zcb_html_raw(html, " ");
	zcb_html_clip(html, cell->workload, 40);
	zcb_html_raw(html, "<small>");
	zcb_html_clip(html, cell->brief, 120);
	zcb_html_raw(html, "</small></th><td>");
	zcb_html_clip(html, cell->consumer, 40);
	zcb_html_raw(html, "</td><td>");
	zcb_page_samples(t->page, line->row->cells, line->row->n_cells, line->metric->name, line->metric->n);
	zcb_html_raw(html, "</td>");
	put_value(t, line->metric->quantile[ZCB_P50]);
	put_tail(t, line->metric, ZCB_P90, 10);
	put_tail(t, line->metric, ZCB_P99, 100);
	put_value(t, line->metric->max);
	if (t->censored) {
		zcb_html_raw(html, "<td>");
		zcb_html_count(html, line->metric->censored);
		zcb_html_raw(html, "</td>");
	}
	zcb_html_raw(html, "</tr>\n");
}

static void put_table(const struct table *t)
{
	struct zcb_html *html = &t->page->html;

	zcb_page_open_box(t->page, "Table of times, scrolls sideways");
	zcb_html_raw(html,
		     "<table class=\"times\"><thead><tr><th scope=\"col\">Cell</th><th scope=\"col\">Consumer</th>"
		     "<th scope=\"col\" class=\"n\">n</th>");
	for (size_t i = 0; i < 4; i++) {
		static const char *const names[] = {"p50", "p90", "p99", "max"};

		zcb_html_raw(html, "<th scope=\"col\" class=\"n\">");
		zcb_html_text(html, names[i]);
		zcb_html_raw(html, "<small>");
		zcb_html_clip(html, t->scale == OTHER ? t->unit : scales[t->scale].name, 20);
		zcb_html_raw(html, "</small></th>");
	}
	if (t->censored)
		zcb_html_raw(html, "<th scope=\"col\" class=\"n\">never came</th>");
	zcb_html_raw(html, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < t->n && i < MAX_LINES; i++)
		put_line(t, &t->lines[i]);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(t->page);
	if (t->n > MAX_LINES)
		zcb_html_raw(
			html,
			"<p class=\"note\">There are more lines; summary.json has them all.</p>\n");
}

/* "396.12 to 441.80 µs": the range of the medians, for who does not open the details. */
static void put_range(const struct table *t)
{
	struct zcb_html *html = &t->page->html;
	uint64_t least = UINT64_MAX, most = 0;

	for (size_t i = 0; i < t->n; i++) {
		struct zcb_value p50 = t->lines[i].metric->quantile[ZCB_P50];

		if (p50.known && p50.value < least)
			least = p50.value;
		if (p50.known && p50.value > most)
			most = p50.value;
	}
	zcb_html_textf(html, " %zu cell%s", t->n, t->n == 1 ? "" : "s");
	if (least > most)
		return;
	zcb_html_raw(html, ", p50 ");
	zcb_html_decimal(html, (double)least / scales[t->scale].divisor, scales[t->scale].decimals);
	if (most > least) {
		zcb_html_raw(html, " to ");
		zcb_html_decimal(html, (double)most / scales[t->scale].divisor,
				 scales[t->scale].decimals);
	}
	zcb_html_raw(html, " ");
	zcb_html_clip(html, t->scale == OTHER ? t->unit : scales[t->scale].name, 20);
}

static void put_curves(const struct table *t, size_t number)
{
	const struct zcb_curves curves = {
		.metric = t->metric,
		.unit = t->unit,
		.clock = t->clock,
		.accel = t->accel,
		.divisor = scales[t->scale].divisor,
		.gp_unit = scales[t->scale].unit,
	};

	zcb_page_curves(t->page, &curves, number);
	zcb_page_density(t->page, &curves, number);
}

/* The first stands open; the others say their range, and open on request. */
static void put_figure(struct table *t, size_t number)
{
	struct zcb_html *html = &t->page->html;

	if (number == 1)
		zcb_html_raw(html, "<details open>");
	else
		zcb_html_raw(html, "<details>");
	zcb_html_raw(html, "<summary><h3><code>");
	zcb_html_clip(html, t->metric, 60);
	zcb_html_raw(html, "</code></h3>");
	put_range(t);
	zcb_html_raw(html, "</summary>\n<p>");
	zcb_html_text(html, description_of(t->metric));
	zcb_html_raw(html, " Clock: <strong>");
	zcb_html_clip(html, *t->clock ? t->clock : "not said", 40);
	zcb_html_raw(html, "</strong> on ");
	zcb_html_clip(html, *t->accel ? t->accel : "a back end that is not said", 40);
	zcb_html_text(html, strcmp(t->accel, "tcg") == 0 && strcmp(t->clock, "wall") == 0
				    ? ", emulated."
				    : ".");
	zcb_html_raw(html, "</p>\n");
	put_curves(t, number);
	draw(t, number);
	put_table(t);
	zcb_html_raw(html, "</details>\n");
}

static bool show(struct zcb_page *page, const struct zcb_summary_row *row,
		 const struct zcb_summary_metric *metric, size_t number)
{
	struct table t = {.page = page,
			  .metric = metric->name,
			  .unit = metric->unit,
			  .clock = row->clock,
			  .accel = row->accel,
			  .variants = zcb_page_has_variants(page)};

	/* A row may have a metric once: then there are at most as many lines as rows. */
	t.lines = calloc(page->n_rows + 1, sizeof(*t.lines));
	if (!t.lines)
		return false;
	collect(&t);
	choose_scale(&t);
	put_figure(&t, number);
	free(t.lines);
	return true;
}

/* Whether an earlier row has this metric with the same unit and clock: then it was shown. */
static bool was_shown(const struct zcb_page *page, size_t row,
		      const struct zcb_summary_metric *metric)
{
	const struct table t = {.metric = metric->name,
				.unit = metric->unit,
				.clock = page->rows[row].clock,
				.accel = page->rows[row].accel};

	for (size_t i = 0; i < row; i++) {
		const struct zcb_summary_metric *same =
			zcb_summary_metric(&page->rows[i], metric->name);

		if (same && belongs(&t, &page->rows[i], same))
			return true;
	}
	return false;
}

static bool is_wanted(const struct zcb_summary_metric *metric, bool punch)
{
	return strcmp(metric->name, "frame.stale") != 0 &&
	       (strcmp(metric->name, "punch") == 0) == punch;
}

static size_t show_all(struct zcb_page *page, bool punch, size_t figures)
{
	for (size_t i = 0; i < page->n_rows; i++) {
		const struct zcb_summary_row *row = &page->rows[i];

		for (size_t m = 0; m < row->n_metrics && figures < MAX_FIGURES; m++) {
			if (is_wanted(&row->metrics[m], punch) &&
			    !was_shown(page, i, &row->metrics[m]))
				figures += show(page, row, &row->metrics[m], figures + 1);
		}
	}
	return figures;
}

void zcb_part_latency(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	size_t figures;

	zcb_html_raw(&page->html, "<section id=\"latency\">\n<h2>Times</h2>\n<p>");
	zcb_html_text(&page->html, zcb_page_clock_caveat(r->clock, r->accel));
	zcb_html_raw(&page->html,
		     " Every sample is in <code>samples/INDEX.METRIC.zcs</code>, by the number of its cell "
		     "in <code>cells.jsonl</code>; the counts in the tables lead there.</p>\n");
	figures = show_all(page, true, 0);
	figures = show_all(page, false, figures);
	if (!figures)
		zcb_html_raw(&page->html, "<p>No cell that counts left samples of a time.</p>\n");
	zcb_html_raw(&page->html, "</section>\n");
}
