// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "reports/html/page-map.h"
#include "reports/html/page.h"

/* Frames that were wrong: the map of their pages, and what was expected and seen. */

#define MAX_FIGURES 4U
#define MAX_PNG_BYTES (192U << 10)
/* All pictures together, so that the page stays below 2 MB. */
#define MAX_PICTURE_BYTES (256U << 10)

struct tally {
	size_t by_verdict[ZCB_VERDICTS], unknown;
	size_t punched, punched_stale;
	int64_t youngest, oldest; /* of the stale pages whose age is said; -1: none */
};

static void tally_frame(const struct zcb_result_frame *frame, struct tally *t)
{
	*t = (struct tally){.youngest = -1, .oldest = -1};
	for (size_t i = 0; i < frame->pages; i++) {
		int verdict = zcb_result_verdict_of_letter(frame->map[i]);

		t->punched += frame->punched[i];
		if (verdict < 0) {
			t->unknown++;
			continue;
		}
		t->by_verdict[verdict]++;
		if (verdict != ZCB_VERDICT_STALE)
			continue;
		t->punched_stale += frame->punched[i];
		if (frame->ages[i] < 0)
			continue;
		if (t->youngest < 0 || frame->ages[i] < t->youngest)
			t->youngest = frame->ages[i];
		if (frame->ages[i] > t->oldest)
			t->oldest = frame->ages[i];
	}
}

/* "Of 64 pages 16 are stale, by 1 to 3 frames, and 48 fresh. 16 were punched, 16 of them are
 * stale." */
static void describe(const struct zcb_result_frame *frame, char *text, size_t room)
{
	struct tally t;
	size_t used;
	const char *comma = " ";

	tally_frame(frame, &t);
	used = (size_t)snprintf(text, room, "Of %zu pages", frame->pages);
	for (int v = ZCB_VERDICTS; v-- > 0;) {
		if (!t.by_verdict[v])
			continue;
		used += (size_t)snprintf(text + used, room - used, "%s%zu %s %s", comma,
					 t.by_verdict[v], t.by_verdict[v] == 1 ? "is" : "are",
					 zcb_result_verdict_name(v));
		if (v == ZCB_VERDICT_STALE && t.oldest >= 0 && t.youngest == t.oldest)
			used += (size_t)snprintf(text + used, room - used,
						 " by %" PRId64 " frame%s", t.oldest,
						 t.oldest == 1 ? "" : "s");
		else if (v == ZCB_VERDICT_STALE && t.oldest >= 0)
			used += (size_t)snprintf(text + used, room - used,
						 " by %" PRId64 " to %" PRId64 " frames",
						 t.youngest, t.oldest);
		comma = ", ";
	}
	if (t.unknown)
		used += (size_t)snprintf(text + used, room - used, "%s%zu have no known verdict",
					 comma, t.unknown);
	snprintf(text + used, room - used, ". %zu %s punched, of which %zu %s stale.", t.punched,
		 t.punched == 1 ? "was" : "were", t.punched_stale,
		 t.punched_stale == 1 ? "is" : "are");
}

static bool is_png(const char *bytes, size_t n)
{
	return n > 24 && memcmp(bytes, "\x89PNG\r\n\x1a\n", 8) == 0;
}

static void put_picture(struct zcb_page *page, const char *path, const char *caption, size_t *used)
{
	struct zcb_html *html = &page->html;
	ZCB_FREE char *bytes = NULL;
	size_t n = 0;
	int err = -ENOENT;

	if (*path)
		err = zcb_results_read_file(page->results, path, MAX_PNG_BYTES, &bytes, &n);
	zcb_html_raw(html, "<figure class=\"picture\">");
	if (err || !is_png(bytes, n) || *used + n > MAX_PICTURE_BYTES) {
		zcb_html_raw(html, "<p class=\"none\">");
		zcb_html_text(html, !*path		? "no picture was kept"
				    : err == -EFBIG	? "too large for this page"
				    : err		? "the picture cannot be read"
				    : !is_png(bytes, n) ? "this file is no PNG"
							: "left out: the page is large enough");
		zcb_html_raw(html, "</p>");
	} else {
		*used += n;
		zcb_html_raw(html, "<img alt=\"");
		zcb_html_textf(html, "the frame, %s", caption);
		zcb_html_raw(html, "\" src=\"");
		zcb_html_png(html, bytes, n);
		zcb_html_raw(html, "\">");
	}
	zcb_html_element(html, "figcaption", "", caption);
	zcb_html_raw(html, "</figure>\n");
}

static bool is_there(const struct zcb_page *page, const char *path)
{
	return faccessat(page->results->dirfd, path, R_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The frame's own record, and the samples of its cell. */
static void put_links(struct zcb_page *page, const struct zcb_result_frame *frame)
{
	char path[80];

	snprintf(path, sizeof(path), "frames/%" PRIu64 "-%" PRIu64 ".json", frame->index,
		 frame->frame);
	if (is_there(page, path)) {
		zcb_html_raw(&page->html, " ");
		zcb_page_link(page, path, "Record");
		zcb_html_raw(&page->html, ".");
	}
	snprintf(path, sizeof(path), "samples/%" PRIu64 ".frame.stale.zcs", frame->index);
	if (is_there(page, path)) {
		zcb_html_raw(&page->html, " ");
		zcb_page_link(page, path, "Samples");
		zcb_html_raw(&page->html, ".");
	}
}

static void put_heading(struct zcb_page *page, const struct zcb_result_frame *frame)
{
	const struct zcb_result_cell *cell = zcb_results_cell(page->results, frame->index);
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<h3>");
	zcb_html_clip(html, *frame->cell || !cell ? frame->cell : cell->cell, 160);
	if (cell && *cell->brief) {
		zcb_html_raw(html, ", ");
		zcb_html_clip(html, cell->brief, 120);
	}
	zcb_html_raw(html, "</h3>\n<p>Frame ");
	zcb_html_count(html, frame->frame);
	zcb_html_raw(html, " of round ");
	zcb_html_count(html, frame->round);
	if (strcmp(frame->after, "baseline") == 0) {
		zcb_html_raw(html, ", before any page was taken away");
	} else if (*frame->after) {
		zcb_html_raw(html, ", after the ");
		zcb_html_clip(html, frame->after, 40);
	}
	zcb_html_raw(html, "; the guest had published sequence ");
	zcb_html_count(html, frame->published);
	zcb_html_raw(html, ".");
	put_links(page, frame);
	zcb_html_raw(html, "</p>\n");
}

static void put_frame(struct zcb_page *page, const struct zcb_result_frame *frame, size_t number,
		      size_t *used)
{
	struct zcb_html *html = &page->html;
	char text[512], id[32];

	describe(frame, text, sizeof(text));
	snprintf(id, sizeof(id), "map-%zu", number);
	zcb_html_raw(html, "<article>\n");
	put_heading(page, frame);
	zcb_html_raw(html, "<div class=\"frame\">\n<figure>");
	zcb_page_open_box(page, "Map of the frame’s pages");
	if (frame->pages)
		zcb_page_map(html, frame, id, text);
	zcb_page_close_box(page);
	zcb_html_element(html, "figcaption", "", text);
	zcb_html_raw(html, "</figure>\n<div class=\"pictures\">\n");
	put_picture(page, frame->png_expected, "as expected", used);
	put_picture(page, frame->png_seen, "as seen", used);
	put_picture(page, frame->png_difference, "difference", used);
	zcb_html_raw(html, "</div></div>\n</article>\n");
}

static bool counts(const struct zcb_page *page, const struct zcb_result_frame *frame)
{
	const struct zcb_result_cell *cell = zcb_results_cell(page->results, frame->index);

	return !cell || !cell->tainted;
}

static bool is_wrong(const struct zcb_result_cell *cell)
{
	return cell && (cell->status == ZCB_RESULT_FAIL || cell->status == ZCB_RESULT_KNOWN_BUG);
}

/* A frame says most where some pages are wrong and some right, and many were punched. */
static size_t interest(const struct zcb_page *page, const struct zcb_result_frame *frame)
{
	const struct zcb_result_cell *cell = zcb_results_cell(page->results, frame->index);
	struct tally t;

	tally_frame(frame, &t);
	return (is_wrong(cell) ? 1000000 : 0) +
	       (t.by_verdict[ZCB_VERDICT_FRESH] && t.by_verdict[ZCB_VERDICT_FRESH] < frame->pages
			? 100000
			: 0) +
	       t.by_verdict[ZCB_VERDICT_STALE];
}

/* Another boot's run of the same cell shows the same. */
static bool is_same(const struct zcb_result_cell *a, const struct zcb_result_cell *b)
{
	return a && b && strcmp(a->cell, b->cell) == 0 && strcmp(a->params, b->params) == 0 &&
	       strcmp(a->kernel, b->kernel) == 0;
}

/* The most telling frame of a cell that is not shown yet, memories in turn where there is a choice.
 */
static const struct zcb_result_frame *
choose(const struct zcb_page *page, const struct zcb_result_frame *const *shown, size_t n_shown)
{
	const struct zcb_result_frame *best = NULL;
	size_t most = 0;

	for (size_t i = 0; i < page->results->n_frames; i++) {
		const struct zcb_result_frame *frame = &page->results->frames[i];
		const struct zcb_result_cell *cell = zcb_results_cell(page->results, frame->index);
		size_t value = interest(page, frame) + 1;
		bool taken = !counts(page, frame);

		for (size_t s = 0; s < n_shown; s++) {
			const struct zcb_result_cell *other =
				zcb_results_cell(page->results, shown[s]->index);

			taken |= shown[s]->index == frame->index || is_same(cell, other);
			if (cell && other && strcmp(cell->memory, other->memory) == 0)
				value /= 4;
		}
		if (!taken && value > most) {
			most = value;
			best = frame;
		}
	}
	return best;
}

static void put_key(struct zcb_html *html)
{
	zcb_html_raw(
		html,
		"<p class=\"key\"><span class=\"m-fresh\">F</span> fresh "
		"<span class=\"m-stale\">S</span> stale <span class=\"m-zero\">Z</span> zero "
		"<span class=\"m-torn\">T</span> torn <span class=\"m-foreign\">X</span> foreign "
		"<span class=\"m-corrupt\">C</span> corrupt "
		"<span class=\"m-box\">&nbsp;</span> outlined: punched. Pages in the order of the "
		"frame, "
		"left to right and down.</p>\n");
}

void zcb_part_frames(struct zcb_page *page)
{
	const struct zcb_result_frame *shown[MAX_FIGURES], *frame;
	size_t n = 0, used = 0;

	zcb_html_raw(&page->html, "<section id=\"frames\">\n<h2>Wrong frames</h2>\n");
	while (n < MAX_FIGURES && (frame = choose(page, shown, n))) {
		if (!n)
			put_key(&page->html);
		shown[n] = frame;
		put_frame(page, frame, n++, &used);
	}
	if (!n)
		zcb_html_raw(&page->html,
			     "<p>No wrong frame of a boot that counts was kept.</p>\n");
	else if (page->results->n_frames > n)
		zcb_html_textf(&page->html,
			       "%zu of %zu frames that were kept; all are in the folder frames/.",
			       n, page->results->n_frames);
	zcb_html_raw(&page->html, "</section>\n");
}
