/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_OBSERVATIONS_JSON_H
#define ZCB_REPORTS_OBSERVATIONS_JSON_H

#include <stdio.h>

#include "bench/base/error.h"
#include "reports/analysis/observations.h"

/*
 * Observations as lines of JSON (docs/run-directory.md, "Summaries"): what a comparison is made of, to
 * be kept, and to calibrate comparisons by.
 */

/** Writes them all, in their order. Returns 0, -ENOMEM, or -EIO where a line could not be written. */
int zcb_observations_write(FILE *f, const struct zcb_observations *o);

/** Reads what was written. Returns 0, -EBADMSG with the line's number in err, or -ENOMEM. */
int zcb_observations_read(FILE *f, struct zcb_observations **ret, struct zcb_error *err);

#endif
