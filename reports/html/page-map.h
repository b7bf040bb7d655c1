/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_PAGE_MAP_H
#define ZCB_REPORTS_PAGE_MAP_H

#include "reports/html/writer.h"
#include "bench/results/reader.h"

/**
 * Draws a frame's pages as a grid: tint and letter say the verdict, an outline that the page was
 * punched. title is the text alternative; id is a word of our own that no other map of the page
 * has.
 */
void zcb_page_map(struct zcb_html *html, const struct zcb_result_frame *frame, const char *id,
		  const char *title);

#endif
