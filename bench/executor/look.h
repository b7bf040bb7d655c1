/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_LOOK_H
#define ZCB_EXECUTOR_LOOK_H

#include "bench/executor/running.h"

/** Reads a whole frame and judges it. *ret_fresh says whether all of it was as guest RAM is. 0 or -errno. */
int zcb_look(struct zcb_running *run, enum zcb_phase phase, bool *ret_fresh, struct zcb_error *err);

/** Reads a frame while the guest draws, and nobody waits. Returns 0 or -errno. */
int zcb_look_unfenced(struct zcb_running *run, struct zcb_error *err);

#endif
