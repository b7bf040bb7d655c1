/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_SVG_H
#define ZCB_REPORTS_SVG_H

#include <stdbool.h>
#include <stddef.h>

/** The inside of an <svg> that may stand in the page: only zcb_svg_clean() makes one. */
struct zcb_svg {
	char *body;
	double width, height;
	bool flat; /* it is of class flat: zcb_svg_flatten() said it anew */
};

/**
 * Cleans what gnuplot drew: elements and attributes that are not on a short list are dropped, ids
 * get the prefix (letters, digits and dashes) so that plots do not meet in one page, and colours
 * become classes of the page's style sheet, so that a plot follows a light and a dark page. A plot
 * script asks for the class s1 to s9 with the colour #0000a1 to #0000a9; any other colour becomes
 * that of the text. Returns 0, -EBADMSG where it is no SVG, or -ENOMEM.
 */
int zcb_svg_clean(const char *text, size_t n, const char *prefix, struct zcb_svg *ret_svg);

void zcb_svg_finish(struct zcb_svg *svg);

#endif
