// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <string.h>

#include "reports/analysis/turns.h"
#include "reports/html/records.h"

/*
 * B against A, of a run that played both by turns: the verdict in words first, then each metric with
 * effect, interval and what could have been found. Other runs have no such part.
 */

#define MAX_CELLS 40U

static const char *const marks[] = { "✗", "✓", "=", "?", "⊘" };

static const char *const sentences[] = {
	"B is worse than A.",
	"B is better than A.",
	"B and A are equivalent.",
	"Not settled.",
	"Not to be told: the measurement is not valid.",
};

/* "+12.3 %" of a logarithm; beyond ten times, as a factor. */
static void put_percent(struct zcb_html *html, double log, bool sign)
{
	double percent = 100 * expm1(log);
	int decimals = fabs(percent) < 0.995 ? 2 : fabs(percent) < 99.5 ? 1 : 0;

	if (fabs(percent) >= 1000)
		zcb_html_textf(html, "× %.3g", exp(log));
	else
		zcb_html_textf(html, sign ? "%+.*f %%" : "%.*f %%", decimals, percent);
}

static bool is_of(const struct zcb_comparison *c, const struct zcb_comparison_row *row, enum zcb_arm_index arm,
		  const struct zcb_observation *item)
{
	const struct zcb_subject *subject = &c->observations->subjects[item->subject];

	if (item->arm != arm || &c->observations->metrics[subject->metric] != row->metric)
		return false;
	return row->cell ? &c->observations->cells[subject->cell] == row->cell : row->pooled[subject->cell];
}

static void record_item(struct zcb_page *page, const struct zcb_comparison_row *row, const struct zcb_observation *item)
{
	const struct zcb_result_cell *cell = zcb_results_cell(page->results, item->index);

	if (!cell)
		return;
	zcb_records_cell(page, cell, row->metric->name);
	for (int s = 0; s < ZCB_STATISTICS; s++) {
		if (item->of[s].known)
			zcb_records_say(page, "%s %.6g %.20s", zcb_statistic_name((enum zcb_statistic)s),
					item->of[s].value, row->metric->unit);
	}
}

/* The plays of an arm that a row's figure is made of. Of A they are of the cells that this B has, too. */
static unsigned int record(struct zcb_page *page, const struct zcb_comparison *c, const struct zcb_comparison_row *row,
			   enum zcb_arm_index arm)
{
	const struct zcb_observations *o = c->observations;
	unsigned int block;
	char title[240];
	bool fresh;

	snprintf(title, sizeof(title), "%.40s, each play of %.60s, arm %c, beside %.60s%s%.70s%s%.30s", row->metric->name,
		 arm == ZCB_ARM_A ? c->a : c->b, "AB"[arm], arm == ZCB_ARM_A ? c->b : c->a, row->cell ? ", " : "",
		 row->cell ? row->cell->name : "", row->cell && *row->cell->brief ? ", " : "",
		 row->cell ? row->cell->brief : "");
	block = zcb_records_block(page, title, &fresh);
	for (size_t i = 0; fresh && i < o->n; i++) {
		if (is_of(c, row, arm, &o->items[i]))
			record_item(page, row, &o->items[i]);
	}
	return block;
}

static void put_value(struct zcb_page *page, double value, unsigned int block)
{
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<td class=\"n\">");
	zcb_records_open(page, block);
	zcb_html_decimal(html, value, value < 100 ? 1 : 0);
	zcb_records_close(page, block);
	zcb_html_raw(html, "</td>");
}

static void put_interval(struct zcb_html *html, const struct zcb_comparison_row *row)
{
	zcb_html_raw(html, "<td class=\"n\">");
	if (row->exact) {
		zcb_html_textf(html, "exactly %+.0f", row->b - row->a);
	} else if (row->has_effect) {
		put_percent(html, row->low, true);
		zcb_html_text(html, " to ");
		put_percent(html, row->high, true);
	}
	zcb_html_raw(html, "</td>");
}

static void put_detectable(struct zcb_html *html, const struct zcb_comparison_row *row)
{
	zcb_html_raw(html, "<td class=\"n\">");
	if (row->has_effect && !row->exact)
		put_percent(html, row->detectable, false);
	zcb_html_raw(html, "</td>");
}

static void put_verdict(struct zcb_html *html, const struct zcb_comparison_row *row)
{
	zcb_html_raw(html, "<td>");
	if (row->verdict <= ZCB_BETTER)
		zcb_html_raw(html, "<strong>");
	zcb_html_textf(html, "%s %s", marks[row->verdict], zcb_comparison_verdict_name(row->verdict));
	if (row->verdict <= ZCB_BETTER)
		zcb_html_raw(html, "</strong>");
	if (*row->reason)
		zcb_html_textf(html, ": %s", row->reason);
	zcb_html_raw(html, "</td></tr>\n");
}

static void put_row(struct zcb_page *page, const struct zcb_comparison *c, const struct zcb_comparison_row *row)
{
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	if (row->cell) {
		zcb_html_clip(html, row->cell->name, 120);
		zcb_html_raw(html, " <small>");
		zcb_html_clip(html, row->cell->brief, 120);
		zcb_html_raw(html, "</small> ");
	}
	zcb_html_clip(html, row->metric->name, 40);
	zcb_html_textf(html, ", %s", zcb_statistic_name(row->statistic));
	zcb_html_raw(html, "</th>");
	put_value(page, row->a, record(page, c, row, ZCB_ARM_A));
	put_value(page, row->b, record(page, c, row, ZCB_ARM_B));
	zcb_html_raw(html, "<td class=\"n\">");
	if (row->has_effect)
		put_percent(html, row->effect.log, true);
	zcb_html_raw(html, "</td>");
	put_interval(html, row);
	put_detectable(html, row);
	put_verdict(html, row);
}

static void open_table(struct zcb_page *page, const struct zcb_comparison *c, const char *label,
		       const char *what)
{
	struct zcb_html *html = &page->html;

	zcb_page_open_box(page, label);
	zcb_html_raw(html, "<table><thead><tr><th scope=\"col\">");
	zcb_html_text(html, what);
	zcb_html_raw(html, "</th><th scope=\"col\" class=\"n\">A, ns</th>"
			   "<th scope=\"col\" class=\"n\">B, ns</th>"
			   "<th scope=\"col\" class=\"n\">B against A</th>"
			   "<th scope=\"col\" class=\"n\">");
	zcb_html_textf(html, "%.4g %% interval", 100 * (1 - c->alpha_interval));
	zcb_html_raw(html, "</th><th scope=\"col\" class=\"n\">Detectable</th>"
			   "<th scope=\"col\">Verdict</th></tr></thead><tbody>\n");
}

static void close_table(struct zcb_page *page)
{
	zcb_html_raw(&page->html, "</tbody></table>\n");
	zcb_page_close_box(page);
}

static void put_table(struct zcb_page *page, const struct zcb_comparison *c)
{
	open_table(page, c, "B against A by metric, scrolls sideways", "Metric, over all cells");
	for (size_t i = 0; i < c->n_rows; i++)
		put_row(page, c, &c->rows[i]);
	close_table(page);
}

static void put_cells(struct zcb_page *page, const struct zcb_comparison *c)
{
	size_t differ = 0, shown = 0;

	for (size_t i = 0; i < c->n_cell_rows; i++)
		differ += c->cell_rows[i].verdict <= ZCB_BETTER;
	if (!differ)
		return;
	open_table(page, c, "Single cells in which B differs, scrolls sideways", "Cell that differs by itself");
	for (size_t i = 0; i < c->n_cell_rows && shown < MAX_CELLS; i++) {
		if (c->cell_rows[i].verdict > ZCB_BETTER)
			continue;
		put_row(page, c, &c->cell_rows[i]);
		shown++;
	}
	close_table(page);
	if (shown < differ)
		zcb_html_textf(&page->html, "%zu more cells differ.", differ - shown);
}

/* "fault.guest p50 +12.3 % (+9.1 % to +15.5 %)", of each metric that differs. */
static void put_differences(struct zcb_html *html, const struct zcb_comparison *c)
{
	const char *separator = " ";

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct zcb_comparison_row *row = &c->rows[i];

		if (row->verdict > ZCB_BETTER)
			continue;
		zcb_html_text(html, separator);
		zcb_html_clip(html, row->metric->name, 40);
		zcb_html_textf(html, " %s ", zcb_statistic_name(row->statistic));
		put_percent(html, row->effect.log, true);
		zcb_html_text(html, " (");
		if (row->exact) {
			zcb_html_textf(html, "exactly %+.0f", row->b - row->a);
		} else {
			put_percent(html, row->low, true);
			zcb_html_text(html, " to ");
			put_percent(html, row->high, true);
		}
		zcb_html_text(html, ")");
		separator = "; ";
	}
	if (*separator == ';')
		zcb_html_text(html, ".");
}

/* What could have hidden: the largest of the medians' smallest detectable effects. */
static void put_hidden(struct zcb_html *html, const struct zcb_comparison *c)
{
	double most = 0;

	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].statistic == ZCB_STATISTIC_P50)
			most = fmax(most, c->rows[i].detectable);
	}
	if (!(most > 0))
		return;
	zcb_html_text(html, " A difference of ");
	put_percent(html, most, false);
	zcb_html_text(html, " in any median would most likely have been seen.");
}

static void put_headline(struct zcb_html *html, const struct zcb_comparison *c)
{
	if (c->verdict == ZCB_WORSE)
		zcb_html_raw(html, "<p class=\"alarm\"><strong>");
	else if (c->verdict == ZCB_INVALID)
		zcb_html_raw(html, "<p class=\"warn\"><strong>");
	else
		zcb_html_raw(html, "<p><strong>");
	zcb_html_textf(html, "%s %s", marks[c->verdict], sentences[c->verdict]);
	zcb_html_raw(html, "</strong>");
	if (c->corrupt)
		zcb_html_textf(html, " %zu of its cells saw other bytes than it declares, which no speed outweighs.",
			       c->corrupt);
	put_differences(html, c);
	put_hidden(html, c);
	zcb_html_raw(html, "</p>\n");
}

static void put_notes(struct zcb_html *html, const struct zcb_comparison *c)
{
	for (size_t i = 0; i < c->observations->notes.n && i < 20; i++) {
		zcb_html_raw(html, "<p class=\"note\">");
		zcb_html_clip(html, c->observations->notes.items[i], 400);
		zcb_html_raw(html, "</p>\n");
	}
}

static void put_arms(struct zcb_html *html, const struct zcb_comparison *c)
{
	zcb_html_raw(html, "<p>A is <strong>");
	zcb_html_clip(html, c->a, 200);
	zcb_html_raw(html, "</strong>, B is <strong>");
	zcb_html_clip(html, c->b, 200);
	zcb_html_raw(html, "</strong>; ");
	zcb_html_textf(html, "%zu boot%s an arm, %s. ", c->boots, c->boots == 1 ? "" : "s",
		       c->paired ? "each with both arms by turns" : "each with one of them");
	if (c->options.look)
		zcb_html_textf(html, "It was looked at after each boot: look %u of %u. ", c->options.look,
			       c->options.looks);
	if (c->has_twin)
		zcb_html_textf(html, "A against its own twin gave %zu false alarm%s in %zu rows.",
			       c->false_alarms, c->false_alarms == 1 ? "" : "s", c->twin_rows);
	else
		zcb_html_text(html, "No twin of A ran.");
	zcb_html_raw(html, "</p>\n");
}

static void put_arms_of_several(struct zcb_html *html, const struct zcb_comparison *c)
{
	zcb_html_raw(html, "<p>Each variant is held against <strong>");
	zcb_html_clip(html, c->a, 200);
	zcb_html_raw(html, "</strong>; ");
	zcb_html_textf(html, "%zu boots, each with all of them by turns. ", c->boots);
	if (c->has_twin)
		zcb_html_textf(html, "That one against its own twin gave %zu false alarm%s in %zu rows.",
			       c->false_alarms, c->false_alarms == 1 ? "" : "s", c->twin_rows);
	zcb_html_raw(html, "</p>\n");
}

static void put_words(struct zcb_html *html, const struct zcb_comparison *c)
{
	zcb_html_raw(html, "<p class=\"note\">The boot is the unit. “Equivalent”: the whole interval lies within ");
	zcb_html_textf(html, "%.3g %%", 100 * expm1(c->margin));
	if (c->observations->icount)
		zcb_html_textf(html, ", or %.3g %% where counts repeat exactly", 100 * expm1(c->margin_exact));
	zcb_html_raw(html, ". “Detectable”: the smallest difference that so many boots, varying as these did, would "
			   "have shown four times of five. <code>zcbench compare DIR</code> prints the same.</p>\n");
}

static void put_whole(struct zcb_page *page, const struct zcb_comparison *c)
{
	put_headline(&page->html, c);
	put_arms(&page->html, c);
	if (c->n_rows) {
		put_table(page, c);
		put_words(&page->html, c);
	}
	put_cells(page, c);
	put_notes(&page->html, c);
}

/* Who prints more than ten times as much says nothing. */
static void put_reach(struct zcb_html *html, double detectable)
{
	if (detectable > 2.3) {
		zcb_html_text(html, "too few boots");
		return;
	}
	zcb_html_text(html, "detectable: ");
	put_percent(html, detectable, false);
}

/* Verdict, effect and what could have been found, of a median over all cells. */
static void put_brief(struct zcb_page *page, const struct zcb_comparison *c, const char *metric)
{
	const struct zcb_comparison_row *row = NULL;
	struct zcb_html *html = &page->html;
	unsigned int block = 0;

	for (size_t i = 0; i < c->n_rows; i++)
		if (c->rows[i].statistic == ZCB_STATISTIC_P50 && !strcmp(c->rows[i].metric->name, metric))
			row = &c->rows[i];
	zcb_html_raw(html, "<td>");
	if (row) {
		block = record(page, c, row, ZCB_ARM_B);
		zcb_records_open(page, block);
		zcb_html_textf(html, "%s %s", marks[row->verdict], zcb_comparison_verdict_name(row->verdict));
		zcb_records_close(page, block);
		zcb_html_raw(html, "<br>");
	}
	if (row && row->has_effect) {
		put_percent(html, row->effect.log, true);
		zcb_html_raw(html, " <small>");
		if (row->exact) {
			zcb_html_textf(html, "exactly %+.0f", row->b - row->a);
		} else {
			put_reach(html, row->detectable);
		}
		zcb_html_raw(html, "</small>");
	}
	zcb_html_raw(html, "</td>");
}

/* One row a variant, one column a metric of the first that has any. */
static void put_matrix(struct zcb_page *page, const struct zcb_turns *turns, const struct zcb_comparison *first)
{
	struct zcb_html *html = &page->html;
	unsigned int block;

	zcb_page_open_box(page, "What variants cost, scrolls sideways");
	zcb_html_raw(html, "<table><thead><tr><th scope=\"col\">Median against that of ");
	zcb_html_clip(html, first->a, 80);
	zcb_html_raw(html, "</th>");
	for (size_t i = 0; i < first->n_rows; i++) {
		if (first->rows[i].statistic != ZCB_STATISTIC_P50)
			continue;
		block = record(page, first, &first->rows[i], ZCB_ARM_A);
		zcb_html_raw(html, "<th scope=\"col\">");
		zcb_records_open(page, block);
		zcb_html_clip(html, first->rows[i].metric->name, 40);
		zcb_records_close(page, block);
		zcb_html_raw(html, "</th>");
	}
	zcb_html_raw(html, "</tr></thead><tbody>\n");
	for (size_t v = 0; v < turns->n; v++) {
		if (!turns->items[v])
			continue;
		zcb_html_raw(html, "<tr><th scope=\"row\">");
		zcb_html_clip(html, turns->names[v], 80);
		zcb_html_raw(html, "</th>");
		for (size_t i = 0; i < first->n_rows; i++)
			if (first->rows[i].statistic == ZCB_STATISTIC_P50)
				put_brief(page, turns->items[v], first->rows[i].metric->name);
		zcb_html_raw(html, "</tr>\n");
	}
	close_table(page);
}

/* A plan whose variants had turns: all at a glance, then each that differs. */
static void put_several(struct zcb_page *page, const struct zcb_turns *turns)
{
	const struct zcb_comparison *first = NULL;

	for (size_t i = 0; i < turns->n && !first; i++)
		first = turns->items[i];
	if (!first)
		return;
	put_arms_of_several(&page->html, first);
	put_matrix(page, turns, first);
	put_words(&page->html, first);
	for (size_t i = 0; i < turns->n; i++) {
		const struct zcb_comparison *c = turns->items[i];

		if (!c || c->verdict > ZCB_BETTER)
			continue;
		zcb_html_raw(&page->html, "<h3>");
		zcb_html_clip(&page->html, turns->names[i], 80);
		zcb_html_raw(&page->html, "</h3>\n");
		put_whole(page, c);
	}
}

void zcb_part_comparison(struct zcb_page *page)
{
	const struct zcb_comparison_options options = { 0 };
	struct zcb_html *html = &page->html;
	struct zcb_turns turns = { 0 };
	struct zcb_error err = { "" };
	int ret;

	if (!zcb_comparison_has_arms(page->results))
		return;
	ret = zcb_turns_make(page->results, &options, &turns, &err);
	zcb_html_raw(html, "<section id=\"comparison\">\n<h2>");
	zcb_html_text(html, turns.n > 1 ? "What variants cost" : "B against A");
	zcb_html_raw(html, "</h2>\n");
	if (ret) {
		zcb_html_raw(html, "<p class=\"warn\">The arms cannot be compared: ");
		zcb_html_clip(html, err.text, 400);
		zcb_html_raw(html, "</p>\n");
	} else if (turns.n > 1) {
		put_several(page, &turns);
	} else if (turns.n && turns.items[0]) {
		put_whole(page, turns.items[0]);
	}
	zcb_turns_finish(&turns);
	zcb_html_raw(html, "</section>\n");
}
