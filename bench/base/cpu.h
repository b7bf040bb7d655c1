/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_CPU_H
#define ZCB_BASE_CPU_H

/*
 * Who runs where. Two processes that wake each other take turns on one processor, or do not, as the
 * scheduler pleases; and what is measured is then now this and now that.
 */

/** The last processor that this thread may use, if it is not the only one. Returns 0 or -errno. */
int zcb_cpu_spare(int *ret_cpu);

/** This thread, and those that it starts, run there alone. Returns 0 or -errno. */
int zcb_cpu_keep_to(int cpu);

/** This thread, and those that it starts, run elsewhere. Returns 0 or -errno. */
int zcb_cpu_keep_off(int cpu);

#endif
