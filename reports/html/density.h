/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_DENSITY_H
#define ZCB_REPORTS_HTML_DENSITY_H

#include "reports/html/curves.h"

/**
 * Draws how dense the samples of a metric lie, a line a variant, and how many of each size there were over the time of
 * the run; for each of two memories, over all cells that count. Nothing where there is too little.
 */
void zcb_page_density(struct zcb_page *page, const struct zcb_curves *of, size_t number);

#endif
