/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_TRENDS_H
#define ZCB_REPORTS_TRENDS_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "bench/base/error.h"
#include "reports/analysis/changepoint.h"

/** One night of a store. Every string is hostile. */
struct zcb_trend_night {
	char *run, *plan, *kernels, *version;
	char started[24];
	time_t when;
	int exit_code;
	size_t pass, fail, broken, skipped, not_run; /* cells; broken: errors, crashes, tainted */
	size_t kernel_faults;
};

/** What a series is of. Times of another clock, back end or processor are other series. */
enum zcb_trend_part {
	ZCB_TREND_KERNEL,
	ZCB_TREND_VARIANT,
	ZCB_TREND_MEMORY,
	ZCB_TREND_WORKLOAD,
	ZCB_TREND_METRIC,
	ZCB_TREND_UNIT,
	ZCB_TREND_CLOCK,
	ZCB_TREND_ACCEL,
	ZCB_TREND_CPU,
	ZCB_TREND_PARTS,
};

/** The median of a metric in one cell, each night; NaN where it was not measured. */
struct zcb_trend_cell {
	size_t trend;
	double *p50;
};

/** A metric of one workload on one kernel, variant and memory, over the nights. */
struct zcb_trend {
	char *key;
	const char *part[ZCB_TREND_PARTS]; /* in key */
	size_t n_cells;
	double *level; /* one a night, in the metric's unit; NaN: a gap */
	size_t last;   /* the last night that is no gap; n_nights: none */
};

/** Changes of one metric in one night, in however many series: one alert. */
struct zcb_alert {
	char id[128]; /* METRIC@TIME of the first night of the new level */
	const char *metric;
	size_t onset, found; /* nights; found: the first of them */
	size_t *trends;	     /* the series */
	double *ratios;	     /* of after to before, each */
	size_t n;
	double ratio;	   /* the median of them */
	bool up;	   /* all of them rose, or else fell */
	bool worse;	   /* more of a time, or of pages, than before */
	bool acknowledged; /* the new level is the base line */
	bool withdrawn;	   /* later nights took it back */
	bool returned;	   /* the old level came back */
	const char *reason; /* of who acknowledged it; "" */
};

struct zcb_trends {
	struct zcb_trend_night *nights;
	size_t n_nights;
	struct zcb_trend_cell *cells;
	size_t n_cells;
	struct zcb_trend *trends;
	size_t n_trends;
	struct zcb_change_series *changes; /* one a trend */
	struct zcb_alert *alerts;	   /* the newest first */
	size_t n_alerts;
	size_t unreadable; /* files of the store that are no nights */
	void *acknowledged; /* what reasons live in */
};

/** Reads a store and finds what changed. Returns 0 or -errno with err filled. */
int zcb_trends_read(int storefd, struct zcb_trends **ret_trends, struct zcb_error *err);

/** NULL is allowed. */
void zcb_trends_free(struct zcb_trends *trends);

/** An alert that nobody acknowledged, and whose level stands. */
bool zcb_alert_is_open(const struct zcb_alert *alert);

/** Whether an alert was first found on the last night of the store. */
bool zcb_alert_is_new(const struct zcb_trends *trends, const struct zcb_alert *alert);

/**
 * The level each night of cells that have gaps here and there: Tukey's median polish of their
 * logarithms, so that a cell that is missing, or odd, moves nothing. NaN where no cell has a value.
 */
int zcb_trend_level(const double *const *cells, size_t n_cells, size_t n_nights, double *level);

static inline void zcb_trends_free_p(struct zcb_trends **trends)
{
	zcb_trends_free(*trends);
}

#define ZCB_TRENDS_FREE __attribute__((cleanup(zcb_trends_free_p)))

#endif
