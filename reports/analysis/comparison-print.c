// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <string.h>

#include "reports/analysis/comparison.h"

#define MOST_CELLS 12

void zcb_print_plain(FILE *f, const char *text, size_t most)
{
	for (size_t i = 0; text[i] && i < most; i++)
		fputc(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?', f);
}

static void colour(FILE *f, const struct zcb_print_options *options,
		   enum zcb_comparison_verdict verdict, bool on)
{
	static const char *const codes[] = { "31;1", "32;1", "32", "33", "35" };

	if (options->colours)
		fprintf(f, "\033[%sm", on ? codes[verdict] : "0");
}

static void put_verdict(FILE *f, const struct zcb_print_options *options,
			enum zcb_comparison_verdict verdict)
{
	colour(f, options, verdict, true);
	fputs(zcb_comparison_verdict_name(verdict), f);
	colour(f, options, verdict, false);
}

/* "16.55 us" in at most 8 letters; other units than ns as they are. */
static void format_value(double value, const char *unit, bool icount, char text[24])
{
	static const char *const units[] = { "ns", "us", "ms", "s" };
	int scale = 0;

	if (!(value > 0)) {
		snprintf(text, 24, "-");
		return;
	}
	if (strcmp(unit, "ns") != 0 || icount) {
		snprintf(text, 24, value < 1e7 ? "%.0f" : "%.3g", value);
		return;
	}
	for (; value >= 999.5 && scale < 3; scale++)
		value /= 1000;
	snprintf(text, 24, "%.*f %s", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value, units[scale]);
}

/* "+12.3" per cent, of a logarithm; as many digits as say something. */
static void format_percent(double log, char text[16])
{
	double percent = 100 * expm1(log);

	if (fabs(percent) >= 1000)
		snprintf(text, 16, "x%.3g", exp(log));
	else
		snprintf(text, 16, "%+.*f", fabs(percent) < 0.995 ? 2 : fabs(percent) < 99.5 ? 1 : 0, percent);
}

static void put_effect(FILE *f, const struct zcb_comparison_row *row)
{
	char effect[16], low[16], high[16], interval[40], detectable[24];

	if (!row->has_effect) {
		fprintf(f, "%7s  %-16s %7s  ", "-", "", "");
		return;
	}
	format_percent(row->effect.log, effect);
	format_percent(row->low, low);
	format_percent(row->high, high);
	snprintf(interval, sizeof(interval), "%s to %s", low, high);
	if (row->exact)
		snprintf(interval, sizeof(interval), "exact: %+.0f", row->b - row->a);
	format_percent(row->detectable, detectable);
	if (*detectable == 'x')
		snprintf(detectable, sizeof(detectable), " >1000");
	fprintf(f, "%7s  %-16s %7s  ", effect, interval, row->exact ? "" : detectable + 1);
}

static void put_row(FILE *f, const struct zcb_comparison *c, const struct zcb_comparison_row *row,
		    const struct zcb_print_options *options)
{
	bool icount = c->observations->icount;
	char a[24], b[24], name[40];

	snprintf(name, sizeof(name), row->statistic == ZCB_STATISTIC_P50 ? "%.14s" : "  p99",
		 row->metric->name);
	format_value(row->boots ? row->a : 0, row->metric->unit, icount, a);
	format_value(row->boots ? row->b : 0, row->metric->unit, icount, b);
	zcb_print_plain(f, name, sizeof(name));
	fprintf(f, "%*s %8s %8s ", (int)(14 - strlen(name)), "", a, b);
	put_effect(f, row);
	put_verdict(f, options, row->verdict);
	fputc('\n', f);
}

static void put_table(FILE *f, const struct zcb_comparison *c,
		      const struct zcb_print_options *options)
{
	char interval[32];

	snprintf(interval, sizeof(interval), "%.4g %% interval", 100 * (1 - c->alpha_interval));
	fprintf(f, "\n%-14s %8s %8s %7s  %-16s %7s  %s\n", c->observations->icount ? "instructions" : "median",
		"A", "B", "B/A, %", interval, "MDE, %", "verdict");
	for (size_t i = 0; i < c->n_rows; i++)
		put_row(f, c, &c->rows[i], options);
}

/* A 99th percentile counts where it differs: that it tells nothing is usual. */
static size_t count(const struct zcb_comparison_row *rows, size_t n,
		    enum zcb_comparison_verdict verdict)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += rows[i].verdict == verdict &&
			 (verdict <= ZCB_BETTER || rows[i].statistic == ZCB_STATISTIC_P50);
	return found;
}

static void put_headline(FILE *f, const struct zcb_comparison *c,
			 const struct zcb_print_options *options)
{
	static const char *const words[] = {
		"B is WORSE than A", "B is BETTER than A", "B and A are EQUIVALENT",
		"INCONCLUSIVE", "INVALID",
	};
	const char *separator = ": ";

	colour(f, options, c->verdict, true);
	fputs(words[c->verdict], f);
	colour(f, options, c->verdict, false);
	if (c->corrupt) {
		fprintf(f, ": %zu of its cells saw other bytes than it declares\n", c->corrupt);
		separator = "";
	}
	for (int v = 0; v < ZCB_COMPARISON_VERDICTS; v++) {
		size_t n = count(c->rows, c->n_rows, (enum zcb_comparison_verdict)v);

		if (!n)
			continue;
		fprintf(f, "%s%zu %s", separator, n,
			zcb_comparison_verdict_name((enum zcb_comparison_verdict)v));
		separator = ", ";
	}
	fputc('\n', f);
}

static void put_label(FILE *f, const char *label)
{
	zcb_print_plain(f, label, strlen(label) > 76 ? 73 : 76);
	fputs(strlen(label) > 76 ? "...\n" : "\n", f);
}

static void put_arms(FILE *f, const struct zcb_comparison *c)
{
	fputs("A = ", f);
	put_label(f, c->a);
	fputs("B = ", f);
	put_label(f, c->b);
	fprintf(f, "%zu boot%s an arm, %s; clock ", c->boots, c->boots == 1 ? "" : "s",
		c->paired ? "both arms in each boot" : "each boot has one arm");
	zcb_print_plain(f, c->clock, 10);
	fputs(", ", f);
	zcb_print_plain(f, c->accel, 10);
	if (c->options.look)
		fprintf(f, "; look %u of %u", c->options.look, c->options.looks);
	fputs("\n\n", f);
}

static void put_wrong(FILE *f, const struct zcb_comparison *c)
{
	const struct zcb_observations *o = c->observations;
	size_t named = 0;

	for (size_t i = 0; i < o->n_cells && named < MOST_CELLS; i++) {
		const struct zcb_compared_cell *cell = &o->cells[i];

		if (!zcb_compared_wrong(cell, ZCB_ARM_B))
			continue;
		if (!named++)
			fputs("\nNot as B declares:\n", f);
		fputs("  ", f);
		zcb_print_plain(f, cell->name, 76);
		fputs("\n    ", f);
		zcb_print_plain(f, cell->brief, 74);
		fputs("\n    declared ", f);
		zcb_print_plain(f, cell->expected, 20);
		fputs(", seen ", f);
		zcb_print_plain(f, cell->observed, 20);
		fprintf(f, "; A: %zu wrong\n", zcb_compared_wrong(cell, ZCB_ARM_A));
	}
}

static void put_cell_row(FILE *f, const struct zcb_comparison *c,
			 const struct zcb_comparison_row *row,
			 const struct zcb_print_options *options)
{
	fputs("  ", f);
	zcb_print_plain(f, row->cell->name, 76);
	fputs("\n    ", f);
	zcb_print_plain(f, row->cell->brief, 74);
	fputc('\n', f);
	put_row(f, c, row, options);
}

static void put_cells(FILE *f, const struct zcb_comparison *c,
		      const struct zcb_print_options *options)
{
	size_t differ = count(c->cell_rows, c->n_cell_rows, ZCB_WORSE) +
			count(c->cell_rows, c->n_cell_rows, ZCB_BETTER);
	size_t named = 0;

	if (!c->n_cell_rows)
		return;
	fprintf(f, "\nOf single cells %zu of %zu rows differ%s\n", differ, c->n_cell_rows,
		differ || options->all_cells ? ":" : ".");
	for (size_t i = 0; i < c->n_cell_rows; i++) {
		if (!options->all_cells &&
		    (c->cell_rows[i].verdict > ZCB_BETTER || named++ >= MOST_CELLS))
			continue;
		put_cell_row(f, c, &c->cell_rows[i], options);
	}
}

static void put_reasons(FILE *f, const struct zcb_comparison *c)
{
	bool first = true;

	for (size_t i = 0; i < c->n_rows; i++) {
		const struct zcb_comparison_row *row = &c->rows[i];

		if (!*row->reason || row->statistic != ZCB_STATISTIC_P50)
			continue;
		fputs(first ? "\n" : "", f);
		first = false;
		zcb_print_plain(f, row->metric->name, 20);
		fprintf(f, ": %s\n", row->reason);
	}
}

static void put_twin(FILE *f, const struct zcb_comparison *c)
{
	double noise = 0;
	char text[16];

	for (size_t i = 0; i < c->n_rows; i++) {
		if (c->rows[i].has_twin && c->rows[i].statistic == ZCB_STATISTIC_P50)
			noise = fmax(noise, c->rows[i].noise);
	}
	if (!c->has_twin) {
		fputs("\nNo A/A twin was compared: what this machine's noise alone does is not known.\n", f);
		return;
	}
	format_percent(noise, text);
	fprintf(f, "\nA against its twin: %zu false alarm%s in %zu rows;\na boot's medians differ by up to %s %%\n",
		c->false_alarms, c->false_alarms == 1 ? "" : "s", c->twin_rows, text + 1);
}

/* A sentence of any length, broken between words. */
static void put_wrapped(FILE *f, const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > 80) {
			fputc('\n', f);
			column = 0;
		} else if (column) {
			fputc(' ', f);
			column++;
		}
		zcb_print_plain(f, text, word < 80 ? word : 80);
		column += word;
		text += word;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

void zcb_comparison_print(FILE *f, const struct zcb_comparison *c,
			  const struct zcb_print_options *options)
{
	put_arms(f, c);
	put_headline(f, c, options);
	put_wrong(f, c);
	if (c->n_rows)
		put_table(f, c, options);
	put_reasons(f, c);
	put_cells(f, c, options);
	put_twin(f, c);
	for (size_t i = 0; i < c->observations->notes.n; i++) {
		put_wrapped(f, c->observations->notes.items[i]);
	}
}
