/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_PERMUTATION_H
#define ZCB_REPORTS_PERMUTATION_H

#include <stddef.h>
#include <stdint.h>

/*
 * How often boots that were dealt to the arms by lot would lie as far apart as these do, either way.
 * No distribution is assumed: it only counts on arms that are the same being exchangeable. All ways
 * of dealing are counted where there are at most ZCB_PERMUTATIONS of them, else so many are drawn as
 * ZCB_PERMUTATIONS_DRAWN says.
 */
#define ZCB_PERMUTATIONS 65536U
#define ZCB_PERMUTATIONS_DRAWN 20000U

/** Of pairs: the sign of each difference is dealt. 1 where n is 0. */
double zcb_permutation_paired(const double *difference, size_t n, uint64_t seed);

/** Of two samples: which boot is whose is dealt. 1 where one is empty; NAN when memory is short. */
double zcb_permutation_unpaired(const double *a, size_t n_a, const double *b, size_t n_b,
				uint64_t seed);

/** The least p that so many boots can give: with few, no effect however large is significant. */
double zcb_permutation_least_paired(size_t n);
double zcb_permutation_least_unpaired(size_t n_a, size_t n_b);

#endif
