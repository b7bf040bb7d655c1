/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_OPERATION_H
#define ZCB_REPORTS_HTML_OPERATION_H

#include "reports/analysis/stages.h"
#include "reports/html/page.h"

/** What one real operation is chosen from, and how its axis is scaled. */
struct zcb_operation_picture {
	const struct zcb_stage_spans *spans; /* nested, of each cell */
	size_t n;
	const char *label; /* whose it is */
	double divisor;	   /* of ns, to the axis' unit */
	unsigned int unit; /* as plots/operation.gp has them */
	const char *unit_name;
};

/**
 * Draws one operation as it went, with waits cut: of those with the most stages the one that took the middle time.
 * Nothing where there is none.
 */
void zcb_page_operation(struct zcb_page *page, const struct zcb_operation_picture *picture, size_t number);

#endif
