/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_BUFFER_H
#define ZCB_EXECUTOR_BUFFER_H

#include "bench/executor/running.h"

/**
 * Exports the frame as a dma-buf and has the consumer open it; a frame of the screen was exported when
 * it was made. Returns 0 or -errno, after which zcb_buffer_close() must follow, too.
 */
int zcb_buffer_open(struct zcb_running *run, struct zcb_error *err);

/** Closes what is open, and adds what the kernel counted of the buffer. */
void zcb_buffer_close(struct zcb_running *run);

#endif
