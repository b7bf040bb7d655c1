/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_ROUND_H
#define ZCB_EXECUTOR_ROUND_H

#include "bench/executor/running.h"

/** Plays one round, from the first draw to the close of the dma-buf. Returns 0 or -errno. */
int zcb_round_play(struct zcb_running *run, struct zcb_error *err);

#endif
