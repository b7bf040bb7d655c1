/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PROBES_LOST_H
#define ZCB_PROBES_LOST_H

#include <stdint.h>

struct tracefs_instance;

/** Events that an instance of tracefs had to drop, over all CPUs, since it was made. */
uint64_t zcb_lost_events(struct tracefs_instance *instance);

/** Calls of the functions probed here that were not followed, since they are probed. */
uint64_t zcb_lost_calls(void);

/** What a CPU's file `stats` in tracefs counts as lost; text is all of it. */
uint64_t zcb_lost_in_stats(const char *text);

/** What kprobe_profile says was missed of the functions probed here; text is all of it, and is changed. */
uint64_t zcb_lost_in_profile(char *text);

#endif
