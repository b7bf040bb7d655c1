/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_FAILURE_H
#define ZCB_RESULTS_FAILURE_H

#include <jansson.h>

/**
 * The result of a cell that measured nothing: an `error` with its reason, and the members of a
 * journal line, all empty. A new reference.
 */
json_t *zcb_failure(const char *reason);

#endif
