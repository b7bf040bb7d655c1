/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_EXECUTOR_H
#define ZCB_EXECUTOR_EXECUTOR_H

#include <jansson.h>

#include "bench/guest/guest.h"
#include "bench/plan/cell.h"

/**
 * Runs one cell in a child process of its own and survives whatever it does there. Its files are
 * passed on to `out` as they come; what it printed, a signal, or the time-out become part of the
 * result. *ret_result is a journal line's members as far as a cell knows them; a new reference.
 * Returns 0, or -errno where `out` cannot be written.
 */
int zcb_executor_run(const struct zcb_cell *cell, struct zcb_guest *guest, unsigned int timeout_s,
		     int out, json_t **ret_result);

#endif
