/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_TURNS_H
#define ZCB_REPORTS_TURNS_H

#include "reports/analysis/comparison.h"

/**
 * The comparisons that a run holds by itself: where cells were played by turns, arm A and its twin Z
 * are of one kernel and variant, and each kernel and variant of arm B is compared with them. That is
 * one of `zcbench ab`, and one of each other variant of a plan with "turns".
 */
struct zcb_turns {
	struct zcb_comparison **items;
	size_t n;
	char **names; /* KERNEL:VARIANT of each B; the first is A's */
};

/**
 * Compares. A run without turns has none, and so has one whose arms have nothing in common yet.
 * Returns 0 or -errno with the sentence in err; the results must outlive it.
 */
int zcb_turns_make(struct zcb_results *results, const struct zcb_comparison_options *options,
		   struct zcb_turns *ret_turns, struct zcb_error *err);

/** That of this VARIANT or KERNEL:VARIANT; NULL where there is none, or nothing to tell. */
const struct zcb_comparison *zcb_turns_find(const struct zcb_turns *turns, const char *name);

void zcb_turns_finish(struct zcb_turns *turns);

/** A few lines of each, for a terminal. Strings of the run are made harmless. */
void zcb_turns_print(FILE *f, const struct zcb_turns *turns);

#endif
