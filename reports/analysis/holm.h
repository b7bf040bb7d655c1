/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HOLM_H
#define ZCB_REPORTS_HOLM_H

#include <stddef.h>

/**
 * Holm's step-down adjustment (S. Holm, A simple sequentially rejective multiple test procedure,
 * 1979): p[i] becomes the level at which the whole family, tested at that level, rejects i. It holds
 * however the tests depend on each other. Returns 0 or -ENOMEM, with p left alone.
 */
int zcb_holm(double *p, size_t n);

#endif
