// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/plots/svg-markers.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SQUARE "M-1-1H1V1H-1z"
#define CIRCLE "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z"
#define UP "M0-1.33L-1.33.67 1.33.67z"
#define DOWN "M0 1.33L1.33-.67-1.33-.67z"
#define DIAMOND "M0-1.41L1.41 0 0 1.41-1.41 0z"
#define PENTAGON "M0 1.33L1.27.41.78-1.07-.78-1.08-1.27.41z"

/* The shapes gpPt0 to gpPt14 of gnuplot's terminal svg. */
static const struct {
	const char *data;
	bool filled;
} shapes[] = {
	{"M-1 0H1M0-1V1", false},
	{"M-1-1L1 1M1-1L-1 1", false},
	{"M-1 0H1M0-1V1M-1-1L1 1M-1 1L1-1", false},
	{SQUARE, false},
	{SQUARE, true},
	{CIRCLE, false},
	{CIRCLE, true},
	{UP, false},
	{UP, true},
	{DOWN, false},
	{DOWN, true},
	{DIAMOND, false},
	{DIAMOND, true},
	{PENTAGON, false},
	{PENTAGON, true},
};

static int find(struct zcb_svg_markers *markers, unsigned int shape, double scale)
{
	for (unsigned int i = 0; i < markers->n; i++) {
		if (markers->marker[i].shape == shape && markers->marker[i].scale == scale)
			return (int)i;
	}
	if (markers->n == ZCB_SVG_MARKERS)
		return -1;
	markers->marker[markers->n].shape = shape;
	markers->marker[markers->n].scale = scale;
	return (int)markers->n++;
}

int zcb_svg_markers_put(struct zcb_svg_markers *markers, const char *href, size_t href_n, const char *where,
			size_t where_n, const char *prefix, FILE *out)
{
	const char *name = memmem(href, href_n, "-gpPt", 5);
	char number[8], place[80], x[16], y[16];
	unsigned int shape;
	double scale;
	int end = 0, marker;

	if (!name)
		return -EOPNOTSUPP;
	snprintf(number, sizeof(number), "%.*s", (int)(href + href_n - name - 5), name + 5);
	snprintf(place, sizeof(place), "%.*s", (int)where_n, where);
	if (sscanf(number, "%u", &shape) != 1 || shape >= sizeof(shapes) / sizeof(shapes[0]) ||
	    sscanf(place, "translate(%15[0-9.-],%15[0-9.-]) scale(%lf)%n", x, y, &scale, &end) != 3 || !end ||
	    place[end])
		return -EOPNOTSUPP;
	marker = find(markers, shape, scale);
	if (marker < 0)
		return -EOPNOTSUPP;
	fprintf(out, "<use href=\"#%s%c\" x=\"%s\" y=\"%s\"/>", prefix, 'a' + marker, x, y);
	return 0;
}

void zcb_svg_markers_define(const struct zcb_svg_markers *markers, const char *prefix, FILE *out)
{
	if (!markers->n)
		return;
	fputs("<defs>", out);
	for (unsigned int i = 0; i < markers->n; i++)
		fprintf(out, "<path id=\"%s%c\" transform=\"scale(%g)\" stroke-width=\".222\"%s d=\"%s\"/>", prefix,
			'a' + (int)i, markers->marker[i].scale,
			shapes[markers->marker[i].shape].filled ? " fill=\"currentColor\" stroke=\"none\"" : "",
			shapes[markers->marker[i].shape].data);
	fputs("</defs>", out);
}
