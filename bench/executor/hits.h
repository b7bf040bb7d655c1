/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_HITS_H
#define ZCB_EXECUTOR_HITS_H

#include "bench/executor/running.h"

/** Whether the strike of this round hit any page. */
bool zcb_hits_any(const struct zcb_running *run);

/** Gives pages that were hit without an operation of their own one that they share. */
void zcb_hits_number(struct zcb_running *run);

/** The operation that a frame goes by: that of the first page that was hit, or a new one. */
uint64_t zcb_hits_first(struct zcb_running *run);

/** Records what the guest's first touch after the strike cost it, page by page, where it can tell. */
int zcb_hits_note_touches(struct zcb_running *run, struct zcb_error *err);

/** The guest's write must really have brought the pages back: guest RAM itself is asked. 0 or -errno. */
int zcb_hits_prove_refill(struct zcb_running *run, struct zcb_error *err);

#endif
