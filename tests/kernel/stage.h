/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_STAGE_H
#define ZCB_TESTS_KERNEL_STAGE_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What all processes of a scenario share: when to stop, what they did, what went wrong. There is
 * one stage, mapped before anyone forks.
 */

/* clang-format off */
/*
 * Whatever is counted. Who does it: the VMM, its threads and children; outsiders, which map the
 * memfd too; consumers, which have the dma-bufs.
 */
#define STAGE_TALLIES(X)                                                                          \
	X(writes) X(reads) X(punches) X(removes) X(refills) X(remaps) X(forks) X(moves) X(moved)  \
	X(creates) X(refused) X(closes) X(sent) X(received) X(maps) X(looks) X(pages_seen)        \
	X(consumer_forks) X(mremaps) X(faults_denied) X(looks_denied) X(switches)                 \
	X(fault_arounds) X(drops) X(compactions) X(kills) X(looks_after_kill) X(fresh_at_end)     \
	X(stale_at_end) X(cycles) X(steps) X(slots_compared) X(told_apart) X(attaches)            \
	X(detaches) X(device_looks) X(told) X(moved_told) X(kept_told)
/* clang-format on */

enum tally {
#define X(name) TALLY_##name,
	STAGE_TALLIES(X)
#undef X
		TALLIES
};

enum { STAGE_PROBLEMS = 8, STAGE_PROBLEM_MAX = 240 };

struct stage {
	_Atomic bool stop;   /* everybody ends */
	_Atomic bool quiet;  /* nobody but the VMM changes memory any more */
	_Atomic bool killed; /* the VMM is dead */
	_Atomic uint64_t tally[TALLIES];
	_Atomic unsigned int problems;
	char problem[STAGE_PROBLEMS][STAGE_PROBLEM_MAX];
};

extern struct stage *stage;

/** Maps the stage, once. Returns 0 or -errno. */
int stage_open(void);

/** Empties it for the next scenario. */
void stage_clear(void);

static inline void tally(enum tally what)
{
	atomic_fetch_add_explicit(&stage->tally[what], 1, memory_order_relaxed);
}

static inline void tally_add(enum tally what, uint64_t n)
{
	atomic_fetch_add_explicit(&stage->tally[what], n, memory_order_relaxed);
}

static inline bool stage_goes_on(void)
{
	return !atomic_load_explicit(&stage->stop, memory_order_relaxed);
}

/** Notes something that makes the scenario fail; the first few texts are kept, all are counted. */
void stage_problem(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** Demands that each of these was done at least once; the list ends with TALLIES. */
void stage_demand(const enum tally *wanted);

/** Waits until each of these was done once more than `before` says, at most so many seconds. */
void stage_await(const enum tally *wanted, const uint64_t *before, unsigned int seconds);

/** What was counted, as an object without its zeros; and the problems, as an array. */
json_t *stage_counts(void);
json_t *stage_problems(void);

#endif
