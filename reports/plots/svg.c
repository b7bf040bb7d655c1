// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/plots/svg.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reports/plots/svg-squeeze.h"

/*
 * This reads the SVG of gnuplot, not any SVG: tags, double or single quotes, no CDATA. What it does
 * not know it drops, so that the worst that odd input does is an empty picture.
 */

static const char *const elements[] = {"g",    "path", "text",	  "tspan",    "use",  "circle",
				       "rect", "line", "polygon", "polyline", "defs", "clipPath"};

/* Dropped with everything inside: gnuplot's titles would be tool tips that say nothing. */
static const char *const dropped[] = {"title", "desc", "filter", "script", "style", "a"};

static const char *const attributes[] = {
	"d",
	"x",
	"y",
	"x1",
	"y1",
	"x2",
	"y2",
	"r",
	"cx",
	"cy",
	"width",
	"height",
	"points",
	"transform",
	"text-anchor",
	"font-size",
	"font-weight",
	"stroke-width",
	"clip-path",
	"opacity",
	"fill-opacity",
	"stroke-opacity",
	"stroke-dasharray",
	"stroke-linecap",
	"stroke-linejoin",
};

struct cleaner {
	const char *at, *end;
	const char *prefix;
	FILE *out;
	unsigned int dropping; /* how deep inside a dropped element */
	bool inside;	       /* the <svg> tag was seen, and not its end */
	double width, height;
};

struct slice {
	const char *at;
	size_t n;
};

static bool is(struct slice slice, const char *word)
{
	return slice.n == strlen(word) && memcmp(slice.at, word, slice.n) == 0;
}

static bool is_one_of(struct slice slice, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is(slice, words[i]))
			return true;
	}
	return false;
}

#define ONE_OF(slice, words) is_one_of(slice, words, sizeof(words) / sizeof((words)[0]))

static bool is_name_letter(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_' || c == ':';
}

static struct slice take_name(struct cleaner *c)
{
	struct slice name = {c->at, 0};

	while (c->at < c->end && is_name_letter(*c->at))
		c->at++;
	name.n = (size_t)(c->at - name.at);
	return name;
}

static void skip_space(struct cleaner *c)
{
	while (c->at < c->end && isspace((unsigned char)*c->at))
		c->at++;
}

/* name="value"; false at the end of the tag. */
static bool take_attribute(struct cleaner *c, struct slice *ret_name, struct slice *ret_value)
{
	const char *close;

	skip_space(c);
	*ret_name = take_name(c);
	skip_space(c);
	if (!ret_name->n || c->at >= c->end || *c->at != '=')
		return false;
	c->at++;
	skip_space(c);
	if (c->at >= c->end || (*c->at != '"' && *c->at != '\''))
		return false;
	close = memchr(c->at + 1, *c->at, (size_t)(c->end - c->at - 1));
	if (!close)
		return false;
	*ret_value = (struct slice){c->at + 1, (size_t)(close - c->at - 1)};
	c->at = close + 1;
	return true;
}

/* Numbers, path letters, transforms: nothing that could end an attribute or name an address. */
static bool is_plain(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (!isalnum((unsigned char)value.at[i]) &&
		    !memchr(" \t\r\n.,()+-%", value.at[i], sizeof(" \t\r\n.,()+-%") - 1))
			return false;
	}
	return true;
}

static bool is_id(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (!is_name_letter(value.at[i]) || value.at[i] == ':')
			return false;
	}
	return value.n > 0;
}

/* "rgb(0, 0, 16N)" is the class sN. */
static int class_of(struct slice value)
{
	unsigned int red, green, blue;
	char text[32];

	if (value.n >= sizeof(text))
		return 0;
	memcpy(text, value.at, value.n);
	text[value.n] = '\0';
	if (sscanf(text, "rgb( %u , %u , %u )", &red, &green, &blue) != 3 || red || green)
		return 0;
	return blue >= 0xa1 && blue <= 0xa9 ? (int)(blue - 0xa0) : 0;
}

/* Returns the class that a colour asked for, or 0. */
static int put_colour(struct cleaner *c, struct slice name, struct slice value)
{
	int class = class_of(value);

	if (is(name, "color"))
		return class;
	fprintf(c->out, " %.*s=\"%s\"", (int)name.n, name.at,
		is(value, "none") || is(value, "white") ? "none" : "currentColor");
	return class;
}

static void put_id(struct cleaner *c, struct slice value)
{
	if (is_id(value))
		fprintf(c->out, " id=\"%s-%.*s\"", c->prefix, (int)value.n, value.at);
}

static void put_reference(struct cleaner *c, struct slice value)
{
	struct slice id = {value.at + 1, value.n - 1};

	if (value.n > 1 && value.at[0] == '#' && is_id(id))
		fprintf(c->out, " href=\"#%s-%.*s\"", c->prefix, (int)id.n, id.at);
}

/* What SVG takes where nothing is said; gnuplot's groups of lines do not lie in each other. */
static bool is_default(struct slice name, struct slice value)
{
	return (is(name, "stroke-linecap") && is(value, "butt")) ||
	       (is(name, "stroke-linejoin") && is(value, "miter"));
}

static int put_attribute(struct cleaner *c, struct slice name, struct slice value)
{
	if (is(name, "fill") || is(name, "stroke") || is(name, "color"))
		return put_colour(c, name, value);
	if (is(name, "id"))
		put_id(c, value);
	else if (is(name, "href") || is(name, "xlink:href"))
		put_reference(c, value);
	else if (ONE_OF(name, attributes) && is_plain(value) && !is_default(name, value))
		fprintf(c->out, " %.*s=\"%.*s\"", (int)name.n, name.at, (int)value.n, value.at);
	return 0;
}

static double number_of(struct slice value)
{
	char text[32] = "";

	if (value.n < sizeof(text))
		memcpy(text, value.at, value.n);
	return strtod(text, NULL);
}

static void start_picture(struct cleaner *c)
{
	struct slice name, value;

	while (take_attribute(c, &name, &value)) {
		if (is(name, "width"))
			c->width = number_of(value);
		if (is(name, "height"))
			c->height = number_of(value);
	}
	c->inside = true;
}

static void put_start_tag(struct cleaner *c, struct slice element)
{
	struct slice name, value;
	int class = 0;

	fprintf(c->out, "<%.*s", (int)element.n, element.at);
	while (take_attribute(c, &name, &value)) {
		int asked = put_attribute(c, name, value);

		class = asked ? asked : class;
	}
	if (class)
		fprintf(c->out, " class=\"s%d\"", class);
	fputs(c->at < c->end && *c->at == '/' ? "/>" : ">", c->out);
}

/* Goes to the '>' that ends the tag; true where it was "/>". */
static bool end_tag(struct cleaner *c)
{
	const char *close = memchr(c->at, '>', (size_t)(c->end - c->at));
	bool empty = close && close > c->at && close[-1] == '/';

	c->at = close ? close + 1 : c->end;
	return empty;
}

static void read_start_tag(struct cleaner *c)
{
	struct slice element = take_name(c);
	bool drops = ONE_OF(element, dropped);

	if (is(element, "svg") && !c->inside)
		start_picture(c);
	else if (c->inside && !c->dropping && ONE_OF(element, elements))
		put_start_tag(c, element);
	if (!end_tag(c) && drops)
		c->dropping++;
}

static void read_end_tag(struct cleaner *c)
{
	struct slice element;

	c->at++;
	element = take_name(c);
	if (ONE_OF(element, dropped) && c->dropping)
		c->dropping--;
	else if (is(element, "svg"))
		c->inside = false;
	else if (c->inside && !c->dropping && ONE_OF(element, elements))
		fprintf(c->out, "</%.*s>", (int)element.n, element.at);
	end_tag(c);
}

/* gnuplot wrote text as XML already: entities stay, a bare '&' and '>' do not. */
static void put_text(struct cleaner *c, struct slice text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.at[i] == '>')
			fputs("&gt;", c->out);
		else if (text.at[i] == '&' &&
			 (i + 1 == text.n || !isalpha((unsigned char)text.at[i + 1])))
			fputs("&amp;", c->out);
		else
			fputc(text.at[i], c->out);
	}
}

static void read_text(struct cleaner *c)
{
	const char *tag = memchr(c->at, '<', (size_t)(c->end - c->at));
	struct slice text = {c->at, (size_t)((tag ? tag : c->end) - c->at)};

	if (c->inside && !c->dropping)
		put_text(c, text);
	c->at += text.n;
}

static void read_all(struct cleaner *c)
{
	while (c->at < c->end) {
		if (*c->at != '<') {
			read_text(c);
			continue;
		}
		c->at++;
		if (c->at < c->end && *c->at == '/')
			read_end_tag(c);
		else
			read_start_tag(c); /* <? and <! have no name: dropped */
	}
}

int zcb_svg_clean(const char *text, size_t n, const char *prefix, struct zcb_svg *ret_svg)
{
	struct cleaner c = {.at = text, .end = text + n, .prefix = prefix};
	char *body = NULL;
	size_t length;

	c.out = open_memstream(&body, &length);
	if (!c.out)
		return -ENOMEM;
	read_all(&c);
	if (fclose(c.out) != 0) {
		free(body);
		return -ENOMEM;
	}
	if (!(c.width > 0) || !(c.height > 0) || c.inside) {
		free(body);
		return -EBADMSG;
	}
	zcb_svg_squeeze(body);
	*ret_svg = (struct zcb_svg){.body = body, .width = c.width, .height = c.height};
	return 0;
}

void zcb_svg_finish(struct zcb_svg *svg)
{
	free(svg->body);
	*svg = (struct zcb_svg){0};
}
