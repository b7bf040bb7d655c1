/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_LOOKS_H
#define ZCB_REPORTS_LOOKS_H

/**
 * The share of the error rate that look `look` of at most `looks` may spend, from 0 to 1; the shares
 * of all looks sum to 1. By the third power of the part of the boots that are in: early looks spend
 * little, the last one the most. With look 0 there is one look, and it may spend all.
 */
double zcb_look_share(unsigned int look, unsigned int looks);

#endif
