/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_CURVES_H
#define ZCB_REPORTS_HTML_CURVES_H

#include "reports/html/page.h"

/** What one figure of curves is of, and how its axis is scaled. */
struct zcb_curves {
	const char *metric, *unit, *clock, *accel;
	double divisor;	       /* of values, to the axis' unit */
	unsigned int gp_unit;  /* as plots/curves.gp has them */
};

/**
 * Draws the samples of a metric, a line a variant over all its cells that count: how they are
 * distributed, and how their median goes over the time of a cell. Nothing where there is nothing.
 */
void zcb_page_curves(struct zcb_page *page, const struct zcb_curves *curves, size_t number);

#endif
