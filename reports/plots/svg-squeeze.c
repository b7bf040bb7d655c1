// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/plots/svg-squeeze.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Deeper groups than gnuplot's are left as they are. */
#define MAX_DEPTH 16U

/* What is written never overtakes what is read: each step copies a piece, or a shorter one. */
struct squeezer {
	char *body, *to;
	const char *at;
	struct {
		char *start, *content;
	} group[MAX_DEPTH];
	unsigned int depth;
};

static void copy(struct squeezer *s, const char *from, size_t n)
{
	memmove(s->to, from, n);
	s->to += n;
}

/* Only lines' ends and what indents them: a lone space may be a word of its own. */
static bool is_layout(const char *text, size_t n)
{
	return n && memchr("\n\t", text[0], 2) && strspn(text, " \t\r\n") >= n;
}

static void take_text(struct squeezer *s)
{
	size_t n = strcspn(s->at, "<");

	if (!is_layout(s->at, n))
		copy(s, s->at, n);
	s->at += n;
}

/* "394.33" is a place: a tenth of a pixel is enough. "0.222" is a size: it keeps its digits. */
static void take_number(struct squeezer *s)
{
	size_t whole = strspn(s->at, "0123456789");
	size_t n = whole + 1 + strspn(s->at + whole + 1, "0123456789");
	char text[32];
	size_t length;

	if (n >= sizeof(text)) {
		copy(s, s->at, n);
		s->at += n;
		return;
	}
	snprintf(text, sizeof(text), "%.*s", (int)n, s->at);
	if (whole > 1 && n - whole > 2)
		snprintf(text, sizeof(text), "%.1f", strtod(text, NULL));
	for (length = strlen(text); text[length - 1] == '0'; length--)
		;
	copy(s, text, length - (text[length - 1] == '.'));
	s->at += n;
}

static void copy_tag(struct squeezer *s, size_t n)
{
	const char *end = s->at + n;

	while (s->at < end) {
		size_t whole = strspn(s->at, "0123456789");

		if (whole && s->at[whole] == '.' && isdigit((unsigned char)s->at[whole + 1]))
			take_number(s);
		else {
			whole = whole ? whole : 1;
			copy(s, s->at, whole);
			s->at += whole;
		}
	}
}

/* Whether an empty tag only defines something that nothing refers to. */
static bool is_unused(const struct squeezer *s, const char *tag, size_t n)
{
	const char *id = memmem(tag, n, " id=\"", 5);
	char reference[96];
	size_t length;

	if (!id || tag[n - 2] != '/')
		return false;
	id += 5;
	length = strcspn(id, "\"");
	if (length + 3 > sizeof(reference))
		return false;
	snprintf(reference, sizeof(reference), "#%.*s\"", (int)length, id);
	return !memmem(s->body, (size_t)(s->to - s->body), reference, length + 2) &&
	       !strstr(tag, reference);
}

static void open_group(struct squeezer *s, size_t n)
{
	char *start = s->to;

	copy_tag(s, n);
	if (s->depth < MAX_DEPTH) {
		s->group[s->depth].start = start;
		s->group[s->depth].content = s->to;
	}
	s->depth++;
}

static void close_group(struct squeezer *s, size_t n)
{
	if (s->depth)
		s->depth--;
	if (s->depth < MAX_DEPTH && s->group[s->depth].content == s->to) {
		s->to = s->group[s->depth].start;
		s->at += n;
		return;
	}
	copy_tag(s, n);
}

static void take_tag(struct squeezer *s)
{
	size_t n = strcspn(s->at, ">");

	n += s->at[n] == '>';
	if (n > 2 && s->at[n - 2] != '/' && strncmp(s->at, "<g", 2) == 0 &&
	    strchr(" >", s->at[2]))
		open_group(s, n);
	else if (strncmp(s->at, "</g>", 4) == 0)
		close_group(s, n);
	else if (is_unused(s, s->at, n))
		s->at += n;
	else
		copy_tag(s, n);
}

static size_t squeeze_once(char *body)
{
	struct squeezer s = {.body = body, .to = body, .at = body};

	while (*s.at) {
		if (*s.at == '<')
			take_tag(&s);
		else
			take_text(&s);
	}
	*s.to = '\0';
	return (size_t)(s.to - body);
}

void zcb_svg_squeeze(char *body)
{
	size_t n = strlen(body), before;

	/* A shape that only an unused shape refers to goes in the next round. */
	do {
		before = n;
		n = squeeze_once(body);
	} while (n < before);
}
