/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_COMPARISON_CHECK_H
#define ZCB_REPORTS_COMPARISON_CHECK_H

#include "reports/analysis/comparison.h"

/* What a reader of a comparison must know besides; zcb_comparison_check() refuses what cannot be. */

/** Notes that two kernels of one run were configured differently. */
void zcb_comparison_note_kernels(struct zcb_observations *observations, const struct zcb_arm *a,
				 const struct zcb_arm *b);

/** Notes how many cells of each arm crashed, ended in an error or ran in tainted boots. */
void zcb_comparison_note_lost(struct zcb_observations *observations);

#endif
