/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_CELL_H
#define ZCB_EXECUTOR_CELL_H

#include "bench/guest/guest.h"
#include "bench/plan/cell.h"

/**
 * Sees to it that there is memory for the cell's frame. In the process that forks: what it has once is there
 * for all cells, and none has to clear it again. Returns 0 or -errno.
 */
int zcb_cell_make_room(const struct zcb_cell *cell);

/**
 * Runs one cell against a running guest, in the process that calls: the cell's own, with the room that was made before. Everything that
 * it found goes to `out` as messages of bench/results/wire.h: samples and pictures as `file`, then
 * one `result`, whatever happened, and one `account` of what the runner must know of it. Returns 0, or -errno where `out` cannot be written.
 */
int zcb_cell_run(const struct zcb_cell *cell, struct zcb_guest *guest, int out);

#endif
