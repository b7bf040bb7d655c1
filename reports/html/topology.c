// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/topology.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/*
 * This reads what hwloc writes, not any XML: tags, double quotes, no '>' within them. Elements that
 * are no object of a kind below are passed by, with what is inside of them.
 */

#define MAX_DEPTH 24U
#define MAX_BOXES 600U

static const struct {
	const char *type, *class, *says;
} kinds[] = {
	{"Machine", "machine", "machine"}, {"Package", "package", "package"},
	{"Die", "package", "die"},	   {"Group", "package", "group"},
	{"NUMANode", "node", "memory node"}, {"L3Cache", "cache", "L3"},
	{"L2Cache", "cache", "L2"},	   {"L1Cache", "cache", "L1d"},
	{"Core", "core", "core"},	   {"PU", "pu", "CPU"},
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct drawing {
	struct zcb_html *html;
	const char *at;
	bool open[MAX_DEPTH]; /* whether the object at a depth has a box */
	bool list[MAX_DEPTH]; /* whether that box has a list of others in it */
	unsigned int depth, boxes;
};

/* The text of an attribute of a tag, or "": copied, and cut where it is long. */
static void attribute(const char *tag, size_t n, const char *name, char *to, size_t room)
{
	size_t length = strlen(name);

	*to = '\0';
	for (const char *at = tag; at + length + 3 < tag + n; at++) {
		const char *end;

		if (at[0] != ' ' || strncmp(at + 1, name, length) != 0 ||
		    strncmp(at + 1 + length, "=\"", 2) != 0)
			continue;
		at += length + 3;
		end = memchr(at, '"', (size_t)(tag + n - at));
		if (end)
			snprintf(to, room, "%.*s", (int)(end - at), at);
		return;
	}
}

static size_t kind_of(const char *tag, size_t n)
{
	char type[24];
	size_t i = 0;

	attribute(tag, n, "type", type, sizeof(type));
	while (i < KINDS && strcmp(kinds[i].type, type) != 0)
		i++;
	return i;
}

static void put_size(struct zcb_html *html, const char *bytes)
{
	double n = strtod(bytes, NULL);

	if (!(n > 0))
		return;
	zcb_html_raw(html, " ");
	if (n >= 1 << 30)
		zcb_html_decimal(html, n / (1 << 30), 1);
	else
		zcb_html_decimal(html, n >= 1 << 20 ? n / (1 << 20) : n / 1024, 0);
	zcb_html_text(html, n >= 1 << 30 ? " GiB" : n >= 1 << 20 ? " MiB" : " KiB");
}

/* The nearest box around, which gets a list with its first box. */
static void open_list(struct drawing *d)
{
	unsigned int depth = d->depth;

	while (depth > 0 && !d->open[depth - 1])
		depth--;
	if (depth == 0 || d->list[depth - 1])
		return;
	zcb_html_raw(d->html, "<ul>");
	d->list[depth - 1] = true;
}

static void open_box(struct drawing *d, const char *tag, size_t n, size_t kind)
{
	char index[16], size[24], memory[24];

	open_list(d);
	attribute(tag, n, "os_index", index, sizeof(index));
	attribute(tag, n, "cache_size", size, sizeof(size));
	attribute(tag, n, "local_memory", memory, sizeof(memory));
	zcb_html_raw(d->html, "<li");
	zcb_html_attribute(d->html, "class", kinds[kind].class);
	zcb_html_raw(d->html, "><span>");
	zcb_html_text(d->html, kinds[kind].says);
	if (*index && strcmp(kinds[kind].class, "machine") != 0 &&
	    strcmp(kinds[kind].class, "cache") != 0)
		zcb_html_textf(d->html, " %s", index);
	put_size(d->html, size);
	put_size(d->html, memory);
	zcb_html_raw(d->html, "</span>");
	d->boxes++;
}

static void close_object(struct drawing *d)
{
	if (!d->depth)
		return;
	d->depth--;
	if (!d->open[d->depth])
		return;
	if (d->list[d->depth])
		zcb_html_raw(d->html, "</ul>");
	zcb_html_raw(d->html, "</li>");
}

static void open_object(struct drawing *d, const char *tag, size_t n)
{
	size_t kind = kind_of(tag, n);
	bool box = kind < KINDS && d->boxes < MAX_BOXES;

	/* Only one machine, and all else within it. */
	if ((kind == 0) != (d->boxes == 0))
		box = false;
	if (box)
		open_box(d, tag, n, kind);
	d->open[d->depth] = box;
	d->list[d->depth] = false;
	d->depth++;
	if (tag[n - 1] == '/')
		close_object(d);
}

void zcb_html_topology(struct zcb_html *html, const char *xml)
{
	struct drawing d = {.html = html, .at = xml};

	if (!strstr(xml, "<object type=\"Machine\""))
		return;
	zcb_html_raw(html, "<ul class=\"topology\" aria-label=\"The machine: packages, memory, caches, "
			   "cores and processors\">");
	while ((d.at = strchr(d.at, '<'))) {
		const char *end = strchr(d.at, '>');

		/* Deeper than any machine: what was opened is closed, and that is all. */
		if (!end || d.depth == MAX_DEPTH)
			break;
		if (strncmp(d.at, "<object ", 8) == 0)
			open_object(&d, d.at + 7, (size_t)(end - d.at - 7));
		else if (strncmp(d.at, "</object>", 9) == 0)
			close_object(&d);
		d.at = end + 1;
	}
	while (d.depth)
		close_object(&d);
	zcb_html_raw(html, "</ul>\n");
}
