/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_SVG_MARKERS_H
#define ZCB_REPORTS_SVG_MARKERS_H

#include <stddef.h>
#include <stdio.h>

#define ZCB_SVG_MARKERS 20U

/** The markers that a picture uses, each of one size. Zero-initialized is none. */
struct zcb_svg_markers {
	struct {
		unsigned int shape;
		double scale;
	} marker[ZCB_SVG_MARKERS];
	unsigned int n;
};

/**
 * Writes a <use> for gnuplot's: href is "#…gpPt7", where "translate(1,2) scale(3)". Returns 0, or
 * -EOPNOTSUPP where it is no marker of gnuplot's, or there are too many.
 */
int zcb_svg_markers_put(struct zcb_svg_markers *markers, const char *href, size_t href_n, const char *where,
			size_t where_n, const char *prefix, FILE *out);

/** Writes the <defs> of those that were put; their ids begin with prefix. */
void zcb_svg_markers_define(const struct zcb_svg_markers *markers, const char *prefix, FILE *out);

#endif
