/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_SUMMARY_H
#define ZCB_REPORTS_SUMMARY_H

#include "bench/results/reader.h"

/** The quantiles that every table and summary.json show. */
enum zcb_quantile { ZCB_P50, ZCB_P90, ZCB_P99, ZCB_P999, ZCB_QUANTILES };

const char *zcb_quantile_name(enum zcb_quantile quantile);

/** A value of a metric that may be censored: the event did not come. */
struct zcb_value {
	bool known;
	uint64_t value;
};

/** One metric of one row, over all its boots that count. */
struct zcb_summary_metric {
	const char *name, *unit;
	size_t n, censored;
	struct zcb_value min, quantile[ZCB_QUANTILES], max;
	double mean;
};

/**
 * The same cell over the boots of a run: same kernel, names, parameters, clock and KVM back end.
 * What differs in one of these is another row, and is never put together.
 */
struct zcb_summary_row {
	const struct zcb_result_cell **cells; /* by index, tainted ones included */
	size_t n_cells;
	const struct zcb_result_cell *first;
	const char *clock, *accel;
	size_t counts[ZCB_RESULT_STATUSES]; /* of cells in boots that are not tainted */
	size_t not_counted;		    /* cells in tainted boots */
	enum zcb_result_status status;	    /* the worst of those counted */
	const char
		*observed; /* of those counted; "" where nothing was, "mixed" where they differ */
	uint64_t pages_checked, pages[ZCB_VERDICTS];
	uint64_t stale_not_punched;
	uint64_t pages_held; /* that left the memfd and did not return to the pool */
	struct zcb_summary_metric *metrics; /* by name */
	size_t n_metrics;
};

struct zcb_summary {
	const struct zcb_results *results;
	struct zcb_summary_row *rows; /* in the order of the plan */
	size_t n_rows;
	size_t counts[ZCB_RESULT_STATUSES];
	size_t not_counted;
	size_t tainted_boots, kernel_faults;
	const struct zcb_result_cell **order; /* what the rows' lists point into */
};

/**
 * Summarizes a run; it borrows from results, which must outlive it. Sample files that cannot be
 * read become notes of the results. Returns 0 or -ENOMEM.
 */
int zcb_summary_make(struct zcb_results *results, struct zcb_summary **ret_summary);

/** NULL is allowed. */
void zcb_summary_free(struct zcb_summary *summary);

/** A metric of a row, or NULL. */
const struct zcb_summary_metric *zcb_summary_metric(const struct zcb_summary_row *row,
						    const char *name);

/** Whether two rows are of one kernel and variant. */
bool zcb_summary_same_variant(const struct zcb_summary_row *a, const struct zcb_summary_row *b);

/** Whether a row is the first of its kernel and variant. */
bool zcb_summary_opens_variant(const struct zcb_summary *summary, size_t row);

/** The text of summary.json; the caller's to free. Returns 0 or -ENOMEM. */
int zcb_summary_to_json(const struct zcb_summary *summary, char **ret_text);

static inline void zcb_summary_free_p(struct zcb_summary **summary)
{
	zcb_summary_free(*summary);
}

#define ZCB_SUMMARY_FREE __attribute__((cleanup(zcb_summary_free_p)))

#endif
