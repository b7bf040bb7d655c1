// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/page.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "reports/analysis/comparison.h"
#include "bench/base/cleanup.h"
#include "reports/embedded.h"
#include "reports/html/records.h"
#include "reports/plots/plot.h"

/* The largest plan has half of this; tables look each row up among all of them. */
#define MAX_ROWS 4000U
/* Raw files that a line of a table leads to. */
#define MAX_LINKS 8U

void zcb_page_open_box(struct zcb_page *page, const char *label)
{
	zcb_html_raw(&page->html, "<div class=\"scroll\" role=\"region\" tabindex=\"0\"");
	zcb_html_attribute(&page->html, "aria-label", label);
	zcb_html_raw(&page->html, ">\n");
}

void zcb_page_close_box(struct zcb_page *page)
{
	zcb_html_raw(&page->html, "</div>\n");
}

void zcb_page_fact(struct zcb_page *page, const char *name, const char *text)
{
	if (!*text)
		return;
	zcb_html_element(&page->html, "dt", "", name);
	zcb_html_raw(&page->html, "<dd>");
	zcb_html_clip(&page->html, text, 2000);
	zcb_html_raw(&page->html, "</dd>\n");
}

static void put_picture(struct zcb_html *html, const char *id, const struct zcb_svg *svg,
			const char *title, const char *description)
{
	if (svg->flat)
		zcb_html_raw(html, "<svg class=\"plot flat\" role=\"img\"");
	else
		zcb_html_raw(html, "<svg class=\"plot\" role=\"img\"");
	fprintf(html->out, " viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" height=\"%.0f\"", svg->width,
		svg->height, svg->width, svg->height);
	zcb_html_raw(html, " aria-labelledby=\"");
	zcb_html_textf(html, "%s-title %s-desc", id, id);
	zcb_html_raw(html, "\"><title id=\"");
	zcb_html_textf(html, "%s-title", id);
	zcb_html_raw(html, "\">");
	zcb_html_text(html, title);
	zcb_html_raw(html, "</title><desc id=\"");
	zcb_html_textf(html, "%s-desc", id);
	zcb_html_raw(html, "\">");
	zcb_html_text(html, description);
	zcb_html_raw(html, "</desc>");
	fputs(svg->body, html->out); /* cleaned, the only markup here that is not a literal */
	zcb_html_raw(html, "</svg>\n");
}

bool zcb_page_is_plain(const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789._-/";

	return !path[strspn(path, plain)] && !strstr(path, "..");
}

static const char *find_samples(const struct zcb_results *r, const struct zcb_result_cell *cell, const char *metric)
{
	for (size_t i = zcb_results_samples(r, cell->index); i < r->n_samples && r->samples[i].index == cell->index;
	     i++) {
		if (strcmp(r->samples[i].metric, metric) == 0 && zcb_page_is_plain(r->samples[i].path))
			return r->samples[i].path;
	}
	return NULL;
}

const char *zcb_page_samples_path(const struct zcb_page *page, const struct zcb_result_cell *cell, const char *metric)
{
	const char *path = find_samples(page->results, cell, metric);

	return path && faccessat(page->results->dirfd, path, R_OK, AT_SYMLINK_NOFOLLOW) == 0 ? path : NULL;
}

void zcb_page_sample(struct zcb_page *page, const struct zcb_result_cell *cell, const char *metric, const char *text)
{
	const char *path = zcb_page_samples_path(page, cell, metric);

	if (path)
		zcb_page_link(page, path, text);
	else
		zcb_html_text(&page->html, text);
}

void zcb_page_samples(struct zcb_page *page, const struct zcb_result_cell *const *cells, size_t n, const char *metric,
		      uint64_t count)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, count);
	for (size_t i = 0; i < n && i < MAX_LINKS; i++) {
		if (i)
			snprintf(text, sizeof(text), "·%zu", i + 1);
		zcb_page_sample(page, cells[i], metric, text);
	}
}

bool zcb_page_open_line(struct zcb_page *page, const struct zcb_result_cell *cell)
{
	if (cell->status == ZCB_RESULT_NOT_RUN ||
	    faccessat(page->results->dirfd, "cells.jsonl", R_OK, AT_SYMLINK_NOFOLLOW) != 0)
		return false;
	zcb_html_raw(&page->html, "<a href=\"cells.jsonl#:~:text=%22index%22:");
	zcb_html_textf(&page->html, "%" PRIu64, cell->index);
	zcb_html_raw(&page->html, ",\">");
	return true;
}

void zcb_page_close_line(struct zcb_page *page, bool open)
{
	if (open)
		zcb_html_raw(&page->html, "</a>");
}

void zcb_page_link(struct zcb_page *page, const char *path, const char *text)
{
	if (!zcb_page_is_plain(path)) {
		zcb_html_text(&page->html, text);
		return;
	}
	zcb_html_raw(&page->html, "<a");
	zcb_html_attribute(&page->html, "href", path);
	zcb_html_raw(&page->html, ">");
	zcb_html_text(&page->html, text);
	zcb_html_raw(&page->html, "</a>");
}

/* What it was drawn from lies beside the page. */
static void put_sources(struct zcb_page *page, const char *name)
{
	char path[96];

	zcb_html_raw(&page->html, " <small>");
	snprintf(path, sizeof(path), "plots/%.64s.dat", name);
	zcb_page_link(page, path, "data");
	zcb_html_raw(&page->html, ", ");
	snprintf(path, sizeof(path), "plots/%.64s.gp", name);
	zcb_page_link(page, path, "script");
	zcb_html_raw(&page->html, "</small>");
}

void zcb_page_plot(struct zcb_page *page, const char *name, const char *script,
		   const char *variables, const char *data, const char *title,
		   const char *description)
{
	struct zcb_html *html = &page->html;
	struct zcb_svg svg = {0};
	struct zcb_error err = {""};
	char id[24];

	snprintf(id, sizeof(id), "p%u", ++page->plots);
	if (zcb_plot_draw(page->plots_dirfd, name, script, variables, data, id, &svg, &err)) {
		if (!*page->warning->text)
			*page->warning = err;
		zcb_html_raw(html, "<p class=\"note\"><strong>No plot here.</strong> ");
		zcb_html_text(html, err.text);
		zcb_html_raw(html, ". The table below has the figures.</p>\n");
		return;
	}
	zcb_html_raw(html, "<figure>\n");
	zcb_page_open_box(page, title);
	put_picture(html, id, &svg, title, description);
	zcb_page_close_box(page);
	zcb_html_raw(html, "<figcaption>");
	zcb_html_text(html, description);
	put_sources(page, name);
	zcb_html_raw(html, "</figcaption></figure>\n");
	zcb_svg_finish(&svg);
}

const char *zcb_page_clock_caveat(const char *clock, const char *accel)
{
	if (strcmp(clock, "icount") == 0)
		return "1 ns is one instruction of the whole host under test: the same on any "
		       "machine. "
		       "It sees no caches, TLBs or lock contention.";
	if (strcmp(accel, "tcg") == 0)
		return "Emulated: QEMU translates every instruction of the host under test, and "
		       "these times move "
		       "by tens of per cent from run to run. They are no times of real hardware.";
	return "";
}

bool zcb_page_same_variant(const struct zcb_summary_row *a, const struct zcb_summary_row *b)
{
	return zcb_summary_same_variant(a, b);
}

bool zcb_page_has_variants(const struct zcb_page *page)
{
	for (size_t i = 1; i < page->n_rows; i++) {
		if (!zcb_page_same_variant(&page->rows[0], &page->rows[i]))
			return true;
	}
	return false;
}

bool zcb_page_opens_variant(const struct zcb_page *page, size_t row)
{
	for (size_t i = 0; i < row; i++) {
		if (zcb_page_same_variant(&page->rows[i], &page->rows[row]))
			return false;
	}
	return true;
}

const char *zcb_page_release(const struct zcb_page *page, const char *kernel)
{
	const struct zcb_results *r = page->results;

	for (size_t i = 0; i < r->n_kernels; i++) {
		if (strcmp(r->kernels[i].name, kernel) == 0)
			return r->kernels[i].release;
	}
	for (size_t i = 0; i < r->n_boots; i++) {
		if (strcmp(r->boots[i].kernel, kernel) == 0 && *r->boots[i].hut_release)
			return r->boots[i].hut_release;
	}
	return "";
}

void zcb_page_begin(struct zcb_html *html, const char *title)
{
	zcb_html_raw(html,
		     "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		     "style-src 'unsafe-inline'; img-src data:\">\n"
		     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		     "<meta name=\"color-scheme\" content=\"light dark\">\n"
		     "<meta name=\"referrer\" content=\"no-referrer\">\n"
		     "<link rel=\"icon\" href=\"data:,\">\n<title>");
	zcb_html_text(html, title);
	zcb_html_raw(html, "</title>\n<style>\n");
	fputs(zcb_embedded_style_css, html->out);
	zcb_html_raw(html, "</style>\n</head>\n<body>\n<header>\n<h1>");
	zcb_html_text(html, title);
	zcb_html_raw(html, "</h1>\n");
}

/* "zcbench: default on stock, variants"; the caller's to free. */
static char *title_of(const struct zcb_results *r)
{
	char *title = NULL;
	size_t n;
	FILE *out = open_memstream(&title, &n);

	if (!out)
		return NULL;
	fprintf(out, "zcbench: %s", *r->plan ? r->plan : "a run without a plan");
	for (size_t i = 0; i < r->n_kernels && i < 4; i++)
		fprintf(out, "%s%s", i ? ", " : " on ", r->kernels[i].name);
	if (r->shards)
		fprintf(out, " (shard %llu of %llu)", (unsigned long long)r->shard, (unsigned long long)r->shards);
	return fclose(out) == 0 ? title : NULL;
}

static void put_head(struct zcb_page *page)
{
	struct zcb_html *html = &page->html;
	ZCB_FREE char *title = title_of(page->results);

	zcb_page_begin(html, title ? title : "zcbench");
	zcb_html_raw(html, "<p class=\"when\">");
	zcb_html_textf(html, "%s%s%s", page->results->started, *page->results->ended ? " to " : "",
		       page->results->ended);
	zcb_html_raw(html,
		     "</p>\n<nav aria-label=\"Parts of this page\">");
	zcb_html_raw(html, "<a href=\"#found\">Found</a> ");
	if (zcb_comparison_has_arms(page->results))
		zcb_html_raw(html, "<a href=\"#comparison\">Costs</a> ");
	zcb_html_raw(html,
		     "<a href=\"#run\">Run</a> <a href=\"#events\">Events</a> <a href=\"#verdicts\">Verdicts</a> "
		     "<a href=\"#frames\">Frames</a> <a href=\"#staleness\">Staleness</a> "
		     "<a href=\"#latency\">Times</a> <a href=\"#stages\">Stages</a> <a href=\"#trouble\">Trouble</a> "
		     "<a href=\"#environment\">Environment</a> "
		     "<a href=\"#words\">How to read it</a></nav>\n</header>\n<main>\n");
}

static void put_foot(struct zcb_page *page)
{
	zcb_html_raw(&page->html, "</main>\n<footer><p>Made by zcbench ");
	zcb_html_text(&page->html, ZCB_VERSION);
	zcb_html_raw(
		&page->html,
		" from the run directory alone; <code>zcbench report DIR</code> makes it again. "
		"The figures are in <code>summary.json</code>, each plot’s script and data in "
		"<code>plots/</code>.</p></footer>\n</body>\n</html>\n");
}

int zcb_page_make(struct zcb_results *results, const struct zcb_summary *summary, char **ret_text,
		  size_t *ret_n, struct zcb_error *warning)
{
	ZCB_RECORDS_FREE struct zcb_records *records = zcb_records_new();
	struct zcb_page page = {.results = results, .summary = summary, .warning = warning, .plots_dirfd = results->dirfd,
				.records = records};
	struct zcb_error err = {""};
	char *text = NULL;

	if (!records)
		return -ENOMEM;
	page.rows = summary->rows;
	page.n_rows = summary->n_rows < MAX_ROWS ? summary->n_rows : MAX_ROWS;
	if (page.n_rows < summary->n_rows)
		zcb_results_note(results,
				 "The page shows the first %zu of %zu rows; summary.json has all.",
				 page.n_rows, summary->n_rows);
	warning->text[0] = '\0';
	page.html.out = open_memstream(&text, ret_n);
	if (!page.html.out)
		return -ENOMEM;
	put_head(&page);
	zcb_part_findings(&page);
	zcb_part_comparison(&page);
	zcb_part_run(&page);
	zcb_part_events(&page);
	zcb_part_verdicts(&page);
	zcb_part_frames(&page);
	zcb_part_staleness(&page);
	zcb_part_latency(&page);
	zcb_part_sweep(&page);
	zcb_part_stages(&page);
	zcb_part_overhead(&page);
	zcb_part_trouble(&page);
	zcb_part_environment(&page);
	zcb_part_glossary(&page);
	put_foot(&page);
	if (zcb_records_write(&page, &err) && !*warning->text)
		*warning = err;
	if (fclose(page.html.out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}
