// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/html/page.h"
#include "reports/html/records.h"

/* What readers of the dma-buf saw, of each kernel and variant: in sentences, or in a table of many. */

static bool reads_frames(const struct zcb_summary_row *row)
{
	return strcmp(row->first->consumer, "null") != 0 &&
	       strcmp(row->first->consumer, "oracle") != 0;
}

struct phrase {
	const char *observed, *text;
};

static const struct phrase phrases[] = {
	{"stale", "stay stale"},
	{"stale-until-refill", "are stale until the hole is refilled"},
	{"fresh", "stay fresh"},
	{"lookup", "are fresh at the next look-up"},
	{"zero-in-place", "are zeroed in place and stay coherent"},
	{"refused", "stay where they are: the kernel refused"},
	{"wrong", "are the wrong ones"},
	{"mixed", "differ from boot to boot"},
};

#define PHRASES (sizeof(phrases) / sizeof(phrases[0]))
#define MAX_MEMORIES 4U

/* The cells of one kernel, variant and workload that read frames and gave a verdict. */
struct tally {
	size_t cells, by_phrase[PHRASES];
	/* Which memories stand behind each phrase, the first few of them. */
	const char *memory[PHRASES][MAX_MEMORIES];
	size_t by_memory[PHRASES][MAX_MEMORIES];
	uint64_t checked, stale;
};

static void tally_memory(struct tally *tally, size_t phrase, const char *memory, size_t n)
{
	size_t m = 0;

	while (m < MAX_MEMORIES && tally->memory[phrase][m] &&
	       strcmp(tally->memory[phrase][m], memory) != 0)
		m++;
	if (m == MAX_MEMORIES)
		return;
	tally->memory[phrase][m] = memory;
	tally->by_memory[phrase][m] += n;
}

static size_t with_frames(const struct zcb_summary_row *row)
{
	return row->counts[ZCB_RESULT_PASS] + row->counts[ZCB_RESULT_KNOWN_BUG] + row->counts[ZCB_RESULT_FAIL];
}

static bool is_tallied(const struct zcb_summary_row *row)
{
	return reads_frames(row) && *row->observed && with_frames(row);
}

static void record_row(struct zcb_page *page, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		const struct zcb_result_cell *cell = row->cells[i];

		if (cell->tainted || (cell->status != ZCB_RESULT_PASS && cell->status != ZCB_RESULT_KNOWN_BUG &&
				      cell->status != ZCB_RESULT_FAIL))
			continue;
		zcb_records_cell(page, cell, NULL);
		zcb_records_say(page, "%.30s, %llu of %llu page readings stale", cell->observed,
				(unsigned long long)cell->pages[ZCB_VERDICT_STALE],
				(unsigned long long)cell->pages_checked);
	}
}

static void tally_row(const struct zcb_summary_row *row, struct tally *tally)
{
	size_t n = with_frames(row);

	if (!is_tallied(row))
		return;
	tally->cells += n;
	tally->checked += row->pages_checked;
	tally->stale += row->pages[ZCB_VERDICT_STALE];
	for (size_t i = 0; i < PHRASES; i++) {
		if (strcmp(row->observed, phrases[i].observed) != 0)
			continue;
		tally->by_phrase[i] += n;
		tally_memory(tally, i, row->first->memory, n);
	}
}

/*
 * What one sentence is about: a workload, or where variants are compared all workloads of one, but
 * not the control, which would be another sentence a variant for nothing.
 */
static bool same_subject(const struct zcb_page *page, const struct zcb_summary_row *a,
			 const struct zcb_summary_row *b)
{
	if (zcb_page_has_variants(page))
		return zcb_page_same_variant(a, b) && strcmp(b->first->event, "none") != 0;
	return zcb_page_same_variant(a, b) && strcmp(a->first->workload, b->first->workload) == 0;
}

/* " (shmem 4, hugetlb 1)" */
static void put_memories(struct zcb_html *html, const struct tally *tally, size_t phrase)
{
	for (size_t m = 0; m < MAX_MEMORIES && tally->memory[phrase][m]; m++) {
		zcb_html_text(html, m ? ", " : " (");
		zcb_html_clip(html, tally->memory[phrase][m], 40);
		zcb_html_textf(html, " %zu", tally->by_memory[phrase][m]);
	}
	zcb_html_raw(html, ")");
}

static void put_tally(struct zcb_page *page, const struct tally *tally)
{
	struct zcb_html *html = &page->html;
	size_t parts = 0;

	for (size_t i = 0; i < PHRASES; i++) {
		if (!tally->by_phrase[i])
			continue;
		zcb_html_text(html, parts++ ? "; they " : "pages read through the dma-buf ");
		zcb_html_element(html, "strong", "", phrases[i].text);
		zcb_html_textf(html, " in %zu", tally->by_phrase[i]);
		if (parts == 1)
			zcb_html_textf(html, " of %zu cell%s", tally->cells,
				       tally->cells == 1 ? "" : "s");
		put_memories(html, tally, i);
	}
	if (!parts)
		zcb_html_text(html, "no verdict of the list below was given");
	zcb_html_raw(html, ". ");
	zcb_html_count(html, tally->stale);
	zcb_html_raw(html, " of ");
	zcb_html_count(html, tally->checked);
	zcb_html_raw(html, " page readings were stale.</p>\n");
}

/* What one sentence, or one line of the table, is about. */
struct subject {
	const struct zcb_summary_row *row; /* its first */
	struct tally tally;
};

/* More than these are not read as sentences. */
#define MAX_SENTENCES 3U
#define MAX_SUBJECTS 500U

static bool is_first_of_subject(const struct zcb_page *page, size_t row)
{
	const struct zcb_summary_row *rows = page->rows;

	if (!same_subject(page, &rows[row], &rows[row]))
		return false;
	for (size_t i = 0; i < row; i++) {
		if (same_subject(page, &rows[row], &rows[i]))
			return false;
	}
	return true;
}

/* Those that showed stale pages, or those that did not, from `n` on. Returns how many there are then. */
static size_t collect_subjects(const struct zcb_page *page, bool stale, struct subject *subjects, size_t n)
{
	const struct zcb_summary_row *rows = page->rows;

	for (size_t first = 0; first < page->n_rows && n < MAX_SUBJECTS; first++) {
		struct subject subject = {.row = &rows[first]};

		if (!is_first_of_subject(page, first))
			continue;
		for (size_t i = first; i < page->n_rows; i++) {
			if (same_subject(page, &rows[first], &rows[i]))
				tally_row(&rows[i], &subject.tally);
		}
		if (subject.tally.cells && (subject.tally.stale > 0) == stale)
			subjects[n++] = subject;
	}
	return n;
}

static void put_side(struct zcb_page *page, const struct zcb_result_cell *cell)
{
	const char *release = zcb_page_release(page, cell->kernel);

	zcb_html_raw(&page->html, "<strong>");
	zcb_html_clip(&page->html, cell->variant, 60);
	zcb_html_raw(&page->html, "</strong> (");
	zcb_html_clip(&page->html, *release ? release : cell->kernel, 80);
	zcb_html_raw(&page->html, ")");
	if (zcb_page_has_variants(page))
		return;
	zcb_html_raw(&page->html, ", workload <strong>");
	zcb_html_clip(&page->html, cell->workload, 60);
	zcb_html_raw(&page->html, "</strong>");
}

/* "On stock (6.12.94), punch: pages … stay stale in 8 of 10 cells; …" */
static void put_sentence(struct zcb_page *page, const struct subject *subject)
{
	zcb_html_raw(&page->html, "<p>On ");
	put_side(page, subject->row->first);
	zcb_html_raw(&page->html, ": ");
	put_tally(page, &subject->tally);
}

static bool is_seen(const struct subject *subjects, size_t n, size_t phrase)
{
	for (size_t i = 0; i < n; i++) {
		if (subjects[i].tally.by_phrase[phrase])
			return true;
	}
	return false;
}

/* What did not happen stands back. */
static void put_number(struct zcb_html *html, size_t n)
{
	if (n)
		zcb_html_raw(html, "<td class=\"n\">");
	else
		zcb_html_raw(html, "<td class=\"n none\">");
	zcb_html_count(html, n);
	zcb_html_raw(html, "</td>\n");
}

/* The cells that a line of the table counts, by name. */
static unsigned int record(struct zcb_page *page, const struct subject *subject)
{
	const struct zcb_result_cell *cell = subject->row->first;
	unsigned int block;
	char title[200];
	bool fresh;

	snprintf(title, sizeof(title), "what was read through the dma-buf on %.60s:%.60s%s%.40s", cell->kernel,
		 cell->variant, zcb_page_has_variants(page) ? "" : ", workload ",
		 zcb_page_has_variants(page) ? "" : cell->workload);
	block = zcb_records_block(page, title, &fresh);
	for (size_t i = 0; fresh && i < page->n_rows; i++) {
		if (same_subject(page, subject->row, &page->rows[i]) && is_tallied(&page->rows[i]))
			record_row(page, &page->rows[i]);
	}
	return block;
}

static void put_table_line(struct zcb_page *page, const struct subject *subjects, size_t n, const struct subject *one)
{
	unsigned int block = record(page, one);
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	put_side(page, one->row->first);
	zcb_html_raw(html, "</th>\n");
	for (size_t phrase = 0; phrase < PHRASES; phrase++) {
		if (is_seen(subjects, n, phrase))
			put_number(html, one->tally.by_phrase[phrase]);
	}
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_records_open(page, block);
	zcb_html_count(html, one->tally.cells);
	zcb_records_close(page, block);
	zcb_html_raw(html, "</td>\n<td class=\"n\">");
	zcb_html_count(html, one->tally.stale);
	zcb_html_raw(html, " of ");
	zcb_html_count(html, one->tally.checked);
	zcb_html_raw(html, "</td></tr>\n");
}

static void put_table(struct zcb_page *page, const struct subject *subjects, size_t n)
{
	struct zcb_html *html = &page->html;

	zcb_page_open_box(page, "What was found of each kernel, scrolls sideways");
	zcb_html_raw(html, "<table class=\"found\">\n<caption>In how many cells pages that were read through the "
			   "dma-buf did what</caption>\n<thead><tr><th scope=\"col\">Kernel</th>\n");
	for (size_t phrase = 0; phrase < PHRASES; phrase++) {
		if (is_seen(subjects, n, phrase))
			zcb_html_element(html, "th", " scope=\"col\" class=\"n\"", phrases[phrase].text);
	}
	zcb_html_raw(html, "<th scope=\"col\" class=\"n\">of cells</th><th scope=\"col\" class=\"n\">page readings that were stale</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++)
		put_table_line(page, subjects, n, &subjects[i]);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(page);
}

/* phrases[0], the worst that a reader can see, in per cent of the cells. */
static double stale_share(const struct subject *subject)
{
	return 100 * (double)subject->tally.by_phrase[0] / (double)subject->tally.cells;
}

static void put_extreme(struct zcb_page *page, const struct subject *subject)
{
	put_side(page, subject->row->first);
	zcb_html_textf(&page->html, ", %zu of %zu", subject->tally.by_phrase[0], subject->tally.cells);
}

/* The table in a sentence: where old pages stay for good, and where hardly any do. */
static void put_extremes(struct zcb_page *page, const struct subject *subjects, size_t n)
{
	const struct subject *most = subjects, *least = subjects;

	for (size_t i = 1; i < n; i++) {
		most = stale_share(&subjects[i]) > stale_share(most) ? &subjects[i] : most;
		least = stale_share(&subjects[i]) < stale_share(least) ? &subjects[i] : least;
	}
	if (!(stale_share(most) > stale_share(least)))
		return;
	zcb_html_raw(&page->html, "<p>Old pages are seen <strong>for good</strong> in most cells on ");
	put_extreme(page, most);
	zcb_html_raw(&page->html, "; in fewest on ");
	put_extreme(page, least);
	zcb_html_raw(&page->html, ".</p>\n");
}

void zcb_part_sightings(struct zcb_page *page)
{
	ZCB_FREE struct subject *subjects = calloc(MAX_SUBJECTS, sizeof(*subjects));
	size_t n = 0;

	if (!subjects) {
		zcb_html_raw(&page->html, "<p class=\"warn\">No memory to say what was seen.</p>\n");
		return;
	}
	n = collect_subjects(page, true, subjects, n);
	n = collect_subjects(page, false, subjects, n);
	if (n > MAX_SENTENCES)
		put_extremes(page, subjects, n);
	if (n > MAX_SENTENCES)
		put_table(page, subjects, n);
	for (size_t i = 0; i < n && n <= MAX_SENTENCES; i++)
		put_sentence(page, &subjects[i]);
}
