/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_DRIFT_H
#define ZCB_REPORTS_DRIFT_H

#include <stddef.h>

/** A slope over the boots, as they were run one after the other. */
struct zcb_drift {
	double total; /* from the first to the last boot, by the fitted line */
	double p;     /* how likely so steep a line is where there is no drift; 1: cannot be told */
};

/** Fits a line by least squares to numbers in the order of their boots; tells nothing below 5. */
struct zcb_drift zcb_drift_of(const double *y, size_t n);

#endif
