/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_PAGE_H
#define ZCB_REPORTS_HTML_PAGE_H

#include "bench/base/error.h"
#include "bench/results/reader.h"
#include "reports/analysis/summary.h"
#include "reports/html/writer.h"

struct zcb_records;

/** The page while it is written. */
struct zcb_page {
	struct zcb_html html;
	struct zcb_results *results;
	const struct zcb_summary *summary;
	const struct zcb_summary_row *rows; /* the summary's, as many as a page can show */
	size_t n_rows;
	int plots_dirfd; /* where the folder of plots lies */
	unsigned int plots; /* how many were drawn: their ids are short, p1, p2… */
	struct zcb_records *records; /* of figures that are made of many cells; or NULL */
	struct zcb_error
		*warning; /* the first thing that went wrong and left its place in the page */
};

/**
 * Makes the whole page: one file without scripts or anything outside of it. *ret_text is the
 * caller's to free. A plot that cannot be drawn leaves a note in its place and a sentence in
 * warning, which is "" otherwise. Returns 0 or -ENOMEM.
 */
int zcb_page_make(struct zcb_results *results, const struct zcb_summary *summary, char **ret_text,
		  size_t *ret_n, struct zcb_error *warning);

/* The parts, in the order of the page; each writes a <section>, or nothing where it has nothing. */
void zcb_part_comparison(struct zcb_page *page); /* of a run with arms alone */
void zcb_part_findings(struct zcb_page *page);
void zcb_part_sightings(struct zcb_page *page); /* within the findings */
void zcb_part_run(struct zcb_page *page);
void zcb_part_events(struct zcb_page *page);
void zcb_part_verdicts(struct zcb_page *page);
void zcb_part_frames(struct zcb_page *page);
void zcb_part_staleness(struct zcb_page *page);
void zcb_part_latency(struct zcb_page *page);
void zcb_part_sweep(struct zcb_page *page);
void zcb_part_stages(struct zcb_page *page);
void zcb_part_probes(struct zcb_page *page); /* the end of the stages' section */
void zcb_part_overhead(struct zcb_page *page);
void zcb_part_trouble(struct zcb_page *page);
void zcb_part_environment(struct zcb_page *page);
void zcb_part_kconfig(struct zcb_page *page); /* in the middle of the environment's section */
void zcb_part_glossary(struct zcb_page *page);

/** All that stands before a page's content, down to its <h1>; no script, no address. */
void zcb_page_begin(struct zcb_html *html, const char *title);

/** A box in which a wide table or picture scrolls by itself, by keyboard too. */
void zcb_page_open_box(struct zcb_page *page, const char *label);
void zcb_page_close_box(struct zcb_page *page);

/** `<dt>name</dt><dd>text</dd>`, or nothing where the text is "". */
void zcb_page_fact(struct zcb_page *page, const char *name, const char *text);

/**
 * Draws a plot and puts it into the page with its text alternative, or a note in its place. The
 * arguments before title are those of zcb_plot_draw().
 */
void zcb_page_plot(struct zcb_page *page, const char *name, const char *script,
		   const char *variables, const char *data, const char *title,
		   const char *description);

/**
 * A link to a file beside the page, which the caller knows to be there; the text alone where the
 * path has a letter that means something in an address.
 */
void zcb_page_link(struct zcb_page *page, const char *path, const char *text);

/** Whether a path has nothing that means something in an address or in markup, and no way out of its folder. */
bool zcb_page_is_plain(const char *path);

/**
 * A count of samples, which leads to the raw file of the metric where there is one; further cells of a row, such as
 * those of other boots, follow as links of their own.
 */
void zcb_page_samples(struct zcb_page *page, const struct zcb_result_cell *const *cells, size_t n, const char *metric,
		      uint64_t count);

/** The raw file of one cell and metric, below the run directory; NULL where there is none. */
const char *zcb_page_samples_path(const struct zcb_page *page, const struct zcb_result_cell *cell, const char *metric);

/** Text that leads to the raw file of one cell and metric where there is one. */
void zcb_page_sample(struct zcb_page *page, const struct zcb_result_cell *cell, const char *metric, const char *text);

/**
 * Begins and ends a link to the line of a cell in cells.jsonl; browsers go to the text that is named there. Where
 * there is no journal, open writes nothing and returns false.
 */
bool zcb_page_open_line(struct zcb_page *page, const struct zcb_result_cell *cell);
void zcb_page_close_line(struct zcb_page *page, bool open);

/** "emulated" and what it means for the figures; "" where there is nothing to say. */
const char *zcb_page_clock_caveat(const char *clock, const char *accel);

/** Whether two rows belong to one table of variant and kernel. */
bool zcb_page_same_variant(const struct zcb_summary_row *a, const struct zcb_summary_row *b);

/** Whether the run compares variants or kernels: then each line of a table names its own. */
bool zcb_page_has_variants(const struct zcb_page *page);

/** Whether a row is the first of its variant and kernel in the summary. */
bool zcb_page_opens_variant(const struct zcb_page *page, size_t row);

/** The release that metadata.json gives for a kernel of the plan, or "". */
const char *zcb_page_release(const struct zcb_page *page, const char *kernel);

#endif
