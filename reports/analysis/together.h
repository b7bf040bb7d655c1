/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_TOGETHER_H
#define ZCB_REPORTS_TOGETHER_H

#include <stddef.h>

/*
 * A night on which the machine was busy moves all series of a metric at once: each has a spike then, and as many
 * agree, it would pass for many changes. How far they are off together is known well, for they are many.
 */

/** Fewer series than these say nothing together. */
#define ZCB_LEAST_TOGETHER 8U

/**
 * Which part of how far all are off in one night neither of the nights beside it has: 0 in a step, all of it in a spike.
 * off has a value each night, up to and with `last`, which has but one beside it.
 */
double zcb_together_spike(const double *off, size_t night, size_t last);

#endif
