/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_SVG_SQUEEZE_H
#define ZCB_REPORTS_SVG_SQUEEZE_H

/**
 * Makes a cleaned picture smaller without changing what it shows, in place: white space between
 * tags, groups without content and shapes that nothing refers to go, and places on the page are
 * rounded to a tenth of a pixel. gnuplot's pictures lose more than half.
 */
void zcb_svg_squeeze(char *body);

#endif
