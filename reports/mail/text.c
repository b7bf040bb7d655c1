// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/mail/text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/utf8.h"

/* Of one string; a reason of more is no reason. */
#define MAX_TEXT 2000U

/* The letters that our own sentences use. */
static char ascii_of(uint32_t code)
{
	static const struct {
		uint32_t code;
		char letter;
	} like[] = {
		{0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'}, {0x2013, '-'},
		{0x2014, '-'},	{0x2212, '-'},	{0xd7, 'x'},   {0xb5, 'u'},   {0x3bc, 'u'},
	};

	for (size_t i = 0; i < sizeof(like) / sizeof(like[0]); i++) {
		if (like[i].code == code)
			return like[i].letter;
	}
	return code >= ' ' && code < 0x7f ? (char)code : '?';
}

void zcb_mail_clean(char *to, size_t room, const char *from)
{
	size_t n = strlen(from), at = 0, used = 0;
	uint32_t code;

	while (at < n && used + 1 < room) {
		at += zcb_utf8_decode(from + at, n - at, &code);
		to[used++] = ascii_of(code);
	}
	to[used] = '\0';
	if (at < n)
		to[used - 1] = '~';
}

void zcb_mail_heading(FILE *out, const char *text)
{
	char line[ZCB_MAIL_WIDTH + 1];
	size_t n;

	zcb_mail_clean(line, sizeof(line), text);
	n = strlen(line);
	fprintf(out, "%s\n", line);
	memset(line, '=', n);
	fprintf(out, "%s\n\n", line);
}

/* How much of text goes into a line of `room`: to the last space in it, or all that fits. */
static size_t line_length(const char *text, size_t room)
{
	size_t n = strlen(text);

	if (n <= room)
		return n;
	for (n = room; n > 0; n--) {
		if (text[n] == ' ')
			return n;
	}
	return room;
}

static void wrap(FILE *out, const char *indent, const char *text)
{
	size_t margin = strlen(indent);
	bool first = true;

	while (*text || first) {
		size_t room = ZCB_MAIL_WIDTH - margin - (first ? 0 : 2);
		size_t n = line_length(text, room);

		fprintf(out, "%s%s%.*s\n", indent, first ? "" : "  ", (int)n, text);
		text += n;
		text += strspn(text, " ");
		first = false;
	}
}

void zcb_mail_paragraph(FILE *out, const char *indent, const char *format, ...)
{
	ZCB_FREE char *text = NULL;
	char clean[MAX_TEXT];
	va_list args;

	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	if (!text)
		return;
	zcb_mail_clean(clean, sizeof(clean), text);
	wrap(out, indent, clean);
}

static bool needs_quotes(const char *word)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789_-+=./,:@%";

	return !*word || word[strspn(word, plain)] != '\0';
}

/* In single quotes nothing means anything but the quote itself, which becomes '\''. */
static void quote(FILE *to, const char *word)
{
	char clean[MAX_TEXT];

	zcb_mail_clean(clean, sizeof(clean), word);
	if (!needs_quotes(clean)) {
		fputs(clean, to);
		return;
	}
	fputc('\'', to);
	for (const char *at = clean; *at; at++) {
		if (*at == '\'')
			fputs("'\\''", to);
		else
			fputc(*at, to);
	}
	fputc('\'', to);
}

void zcb_mail_command(FILE *out, const char *const *words, size_t n)
{
	size_t column = 2;

	fputs("  ", out);
	for (size_t i = 0; i < n; i++) {
		ZCB_FREE char *word = NULL;
		size_t length = 0;
		FILE *to = open_memstream(&word, &length);

		if (!to)
			return;
		quote(to, words[i]);
		if (fclose(to) != 0)
			return;
		if (i && column + 1 + length + 2 > ZCB_MAIL_WIDTH) {
			fputs(" \\\n    ", out);
			column = 4;
		} else if (i) {
			fputc(' ', out);
			column++;
		}
		fputs(word, out);
		column += length;
	}
	fputc('\n', out);
}

void zcb_mail_line(FILE *out, const char *line)
{
	size_t n = strnlen(line, ZCB_MAIL_WIDTH);

	while (n && line[n - 1] == ' ')
		n--;
	fprintf(out, "%.*s\n", (int)n, line);
}

void zcb_mail_time(char *to, size_t room, double ns)
{
	static const struct {
		const char *unit;
		double divisor;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
	size_t i = 0;
	double value;

	while (i + 1 < sizeof(units) / sizeof(units[0]) && ns >= 999.5 * units[i].divisor)
		i++;
	value = ns / units[i].divisor;
	snprintf(to, room, "%.*f%s", i == 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2, value,
		 units[i].unit);
}
