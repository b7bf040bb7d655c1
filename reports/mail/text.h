/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_MAIL_TEXT_H
#define ZCB_REPORTS_MAIL_TEXT_H

#include <stddef.h>
#include <stdio.h>

/* What a mail to a kernel list may have a line. */
#define ZCB_MAIL_WIDTH 72U

/**
 * Copies text as printable ASCII: each other code point is a '?', so that nothing moves a cursor,
 * ends a line or hides. What does not fit is cut, and ends in '~'. room is at least 2.
 */
void zcb_mail_clean(char *to, size_t room, const char *from);

/** A heading, underlined. */
void zcb_mail_heading(FILE *out, const char *text);

/**
 * Formats, cleans and wraps a paragraph at ZCB_MAIL_WIDTH. Lines after the first are indented by
 * two more spaces: so what stands in a run directory never begins a line, where "---", "From " or
 * "diff" would mean something to git or to a mailbox.
 */
void zcb_mail_paragraph(FILE *out, const char *indent, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * A command line to paste into a shell: words are quoted where they need it, and lines are
 * continued by a backslash. Words of more than a line are not wrapped.
 */
void zcb_mail_command(FILE *out, const char *const *words, size_t n);

/** One line of a table: what is beyond the width and spaces at its end are dropped. */
void zcb_mail_line(FILE *out, const char *line);

/** "12.3us": a time in ns with three figures and its unit, in at most 7 characters. */
void zcb_mail_time(char *to, size_t room, double ns);

#endif
