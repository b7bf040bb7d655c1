// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/comparison-row.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "reports/analysis/contrast.h"
#include "reports/analysis/drift.h"
#include "reports/analysis/moments.h"
#include "reports/analysis/power.h"

/* By chance alone a line is this steep once in a thousand rows. */
#define DRIFT_P 0.001
/*
 * Fewer boots than this call nothing better or worse. A boot can have a mode of its own, and two or
 * three that happen to agree look like certainty: no test can tell, for it knows nothing but them.
 */
#define LEAST_BOOTS 4
/* More boots than this are no advice. */
#define MOST_BOOTS 1000

/* Three equal counts of instructions, and not all of one boot, are no coincidence. */
static bool repeats(const struct zcb_column *column, enum zcb_arm_index arm)
{
	return column->arm[arm].identical && column->arm[arm].repeats >= 3 &&
	       zcb_column_boots(column, arm) >= 2;
}

static int measure_twin(const struct zcb_comparison *c, const struct zcb_column *column,
			struct zcb_comparison_row *row)
{
	ZCB_CONTRAST_FINISH struct zcb_contrast twin = { 0 };

	if (zcb_contrast_of(column, ZCB_ARM_TWIN, c->observations->one_run, &twin))
		return -ENOMEM;
	row->has_twin = zcb_contrast_effect(&twin, &row->twin);
	if (!row->has_twin)
		return 0;
	row->noise = twin.paired ? zcb_root_mean_square(twin.difference, twin.n_b) :
				   row->twin.error * sqrt((double)row->twin.boots);
	return 0;
}

static void note_drift(const struct zcb_comparison *c, const struct zcb_contrast *contrast,
		       struct zcb_comparison_row *row)
{
	struct zcb_drift drift = contrast->paired ? zcb_drift_of(contrast->difference, contrast->n_b) :
						    zcb_drift_of(contrast->b, contrast->n_b);

	if (!contrast->paired && zcb_drift_of(contrast->a, contrast->n_a).p < drift.p)
		drift = zcb_drift_of(contrast->a, contrast->n_a);
	if (drift.p >= DRIFT_P || fabs(drift.total) <= c->margin ||
	    fabs(drift.total) <= fabs(row->effect.log) / 2)
		return;
	snprintf(row->reason, sizeof(row->reason), "it drifted by %+.1f %% over %zu boots",
		 100 * expm1(drift.total), row->boots);
}

int zcb_row_measure(const struct zcb_comparison *c, const struct zcb_column *column,
		    struct zcb_comparison_row *row)
{
	struct zcb_contrast *contrast = &row->contrast;

	if (measure_twin(c, column, row) ||
	    zcb_contrast_of(column, ZCB_ARM_B, c->observations->one_run, contrast))
		return -ENOMEM;
	row->a = exp(zcb_mean(contrast->a, contrast->n_a));
	row->b = exp(zcb_mean(contrast->b, contrast->n_b));
	row->boots = contrast->n_a < contrast->n_b ? contrast->n_a : contrast->n_b;
	row->p = row->p_t = 1;
	row->p_permutation = NAN;
	/* The arms differ by more than the twin: what boots of A vary, boots of B do at least. */
	if (contrast->paired)
		contrast->floor = fmax(contrast->floor, row->noise);
	row->has_effect = zcb_contrast_effect(contrast, &row->effect);
	if (!row->has_effect)
		return 0;
	row->exact = c->observations->icount && repeats(column, ZCB_ARM_A) && repeats(column, ZCB_ARM_B);
	if (row->exact)
		row->effect.error = 0;
	if (row->exact && row->has_twin && repeats(column, ZCB_ARM_TWIN))
		row->twin.error = 0;
	row->p_t = row->p = zcb_effect_p(&row->effect);
	zcb_effect_interval(&row->effect, c->alpha_interval, &row->low, &row->high);
	note_drift(c, contrast, row);
	return 0;
}

static enum zcb_comparison_verdict by_interval(const struct zcb_comparison *c,
					       const struct zcb_effect *effect, double p,
					       double level)
{
	double low, high, margin = effect->error > 0 ? c->margin : c->margin_exact;

	zcb_effect_interval(effect, c->alpha_interval, &low, &high);
	if (low >= -margin && high <= margin)
		return ZCB_EQUIVALENT;
	if (p > level || (effect->error > 0 && effect->boots < LEAST_BOOTS))
		return ZCB_INCONCLUSIVE;
	return effect->log > 0 ? ZCB_WORSE : ZCB_BETTER;
}

void zcb_row_judge_twin(const struct zcb_comparison *c, struct zcb_comparison_row *row, double p,
			double level)
{
	row->twin_verdict = by_interval(c, &row->twin, p, level);
}

static bool twin_differs(const struct zcb_comparison_row *row)
{
	return row->has_twin &&
	       (row->twin_verdict == ZCB_WORSE || row->twin_verdict == ZCB_BETTER) &&
	       fabs(row->twin.log) > fabs(row->effect.log) / 2;
}

static void find_more_boots(const struct zcb_comparison *c, struct zcb_comparison_row *row,
			    double own)
{
	size_t needed = zcb_boots_needed(&row->effect, own, c->alpha_interval, c->margin, MOST_BOOTS);

	if (needed && needed < LEAST_BOOTS)
		needed = LEAST_BOOTS;
	if (needed <= row->effect.boots) {
		snprintf(row->reason, sizeof(row->reason),
			 needed ? "one more boot may settle it" :
				  "more than %d boots would be needed", MOST_BOOTS);
		row->more_boots = needed ? 1 : 0;
		return;
	}
	row->more_boots = needed - row->effect.boots;
	snprintf(row->reason, sizeof(row->reason), "about %zu more boot%s would settle it",
		 row->more_boots, row->more_boots == 1 ? "" : "s");
}

void zcb_row_judge(const struct zcb_comparison *c, struct zcb_comparison_row *row, double level,
		   double own)
{
	row->verdict = ZCB_INVALID;
	if (!row->has_effect) {
		snprintf(row->reason, sizeof(row->reason),
			 "%zu boot%s an arm: two are the least", row->boots,
			 row->boots == 1 ? "" : "s");
		return;
	}
	row->detectable = row->effect.error * zcb_deviation_correction(row->effect.df) *
			  zcb_detectable_shift(row->effect.df, own);
	if (*row->reason)
		return;
	if (twin_differs(row)) {
		snprintf(row->reason, sizeof(row->reason), "A's own twin differs from it by %+.1f %%",
			 100 * expm1(row->twin.log));
		return;
	}
	row->verdict = by_interval(c, &row->effect, row->p_holm, level);
	/* Identical repeats have no spread to test by: then the twin's difference is the yardstick. */
	if (row->exact && row->verdict <= ZCB_BETTER && row->has_twin &&
	    fabs(row->effect.log) <= fabs(row->twin.log)) {
		row->verdict = ZCB_INCONCLUSIVE;
		snprintf(row->reason, sizeof(row->reason), "no more than A's own twin differs");
		return;
	}
	if (row->verdict == ZCB_INCONCLUSIVE)
		find_more_boots(c, row, own);
}
