/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_TRENDS_PAGE_H
#define ZCB_REPORTS_HTML_TRENDS_PAGE_H

#include "reports/html/page.h"
#include "reports/store/trends.h"

/**
 * Makes the page over a store's nights, whose plots go to the folder plots/ below outputfd. Like
 * zcb_page_make(): one file without scripts; *ret_text is the caller's to free; a plot that cannot
 * be drawn leaves a sentence in warning. Returns 0 or -ENOMEM.
 */
int zcb_trends_page_make(const struct zcb_trends *trends, int outputfd, char **ret_text,
			 size_t *ret_n, struct zcb_error *warning);

/** The page while it is written; its parts, in order. */
struct zcb_trends_page {
	struct zcb_page page; /* of it only html, plots, plots_dirfd and warning are used */
	const struct zcb_trends *trends;
};

void zcb_part_alerts(struct zcb_trends_page *page);
void zcb_part_nights(struct zcb_trends_page *page);
void zcb_part_metrics(struct zcb_trends_page *page);
void zcb_part_series(struct zcb_trends_page *page);

/** "+5.2 %" or "−3.0 %" for a ratio. */
void zcb_html_change(struct zcb_html *html, double ratio);

/** "variants:stock shmem punch": what a series is of. */
void zcb_html_series(struct zcb_html *html, const struct zcb_trend *trend);

#endif
