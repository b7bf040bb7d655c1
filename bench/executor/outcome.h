/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_OUTCOME_H
#define ZCB_EXECUTOR_OUTCOME_H

#include <jansson.h>

#include "bench/base/error.h"
#include "bench/executor/mix.h"
#include "bench/executor/running.h"

/**
 * The `result` of a cell, for bench/results/wire.h: status, expected and observed, counts of pages,
 * frames and events (docs/run-directory.md). `ret` is what its rounds ended with, and err why; `probes`, which
 * may be NULL, becomes part of it. A new reference.
 */
json_t *zcb_outcome_json(struct zcb_running *run, const struct zcb_mix *mix, int ret, json_t *probes,
			 struct zcb_error *err);

#endif
