/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_COMPARISON_H
#define ZCB_REPORTS_COMPARISON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/base/error.h"
#include "bench/results/reader.h"
#include "reports/analysis/contrast.h"
#include "reports/analysis/effect.h"
#include "reports/analysis/observations.h"

/*
 * Two arms, metric by metric, and what may be said of them. docs/methodology.md ("Comparisons") has
 * the rules and their reasons.
 */

/** Cells of a run that are one arm. */
struct zcb_arm {
	struct zcb_results *results; /* borrowed; must outlive the comparison */
	char arm;		     /* the letter of cells.jsonl; 0: cells of any */
	const char *variant;	     /* VARIANT or KERNEL:VARIANT, only of these; NULL: all */
};

struct zcb_comparison_options {
	const char *metrics; /* with commas between them; NULL: zcb_comparison_metrics */
	double margin;	     /* a ratio, 0.05; what is smaller does not matter. 0: as the clock has it */
	unsigned int look;   /* which look at a growing run this is, from 1; 0: there is only one */
	unsigned int looks;  /* how many there may be in all */
	uint64_t seed;	     /* of what is drawn by lot: resamples */
};

/** The metrics that are compared unless others are asked for. */
extern const char zcb_comparison_metrics[];

enum zcb_comparison_verdict {
	ZCB_WORSE,
	ZCB_BETTER,
	ZCB_EQUIVALENT,
	ZCB_INCONCLUSIVE,
	ZCB_INVALID,
	ZCB_COMPARISON_VERDICTS,
};

const char *zcb_comparison_verdict_name(enum zcb_comparison_verdict verdict);

/** B against A in one statistic of one metric, over all cells or of one. Effects are logarithms. */
struct zcb_comparison_row {
	const struct zcb_metric_name *metric;
	enum zcb_statistic statistic;
	const struct zcb_compared_cell *cell; /* NULL: over all cells that have the metric */
	bool *pooled; /* of each compared cell, whether it is one of those; NULL where `cell` is all */
	size_t cells;			      /* how many those are */
	double a, b;			      /* geometric means over boots and cells, in the unit */
	size_t boots;
	bool has_effect;
	struct zcb_effect effect;
	double low, high; /* the interval; 95 % where there is one look */
	double p_t;	      /* by Student's t */
	double p_permutation; /* by dealing boots to arms; NAN where it was not asked */
	double p, p_holm;     /* the one that decides, and the same within its family */
	struct zcb_contrast contrast; /* the boots' numbers */
	bool exact;	  /* repeats were identical, by a clock that counts instructions */
	double detectable; /* the smallest effect that would have been found; 0 where exact */
	bool has_twin;
	struct zcb_effect twin; /* of A's twin against A: the truth is 0 */
	double noise;		/* root mean square of the twin's boots */
	enum zcb_comparison_verdict twin_verdict;
	enum zcb_comparison_verdict verdict;
	char reason[160];  /* of inconclusive and invalid; else "" */
	size_t more_boots; /* of inconclusive: how many more would settle it; 0: too many */
};

struct zcb_comparison {
	struct zcb_observations *observations;
	struct zcb_comparison_options options;
	const char *a, *b;  /* what the arms are: "variants:update-ptl" */
	const char *clock, *accel;
	double margin, margin_exact, alpha_interval; /* margins are logarithms, the latter for exact rows */
	size_t boots; /* of the arm that has fewer */
	bool paired, has_twin;
	struct zcb_comparison_row *rows; /* over all cells, by metric, then p50 and p99 */
	size_t n_rows;
	struct zcb_comparison_row *cell_rows; /* of each cell, where there are several */
	size_t n_cell_rows;
	size_t twin_rows, false_alarms; /* how often A's twin was compared, and called different */
	size_t corrupt;			/* cells of B that were not as declared */
	enum zcb_comparison_verdict verdict; /* of the whole */
};

/**
 * Compares two arms. `twin` is A once more, or NULL. Returns 0; -EINVAL where they cannot be
 * compared (err names the difference); -ENODATA where they have no cell or metric in common; or
 * another -errno. *ret is freed with zcb_comparison_free().
 */
int zcb_comparison_make(const struct zcb_arm *a, const struct zcb_arm *b, const struct zcb_arm *twin,
			const struct zcb_comparison_options *options, struct zcb_comparison **ret,
			struct zcb_error *err);

/** Whether a run was played by turns: it has an arm B. */
bool zcb_comparison_has_arms(const struct zcb_results *results);

/**
 * Compares the arms of one run, with its twin where there is one. What the options leave open is as
 * the command had it that made the run, and each of its boots counts as a look. Errors as above;
 * -EINVAL where it has no arms.
 */
int zcb_comparison_of_run(struct zcb_results *results, const struct zcb_comparison_options *options,
			  struct zcb_comparison **ret, struct zcb_error *err);

/**
 * zcb_comparison_make() for observations that are there already; they are the comparison's from now on, also
 * where it fails. The names of arms, clock and back end are the caller's to fill in. -ENOMEM fails.
 */
int zcb_comparison_judge(struct zcb_observations *observations,
			 const struct zcb_comparison_options *options, struct zcb_comparison **ret);

/**
 * Whether runs can be compared at all: the same clock, back end, CPU, and configuration of the
 * kernel. Returns 0, or -EINVAL with the difference in err.
 */
int zcb_comparison_check(const struct zcb_results *a, const struct zcb_results *b,
			 struct zcb_error *err);

struct zcb_print_options {
	bool colours;
	bool all_cells; /* each cell's rows too, not only those that differ */
};

/** Prints at most so many letters; what a terminal would obey, or is not plain, as a question mark. */
void zcb_print_plain(FILE *f, const char *text, size_t most);

/** Prints it for people: at most 80 columns. Strings of the runs are made harmless. */
void zcb_comparison_print(FILE *f, const struct zcb_comparison *c,
			  const struct zcb_print_options *options);

/** The text is the caller's to free. Returns 0 or -ENOMEM. */
int zcb_comparison_to_json(const struct zcb_comparison *c, char **ret_text);

/** 11 where B was not as declared, 10 worse, 12 where a median is inconclusive or invalid, else 0. */
int zcb_comparison_exit_code(const struct zcb_comparison *c);

/**
 * Whether more boots would change nothing that matters: no median of a primary metric is
 * inconclusive. Made with options.look of options.looks, it keeps its error rate however often it
 * is asked.
 */
bool zcb_comparison_settled(const struct zcb_comparison *c);

/** NULL is allowed. */
void zcb_comparison_free(struct zcb_comparison *c);

static inline void zcb_comparison_free_p(struct zcb_comparison **c)
{
	zcb_comparison_free(*c);
}

#define ZCB_COMPARISON_FREE __attribute__((cleanup(zcb_comparison_free_p)))

#endif
