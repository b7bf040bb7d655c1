/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_WRITER_H
#define ZCB_REPORTS_HTML_WRITER_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "reports/plots/svg.h"

/*
 * Escapes by default: a string variable can only get into the page as text or as an attribute's
 * value. Markup is a literal of ours, checked by the compiler to be one, or a cleaned picture.
 */
struct zcb_html {
	FILE *out;
};

/** Markup of our own. The concatenation refuses anything that is not a string literal. */
#define zcb_html_raw(html, literal) fputs("" literal "", (html)->out)

/**
 * Text: &, <, > and quotes are escaped; invalid UTF-8 becomes U+FFFD; control characters and
 * letters that would reorder or hide text are shown as their code points: [U+001B].
 */
void zcb_html_text(struct zcb_html *html, const char *text);

/** The same, for at most max letters; what was cut is said. */
void zcb_html_clip(struct zcb_html *html, const char *text, size_t max);

/** The same for n bytes in which new lines and tabs stay: for <pre>. */
void zcb_html_preformatted(struct zcb_html *html, const char *bytes, size_t n);

void zcb_html_textf(struct zcb_html *html, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** ` name="value"`, with the value escaped; name is a literal. */
#define zcb_html_attribute(html, name, value)       \
	do {                                        \
		zcb_html_raw(html, " " name "=\""); \
		zcb_html_text(html, value);         \
		zcb_html_raw(html, "\"");           \
	} while (0)

/** `<tag>text</tag>`; tag may carry attributes: ELEMENT(html, "td", " class=\"n\"", text). */
#define zcb_html_element(html, tag, attributes, text)       \
	do {                                                \
		zcb_html_raw(html, "<" tag attributes ">"); \
		zcb_html_text(html, text);                  \
		zcb_html_raw(html, "</" tag ">");           \
	} while (0)

/** A whole number with a comma between thousands. */
void zcb_html_count(struct zcb_html *html, uint64_t n);

/** A number with so many decimals, and commas. */
void zcb_html_decimal(struct zcb_html *html, double value, int decimals);

/** "data:image/png;base64,…" */
void zcb_html_png(struct zcb_html *html, const char *bytes, size_t n);

/** How many bytes the page has so far. */
size_t zcb_html_size(const struct zcb_html *html);

#endif
