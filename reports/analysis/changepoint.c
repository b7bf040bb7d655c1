// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/changepoint.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/median.h"
#include "reports/analysis/noise.h"

#define MIN_BASE 8U  /* nights before which there is no base line */
#define MAX_BASE 48U /* what is longer ago tells nothing of today */
#define MAX_WINDOW 8U

/* Of one series at one look, and among all alerts of a night: tests/unit/test-changepoint.c says
 * what comes of it. */
#define MAX_P 0.003
#define FALSE_DISCOVERIES 0.04
/* A change of less than half a per cent is none that anybody could follow up. */
#define MIN_SHIFT 0.005
#define MIN_SIGMA 0.001
/* How far, in σ, one night may pull: one that is off by more than a step of this counts as this. */
#define CLIP 4.0
/* Off by the first while the next night is off by less than the second: it stands alone. */
#define SPIKE 4.5
#define SPIKE_NEXT 1.5
/* A new level that is within this many σ of the old one on a later night was none. */
#define WITHDRAW 2.0
#define WITHDRAW_NIGHTS 12U

/* How the error of a look is shared among the windows. */
static const struct {
	unsigned int nights;
	double share;
} windows[] = {{2, 0.005}, {3, 0.015}, {4, 0.92}, {6, 0.03}, {8, 0.03}};

#define WINDOWS (sizeof(windows) / sizeof(windows[0]))

struct base {
	double level;
	struct zcb_variance own;
	size_t n;
};

/* A series while the nights go by. Its values are those that are no gaps. */
struct scan {
	struct zcb_change_series *series;
	double *values;	    /* logarithms */
	size_t *night;	    /* of each */
	size_t n;	    /* of them so far */
	size_t start;	    /* where the base line begins */
	size_t before;	    /* where the one before it began */
	bool may_withdraw;  /* the last change is young, and `before` holds */
	bool looked;	    /* there was a value tonight and a base line */
	struct base base;   /* before the window of 4, as of tonight */
	double p;	    /* of the best window tonight; 1: none */
	size_t onset;
	double after;
};

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return left < right ? -1 : left > right;
}

static double median(const double *values, size_t n)
{
	double copy[MAX_BASE];

	memcpy(copy, values, n * sizeof(*copy));
	return zcb_median(copy, n);
}

static double clip(double value, double most)
{
	return value > most ? most : value < -most ? -most : value;
}

/* Level and variance of values in which spikes may be: those are drawn in to 5 robust σ. */
static struct base base_of(const double *values, size_t n)
{
	struct base base = {.n = n < MAX_BASE ? n : MAX_BASE};
	const double *last = values + n - base.n;
	double off[MAX_BASE], middle = median(last, base.n), most, sum = 0, squares = 0;

	for (size_t i = 0; i < base.n; i++)
		off[i] = fabs(last[i] - middle);
	most = 5 * fmax(1.4826 * median(off, base.n), MIN_SIGMA);
	for (size_t i = 0; i < base.n; i++)
		sum += clip(last[i] - middle, most);
	base.level = middle + sum / (double)base.n;
	for (size_t i = 0; i < base.n; i++)
		squares += pow(clip(last[i] - base.level, most), 2);
	base.own.freedom = (double)base.n - 1;
	base.own.value = fmax(squares / base.own.freedom, MIN_SIGMA * MIN_SIGMA);
	return base;
}

static double sigma_of(struct zcb_variance variance)
{
	return fmax(sqrt(variance.value), MIN_SIGMA);
}

/* Whether a night is off the level while the next one, if there is one yet, is not. */
static bool is_spike(const struct scan *s, size_t i, double level, double sigma)
{
	double off = s->values[i] - level, side = off > 0 ? 1 : -1;

	if (fabs(off) <= SPIKE * sigma)
		return false;
	if (i > 0 && (s->values[i - 1] - level) * side > SPIKE_NEXT * sigma)
		return false;
	return i + 1 == s->n || (s->values[i + 1] - level) * side <= SPIKE_NEXT * sigma;
}

struct window {
	size_t first, n; /* n without spikes */
	double mean;	 /* off the level */
	size_t same;	 /* on the side of the mean */
};

/*
 * How far a night of a window may pull. In a short one all must be far off: none counts for much
 * more than the least of them, but that may be any step.
 */
static double pull(const struct scan *s, unsigned int nights, double level, double sigma)
{
	double least = INFINITY;

	if (nights > 3 || s->n < nights)
		return CLIP * sigma;
	for (size_t i = s->n - nights; i < s->n; i++)
		least = fmin(least, fabs(s->values[i] - level));
	return 1.5 * least;
}

/* The last nights that are no spikes: it begins earlier where there are some. */
static struct window window_of(const struct scan *s, unsigned int nights, double level,
			       double sigma)
{
	struct window w = {.first = s->n};
	double most = pull(s, nights, level, sigma);
	size_t positive = 0;

	while (w.n < nights && w.first > s->start) {
		w.first--;
		if (is_spike(s, w.first, level, sigma))
			continue;
		w.mean += clip(s->values[w.first] - level, most) / nights;
		positive += s->values[w.first] > level;
		w.n++;
	}
	w.same = w.mean > 0 ? positive : w.n - positive;
	return w;
}

static double t_of(const struct window *w, double sigma, size_t base_n)
{
	return fabs(w->mean) / (sigma * sqrt(1 / (double)w->n + 1 / (double)base_n));
}

/* Holds one window against the nights before it, and keeps it where it is the best. */
static void look(struct scan *s, struct zcb_variance prior, unsigned int nights, double share)
{
	struct base base = s->base;
	struct zcb_variance v = zcb_noise_moderate(base.own, prior);
	struct window w;
	double p;

	/* A longer window has a base line that ends earlier. */
	if (nights > 4 && s->n - s->start < MIN_BASE + nights)
		return;
	if (nights > 4) {
		base = base_of(s->values + s->start, s->n - s->start - nights);
		v = zcb_noise_moderate(base.own, prior);
	}
	w = window_of(s, nights, base.level, sigma_of(v));
	if (w.n < nights || fabs(w.mean) < MIN_SHIFT || w.same + (nights > 3) < nights)
		return;
	p = zcb_student_p(t_of(&w, sigma_of(v), base.n), v.freedom) / share;
	if (p >= s->p)
		return;
	s->p = p;
	s->onset = w.first;
	s->after = base.level + w.mean;
	s->base.level = base.level;
}

/* Most nights nothing happens: then the window of 4 lies near the level, and that is all. */
static bool is_quiet(const struct scan *s, struct zcb_variance prior)
{
	double sigma = sigma_of(zcb_noise_moderate(s->base.own, prior)), sum = 0, last = 0;

	for (size_t i = s->n - MAX_WINDOW / 2; i < s->n; i++)
		sum += clip(s->values[i] - s->base.level, CLIP * sigma) / 4;
	for (size_t i = s->n - 2; i < s->n; i++)
		last += clip(s->values[i] - s->base.level, CLIP * sigma) / 2;
	return fabs(sum) < 0.75 * sigma && fabs(last) < 2 * sigma;
}

static void look_at_all(struct scan *s, struct zcb_variance prior)
{
	double level = s->base.level;

	s->p = 1;
	if (!s->looked || is_quiet(s, prior))
		return;
	for (size_t i = 0; i < WINDOWS; i++) {
		struct base kept = s->base;

		look(s, prior, windows[i].nights, windows[i].share);
		/* The level that an alert is reported against is that of the window of 4. */
		s->base = kept;
	}
	s->base.level = level;
}

/* Takes tonight's value, and the base line before the last four. */
static void step(struct scan *s, size_t night)
{
	double value = s->series->values[night];

	s->looked = false;
	if (!(value > 0) || !isfinite(value) || s->series->n_changes == ZCB_MAX_CHANGES)
		return;
	s->values[s->n] = log(value);
	s->night[s->n++] = night;
	if (s->n - s->start < MIN_BASE + 4)
		return;
	s->base = base_of(s->values + s->start, s->n - s->start - 4);
	s->looked = true;
}

/* A change that later nights do not bear out: the base line of before goes on. */
static void reconsider(struct scan *s, struct zcb_variance prior)
{
	size_t nights = s->n - s->start;
	struct window w = {.n = nights};
	struct base base;
	double sigma;

	if (!s->may_withdraw || nights <= 4)
		return;
	if (nights > WITHDRAW_NIGHTS) {
		s->may_withdraw = false;
		return;
	}
	base = base_of(s->values + s->before, s->start - s->before);
	sigma = sigma_of(zcb_noise_moderate(base.own, prior));
	for (size_t i = s->start; i < s->n; i++)
		w.mean += clip(s->values[i] - base.level, CLIP * sigma) / (double)nights;
	if (t_of(&w, sigma, base.n) >= WITHDRAW)
		return;
	s->start = s->before;
	s->may_withdraw = false;
	s->series->changes[s->series->n_changes - 1].withdrawn = true;
}

static void raise_alert(struct scan *s)
{
	s->series->changes[s->series->n_changes++] = (struct zcb_change){
		.onset = s->night[s->onset],
		.found = s->night[s->n - 1],
		.before = exp(s->base.level),
		.after = exp(s->after),
		.p = s->p,
	};
	s->before = s->start;
	s->start = s->onset;
	s->may_withdraw = true;
}

/* The p of the series of one kind that were looked at tonight, in order. */
static size_t sort_kind(const struct scan *scans, size_t n, unsigned int kind, double *sorted)
{
	size_t looked = 0;

	for (size_t i = 0; i < n; i++) {
		if (scans[i].looked && scans[i].series->kind == kind)
			sorted[looked++] = scans[i].p;
	}
	qsort(sorted, looked, sizeof(*sorted), ascending);
	return looked;
}

/* Benjamini and Hochberg's: the largest p that may be a discovery; -1: none is. */
static double limit_of(const double *sorted, size_t n, double rate)
{
	double limit = -1;

	for (size_t i = 0; i < n; i++) {
		if (sorted[i] <= rate * (double)(i + 1) / (double)n)
			limit = sorted[i];
	}
	return limit;
}

/* R. Simes' p of the claim that no series of a kind changed, from theirs. */
static double simes(const double *sorted, size_t n)
{
	double least = 1;

	for (size_t i = 0; i < n; i++)
		least = fmin(least, sorted[i] * (double)n / (double)(i + 1));
	return least;
}

/* What the series of one kind have in common tonight. */
static struct zcb_variance prior_of(const struct scan *scans, size_t n, unsigned int kind,
				    struct zcb_variance *room)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++) {
		if (scans[i].looked && scans[i].series->kind == kind)
			room[found++] = scans[i].base.own;
	}
	return zcb_noise_prior(room, found);
}

struct scanner {
	struct scan *scans;
	size_t n;
	struct zcb_variance *variances;	/* room for one a series */
	struct zcb_variance *priors;	/* one a kind */
	double *sorted, *kind_p, *sorted_kinds, *limit; /* the last three one a kind */
	unsigned int kinds;
};

/*
 * First the kinds in which anything changed, among all kinds; then the series, within each of those:
 * so one metric that changes everywhere lets no noise of others pass (Y. Benjamini, M. Bogomolov,
 * Selective inference on multiple families of hypotheses, J. R. Statist. Soc. B 76(1), 2014).
 */
static void find_limits(struct scanner *s)
{
	size_t kinds = 0, selected = 0;
	double limit;

	for (unsigned int k = 0; k < s->kinds; k++) {
		size_t n = sort_kind(s->scans, s->n, k, s->sorted);

		s->kind_p[k] = n ? simes(s->sorted, n) : 2;
		if (n)
			s->sorted_kinds[kinds++] = s->kind_p[k];
	}
	qsort(s->sorted_kinds, kinds, sizeof(*s->sorted_kinds), ascending);
	limit = limit_of(s->sorted_kinds, kinds, FALSE_DISCOVERIES);
	for (unsigned int k = 0; k < s->kinds; k++)
		selected += s->kind_p[k] <= limit;
	for (unsigned int k = 0; k < s->kinds; k++) {
		size_t n = sort_kind(s->scans, s->n, k, s->sorted);

		s->limit[k] = -1;
		if (s->kind_p[k] <= limit)
			s->limit[k] = fmin(limit_of(s->sorted, n,
						    FALSE_DISCOVERIES * (double)selected /
							    (double)kinds),
					   MAX_P);
	}
}

static void go_through_night(struct scanner *s, size_t night)
{
	for (size_t i = 0; i < s->n; i++)
		step(&s->scans[i], night);
	for (unsigned int kind = 0; kind < s->kinds; kind++)
		s->priors[kind] = prior_of(s->scans, s->n, kind, s->variances);
	for (size_t i = 0; i < s->n; i++)
		look_at_all(&s->scans[i], s->priors[s->scans[i].series->kind]);
	find_limits(s);
	for (size_t i = 0; i < s->n; i++) {
		struct scan *scan = &s->scans[i];

		if (scan->looked && scan->p <= s->limit[scan->series->kind])
			raise_alert(scan);
		else if (scan->n && scan->night[scan->n - 1] == night)
			reconsider(scan, s->priors[scan->series->kind]);
	}
}

static int prepare(struct scanner *s, struct zcb_change_series *series, size_t n)
{
	s->n = n;
	s->scans = calloc(n + 1, sizeof(*s->scans));
	s->variances = calloc(n + 1, sizeof(*s->variances));
	s->sorted = calloc(n + 1, sizeof(*s->sorted));
	if (!s->scans || !s->variances || !s->sorted)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct scan *scan = &s->scans[i];

		scan->series = &series[i];
		scan->values = calloc(series[i].n + 1, sizeof(*scan->values));
		scan->night = calloc(series[i].n + 1, sizeof(*scan->night));
		if (!scan->values || !scan->night)
			return -ENOMEM;
		series[i].n_changes = 0;
		if (series[i].kind >= s->kinds)
			s->kinds = series[i].kind + 1;
	}
	s->priors = calloc(s->kinds + 1, sizeof(*s->priors));
	s->kind_p = calloc(s->kinds + 1, sizeof(*s->kind_p));
	s->sorted_kinds = calloc(s->kinds + 1, sizeof(*s->sorted_kinds));
	s->limit = calloc(s->kinds + 1, sizeof(*s->limit));
	return s->priors && s->kind_p && s->sorted_kinds && s->limit ? 0 : -ENOMEM;
}

static void finish(struct scanner *s)
{
	for (size_t i = 0; s->scans && i < s->n; i++) {
		free(s->scans[i].values);
		free(s->scans[i].night);
	}
	free(s->scans);
	free(s->variances);
	free(s->priors);
	free(s->sorted);
	free(s->kind_p);
	free(s->sorted_kinds);
	free(s->limit);
}

int zcb_changes_find(struct zcb_change_series *series, size_t n_series)
{
	ZCB_CLEANUP(finish) struct scanner s = {0};
	int err = prepare(&s, series, n_series);

	for (size_t night = 0; !err && n_series && night < series[0].n; night++)
		go_through_night(&s, night);
	return err;
}
