/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_COMMANDS_PROGRESS_H
#define ZCB_COMMANDS_PROGRESS_H

#include "bench/conductor/conductor.h"

/** Shows a run on standard error, and has signals interrupt it; `enough` is the caller's to set. */
extern const struct zcb_run_watcher zcb_progress;

/** From now on SIGINT, SIGTERM and SIGHUP interrupt the run in order. */
void zcb_progress_catch_signals(void);

/** Whether one of them came. */
bool zcb_progress_interrupted(void);

#endif
