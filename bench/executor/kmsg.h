/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_KMSG_H
#define ZCB_EXECUTOR_KMSG_H

#include <jansson.h>

/** The kernel's log, read record by record from /dev/kmsg. */
struct zcb_kmsg;

/** Starts at the first record that is still there. NULL where the log cannot be read. */
struct zcb_kmsg *zcb_kmsg_open(void);

/**
 * Passes on what was logged since the last call, as one `kmsg` message to `out`, and returns the
 * faults in it: a new array of strings, empty where all is well. NULL kmsg is allowed.
 */
json_t *zcb_kmsg_take(struct zcb_kmsg *kmsg, int out);

/** NULL is allowed. */
void zcb_kmsg_close(struct zcb_kmsg *kmsg);

#endif
