/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_LINES_H
#define ZCB_TARGET_LINES_H

#include <stdbool.h>
#include <stddef.h>

/** The longest line; a kernel's own lines end at 1 KiB. */
#define ZCB_LINE_MAX 2048

/**
 * Cuts a byte stream into lines, wherever its reads end. Newlines and carriage returns both end a
 * line, empty lines are skipped, and what is longer than ZCB_LINE_MAX comes in pieces. Any byte may
 * occur. All zero is a fresh one.
 */
struct zcb_lines {
	char text[ZCB_LINE_MAX + 1];
	size_t used;
};

/** Gets one line of n bytes, NUL-terminated behind them; it may hold NULs itself. */
typedef void zcb_line_fn(void *context, const char *line, size_t n);

/** Calls on_line for each line that these bytes end. */
void zcb_lines_feed(struct zcb_lines *lines, const char *bytes, size_t n, zcb_line_fn *on_line,
		    void *context);

/** Calls on_line for a last line that had no newline. */
void zcb_lines_finish(struct zcb_lines *lines, zcb_line_fn *on_line, void *context);

/** Copies a line as printable ASCII, '?' for any other byte, cut to room with its NUL. */
void zcb_line_printable(const char *line, size_t n, char *ret_text, size_t room);

#endif
