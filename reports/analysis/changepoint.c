// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/changepoint.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/evidence.h"
#include "reports/analysis/median.h"
#include "reports/analysis/noise.h"
#include "reports/analysis/together.h"

#define MIN_BASE 8U  /* nights before which there is no base line */
#define MAX_BASE 48U /* what is longer ago tells nothing of today */
#define MAX_WINDOW 8U
/* Noise that has grown: the last nights of a base line count, where they vary so much more. */
#define LATE_NIGHTS 10U
#define GROWN 1.5

/* Of one series at one look, and among all alerts of a night: tests/unit/test-changepoint.c says
 * what comes of it. */
#define MAX_P 0.0056
#define FALSE_DISCOVERIES 0.21
/* Where there are fewer series, nights are what is looked at often: they count as so many. */
#define MIN_FAMILY 48U
/*
 * What odds noise alone reaches at most looks, and how fast larger ones are rarer: of all nights, and when the night that
 * tells most is left out. The latter has to be much larger where few series changed tonight than where many did: the
 * rarer changes are, the likelier it was a spike.
 */
static const struct scale {
	double usual, power;
} all_nights = {0.036, 0.86}, without_one = {1.2e-4, 0.54};

/* A base line that begins with an alert begins with nights that were picked for being far off: until
 * it is so long, it takes so much more evidence. */
#define YOUNG_NIGHTS 24U
#define YOUNG_ODDS 16.0
/* A change of less than half a per cent is none that anybody could follow up. */
#define MIN_SHIFT 0.005
#define MIN_SIGMA 0.001
/* How far, in σ, one night may pull where means are taken. */
#define CLIP 4.0
/* A new level that is within this many σ of the old one on a later night was none. */
#define WITHDRAW 2.0
#define WITHDRAW_NIGHTS 12U
/* How far off, in σ, the middle series of a kind has to be in one night alone for that to be taken off all of them. */
#define TOGETHER 0.75

/* What share of the error so many nights may have, compared with 4; and without one of them. */
static const struct window {
	unsigned int nights;
	double share, rest;
} windows[] = {{2, 0.027, 0.27}, {3, 0.3, 0.3}, {4, 1, 1}, {5, 0.05, 0.05}, {6, 0.06, 0.06}, {8, 0.11, 0.11}};

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
	const double *together; /* what to take off each night: spikes that all of the kind had */
	size_t n;	    /* of them so far */
	size_t start;	    /* where the base line begins */
	size_t before;	    /* where the one before it began */
	bool may_withdraw;  /* the last change is young, and `before` holds */
	bool looked;	    /* there was a value tonight and a base line */
	struct base base;   /* before the window of 4, as of tonight */
	double p;	    /* of tonight's evidence; 1: none */
	double best;	    /* odds of the best window tonight */
	size_t onset;	    /* by that window, as are the levels */
	double old, after;
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

static double mean_square(const double *values, size_t n, double level, double most)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pow(clip(values[i] - level, most), 2);
	return sum / (double)n;
}

/* Level and variance of values in which spikes may be: those are drawn in to 5 robust σ. */
static struct base base_of(const double *values, size_t n)
{
	struct base base = {.n = n < MAX_BASE ? n : MAX_BASE};
	const double *last = values + n - base.n;
	double off[MAX_BASE], middle = median(last, base.n), most, sum = 0, late;

	for (size_t i = 0; i < base.n; i++)
		off[i] = fabs(last[i] - middle);
	most = 5 * fmax(1.4826 * median(off, base.n), MIN_SIGMA);
	for (size_t i = 0; i < base.n; i++)
		sum += clip(last[i] - middle, most);
	base.level = middle + sum / (double)base.n;
	base.own.freedom = (double)base.n - 1;
	base.own.value = mean_square(last, base.n, base.level, most) * (double)base.n /
			 base.own.freedom;
	late = base.n < LATE_NIGHTS ? 0 :
				      mean_square(last + base.n - LATE_NIGHTS, LATE_NIGHTS,
						  base.level, most);
	if (late > GROWN * base.own.value)
		base.own.value = late;
	base.own.value = fmax(base.own.value, MIN_SIGMA * MIN_SIGMA);
	return base;
}

static double sigma_of(struct zcb_variance variance)
{
	return fmax(sqrt(variance.value), MIN_SIGMA);
}

/* How many of the nights are on the side of their level. */
static size_t on_one_side(const double *nights, unsigned int n, double before, double after)
{
	size_t same = 0;

	for (unsigned int i = 0; i < n; i++)
		same += (nights[i] > before) == (after > before);
	return same;
}

/* The odds that the last nights have another level than those before them, of all and without one. */
struct odds {
	double all, rest;
};

static void look(struct scan *s, struct zcb_variance prior, const struct window *window, struct odds *odds)
{
	unsigned int nights = window->nights;
	double last[MAX_WINDOW];
	struct zcb_base_line line;
	struct base base;
	double own, after;

	if (s->n - s->start < MIN_BASE + nights)
		return;
	for (size_t i = 0; i < nights; i++)
		last[i] = s->values[s->n - nights + i] - s->together[s->night[s->n - nights + i]];
	base = base_of(s->values + s->start, s->n - s->start - nights);
	line = (struct zcb_base_line){base.level, sigma_of(zcb_noise_moderate(base.own, prior)),
				      base.n};
	after = zcb_level_of(last, nights, line.sigma);
	if (fabs(after - base.level) < MIN_SHIFT ||
	    on_one_side(last, nights, base.level, after) + (nights > 3) < nights)
		return;
	own = window->share * zcb_evidence_of_step(&line, last, nights);
	odds->all += own;
	odds->rest += window->rest * zcb_evidence_without_one(&line, last, nights);
	if (own > s->best) {
		s->best = own;
		s->onset = s->n - nights;
		s->old = base.level;
		s->after = after;
	}
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

/*
 * Odds are not yet probabilities: of so many degrees of freedom, twice their logarithm is as the
 * square of Student's t, which takes in that the noise is known by few nights.
 */
static double p_of(const struct scale *scale, double odds, double freedom)
{
	return odds > scale->usual ? zcb_student_p(sqrt(2 * scale->power * log(odds / scale->usual)), freedom) : 1;
}

static void look_at_all(struct scan *s, struct zcb_variance prior)
{
	struct odds odds = {0, 0};
	double freedom, young;

	s->p = 1;
	s->best = 0;
	if (!s->looked || is_quiet(s, prior))
		return;
	for (size_t i = 0; i < WINDOWS; i++)
		look(s, prior, &windows[i], &odds);
	young = s->series->n_changes && s->n - s->start < YOUNG_NIGHTS ? YOUNG_ODDS : 1;
	freedom = zcb_noise_moderate(s->base.own, prior).freedom;
	s->p = fmax(p_of(&all_nights, odds.all / young, freedom), p_of(&without_one, odds.rest / young, freedom));
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
	struct base base;
	double sigma, off;

	if (!s->may_withdraw || nights <= 4)
		return;
	if (nights > WITHDRAW_NIGHTS) {
		s->may_withdraw = false;
		return;
	}
	base = base_of(s->values + s->before, s->start - s->before);
	sigma = sigma_of(zcb_noise_moderate(base.own, prior));
	off = fabs(zcb_level_of(s->values + s->start, nights, sigma) - base.level);
	if (off >= WITHDRAW * sigma * sqrt(1 / (double)nights + 1 / (double)base.n))
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
		.before = exp(s->old),
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

/* Benjamini and Hochberg's, of a family of so many: the largest p of a discovery; -1: none. */
static double limit_of(const double *sorted, size_t n, size_t family, double rate)
{
	double limit = -1;

	for (size_t i = 0; i < n; i++) {
		if (sorted[i] <= rate * (double)(i + 1) / (double)family)
			limit = sorted[i];
	}
	return limit;
}

static size_t family_of(size_t n)
{
	return n > MIN_FAMILY ? n : MIN_FAMILY;
}

/* R. Simes' p of the claim that no series of a kind changed, from theirs. */
static double simes(const double *sorted, size_t n, size_t family)
{
	double least = 1;

	for (size_t i = 0; i < n; i++)
		least = fmin(least, sorted[i] * (double)family / (double)(i + 1));
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
	size_t n_nights;
	double *off;	    /* how far all of a kind were off, n_nights a kind */
	double *together;   /* the spikes among them */
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

		s->kind_p[k] = n ? simes(s->sorted, n, family_of(n)) : 2;
		if (n)
			s->sorted_kinds[kinds++] = s->kind_p[k];
	}
	qsort(s->sorted_kinds, kinds, sizeof(*s->sorted_kinds), ascending);
	limit = limit_of(s->sorted_kinds, kinds, kinds, FALSE_DISCOVERIES);
	for (unsigned int k = 0; k < s->kinds; k++)
		selected += s->kind_p[k] <= limit;
	for (unsigned int k = 0; k < s->kinds; k++) {
		size_t n = sort_kind(s->scans, s->n, k, s->sorted);

		s->limit[k] = -1;
		if (s->kind_p[k] <= limit)
			s->limit[k] = fmin(limit_of(s->sorted, n, family_of(n),
						    FALSE_DISCOVERIES * (double)selected /
							    (double)kinds),
					   MAX_P);
	}
}

/* Of a night that made an alert, or one soon after it, nothing more is to be said. */
static void tell_last(struct scan *s, struct zcb_variance prior)
{
	bool told = s->series->n_changes && s->start + MIN_BASE + 4 > s->n;

	s->series->last_off = (double)NAN;
	if (s->looked && !told)
		s->series->last_off = (s->values[s->n - 1] - s->base.level) / sigma_of(zcb_noise_moderate(s->base.own, prior));
}

/* How far off the middle one of a kind is tonight, and by how much of that tonight and last night are spikes. */
static void look_together(struct scanner *s, unsigned int kind, size_t night)
{
	double *off = s->off + kind * s->n_nights, *spikes = s->together + kind * s->n_nights;
	double least = TOGETHER * sigma_of(s->priors[kind]);
	size_t found = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct scan *scan = &s->scans[i];

		if (scan->looked && scan->series->kind == kind)
			s->sorted[found++] = scan->values[scan->n - 1] - scan->base.level;
	}
	off[night] = found >= ZCB_LEAST_TOGETHER ? zcb_median(s->sorted, found) : 0;
	for (size_t i = night > 1 ? night - 1 : 0; i <= night; i++) {
		spikes[i] = zcb_together_spike(off, i, night);
		if (fabs(spikes[i]) < least)
			spikes[i] = 0;
	}
}

static void go_through_night(struct scanner *s, size_t night)
{
	for (size_t i = 0; i < s->n; i++)
		step(&s->scans[i], night);
	for (unsigned int kind = 0; kind < s->kinds; kind++)
		s->priors[kind] = prior_of(s->scans, s->n, kind, s->variances);
	for (unsigned int kind = 0; kind < s->kinds; kind++)
		look_together(s, kind, night);
	for (size_t i = 0; i < s->n; i++)
		look_at_all(&s->scans[i], s->priors[s->scans[i].series->kind]);
	find_limits(s);
	for (size_t i = 0; i < s->n; i++) {
		struct scan *scan = &s->scans[i];

		if (scan->looked && scan->p <= s->limit[scan->series->kind])
			raise_alert(scan);
		else if (scan->n && scan->night[scan->n - 1] == night)
			reconsider(scan, s->priors[scan->series->kind]);
		tell_last(scan, s->priors[scan->series->kind]);
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
		series[i].last_off = (double)NAN;
		if (series[i].kind >= s->kinds)
			s->kinds = series[i].kind + 1;
	}
	s->n_nights = n ? series[0].n : 0;
	s->off = calloc(s->kinds * s->n_nights + 1, sizeof(*s->off));
	s->together = calloc(s->kinds * s->n_nights + 1, sizeof(*s->together));
	for (size_t i = 0; s->together && i < n; i++)
		s->scans[i].together = s->together + series[i].kind * s->n_nights;
	s->priors = calloc(s->kinds + 1, sizeof(*s->priors));
	s->kind_p = calloc(s->kinds + 1, sizeof(*s->kind_p));
	s->sorted_kinds = calloc(s->kinds + 1, sizeof(*s->sorted_kinds));
	s->limit = calloc(s->kinds + 1, sizeof(*s->limit));
	return s->off && s->together && s->priors && s->kind_p && s->sorted_kinds && s->limit ? 0 : -ENOMEM;
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
	free(s->off);
	free(s->together);
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
