/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_SVG_FLAT_H
#define ZCB_REPORTS_SVG_FLAT_H

/**
 * Says a cleaned picture of gnuplot's with a third of the bytes, for a page of class "flat", whose shapes
 * are unfilled lines unless they say otherwise: no groups, places relative to the last one, neighbours
 * that look alike in one path, each marker once. Grid and axes come first and words last. The picture looks
 * the same to a tenth of a pixel. body must come from zcb_svg_clean(); ids begin with prefix. *ret_body is
 * the caller's to free. Returns 0; -EOPNOTSUPP where the picture has something that gnuplot does not draw
 * here, and stays as it is; or -ENOMEM.
 */
int zcb_svg_flatten(const char *body, const char *prefix, char **ret_body);

#endif
