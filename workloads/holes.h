/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_HOLES_H
#define ZCB_WORKLOADS_HOLES_H

#include "workloads/workload.h"

/** A way to punch a hole: a call that is timed. */
struct zcb_hole_way {
	const char *call; /* its name, for sentences */
	/** Takes these bytes out of the victim's memfd. Returns 0 or -errno. */
	int (*punch)(void *state, zcb_memfd_off at, uint64_t bytes);
	void *state;
};

/** The check() of a workload that punches. */
int zcb_holes_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		    struct zcb_error *err);

/** Its prepare() and restore(): collapse the blocks of the frame, if the parameters want that. */
int zcb_holes_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
		      struct zcb_error *err);
void zcb_holes_restore(struct zcb_victim *victim);

/**
 * A whole strike: chooses pages, punches them one by one or by whole huge pages, and proves each
 * hole from outside the call that made it. Returns 0, or -errno with the figures in err.
 */
int zcb_holes_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		     const struct zcb_hole_way *way, struct zcb_damage *damage,
		     struct zcb_error *err);

#endif
