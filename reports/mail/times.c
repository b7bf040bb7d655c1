// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/mail/mail.h"
#include "reports/mail/text.h"

/*
 * Times, one line a metric, variants across: the p50 of the middle cell. It is a look, no
 * comparison: that needs `zcbench compare`, which pairs cells.
 */

#define COLUMNS 5U
#define MAX_METRICS 40U
#define MAX_VARIANTS 24U

struct times {
	const struct zcb_summary *summary;
	const char *clock, *accel;
	const char *metric[MAX_METRICS];
	size_t n_metrics;
	const struct zcb_summary_row *variant[MAX_VARIANTS];
	size_t n_variants;
};

/* Times of different clocks never stand in one table. */
static bool is_of(const struct times *t, const struct zcb_summary_row *row)
{
	return strcmp(row->clock, t->clock) == 0 && strcmp(row->accel, t->accel) == 0;
}

static bool is_time(const struct zcb_summary_metric *m)
{
	return strcmp(m->unit, "ns") == 0;
}

static void add_metric(struct times *t, const char *name)
{
	for (size_t i = 0; i < t->n_metrics; i++) {
		if (strcmp(t->metric[i], name) == 0)
			return;
	}
	if (t->n_metrics < MAX_METRICS)
		t->metric[t->n_metrics++] = name;
}

static void add_variant(struct times *t, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < t->n_variants; i++) {
		if (zcb_summary_same_variant(t->variant[i], row))
			return;
	}
	if (t->n_variants < MAX_VARIANTS)
		t->variant[t->n_variants++] = row;
}

static void collect(struct times *t)
{
	for (size_t i = 0; i < t->summary->n_rows; i++) {
		const struct zcb_summary_row *row = &t->summary->rows[i];

		if (!is_of(t, row))
			continue;
		for (size_t m = 0; m < row->n_metrics; m++) {
			if (!is_time(&row->metrics[m]))
				continue;
			add_metric(t, row->metrics[m].name);
			add_variant(t, row);
		}
	}
}

static int ascending(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return left < right ? -1 : left > right;
}

/* False where no cell of the variant has the metric, or the middle one's p50 never came. */
static bool middle_p50(const struct times *t, size_t metric, size_t variant, uint64_t *ret_ns)
{
	ZCB_FREE uint64_t *p50 = calloc(t->summary->n_rows + 1, sizeof(*p50));
	size_t n = 0;

	for (size_t i = 0; p50 && i < t->summary->n_rows; i++) {
		const struct zcb_summary_row *row = &t->summary->rows[i];
		const struct zcb_summary_metric *m = zcb_summary_metric(row, t->metric[metric]);

		if (m && is_time(m) && is_of(t, row) &&
		    zcb_summary_same_variant(row, t->variant[variant]))
			p50[n++] = m->quantile[ZCB_P50].known ? m->quantile[ZCB_P50].value
							      : UINT64_MAX;
	}
	if (!n)
		return false;
	qsort(p50, n, sizeof(*p50), ascending);
	*ret_ns = p50[(n - 1) / 2];
	return *ret_ns != UINT64_MAX;
}

static void put_metric(const struct times *t, size_t metric, size_t first, size_t last, FILE *out)
{
	char name[18], value[16], text[2 * ZCB_MAIL_WIDTH];
	size_t used;

	zcb_mail_clean(name, sizeof(name), t->metric[metric]);
	used = (size_t)snprintf(text, sizeof(text), "  %-17s", name);
	for (size_t i = first; i < last; i++) {
		uint64_t ns;

		if (middle_p50(t, metric, i, &ns))
			zcb_mail_time(value, sizeof(value), (double)ns);
		else
			strcpy(value, "-");
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %8s", value);
	}
	zcb_mail_line(out, text);
}

static void put_block(const struct times *t, size_t first, FILE *out)
{
	size_t last = first + COLUMNS < t->n_variants ? first + COLUMNS : t->n_variants, used;
	char text[2 * ZCB_MAIL_WIDTH], column[24];

	for (size_t i = first; i < last; i++)
		zcb_mail_paragraph(out, "  ", "[%zu] %.40s on %.20s", i + 1,
				   t->variant[i]->first->variant, t->variant[i]->first->kernel);
	used = (size_t)snprintf(text, sizeof(text), "\n  %-17s", "metric");
	for (size_t i = first; i < last; i++) {
		snprintf(column, sizeof(column), "[%zu]", i + 1);
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %8s", column);
	}
	zcb_mail_line(out, text);
	for (size_t i = 0; i < t->n_metrics; i++)
		put_metric(t, i, first, last, out);
	fputc('\n', out);
}

static void put_clock(const struct zcb_summary *s, const struct zcb_summary_row *row, FILE *out)
{
	struct times t = {.summary = s, .clock = row->clock, .accel = row->accel};
	char heading[ZCB_MAIL_WIDTH];

	collect(&t);
	if (!t.n_metrics)
		return;
	snprintf(heading, sizeof(heading), "Times: p50 of the middle cell; %.12s clock on %.8s",
		 *t.clock ? t.clock : "unknown", *t.accel ? t.accel : "unknown");
	zcb_mail_heading(out, heading);
	for (size_t first = 0; first < t.n_variants; first += COLUMNS)
		put_block(&t, first, out);
}

void zcb_mail_times(const struct zcb_summary *s, FILE *out)
{
	for (size_t i = 0; i < s->n_rows; i++) {
		size_t before = 0;

		while (before < i && (strcmp(s->rows[before].clock, s->rows[i].clock) != 0 ||
				      strcmp(s->rows[before].accel, s->rows[i].accel) != 0))
			before++;
		if (before == i)
			put_clock(s, &s->rows[i], out);
	}
}
