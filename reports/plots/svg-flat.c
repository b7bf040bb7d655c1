// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/plots/svg-flat.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/plots/svg-markers.h"
#include "reports/plots/svg-path.h"

#define MAX_DEPTH 12U
#define MAX_LAYERS 12U
#define MAX_STYLE 200U
#define BACK " class=\"s9\"" /* grid and axes */

struct slice {
	const char *at;
	size_t n;
};

/* What a group says and its shapes inherit; and what SVG, and a page of class flat, take unsaid. */
enum { FILL, STROKE, WIDTH, DASHES, CLASS, CAP, JOIN, FILL_OPACITY, STROKE_OPACITY, ANCHOR, SIZE, WEIGHT, INHERITED };

static const struct {
	const char *name, *unsaid, *flat;
	bool text; /* means something to words alone */
} inherited[INHERITED] = {
	[FILL] = {"fill", "currentColor", "none", false},
	[STROKE] = {"stroke", "none", "currentColor", false},
	[WIDTH] = {"stroke-width", "1", "1", false},
	[DASHES] = {"stroke-dasharray", "", "", false},
	[CLASS] = {"class", "", "", false},
	[CAP] = {"stroke-linecap", "", "", false},
	[JOIN] = {"stroke-linejoin", "", "", false},
	[FILL_OPACITY] = {"fill-opacity", "", "", false},
	[STROKE_OPACITY] = {"stroke-opacity", "", "", false},
	[ANCHOR] = {"text-anchor", "", "", true},
	[SIZE] = {"font-size", "12", "12", true},
	[WEIGHT] = {"font-weight", "", "", true},
};

struct group {
	struct slice value[INHERITED], transform;
};

/* Paths that look alike; those of grid and axes are put first, whenever they were drawn. */
struct layer {
	char style[MAX_STYLE];
	struct zcb_svg_path path;
};

struct flattener {
	const char *at, *prefix;
	struct group group[MAX_DEPTH];
	unsigned int depth;
	struct layer back[MAX_LAYERS], front;
	unsigned int n_back;
	struct zcb_svg_markers markers;
	char marker_style[MAX_STYLE]; /* of the group of markers that is open; "": none is */
	FILE *shapes, *words;
	bool defining;
};

/* name="value" inside a tag, by the names that matter. */
static struct slice attribute(const char *tag, size_t n, const char *name)
{
	char wanted[32];
	const char *found, *end;

	snprintf(wanted, sizeof(wanted), " %s=\"", name);
	found = memmem(tag, n, wanted, strlen(wanted));
	if (!found)
		return (struct slice){"", 0};
	found += strlen(wanted);
	end = memchr(found, '"', (size_t)(tag + n - found));
	return (struct slice){found, end ? (size_t)(end - found) : 0};
}

static bool is(struct slice slice, const char *word)
{
	return slice.n == strlen(word) && memcmp(slice.at, word, slice.n) == 0;
}

/* What a shape has in the end: of its own, or of the nearest group that says it. */
static struct slice effective(const struct flattener *f, const char *tag, size_t n, unsigned int what)
{
	struct slice own = attribute(tag, n, inherited[what].name);

	for (unsigned int i = f->depth; !own.n && i-- > 0;)
		own = f->group[i].value[what];
	if (!own.n)
		own = (struct slice){inherited[what].unsaid, strlen(inherited[what].unsaid)};
	return own;
}

/* Those attributes that a page of class flat does not take by itself. */
static int style_of(const struct flattener *f, const char *tag, size_t n, char *ret_style)
{
	size_t used = 0;

	*ret_style = '\0';
	for (unsigned int i = 0; i < INHERITED; i++) {
		struct slice value = effective(f, tag, n, i);

		if (inherited[i].text || is(value, inherited[i].flat))
			continue;
		used += (size_t)snprintf(ret_style + used, MAX_STYLE - used, " %s=\"%.*s\"",
					 inherited[i].name, (int)value.n, value.at);
		if (used >= MAX_STYLE)
			return -EOPNOTSUPP;
	}
	return 0;
}

static void close_markers(struct flattener *f)
{
	if (*f->marker_style)
		fputs("</g>", f->shapes);
	*f->marker_style = '\0';
}

static int put_path(struct layer *layer, FILE *out)
{
	int err = zcb_svg_path_close(&layer->path);

	if (!err && layer->path.text && *layer->path.text)
		fprintf(out, "<path%s d=\"%s\"/>", layer->style, layer->path.text);
	zcb_svg_path_finish(&layer->path);
	return err;
}

static struct layer *back_layer(struct flattener *f, const char *style)
{
	for (unsigned int i = 0; i < f->n_back; i++) {
		if (strcmp(f->back[i].style, style) == 0)
			return &f->back[i];
	}
	if (f->n_back == MAX_LAYERS)
		return NULL;
	strcpy(f->back[f->n_back].style, style);
	return &f->back[f->n_back++];
}

static int add_shape(struct flattener *f, const char *tag, size_t n, struct slice data)
{
	struct layer *layer = NULL;
	char style[MAX_STYLE];
	int err = style_of(f, tag, n, style);

	if (err)
		return err;
	if (strstr(style, BACK) && !strstr(style, " fill="))
		layer = back_layer(f, style);
	if (!layer) {
		layer = &f->front;
		if (strcmp(layer->style, style) != 0 || *f->marker_style) {
			close_markers(f);
			err = put_path(layer, f->shapes);
			strcpy(layer->style, style);
		}
	}
	return err ? err : zcb_svg_path_add(&layer->path, data.at, data.n);
}

/* "1,2 3,4" is "M1,2 L3,4 z". */
static int add_polygon(struct flattener *f, const char *tag, size_t n)
{
	struct slice points = attribute(tag, n, "points");
	ZCB_FREE char *data = NULL;
	size_t length;
	FILE *out = open_memstream(&data, &length);
	char command = 'M';

	if (!out)
		return -ENOMEM;
	for (size_t at = 0, next; at < points.n; at += next + 1) {
		next = strcspn(points.at + at, " \"");
		if (next)
			fprintf(out, "%c%.*s", command, (int)next, points.at + at);
		command = next ? 'L' : command;
	}
	fputc('z', out);
	if (fclose(out) != 0)
		return -ENOMEM;
	return add_shape(f, tag, n, (struct slice){data, length});
}

static int add_marker(struct flattener *f, const char *tag, size_t n)
{
	struct slice href = attribute(tag, n, "href"), where = attribute(tag, n, "transform");
	char style[MAX_STYLE];
	int err = style_of(f, tag, n, style);

	if (!err)
		err = put_path(&f->front, f->shapes);
	if (err)
		return err;
	if (!*style)
		strcpy(style, " ");
	if (strcmp(style, f->marker_style) != 0) {
		close_markers(f);
		strcpy(f->marker_style, style);
		fprintf(f->shapes, "<g%s>", *style == ' ' && !style[1] ? "" : style);
	}
	return zcb_svg_markers_put(&f->markers, href.at, href.n, where.at, where.n, f->prefix, f->shapes);
}

/* Where the group right around a text moves it: "translate(1,2)", and maybe more. */
static void put_place(struct flattener *f)
{
	struct slice where = f->depth ? f->group[f->depth - 1].transform : (struct slice){"", 0};
	char x[16], y[16], text[80];
	int end = 0;

	snprintf(text, sizeof(text), "%.*s", (int)where.n, where.at);
	if (sscanf(text, "translate(%15[0-9.-],%15[0-9.-])%n", x, y, &end) == 2 && end && !text[end])
		fprintf(f->words, " x=\"%s\" y=\"%s\"", x, y);
	else if (where.n)
		fprintf(f->words, " transform=\"%.*s\"", (int)where.n, where.at);
}

static void put_text_style(struct flattener *f, const char *tag, size_t n)
{
	struct slice class = effective(f, tag, n, CLASS), anchor = effective(f, tag, n, ANCHOR);
	struct slice size = effective(f, tag, n, SIZE), weight = effective(f, tag, n, WEIGHT);
	const char *end = is(anchor, "end") ? "e" : is(anchor, "middle") ? "m" : "";

	if (class.n || *end)
		fprintf(f->words, " class=\"%.*s%s%s\"", (int)class.n, class.at, class.n && *end ? " " : "", end);
	if (!is(size, inherited[SIZE].flat))
		fprintf(f->words, " font-size=\"%.*s\"", (int)size.n, size.at);
	if (weight.n)
		fprintf(f->words, " font-weight=\"%.*s\"", (int)weight.n, weight.at);
}

static int add_text(struct flattener *f, const char *tag, size_t n)
{
	const char *end = strstr(f->at, "</text>");

	if (!end)
		return -EOPNOTSUPP;
	fputs("<text", f->words);
	put_place(f);
	put_text_style(f, tag, n);
	fprintf(f->words, ">%.*s</text>", (int)(end - f->at), f->at);
	f->at = end + strlen("</text>");
	return 0;
}

/* gnuplot's groups that move things hold words alone. */
static bool is_moved(const struct flattener *f)
{
	for (unsigned int i = 0; i < f->depth; i++) {
		if (f->group[i].transform.n)
			return true;
	}
	return false;
}

static int open_group(struct flattener *f, const char *tag, size_t n)
{
	struct group *group = &f->group[f->depth];

	if (f->depth == MAX_DEPTH || is_moved(f) || attribute(tag, n, "clip-path").n ||
	    attribute(tag, n, "opacity").n)
		return -EOPNOTSUPP;
	for (unsigned int i = 0; i < INHERITED; i++)
		group->value[i] = attribute(tag, n, inherited[i].name);
	group->transform = attribute(tag, n, "transform");
	f->depth++;
	return 0;
}

/* The canvas itself, which nobody sees. */
static bool is_invisible(const struct flattener *f, const char *tag, size_t n)
{
	return is(effective(f, tag, n, FILL), "none") && is(effective(f, tag, n, STROKE), "none");
}

static int take_start(struct flattener *f, struct slice name, const char *tag, size_t n)
{
	bool empty = n > 1 && tag[n - 2] == '/';

	if (is(name, "defs")) {
		f->defining = !empty;
		return 0;
	}
	if (f->defining)
		return 0; /* markers, of which there is a table */
	if (is(name, "g") && !empty)
		return open_group(f, tag, n);
	if (is(name, "text") && !empty)
		return add_text(f, tag, n);
	if (is_moved(f) || !empty)
		return -EOPNOTSUPP;
	if (is(name, "path"))
		return add_shape(f, tag, n, attribute(tag, n, "d"));
	if (is(name, "polygon"))
		return add_polygon(f, tag, n);
	if (is(name, "use"))
		return add_marker(f, tag, n);
	return is(name, "rect") && is_invisible(f, tag, n) ? 0 : -EOPNOTSUPP;
}

static int take_end(struct flattener *f, struct slice name)
{
	if (is(name, "defs")) {
		f->defining = false;
		return 0;
	}
	if (f->defining)
		return 0;
	if (!is(name, "g") || !f->depth)
		return -EOPNOTSUPP;
	f->depth--;
	return 0;
}

static int take_tag(struct flattener *f)
{
	const char *tag = f->at, *close = strchr(tag, '>');
	struct slice name = {tag + 1, 0};

	if (!close)
		return -EOPNOTSUPP;
	f->at = close + 1;
	name.at += *name.at == '/';
	while (isalpha((unsigned char)name.at[name.n]))
		name.n++;
	return tag[1] == '/' ? take_end(f, name) : take_start(f, name, tag, (size_t)(f->at - tag));
}

static int take_all(struct flattener *f)
{
	int err = 0;

	while (!err && *f->at) {
		if (*f->at == '<')
			err = take_tag(f);
		else if (isspace((unsigned char)*f->at))
			f->at++;
		else
			return -EOPNOTSUPP;
	}
	if (!err && f->depth)
		return -EOPNOTSUPP;
	if (!err)
		err = put_path(&f->front, f->shapes);
	close_markers(f);
	return err;
}

static int put_all(struct flattener *f, const char *shapes, const char *words, char **ret_body)
{
	char *body = NULL;
	size_t n;
	FILE *out = open_memstream(&body, &n);
	int err = 0;

	if (!out)
		return -ENOMEM;
	zcb_svg_markers_define(&f->markers, f->prefix, out);
	for (unsigned int i = 0; !err && i < f->n_back; i++)
		err = put_path(&f->back[i], out);
	fputs(shapes, out);
	fputs(words, out);
	if (fclose(out) != 0 || err) {
		free(body);
		return -ENOMEM;
	}
	*ret_body = body;
	return 0;
}

int zcb_svg_flatten(const char *body, const char *prefix, char **ret_body)
{
	ZCB_FREE struct flattener *f = calloc(1, sizeof(*f));
	ZCB_FREE char *shapes = NULL, *words = NULL;
	size_t n_shapes, n_words;
	int err = -ENOMEM;

	if (!f)
		return -ENOMEM;
	f->at = body;
	f->prefix = prefix;
	f->shapes = open_memstream(&shapes, &n_shapes);
	f->words = open_memstream(&words, &n_words);
	if (f->shapes && f->words)
		err = take_all(f);
	if (f->shapes && fclose(f->shapes) != 0)
		err = -ENOMEM;
	if (f->words && fclose(f->words) != 0)
		err = -ENOMEM;
	if (!err)
		err = put_all(f, shapes, words, ret_body);
	zcb_svg_path_finish(&f->front.path);
	for (unsigned int i = 0; i < f->n_back; i++)
		zcb_svg_path_finish(&f->back[i].path);
	return err;
}
