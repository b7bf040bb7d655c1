/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_READER_H
#define ZCB_RESULTS_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/base/error.h"

/*
 * What a run directory says (docs/run-directory.md), read and validated. Every string in it is
 * hostile: it came from a kernel, a file or a plan. No string is NULL; one that is missing is "".
 * What was wrong or missing, but can be lived with, is a note.
 */

enum zcb_result_status {
	ZCB_RESULT_PASS,
	ZCB_RESULT_KNOWN_BUG, /* not as declared, by a bug of its kernel that is known: "pass" in the journal */
	ZCB_RESULT_FAIL,
	ZCB_RESULT_CRASH,
	ZCB_RESULT_ERROR,
	ZCB_RESULT_SKIP,
	ZCB_RESULT_NOT_RUN, /* in the plan, but not in the journal */
	ZCB_RESULT_STATUSES,
};

/** What a line of a frame can be; the order is that of zcb_verdict_name(). */
enum zcb_result_verdict {
	ZCB_VERDICT_FRESH,
	ZCB_VERDICT_STALE,
	ZCB_VERDICT_ZERO,
	ZCB_VERDICT_TORN,
	ZCB_VERDICT_FOREIGN,
	ZCB_VERDICT_CORRUPT,
	ZCB_VERDICTS,
};

const char *zcb_result_status_name(enum zcb_result_status status);

/** Whether such a cell played to its end, so that its figures are measurements. */
bool zcb_result_is_whole(enum zcb_result_status status);

const char *zcb_result_verdict_name(enum zcb_result_verdict verdict);

/** The letter of a page map, or -1 for a letter that is none. */
int zcb_result_verdict_of_letter(char letter);

/** A named count: an event of a cell. */
struct zcb_result_count {
	const char *name;
	uint64_t n;
};

struct zcb_result_strings {
	const char **items;
	size_t n;
};

/** A metric that the journal has figures of. */
struct zcb_result_metric {
	const char *name, *unit;
	uint64_t n;
};

/** What became of a metric that is made of the kernel's trace, in a cell with probes. */
struct zcb_result_probe {
	const char *metric;
	const char *state;  /* "measured", "unavailable" or "invalid", as written */
	const char *reason; /* why it is unavailable; else "" */
	uint64_t lost;	    /* events that the kernel dropped, which makes it invalid */
	uint64_t unended, unbegun;
};

struct zcb_result_cell {
	uint64_t index, boot, seed;
	uint64_t block; /* which turn of its cell in its boot, of a comparison; else 0 */
	const char *kernel, *arm;
	const char *cell; /* the five names with slashes, as written */
	const char *variant, *memory, *guest, *workload, *consumer;
	const char *params; /* "stride, pages 64, rounds 4": the pattern first, then by name */
	const char *brief;  /* those of them that are not the usual ones of the run */
	enum zcb_result_status status;
	const char *reading; /* how its consumer gets at the pages; "" in an older journal */
	const char *event; /* what happened to its pages, as the variants' declarations see it */
	const char *reason, *expected, *observed, *clock, *accel;
	const char *known_bug; /* which one, or "" */
	uint64_t pages_checked, pages[ZCB_VERDICTS];
	uint64_t frames_checked, frames_fresh, frames_bad;
	struct zcb_result_count *events;
	size_t n_events;
	struct zcb_result_metric *metrics;
	size_t n_metrics;
	struct zcb_result_probe *probes; /* of a cell with probes */
	size_t n_probes;
	struct zcb_result_strings kernel_faults;
	double seconds;
	double ended; /* seconds since its boot began, by the conductor's clock; 0: not said */
	bool has_harness; /* the journal says what zcbench itself took: */
	double harness_cell_s;   /* CPU time of its process outside of what the cell is about; 0 of a crash */
	double harness_runner_s; /* CPU time of the process that started it */
	double harness_guest_s;  /* before them, until a guest was ready */
	bool tainted; /* its boot is: no number of it counts */
};

/** One file of samples/: zcb_samples_read() loads it. */
struct zcb_result_samples {
	uint64_t index;
	const char *metric, *unit, *path;
};

struct zcb_result_boot {
	uint64_t number, attempts;
	const char *kernel, *accel, *clock, *outcome, *reason, *cmdline;
	bool tainted;
	struct zcb_result_strings kernel_faults, qemu;
	const char *hut_release, *hut_cpu, *hut_topology, *hut_topology_xml, *hut_config;
	const char *hut_placement; /* "vcpu on CPU 1 of node 0, …" */
	uint64_t hut_cpus, hut_memory_bytes;
	const char *hut_clock; /* "a reading takes 30 ns, …" */
	double seconds_up, seconds_first_frame, seconds_total;
	double began; /* seconds of UNIX time; 0: not said */
	double harness_s; /* CPU time of runner and conductor that belongs to no cell; 0: not said */
};

/** One wrong frame that was kept. The pictures' paths are checked to lie in frames/, or "". */
struct zcb_result_frame {
	uint64_t index, frame, published, round;
	const char *cell, *after, *map;
	size_t pages;
	bool *punched; /* one a page */
	int64_t *ages; /* one a page: how many frames old it is; -1 not said */
	const char *png_expected, *png_seen, *png_difference;
};

struct zcb_result_kernel {
	const char *name, *release, *package, *config; /* the latter a hash */
	const char *config_path; /* its file, checked to lie in kernels/, or "" */
};

/** What was said of a shard that this run was joined of. */
struct zcb_result_merged {
	uint64_t number, of;
	const char *started, *ended, *state, *host_cpu, *host_kernel;
};

struct zcb_results {
	const char *dir;
	int dirfd;
	bool has_metadata;
	const char *version, *git, *plan, *target, *accel, *accel_reason, *clock;
	const char *started, *ended, *state, *reason;
	const char *host_kernel, *host_cpu, *host_topology, *host_topology_xml, *qemu_version;
	uint64_t seed, host_cpus, host_memory_bytes;
	int exit_code; /* -1: not said */
	uint64_t plan_boots, plan_boots_planned; /* the latter where a comparison ended early */
	uint64_t shard, shards; /* of a run that played one part of its plan; else 0 */
	const char *shard_boots; /* "2, 6": which boots of the plan it plays; or "" */
	struct zcb_result_merged *merged; /* of a run that was joined of shards, one each */
	size_t n_merged;
	double seconds_first_boot, seconds_first_frame, seconds_past_first_boot, seconds_total;
	struct zcb_result_strings command;
	struct zcb_result_kernel *kernels;
	size_t n_kernels;
	struct zcb_result_cell *cells; /* by index */
	size_t n_cells;
	struct zcb_result_samples *samples; /* by index, then metric */
	size_t n_samples;
	struct zcb_result_boot *boots; /* by number */
	size_t n_boots;
	struct zcb_result_frame *frames; /* by index, then number */
	size_t n_frames;
	const char *usual_params; /* what a cell has whose brief says nothing else: "pages 64" */
	struct zcb_result_strings notes;
	struct zcb_results_memory *memory; /* what the strings live in; the reader's own */
};

/**
 * Reads a run directory. Returns 0; -ENOTDIR where dir is not one (err says what is missing);
 * -EBADMSG where it is damaged beyond use; or another -errno. *ret_results is freed with
 * zcb_results_free().
 */
int zcb_results_read(const char *dir, struct zcb_results **ret_results, struct zcb_error *err);

/** NULL is allowed. */
void zcb_results_free(struct zcb_results *results);

/** Adds a note, formatted. After a number of them the rest is only counted by a last one. */
void zcb_results_note(struct zcb_results *results, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Reads a regular file inside the run directory, never one outside of it, whatever links there are.
 * As zcb_read_file(); -EXDEV where the path leaves the directory, -EINVAL where it is no file.
 */
int zcb_results_read_file(const struct zcb_results *results, const char *path, size_t max,
			  char **ret_bytes, size_t *ret_n);

/** The last n bytes (at most) of such a file, for logs. */
int zcb_results_read_tail(const struct zcb_results *results, const char *path, size_t n,
			  char **ret_bytes, size_t *ret_n);

/** A parameter of a cell that is a number. False where the cell has none of that name. */
bool zcb_result_param(const struct zcb_result_cell *cell, const char *name, double *ret_value);

/** Where in samples the files of this cell begin, or would: they lie in the order of cells. */
size_t zcb_results_samples(const struct zcb_results *results, uint64_t index);

/** The cell with this index, or NULL. */
const struct zcb_result_cell *zcb_results_cell(const struct zcb_results *results, uint64_t index);

static inline void zcb_results_free_p(struct zcb_results **results)
{
	zcb_results_free(*results);
}

#define ZCB_RESULTS_FREE __attribute__((cleanup(zcb_results_free_p)))

#endif
