// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/stages.h"
#include "reports/embedded.h"
#include "reports/html/operation.h"
#include "reports/html/page.h"
#include "reports/plots/plot.h"

/*
 * Where the time of one operation goes, from the strike to the fresh frame: for cells that are alike but for kernel,
 * variant and memory a stacked bar each, and the same figures in a table.
 */

#define MAX_FIGURES 8U
#define MAX_BARS 24U
#define MIN_OPERATIONS 4U
/* A number above a part of a bar needs this share of the axis. */
#define ROOM_FOR_NUMBER 0.018

struct bar {
	const struct zcb_summary_row *row;
	struct zcb_stage_spans *spans; /* of each cell that counts */
	size_t n;
	struct zcb_stage_medians medians;
	double whole; /* of all stages of an operation */
};

struct figure {
	struct zcb_page *page;
	struct bar bars[MAX_BARS];
	size_t n;
	bool has[ZCB_STAGES];
	double high, fresh_high, divisor;
	unsigned int unit; /* as plots/stages.gp has them */
};

static const char *const units[] = {"", "ns", "µs", "ms", "instructions"};

static bool has_probes(const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		if (row->cells[i]->n_probes)
			return true;
	}
	return false;
}

/* Cells that differ in kernel, variant and memory alone are bars of one figure. */
static bool is_alike(const struct zcb_summary_row *a, const struct zcb_summary_row *b)
{
	return strcmp(a->first->workload, b->first->workload) == 0 &&
	       strcmp(a->first->consumer, b->first->consumer) == 0 &&
	       strcmp(a->first->guest, b->first->guest) == 0 && strcmp(a->first->brief, b->first->brief) == 0 &&
	       strcmp(a->clock, b->clock) == 0 && strcmp(a->accel, b->accel) == 0;
}

static void finish_bar(struct bar *bar)
{
	for (size_t i = 0; i < bar->n; i++)
		zcb_stages_finish(&bar->spans[i]);
	free(bar->spans);
	*bar = (struct bar){0};
}

static bool counts(const struct zcb_result_cell *cell)
{
	return cell->n_probes && !cell->tainted &&
	       zcb_result_is_whole(cell->status);
}

static bool read_bar(const struct zcb_page *page, const struct zcb_summary_row *row, struct bar *bar)
{
	*bar = (struct bar){.row = row, .spans = calloc(row->n_cells + 1, sizeof(*bar->spans))};
	for (size_t i = 0; bar->spans && i < row->n_cells; i++) {
		if (counts(row->cells[i]) &&
		    zcb_stages_read(page->results, row->cells[i], &bar->spans[bar->n]) == 0)
			bar->n++;
	}
	if (zcb_stages_summarize(bar->spans, bar->n, &bar->medians) || bar->medians.operations < MIN_OPERATIONS) {
		finish_bar(bar);
		return false;
	}
	for (int stage = 0; stage < ZCB_STAGE_FRESH; stage++)
		bar->whole += bar->medians.median[stage];
	return true;
}

static void collect(struct figure *f, size_t first)
{
	const struct zcb_page *page = f->page;

	for (size_t i = first; i < page->n_rows && f->n < MAX_BARS; i++) {
		struct bar *bar = &f->bars[f->n];

		if (!has_probes(&page->rows[i]) || !is_alike(&page->rows[first], &page->rows[i]) ||
		    !read_bar(page, &page->rows[i], bar))
			continue;
		f->n++;
		f->high = fmax(f->high, bar->whole);
		f->fresh_high = fmax(f->fresh_high, bar->medians.median[ZCB_STAGE_FRESH]);
		for (int stage = 0; stage < ZCB_STAGES; stage++)
			f->has[stage] |= bar->medians.seen[stage] > 0;
	}
}

static void choose_unit(struct figure *f)
{
	f->divisor = 1;
	f->unit = 1;
	if (strcmp(f->bars[0].row->clock, "icount") == 0) {
		f->unit = 4;
	} else if (f->high >= 1e7) {
		f->divisor = 1e6;
		f->unit = 3;
	} else if (f->high >= 1e4) {
		f->divisor = 1e3;
		f->unit = 2;
	}
}

static void label_bar(const struct bar *bar, char *text, size_t room)
{
	snprintf(text, room, "%.12s:%.20s %.10s", bar->row->first->kernel, bar->row->first->variant,
		 bar->row->first->memory);
}

static void put_block(const struct figure *f, int stage, FILE *data)
{
	double limit = (stage == ZCB_STAGE_FRESH ? f->fresh_high : f->high) * ROOM_FOR_NUMBER;

	for (size_t i = 0; i < f->n; i++) {
		const double *median = f->bars[i].medians.median;
		double from = 0;

		for (int before = 0; before < stage && stage != ZCB_STAGE_FRESH; before++)
			from += median[before];
		if (median[stage] > 0)
			fprintf(data, "%zu\t%.6g\t%.6g\t", i + 1, from / f->divisor,
				(from + median[stage]) / f->divisor);
		if (median[stage] > limit)
			fprintf(data, "%d\n", stage + 1);
		else if (median[stage] > 0)
			fputs("\"\"\n", data);
	}
	/* gnuplot needs a point in each block. */
	fputs("NaN\tNaN\tNaN\t\"\"\n\n\n", data);
}

static void put_data(const struct figure *f, FILE *data, size_t *ret_longest)
{
	char text[80];

	for (int stage = 0; stage < ZCB_STAGES; stage++)
		put_block(f, stage, data);
	*ret_longest = 0;
	for (size_t i = 0; i < f->n; i++) {
		label_bar(&f->bars[i], text, sizeof(text));
		if (strlen(text) > *ret_longest)
			*ret_longest = strlen(text);
		fprintf(data, "%zu\t", i + 1);
		zcb_plot_label(data, text);
		fputc('\n', data);
	}
}

/* What the picture shows, for who does not see it. */
static void describe(const struct figure *f, char *text, size_t room)
{
	const struct bar *least = &f->bars[0], *most = least;
	char of_least[80], of_most[80];

	for (size_t i = 1; i < f->n; i++) {
		least = f->bars[i].whole < least->whole ? &f->bars[i] : least;
		most = f->bars[i].whole > most->whole ? &f->bars[i] : most;
	}
	label_bar(least, of_least, sizeof(of_least));
	label_bar(most, of_most, sizeof(of_most));
	snprintf(text, room,
		 "A bar each: what the stages of one operation took by themselves, one after the other, numbered as in "
		 "the table below; and how long the frame then took to be seen fresh. Medians. From %.5g (%.70s) to "
		 "%.5g %s (%.70s).",
		 least->whole / f->divisor, of_least, most->whole / f->divisor, units[f->unit], of_most);
}

/* Half of it, of one digit. */
static double tic_of(double high)
{
	double power = high > 0 ? pow(10, floor(log10(high / 2))) : 1;

	return fmax(floor(high / 2 / power), 1) * power;
}

static void draw(const struct figure *f, size_t number)
{
	ZCB_FREE char *data = NULL;
	char name[32], variables[200], text[600];
	size_t n, longest;
	FILE *out = open_memstream(&data, &n);

	if (!out)
		return;
	put_data(f, out, &longest);
	if (fclose(out) != 0)
		return;
	snprintf(name, sizeof(name), "stages-%zu", number);
	snprintf(variables, sizeof(variables),
		 "rows = %zu\nlabel_chars = %zu\nhigh = %.9g\nfresh_high = %.9g\nfresh_tic = %.9g\nunit = %u\n", f->n, longest,
		 f->high * 1.02 / f->divisor, f->fresh_high * 1.02 / f->divisor,
		 tic_of(f->fresh_high / f->divisor), f->unit);
	describe(f, text, sizeof(text));
	zcb_page_plot(f->page, name, zcb_embedded_stages_gp, variables, data, "Stages of one operation", text);
}

/* A line may break after its points. */
static void put_metric(struct zcb_html *html, const char *metric)
{
	const char *point;

	for (; (point = strchr(metric, '.')); metric = point + 1) {
		zcb_html_textf(html, "%.*s", (int)(point + 1 - metric), metric);
		zcb_html_raw(html, "<wbr>");
	}
	zcb_html_text(html, metric);
}

static void put_stage_head(struct zcb_html *html, int stage)
{
	/* The colours of plots/stages.gp. */
	static const char *const classes[] = {"s1", "s2", "s2", "s3", "s3", "s3", "s3",
					      "s3", "s4", "s4", "s5", "s5", "s6", "s8"};

	zcb_html_raw(html, "<th scope=\"col\" class=\"n\"><b");
	zcb_html_attribute(html, "class", classes[stage]);
	zcb_html_raw(html, ">");
	zcb_html_textf(html, "%d", stage + 1);
	zcb_html_raw(html, "</b> ");
	put_metric(html, zcb_stage_metric(stage));
	zcb_html_raw(html, "</th>");
}

static void put_number(const struct figure *f, double value)
{
	zcb_html_raw(&f->page->html, "<td class=\"n\">");
	zcb_html_decimal(&f->page->html, value / f->divisor, f->divisor > 1 ? 2 : 0);
	zcb_html_raw(&f->page->html, "</td>");
}

/* The metric of what struck: "punch", or of another workload its own. */
static const char *strike_of(const struct zcb_summary_row *row)
{
	for (size_t i = 0; zcb_stage_calls[i]; i++) {
		if (zcb_summary_metric(row, zcb_stage_calls[i]))
			return zcb_stage_calls[i];
	}
	return "punch";
}

static void put_bar(const struct figure *f, const struct bar *bar)
{
	struct zcb_html *html = &f->page->html;
	const struct zcb_result_cell *cell = bar->row->first;

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_clip(html, cell->kernel, 40);
	zcb_html_raw(html, ":");
	zcb_html_clip(html, cell->variant, 40);
	zcb_html_raw(html, " ");
	zcb_html_clip(html, cell->memory, 40);
	zcb_html_raw(html, "</th><td class=\"n\">");
	zcb_page_samples(f->page, bar->row->cells, bar->row->n_cells, strike_of(bar->row),
			 bar->medians.operations);
	zcb_html_raw(html, "</td>");
	for (int stage = 0; stage < ZCB_STAGES; stage++) {
		if (stage == ZCB_STAGE_FRESH)
			put_number(f, bar->whole);
		if (!f->has[stage])
			continue;
		if (bar->medians.seen[stage])
			put_number(f, bar->medians.median[stage]);
		else
			zcb_html_raw(html, "<td class=\"n none\">–</td>");
	}
	zcb_html_raw(html, "</tr>\n");
}

static void put_table(const struct figure *f)
{
	struct zcb_html *html = &f->page->html;

	zcb_page_open_box(f->page, "Stages of one operation, scrolls sideways");
	zcb_html_raw(html, "<table class=\"stages\"><thead><tr><th scope=\"col\">Variant, memory<small>");
	zcb_html_text(html, units[f->unit]);
	zcb_html_raw(html, "</small></th><th scope=\"col\" class=\"n\">operations</th>");
	for (int stage = 0; stage < ZCB_STAGES; stage++) {
		if (stage == ZCB_STAGE_FRESH)
			zcb_html_raw(html, "<th scope=\"col\" class=\"n\">together</th>");
		if (f->has[stage])
			put_stage_head(html, stage);
	}
	zcb_html_raw(html, "</tr></thead><tbody>\n");
	for (size_t i = 0; i < f->n; i++)
		put_bar(f, &f->bars[i]);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(f->page);
}

static void put_title(struct zcb_html *html, const struct zcb_summary_row *row)
{
	zcb_html_raw(html, "<h3>");
	zcb_html_clip(html, row->first->workload, 60);
	if (*row->first->brief) {
		zcb_html_raw(html, ", ");
		zcb_html_clip(html, row->first->brief, 120);
	}
	zcb_html_raw(html, "</h3>\n<p>Consumer ");
	zcb_html_clip(html, row->first->consumer, 60);
	zcb_html_raw(html, ", guest ");
	zcb_html_clip(html, row->first->guest, 60);
	zcb_html_raw(html, ", clock <strong>");
	zcb_html_clip(html, *row->clock ? row->clock : "not said", 40);
	zcb_html_raw(html, "</strong>.</p>\n");
}

/* The one with the most stages: it tells most. */
static const struct bar *richest(const struct figure *f)
{
	const struct bar *best = &f->bars[0];
	int most = 0;

	for (size_t i = 0; i < f->n; i++) {
		int stages = 0;

		for (int stage = 0; stage < ZCB_STAGES; stage++)
			stages += f->bars[i].medians.seen[stage] > 0;
		if (stages > most) {
			most = stages;
			best = &f->bars[i];
		}
	}
	return best;
}

static void put_operation(const struct figure *f, size_t number)
{
	const struct bar *bar = richest(f);
	char label[80];
	const struct zcb_operation_picture picture = {
		.spans = bar->spans,
		.n = bar->n,
		.label = label,
		.divisor = f->divisor,
		.unit = f->unit,
		.unit_name = units[f->unit],
	};

	label_bar(bar, label, sizeof(label));
	zcb_page_operation(f->page, &picture, number);
}

static bool show(struct zcb_page *page, size_t first, size_t number)
{
	ZCB_FREE struct figure *f = calloc(1, sizeof(*f));

	if (!f)
		return false;
	f->page = page;
	collect(f, first);
	if (f->n) {
		choose_unit(f);
		put_title(&page->html, &page->rows[first]);
		draw(f, number);
		put_table(f);
		put_operation(f, number);
	}
	for (size_t i = 0; i < f->n; i++)
		finish_bar(&f->bars[i]);
	return f->n > 0;
}

static bool was_shown(const struct zcb_page *page, size_t row)
{
	for (size_t i = 0; i < row; i++) {
		if (has_probes(&page->rows[i]) && is_alike(&page->rows[i], &page->rows[row]))
			return true;
	}
	return false;
}

static void put_words(struct zcb_html *html)
{
	zcb_html_raw(html, "<details><summary>What the stages are</summary>\n<dl class=\"words stages\">\n");
	for (int stage = 0; stage < ZCB_STAGES; stage++) {
		zcb_html_raw(html, "<dt>");
		zcb_html_textf(html, "%d ", stage + 1);
		zcb_html_text(html, zcb_stage_metric(stage));
		zcb_html_raw(html, "</dt><dd>");
		zcb_html_text(html, zcb_stage_words(stage));
		zcb_html_raw(html, "</dd>\n");
	}
	zcb_html_raw(html, "</dl></details>\n");
}

static void put_figures(struct zcb_page *page)
{
	size_t figures = 0;

	zcb_html_raw(&page->html,
		     "<p>Of each operation’s samples, joined by its id: what each stage took by itself, without the "
		     "stages inside it. Medians over operations; one without the stage counts as 0, and “–” is what "
		     "none had. Probes cost time of their own: these figures stand beside each other, not beside those "
		     "of cells without.</p>\n");
	for (size_t i = 0; i < page->n_rows && figures < MAX_FIGURES; i++) {
		if (has_probes(&page->rows[i]) && !was_shown(page, i))
			figures += show(page, i, figures + 1);
	}
	if (figures)
		put_words(&page->html);
	else
		zcb_html_raw(&page->html, "<p>No cell that counts has enough operations for it.</p>\n");
}

void zcb_part_stages(struct zcb_page *page)
{
	bool any = false;

	for (size_t i = 0; i < page->n_rows && !any; i++)
		any = has_probes(&page->rows[i]);
	zcb_html_raw(&page->html, "<section id=\"stages\">\n<h2>Stages of an operation</h2>\n");
	if (any) {
		put_figures(page);
		zcb_part_probes(page);
	} else {
		zcb_html_raw(&page->html,
			     "<p>No cell of this run watched the kernel, for that costs a third of a punch: "
			     "<code>zcbench run --plan stages -o DIR</code> makes a run that does, and so does "
			     "<code>\"probes\": \"on\"</code> among a plan’s parameters.</p>\n");
	}
	zcb_html_raw(&page->html, "</section>\n");
}
