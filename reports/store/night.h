/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_NIGHT_H
#define ZCB_REPORTS_NIGHT_H

#include "reports/analysis/summary.h"

/**
 * The file of one night in a store, as docs/store.md has it: what a run found, without its samples.
 * The text is the caller's to free. Returns 0 or -ENOMEM.
 */
int zcb_night_json(const struct zcb_summary *summary, char **ret_text);

#endif
