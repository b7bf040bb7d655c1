/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_CONDUCTOR_INTERNAL_H
#define ZCB_CONDUCTOR_INTERNAL_H

#include <jansson.h>

#include "bench/conductor/conductor.h"
#include "bench/executor/meter.h"
#include "bench/results/wire.h"

/** One boot of the HUT: what stands in boots/N/boot.json, while it comes about. */
struct boot {
	uint32_t number;  /* of this life of it, as in boots/ */
	uint32_t planned; /* which boot of the plan it is a life of */
	const char *kernel;
	unsigned int attempts;
	uint64_t started_ns, up_ns, guest_started_ns, heard_ns;
	double first_frame_s;     /* from the start of the guest's VMM; 0: none yet */
	double first_frame_hut_s; /* the same by the HUT's own clock */
	json_int_t guest_started_hut_ns;
	double runner_s;        /* CPU time of the runner that belongs to no cell */
	json_t *hello;  /* the runner's description of the HUT, or NULL */
	json_t *faults; /* array of strings */
	struct zcb_target *target;
	struct zcb_wire wire;
};

/** A run while it goes on. */
struct conduct {
	const struct zcb_run_config *config;
	const struct zcb_plan *plan;
	struct zcb_plan cut; /* the plan without its last boots, where they were not needed */
	struct zcb_rundir *dir;
	const struct zcb_run_watcher *watcher;
	struct zcb_run_totals *totals;
	struct zcb_error *err;
	bool *done; /* of each cell: the journal has it */
	uint32_t n_done, n_all; /* of the cells that are this run's */
	uint64_t started_ns, first_up_ns;
	struct zcb_cpu_meter cpu; /* of this process, all of it: each boot takes what came before its end */
	uint32_t done_here;
	char started[32];
	json_t *kernels, *host; /* metadata: the kernels that came up so far, and this machine */
	json_t *metrics;        /* of the cell under way, from its samples; NULL: none came */
	json_t *earlier;        /* metadata of the run that is resumed, or NULL */
	struct boot boot;
};

/**
 * Starts the HUT for a boot of the plan and waits for its greeting; tries twice. Each life of a HUT has
 * a number of its own: the plan's, or where that is taken the next that is free in boots/. Returns 1
 * when it is up, 0 when it did not come up, or -errno.
 */
int zcb_boot_start(struct conduct *run, uint32_t planned, const char *kernel);

/**
 * Waits for the next message of the runner and deals with events, files and logs by itself.
 * Returns 1 with a `result`, `hello` or `bye` in *ret_message; 0 where the HUT ended or hangs or
 * the run is interrupted, which the target's outcome tells; -errno where the run cannot go on.
 * `cell` is the one under way, or NULL.
 */
int zcb_boot_listen(struct conduct *run, const struct zcb_cell *cell, struct zcb_wire_message *ret_message);

/**
 * Waits for the end of a HUT whose channel has ended. Where somebody killed it, that may be part of the run's own
 * interruption, of which each process is told apart: totals->interrupted tells.
 */
void zcb_boot_lost(struct conduct *run);

/**
 * A HUT that boots in so many seconds is as slow as its machine and its kernel: so much longer than
 * usual everything may take. Nothing is measured by this; it only tells a hang.
 */
unsigned int zcb_boot_patience_s(const struct boot *boot);

/**
 * Whether the HUT has its requests from the start and nothing is sent: with icount what arrives in host
 * time would make each boot another.
 */
bool zcb_requests_are_staged(const struct conduct *run);

/** The message that asks for a cell; a new reference. */
json_t *zcb_request_cell(const struct conduct *run, const struct zcb_cell *cell);

/** Whether this boot still has cells to run. */
bool zcb_requests_left(const struct conduct *run);

/** The requests for all cells that this boot still has to run, in their order: to free. 0 or -ENOMEM. */
int zcb_requests_stage(const struct conduct *run, char **ret_text);

/** Adds the runner's "kernel_faults" to those of the boot. */
void zcb_boot_add_faults(struct boot *boot, json_t *faults);

/** Says goodbye where it still can, stops the HUT, and writes boot.json. */
int zcb_boot_end(struct conduct *run);

/** Keeps a file that the runner sent; every name is made here. */
int zcb_keep_file(struct conduct *run, const struct zcb_cell *cell, struct zcb_wire_message *message);

/**
 * Keeps the configuration of a kernel that came up, where it is known, as kernels/HASH.config, and names that file in
 * `about`, the kernel's description. Returns 0 or -errno of the disk.
 */
int zcb_keep_config(struct conduct *run, const char *kernel, json_t *about);

/** Forgets the figures of the cell under way: it will have none. */
void zcb_drop_metrics(struct conduct *run);

/** Counts a line of the journal, of this run or of the one it goes on with. */
void zcb_count_line(struct zcb_run_totals *totals, json_t *line);

/** Takes over what the metadata of the run to resume says; `config` must be like its own. */
int zcb_read_earlier(struct conduct *run);

/** Writes metadata.json as of now. */
int zcb_write_metadata(struct conduct *run, const char *state, const char *reason);

/**
 * Appends the line of a cell, from the runner's result, and counts it. Takes the result's reference;
 * *ret_line is a new one.
 */
int zcb_journal_result(struct conduct *run, const struct zcb_cell *cell, json_t *result,
		       json_t **ret_line);

#endif
