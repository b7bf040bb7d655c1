// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/page-map.h"

#define SIDE 20U
#define MAX_SHOWN 4096U

/* As near to a square as it goes: the pictures beside it are laid out in the same way. */
static size_t columns_of(size_t pages)
{
	size_t columns = 1;

	while (columns * columns < pages)
		columns++;
	return columns;
}

/* Neighbours of one verdict are one rectangle: a large frame stays a small picture. */
static void put_tints(struct zcb_html *html, const struct zcb_result_frame *frame, size_t from,
		      size_t to, size_t row)
{
	for (size_t i = from; i < to;) {
		int verdict = zcb_result_verdict_of_letter(frame->map[i]);
		size_t end = i + 1;

		while (end < to && frame->map[end] == frame->map[i])
			end++;
		zcb_html_raw(html, "<rect class=\"m-");
		zcb_html_text(html, verdict < 0 ? "unknown" : zcb_result_verdict_name(verdict));
		fprintf(html->out, "\" x=\"%zu\" y=\"%zu\" width=\"%zu\" height=\"%u\"/>",
			(i - from) * SIDE, row * SIDE, (end - i) * SIDE, SIDE);
		i = end;
	}
}

static void put_letters(struct zcb_html *html, const struct zcb_result_frame *frame, size_t from,
			size_t to, size_t row)
{
	zcb_html_raw(html, "<text x=\"");
	for (size_t i = from; i < to; i++)
		fprintf(html->out, "%zu ", (i - from) * SIDE + SIDE / 2);
	fprintf(html->out, "\" y=\"%zu\">", row * SIDE + 14);
	for (size_t i = from; i < to; i++) {
		char letter[2] = {frame->map[i], '\0'};

		zcb_html_text(html, zcb_result_verdict_of_letter(letter[0]) < 0 ? "?" : letter);
	}
	zcb_html_raw(html, "</text>");
}

static void put_outlines(struct zcb_html *html, const struct zcb_result_frame *frame, size_t from,
			 size_t to, size_t row)
{
	for (size_t i = from; i < to; i++) {
		if (frame->punched[i])
			fprintf(html->out,
				"<rect class=\"m-punched\" x=\"%zu.5\" y=\"%zu.5\" width=\"%u\" "
				"height=\"%u\"/>",
				(i - from) * SIDE + 1, row * SIDE + 1, SIDE - 3, SIDE - 3);
	}
}

void zcb_page_map(struct zcb_html *html, const struct zcb_result_frame *frame, const char *id,
		  const char *title)
{
	size_t shown = frame->pages < MAX_SHOWN ? frame->pages : MAX_SHOWN;
	size_t columns = columns_of(shown), rows = (shown + columns - 1) / columns;

	fprintf(html->out,
		"<svg class=\"map\" role=\"img\" width=\"%zu\" height=\"%zu\" viewBox=\"0 0 %zu "
		"%zu\"",
		columns * SIDE, rows * SIDE, columns * SIDE, rows * SIDE);
	zcb_html_attribute(html, "aria-labelledby", id);
	zcb_html_raw(html, "><title");
	zcb_html_attribute(html, "id", id);
	zcb_html_raw(html, ">");
	zcb_html_text(html, title);
	zcb_html_raw(html, "</title>");
	for (size_t row = 0; row < rows; row++) {
		size_t from = row * columns, to = from + columns < shown ? from + columns : shown;

		put_tints(html, frame, from, to, row);
		put_outlines(html, frame, from, to, row);
		put_letters(html, frame, from, to, row);
	}
	zcb_html_raw(html, "</svg>\n");
	if (shown < frame->pages)
		zcb_html_textf(html, "The first %zu of %zu pages.", shown, frame->pages);
}
