/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_OBSERVATIONS_H
#define ZCB_REPORTS_OBSERVATIONS_H

#include "bench/results/reader.h"

/*
 * What a comparison is made of: of each cell, each time that it was played, and each metric, a few
 * figures. Reading makes them of run directories; a calibration makes them of anything.
 */

enum zcb_statistic { ZCB_STATISTIC_P50, ZCB_STATISTIC_P99, ZCB_STATISTIC_MEAN, ZCB_STATISTICS };

const char *zcb_statistic_name(enum zcb_statistic statistic);

/** The arms of a comparison; the twin is A once more. */
enum zcb_arm_index { ZCB_ARM_A, ZCB_ARM_B, ZCB_ARM_TWIN, ZCB_ARMS };

/** A metric of one cell that was played once. */
struct zcb_observation {
	size_t subject; /* what was measured: of zcb_observations.subjects */
	enum zcb_arm_index arm;
	uint64_t index; /* of the journal of its run */
	uint64_t boot, block;
	size_t n, censored;
	struct {
		bool known; /* not where the event did not come, or in too few samples */
		double value;
		double error; /* of its logarithm, from the spread of the samples; 0 not known */
	} of[ZCB_STATISTICS];
};

/** The same cell in all arms: what it is but for kernel and variant. */
struct zcb_compared_cell {
	const char *name;  /* "shmem/micro/punch/mmap" */
	const char *params; /* all of them, in words */
	const char *brief; /* those that not all cells share */
	size_t counts[ZCB_ARMS][ZCB_RESULT_STATUSES];
	const char *expected, *observed; /* of the first cell of B that was not as declared, else "" */
};

/**
 * Cells of an arm with frames that its declaration calls wrong. A known bug of its kernel is no news
 * where A has it too, and is worse where A has not.
 */
static inline size_t zcb_compared_wrong(const struct zcb_compared_cell *cell, enum zcb_arm_index arm)
{
	const size_t *n = cell->counts[arm];
	bool new = !cell->counts[ZCB_ARM_A][ZCB_RESULT_KNOWN_BUG];

	return n[ZCB_RESULT_FAIL] + (new ? n[ZCB_RESULT_KNOWN_BUG] : 0);
}

/** A metric of such a cell. */
struct zcb_subject {
	size_t cell, metric;
};

struct zcb_metric_name {
	const char *name, *unit;
};

struct zcb_observations {
	struct zcb_compared_cell *cells;
	size_t n_cells;
	struct zcb_metric_name *metrics; /* in the order in which they were asked for */
	size_t n_metrics;
	struct zcb_subject *subjects;
	size_t n_subjects;
	struct zcb_observation *items;
	size_t n;
	bool icount;
	bool one_run;	    /* all arms lie in one run: a boot may have played several */
	size_t tainted[ZCB_ARMS]; /* cells of tainted boots, which do not count */
	struct zcb_result_strings notes;
	char **strings; /* what of the above is owned */
	size_t n_strings;
};

/** Adds one observation, copied. Returns 0 or -ENOMEM. */
int zcb_observations_add(struct zcb_observations *o, const struct zcb_observation *item);

/** The subject of a cell and a metric, added if it is new; both are indices. -ENOMEM fails. */
int zcb_observations_subject(struct zcb_observations *o, size_t cell, size_t metric,
			     size_t *ret_subject);

/** Adds a cell, or finds the one of this name and parameters; strings are borrowed. */
int zcb_observations_cell(struct zcb_observations *o, const char *name, const char *params,
			  size_t *ret_cell);

/** Adds a metric, or finds the one of this name; strings are borrowed. */
int zcb_observations_metric(struct zcb_observations *o, const char *name, const char *unit,
			    size_t *ret_metric);

/** A formatted string, freed with the observations; "" when memory is short. */
const char *zcb_observations_string(struct zcb_observations *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Adds a sentence for the reader of the comparison. */
void zcb_observations_note(struct zcb_observations *o, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Gives back all that is owned; NULL is allowed. */
void zcb_observations_free(struct zcb_observations *o);

static inline void zcb_observations_free_p(struct zcb_observations **o)
{
	zcb_observations_free(*o);
}

#define ZCB_OBSERVATIONS_FREE __attribute__((cleanup(zcb_observations_free_p)))

#endif
