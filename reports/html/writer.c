// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/utf8.h"

static void put_code(struct zcb_html *html, uint32_t code)
{
	char bytes[4];

	fwrite(bytes, 1, zcb_utf8_encode(code, bytes), html->out);
}

static void put_escaped(struct zcb_html *html, uint32_t code)
{
	if (code == '&')
		zcb_html_raw(html, "&amp;");
	else if (code == '<')
		zcb_html_raw(html, "&lt;");
	else if (code == '>')
		zcb_html_raw(html, "&gt;");
	else if (code == '"')
		zcb_html_raw(html, "&quot;");
	else if (code == '\'')
		zcb_html_raw(html, "&#39;");
	else if (zcb_utf8_is_invisible(code))
		fprintf(html->out, "[U+%04" PRIX32 "]", code);
	else
		put_code(html, code);
}

void zcb_html_text(struct zcb_html *html, const char *text)
{
	zcb_html_clip(html, text, SIZE_MAX);
}

void zcb_html_clip(struct zcb_html *html, const char *text, size_t max)
{
	size_t n = strlen(text), at = 0;
	uint32_t code;

	for (size_t letters = 0; at < n && letters < max; letters++) {
		at += zcb_utf8_decode(text + at, n - at, &code);
		put_escaped(html, code);
	}
	if (at < n)
		fprintf(html->out, "… [%zu more bytes]", n - at);
}

void zcb_html_preformatted(struct zcb_html *html, const char *bytes, size_t n)
{
	uint32_t code;

	for (size_t at = 0; at < n;) {
		at += zcb_utf8_decode(bytes + at, n - at, &code);
		if (code == '\n' || code == '\t')
			fputc((int)code, html->out);
		else if (code != '\r' || at == n || bytes[at] != '\n')
			put_escaped(html, code);
	}
}

void zcb_html_textf(struct zcb_html *html, const char *format, ...)
{
	ZCB_FREE char *text = NULL;
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		zcb_html_text(html, text);
}

static void put_grouped(struct zcb_html *html, const char *digits)
{
	size_t n = strspn(digits, "0123456789");

	for (size_t i = 0; i < n; i++) {
		if (i && (n - i) % 3 == 0)
			fputc(',', html->out);
		fputc(digits[i], html->out);
	}
	fputs(digits + n, html->out);
}

void zcb_html_count(struct zcb_html *html, uint64_t n)
{
	char digits[24];

	snprintf(digits, sizeof(digits), "%" PRIu64, n);
	put_grouped(html, digits);
}

void zcb_html_decimal(struct zcb_html *html, double value, int decimals)
{
	char digits[400];

	if (!isfinite(value)) {
		zcb_html_raw(html, "?");
		return;
	}
	if (value < 0)
		zcb_html_raw(html, "−");
	snprintf(digits, sizeof(digits), "%.*f", decimals, fabs(value));
	put_grouped(html, digits);
}

void zcb_html_png(struct zcb_html *html, const char *bytes, size_t n)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	zcb_html_raw(html, "data:image/png;base64,");
	for (size_t i = 0; i < n; i += 3) {
		uint32_t three = 0;

		for (size_t b = 0; b < 3; b++)
			three = three << 8 | (i + b < n ? (unsigned char)bytes[i + b] : 0);
		for (size_t b = 0; b < 4; b++)
			fputc(i + b > n ? '=' : letters[three >> (18 - 6 * b) & 63], html->out);
	}
}

size_t zcb_html_size(const struct zcb_html *html)
{
	long at = ftell(html->out);

	return at < 0 ? SIZE_MAX : (size_t)at;
}
