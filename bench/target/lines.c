// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/lines.h"

void zcb_lines_finish(struct zcb_lines *lines, zcb_line_fn *on_line, void *context)
{
	size_t n = lines->used;

	lines->used = 0;
	if (n == 0)
		return;
	lines->text[n] = '\0';
	on_line(context, lines->text, n);
}

void zcb_lines_feed(struct zcb_lines *lines, const char *bytes, size_t n, zcb_line_fn *on_line,
		    void *context)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n' || bytes[i] == '\r' || lines->used == ZCB_LINE_MAX)
			zcb_lines_finish(lines, on_line, context);
		if (bytes[i] != '\n' && bytes[i] != '\r')
			lines->text[lines->used++] = bytes[i];
	}
}

static char printable(char c)
{
	if (c == '\t')
		return ' ';
	return c >= 0x20 && c <= 0x7e ? c : '?';
}

void zcb_line_printable(const char *line, size_t n, char *ret_text, size_t room)
{
	size_t i;

	for (i = 0; i < n && i + 1 < room; i++)
		ret_text[i] = printable(line[i]);
	ret_text[i] = '\0';
}
