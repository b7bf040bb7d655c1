/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_CHANGEPOINT_H
#define ZCB_REPORTS_CHANGEPOINT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the nights on which the level of a series changed for good, night by night, with what was
 * known then: so an alert is the same whether it was found on the night or is found again a year
 * later.
 *
 * The last nights are held against the base line, the nights since the last change:
 *
 *      base line (at least 8)            the last 2, 3, 4, 5, 6 or 8
 *   ·  ·    ·   · ·    ·   ·  ·  ·        |  ·    ·
 *  ---·--·----·-----·------------·--------|----·-----·--   is the shift more than noise?
 *
 * How much likelier are they with a step than without (evidence.h)? That is summed over the nights
 * on which it may have begun, which is the fastest way there is to tell that a level has changed (A.
 * Shiryaev, On optimum methods in quickest detection problems, Theory Probab. Appl. 8(1), 1963). A
 * change must last: it must be evident without any one of the nights, too. So no single night makes an
 * alert, however far off, nor helps its neighbours to one once a normal night has come; and two nights must be very far off. A
 * step of 2.5 times the noise is mostly told on its third or fourth night.
 *
 * A night that is off in all series of a kind at once, and in no night beside it, is taken off all of them (together.h).
 *
 * The noise of a series is estimated from few nights, but a store has many series: their variances
 * are drawn towards each other by as much as they agree (empirical Bayes: G. Smyth, Linear models
 * and empirical Bayes methods, Stat. Appl. Genet. Mol. Biol. 3(1), 2004). And as many series are
 * looked at each night, the rate of false discoveries among a night's alerts is held (Y. Benjamini,
 * Y. Hochberg, Controlling the false discovery rate, J. R. Statist. Soc. B 57(1), 1995).
 */

/** A change of a series. Nights are indices of its values. */
struct zcb_change {
	size_t onset;	      /* the first night of the new level */
	size_t found;	      /* the night on which that was known */
	double before, after; /* the levels, as of that night; not logarithms */
	double p;	      /* how likely noise alone looks like this, at one look */
	bool withdrawn;	      /* later nights took it back: the old level is the base line again */
};

#define ZCB_MAX_CHANGES 32U

struct zcb_change_series {
	const double *values; /* one a night, of any unit but above 0; NaN or 0: a gap */
	size_t n;
	unsigned int kind; /* series of one kind, as of one metric, have like noise */
	struct zcb_change changes[ZCB_MAX_CHANGES];
	size_t n_changes;
	double last_off; /* how many σ the last night is off where it is no change yet; NaN: it is a gap, or there is no base line */
};

/**
 * Fills the changes of all series, which have the same nights. Beyond ZCB_MAX_CHANGES a series is
 * not looked at any more. Returns 0 or -ENOMEM.
 */
int zcb_changes_find(struct zcb_change_series *series, size_t n_series);

#endif
