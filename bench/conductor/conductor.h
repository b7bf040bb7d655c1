/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONDUCTOR_CONDUCTOR_H
#define ZCB_CONDUCTOR_CONDUCTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/plan/plan.h"
#include "bench/results/rundir.h"
#include "bench/target/target.h"

/** How a run is to be made. */
struct zcb_run_config {
	bool native;
	enum zcb_accel accel;
	const char *accel_reason;
	const char *qemu_version; /* of the QEMU that boots the HUT; "" where none does */
	const char *images, *program;
	unsigned int cpus;
	uint64_t memory_bytes;
	const char *cmdline;    /* more words for the HUT's kernel command line, or "" */
	unsigned int silence_s; /* a HUT that says nothing for so long hangs; 0: from its first boot */
	json_t *command;        /* argv as an array of strings; borrowed */
};

/** What the caller shows while a run goes on. All are called in the caller's thread. */
struct zcb_run_watcher {
	void (*cell_starts)(void *opaque, const struct zcb_cell *cell, uint32_t done, uint32_t all);
	void (*cell_ended)(void *opaque, json_t *line, uint32_t done, uint32_t all, double left_s);
	void (*note)(void *opaque, const char *text);
	bool (*interrupted)(void *opaque);
	/**
	 * NULL, or asked between boots whether those so far are enough: the plan then ends here, and
	 * plan.json is cut off after them.
	 */
	bool (*enough)(void *opaque, uint32_t boots);
	void *opaque;
};

/** What a run came to. */
struct zcb_run_totals {
	uint32_t passed, known_bugs, failed, skipped, errors, crashed, not_run;
	uint32_t tainted_boots;
	uint32_t boots; /* of the plan that are over: all of their cells are done */
	bool interrupted, corrupt;
	/* Of what was done here: the boots' seconds, the cells' by the HUT's clock, and zcbench's part of them. */
	double seconds_boots, seconds_cells, harness_boots_s, harness_cells_s;
	double seconds_first_boot, seconds_first_frame, seconds_past_first_boot;
	enum zcb_exit exit_code;
};

/**
 * Runs what of the plan the journal does not hold yet and writes the run directory. A cell that
 * cannot be measured is a line in the journal; the return value is about the run itself: 0, or
 * -errno with the reason in err where it could not go on (a full disk, no image).
 */
int zcb_conduct(const struct zcb_run_config *config, const struct zcb_plan *plan,
		struct zcb_rundir *dir, const struct zcb_run_watcher *watcher,
		struct zcb_run_totals *ret_totals, struct zcb_error *err);

#endif
