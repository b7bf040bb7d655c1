// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/store/alerts.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/median.h"
#include "reports/store/store.h"

/* The level is back where it is within this much of the old one, and nearer to it than to the new. */
#define BACK 0.025

static const char *metric_of(const struct zcb_trends *t, size_t trend)
{
	return t->trends[trend].part[ZCB_TREND_METRIC];
}

/* Noise may tell an onset some nights early or late: within this many it is one change. */
#define ONSET_NIGHTS 3U

static struct zcb_alert *alert_of(struct zcb_trends *t, size_t trend,
				  const struct zcb_change *change)
{
	for (size_t i = 0; i < t->n_alerts; i++) {
		const struct zcb_alert *alert = &t->alerts[i];

		if (strcmp(alert->metric, metric_of(t, trend)) == 0 &&
		    change->onset + ONSET_NIGHTS >= alert->onset &&
		    change->onset <= alert->onset + ONSET_NIGHTS &&
		    (change->after > change->before) == alert->up)
			return &t->alerts[i];
	}
	return NULL;
}

/* METRIC@TIME, of letters that need no quotes in a shell. */
static void name_alert(const struct zcb_trends *t, struct zcb_alert *alert)
{
	char *at = alert->id;

	for (const char *from = alert->metric; *from && at < alert->id + 60; from++)
		*at++ = isascii((unsigned char)*from) &&
				(isalnum((unsigned char)*from) || strchr(".-_", *from))
				? *from
				: '_';
	*at++ = '@';
	for (const char *from = t->nights[alert->onset].started; *from; from++) {
		if (isalnum((unsigned char)*from))
			*at++ = *from;
	}
	*at = '\0';
}

static int add_alert(struct zcb_trends *t, size_t trend, const struct zcb_change *change)
{
	struct zcb_alert *grown = reallocarray(t->alerts, t->n_alerts + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	t->alerts = grown;
	grown[t->n_alerts] = (struct zcb_alert){.metric = metric_of(t, trend),
						.onset = change->onset,
						.found = change->found,
						.up = change->after > change->before,
						.withdrawn = true,
						.returned = true,
						.reason = ""};
	name_alert(t, &grown[t->n_alerts++]);
	return 0;
}

/* Whether a later change of the series brought the level of before back. */
static bool is_back(const struct zcb_change_series *series, size_t c)
{
	const struct zcb_change *change = &series->changes[c];

	for (size_t later = c + 1; later < series->n_changes; later++) {
		double off = fabs(log(series->changes[later].after / change->before));

		if (!series->changes[later].withdrawn && off < BACK &&
		    off < fabs(log(series->changes[later].after / change->after)))
			return true;
	}
	return false;
}

static int add_change(struct zcb_trends *t, size_t trend, size_t c)
{
	const struct zcb_change *change = &t->changes[trend].changes[c];
	struct zcb_alert *alert = alert_of(t, trend, change);
	size_t *trends;
	double *ratios;

	if (!alert && add_alert(t, trend, change))
		return -ENOMEM;
	alert = alert ? alert : &t->alerts[t->n_alerts - 1];
	trends = reallocarray(alert->trends, alert->n + 1, sizeof(*trends));
	if (trends)
		alert->trends = trends;
	ratios = reallocarray(alert->ratios, alert->n + 1, sizeof(*ratios));
	if (ratios)
		alert->ratios = ratios;
	if (!trends || !ratios)
		return -ENOMEM;
	alert->trends[alert->n] = trend;
	alert->ratios[alert->n++] = change->after / change->before;
	if (change->found < alert->found)
		alert->found = change->found;
	/* It stands as long as one of its series does. */
	alert->withdrawn &= change->withdrawn;
	alert->returned &= change->withdrawn || is_back(&t->changes[trend], c);
	return 0;
}

/* Of times and of stale pages, less is better; of other units nobody knows. */
static bool more_is_worse(const char *unit)
{
	return strcmp(unit, "ns") == 0 || strcmp(unit, "pages") == 0;
}

static void judge(struct zcb_trends *t, struct zcb_alert *alert)
{
	ZCB_FREE double *sorted = calloc(alert->n + 1, sizeof(*sorted));
	size_t i;
	json_t *line;

	if (sorted) {
		memcpy(sorted, alert->ratios, alert->n * sizeof(*sorted));
		alert->ratio = zcb_median(sorted, alert->n);
	}
	alert->worse = alert->ratio > 1 &&
		       more_is_worse(t->trends[alert->trends[0]].part[ZCB_TREND_UNIT]);
	json_array_foreach((json_t *)t->acknowledged, i, line) {
		if (strcmp(zcb_store_text(line, "alert"), alert->id) != 0)
			continue;
		alert->acknowledged = true;
		alert->reason = zcb_store_text(line, "reason");
	}
}

static int newest_first(const void *a, const void *b)
{
	const struct zcb_alert *left = a, *right = b;

	if (left->onset != right->onset)
		return left->onset > right->onset ? -1 : 1;
	return strcmp(left->id, right->id);
}

struct found_change {
	size_t trend, change, found;
	double p;
};

/*
 * In the order in which they were found, of one night the surest first: it tells the alert's onset,
 * and with that its name, which later nights do not change.
 */
static int by_night_and_p(const void *a, const void *b)
{
	const struct found_change *left = a, *right = b;

	if (left->found != right->found)
		return left->found < right->found ? -1 : 1;
	if (left->p != right->p)
		return left->p < right->p ? -1 : 1;
	return left->trend < right->trend ? -1 : left->trend > right->trend;
}

int zcb_alerts_make(struct zcb_trends *t)
{
	ZCB_FREE struct found_change *found = NULL;
	size_t n = 0, at = 0;
	int err = 0;

	for (size_t i = 0; i < t->n_trends; i++)
		n += t->changes[i].n_changes;
	found = calloc(n + 1, sizeof(*found));
	if (!found)
		return -ENOMEM;
	for (size_t i = 0; i < t->n_trends; i++) {
		for (size_t c = 0; c < t->changes[i].n_changes; c++)
			found[at++] = (struct found_change){i, c, t->changes[i].changes[c].found,
							    t->changes[i].changes[c].p};
	}
	qsort(found, n, sizeof(*found), by_night_and_p);
	for (size_t i = 0; !err && i < n; i++)
		err = add_change(t, found[i].trend, found[i].change);
	for (size_t i = 0; !err && i < t->n_alerts; i++)
		judge(t, &t->alerts[i]);
	if (t->n_alerts)
		qsort(t->alerts, t->n_alerts, sizeof(*t->alerts), newest_first);
	return err;
}

bool zcb_alert_is_open(const struct zcb_alert *alert)
{
	return !alert->acknowledged && !alert->withdrawn && !alert->returned;
}

bool zcb_alert_is_new(const struct zcb_trends *trends, const struct zcb_alert *alert)
{
	return trends->n_nights && alert->found == trends->n_nights - 1;
}
