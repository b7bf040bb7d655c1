// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/html/page.h"

/* What did not go as it should: cells with their reasons, kernel faults, a damaged run directory.
 */

#define MAX_GROUPS 120U
#define MAX_NAMED 6U
#define MAX_FAULTS 20U
#define TAIL_BYTES 3000U

/* Cells of one status and one reason are one line, however many there are. */
static bool same_trouble(const struct zcb_result_cell *a, const struct zcb_result_cell *b)
{
	return a->status == b->status && strcmp(a->reason, b->reason) == 0;
}

static int by_trouble(const void *a, const void *b)
{
	const struct zcb_result_cell *left = *(const struct zcb_result_cell *const *)a;
	const struct zcb_result_cell *right = *(const struct zcb_result_cell *const *)b;
	int order = (int)left->status - (int)right->status;

	if (!order)
		order = strcmp(left->reason, right->reason);
	if (!order)
		order = left->index < right->index ? -1 : left->index > right->index;
	return order;
}

static void put_group(struct zcb_page *page, const struct zcb_result_cell *const *cells, size_t n)
{
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_text(html, zcb_result_status_name(cells[0]->status));
	zcb_html_raw(html, "</th><td class=\"n\">");
	zcb_html_count(html, n);
	zcb_html_raw(html, "</td><td>");
	zcb_html_clip(html, *cells[0]->reason ? cells[0]->reason : "no reason was given", 1000);
	zcb_html_raw(html, "</td><td class=\"names\">");
	for (size_t i = 0; i < n && i < MAX_NAMED; i++) {
		bool leads;

		zcb_html_raw(html, "<div><code>");
		leads = zcb_page_open_line(page, cells[i]);
		zcb_html_clip(html, cells[i]->cell, 160);
		zcb_page_close_line(page, leads);
		zcb_html_raw(html, "</code> ");
		zcb_html_clip(html, cells[i]->brief, 120);
		zcb_html_textf(html, ", boot %llu", (unsigned long long)cells[i]->boot);
		zcb_html_raw(html, "</div>");
	}
	if (n > MAX_NAMED)
		zcb_html_textf(html, "and %zu more", n - MAX_NAMED);
	zcb_html_raw(html, "</td></tr>\n");
}

static void put_groups(struct zcb_page *page, const struct zcb_result_cell **cells, size_t n)
{
	struct zcb_html *html = &page->html;
	size_t groups = 0, same;

	zcb_page_open_box(page, "Cells without a pass, scrolls sideways");
	zcb_html_raw(
		html,
		"<table><thead><tr><th scope=\"col\">Status</th><th scope=\"col\" "
		"class=\"n\">Cells</th>"
		"<th scope=\"col\">Reason</th><th scope=\"col\">Which</th></tr></thead><tbody>\n");
	for (size_t i = 0; i < n && groups < MAX_GROUPS; i += same, groups++) {
		for (same = 1; i + same < n && same_trouble(cells[i], cells[i + same]);)
			same++;
		put_group(page, &cells[i], same);
	}
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(page);
	if (groups == MAX_GROUPS)
		zcb_html_raw(
			html,
			"<p class=\"note\">There may be more; cells.jsonl has them all.</p>\n");
}

static void put_cells(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	ZCB_FREE const struct zcb_result_cell **cells = calloc(r->n_cells + 1, sizeof(*cells));
	size_t n = 0;

	for (size_t i = 0; cells && i < r->n_cells; i++) {
		if (r->cells[i].status != ZCB_RESULT_PASS && !r->cells[i].tainted)
			cells[n++] = &r->cells[i];
	}
	zcb_html_raw(&page->html, "<h3>Cells that did not pass</h3>\n");
	if (!n) {
		zcb_html_raw(&page->html, "<p>None.</p>\n");
		return;
	}
	qsort(cells, n, sizeof(*cells), by_trouble);
	put_groups(page, cells, n);
}

static void put_strings(struct zcb_page *page, const struct zcb_result_strings *strings, size_t max)
{
	zcb_html_raw(&page->html, "<ul>\n");
	for (size_t i = 0; i < strings->n && i < max; i++) {
		zcb_html_raw(&page->html, "<li>");
		zcb_html_clip(&page->html, strings->items[i], 600);
		zcb_html_raw(&page->html, "</li>\n");
	}
	zcb_html_raw(&page->html, "</ul>\n");
	if (strings->n > max)
		zcb_html_textf(&page->html, "and %zu more", strings->n - max);
}

static void put_console(struct zcb_page *page, uint64_t boot)
{
	ZCB_FREE char *bytes = NULL;
	char path[64];
	size_t n = 0;

	snprintf(path, sizeof(path), "boots/%llu/console.log", (unsigned long long)boot);
	if (zcb_results_read_tail(page->results, path, TAIL_BYTES, &bytes, &n) || !n)
		return;
	zcb_html_raw(&page->html, "<p>The end of its console:</p>\n<pre tabindex=\"0\">");
	zcb_html_preformatted(&page->html, bytes, n);
	zcb_html_raw(&page->html, "</pre>\n");
}

static void put_boot(struct zcb_page *page, const struct zcb_result_boot *boot, bool console)
{
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<h4>");
	zcb_html_textf(html, "Boot %llu: ", (unsigned long long)boot->number);
	zcb_html_clip(html, *boot->outcome ? boot->outcome : "its end is not known", 40);
	zcb_html_text(html, boot->tainted ? ", tainted" : "");
	zcb_html_raw(html, "</h4>\n");
	if (*boot->reason) {
		zcb_html_raw(html, "<p>");
		zcb_html_clip(html, boot->reason, 1000);
		zcb_html_raw(html, "</p>\n");
	}
	if (boot->kernel_faults.n)
		put_strings(page, &boot->kernel_faults, MAX_FAULTS);
	if (console)
		put_console(page, boot->number);
}

/* Faults that cells of a boot saw, where the boot itself left no word of them. */
static void put_faults_of_cells(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	size_t shown = 0;

	for (size_t i = 0; i < r->n_cells && shown < MAX_FAULTS; i++) {
		if (!r->cells[i].kernel_faults.n)
			continue;
		shown++;
		zcb_html_raw(&page->html, "<p>Cell <code>");
		zcb_html_clip(&page->html, r->cells[i].cell, 160);
		zcb_html_raw(&page->html, "</code> ");
		zcb_html_clip(&page->html, r->cells[i].brief, 120);
		zcb_html_textf(&page->html, ", boot %llu:", (unsigned long long)r->cells[i].boot);
		zcb_html_raw(&page->html, "</p>\n");
		put_strings(page, &r->cells[i].kernel_faults, 4);
	}
}

static void put_boots(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	size_t shown = 0;

	zcb_html_raw(&page->html, "<h3>Kernel faults, and boots that did not end well</h3>\n");
	for (size_t i = 0; i < r->n_boots && shown < 40; i++) {
		const struct zcb_result_boot *boot = &r->boots[i];

		if (!boot->tainted && strcmp(boot->outcome, "clean") == 0)
			continue;
		put_boot(page, boot, shown < 8);
		shown++;
	}
	put_faults_of_cells(page);
	if (!shown && !page->summary->kernel_faults)
		zcb_html_raw(&page->html, "<p>None.</p>\n");
}

static void put_damage(struct zcb_page *page)
{
	if (!page->results->notes.n)
		return;
	zcb_html_raw(&page->html, "<h3 id=\"damage\">What is wrong with the run directory</h3>\n");
	put_strings(page, &page->results->notes, page->results->notes.n);
}

void zcb_part_trouble(struct zcb_page *page)
{
	zcb_html_raw(&page->html, "<section id=\"trouble\">\n<h2>Trouble</h2>\n");
	put_cells(page);
	put_boots(page);
	put_damage(page);
	zcb_html_raw(&page->html, "</section>\n");
}
