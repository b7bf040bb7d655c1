/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_COMPARISON_ROW_H
#define ZCB_REPORTS_COMPARISON_ROW_H

#include "reports/analysis/column.h"
#include "reports/analysis/comparison.h"

/* One row of a comparison: measured first, and judged when all of its family are measured. */

/** Fills a row's figures from its column. Returns 0 or -ENOMEM. */
int zcb_row_measure(const struct zcb_comparison *c, const struct zcb_column *column,
		    struct zcb_comparison_row *row);

/** The verdict on the twin, whose adjusted p is given; `level` is the family's. */
void zcb_row_judge_twin(const struct zcb_comparison *c, struct zcb_comparison_row *row, double p,
			double level);

/** The verdict, by p_holm against the family's level; `own` is the level for one row. */
void zcb_row_judge(const struct zcb_comparison *c, struct zcb_comparison_row *row, double level,
		   double own);

#endif
