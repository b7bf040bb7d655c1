/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_EVIDENCE_H
#define ZCB_REPORTS_EVIDENCE_H

#include <stddef.h>

#define ZCB_MAX_EVIDENCE 8U /* nights */

/** What a series was like before the nights in question: in logarithms. */
struct zcb_base_line {
	double level, sigma;
	size_t nights; /* that the level is known by */
};

/**
 * How many times likelier it is that all of n nights (at most ZCB_MAX_EVIDENCE) have one other level
 * than that they have the old one: the average over steps of 1 to 20 σ up and down, of which those
 * near 2.5 σ count most.
 */
double zcb_evidence_of_step(const struct zcb_base_line *base, const double *nights, size_t n);

/**
 * The least that is left of that when any one of the nights is left out, whichever it is. A spike is one night: what is left
 * then knows nothing of it, however large it was. Of n nights, at least 2.
 */
double zcb_evidence_without_one(const struct zcb_base_line *base, const double *nights, size_t n);

/** The level of at most 48 nights of which some may be spikes. */
double zcb_level_of(const double *nights, size_t n, double sigma);

#endif
