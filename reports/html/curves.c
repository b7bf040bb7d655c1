// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/curves.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/samples-reader.h"
#include "reports/embedded.h"
#include "reports/plots/plot.h"

#define MAX_LINES 12U
#define STEPS 40U   /* points of a distribution, besides its tail */
#define BUCKETS 20U /* of the time of a cell */
#define MIN_SAMPLES 20U

struct line {
	const struct zcb_summary_row *first;
	struct zcb_result_sample *samples;
	size_t n, room;
};

struct figure {
	struct zcb_page *page;
	const struct zcb_curves *of;
	struct line lines[MAX_LINES];
	size_t n;
	double low, high, seconds;
	double course_low, course_high;
};

/* The file of a cell and metric; they lie in the order of cells. */
static const char *path_of(const struct zcb_results *r, uint64_t index, const char *metric)
{
	for (size_t i = zcb_results_samples(r, index); i < r->n_samples && r->samples[i].index == index; i++) {
		if (strcmp(r->samples[i].metric, metric) == 0)
			return r->samples[i].path;
	}
	return NULL;
}

static void add_samples(struct line *line, const struct zcb_result_sample *more, size_t n)
{
	if (line->n + n > line->room) {
		size_t room = 2 * (line->n + n);
		struct zcb_result_sample *grown =
			reallocarray(line->samples, room, sizeof(*grown));

		if (!grown)
			return;
		line->samples = grown;
		line->room = room;
	}
	memcpy(line->samples + line->n, more, n * sizeof(*more));
	line->n += n;
}

static void add_row(struct figure *f, struct line *line, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < row->n_cells; i++) {
		ZCB_FREE struct zcb_result_sample *samples = NULL;
		const struct zcb_result_cell *cell = row->cells[i];
		const char *path = path_of(f->page->results, cell->index, f->of->metric);
		bool cut;
		size_t n = 0;

		if (!path || cell->tainted ||
		    !zcb_result_is_whole(cell->status))
			continue;
		if (zcb_samples_read(f->page->results, path, &samples, &n, &cut) == 0 && n)
			add_samples(line, samples, n);
	}
}

static struct line *line_of(struct figure *f, const struct zcb_summary_row *row)
{
	for (size_t i = 0; i < f->n; i++) {
		if (zcb_summary_same_variant(f->lines[i].first, row))
			return &f->lines[i];
	}
	if (f->n == MAX_LINES)
		return NULL;
	f->lines[f->n].first = row;
	return &f->lines[f->n++];
}

static void collect(struct figure *f)
{
	for (size_t i = 0; i < f->page->n_rows; i++) {
		const struct zcb_summary_row *row = &f->page->rows[i];
		const struct zcb_summary_metric *m = zcb_summary_metric(row, f->of->metric);
		struct line *line;

		if (!m || strcmp(m->unit, f->of->unit) != 0 ||
		    strcmp(row->clock, f->of->clock) != 0 || strcmp(row->accel, f->of->accel) != 0)
			continue;
		line = line_of(f, row);
		if (line)
			add_row(f, line, row);
	}
}

static int by_value(const void *a, const void *b)
{
	const struct zcb_result_sample *left = a, *right = b;

	return left->value < right->value ? -1 : left->value > right->value;
}

/* The axis is logarithmic and has no place for 0. */
static double scaled(const struct figure *f, uint64_t value)
{
	return fmax((double)value / f->of->divisor, 1e-3);
}

static void put_share(const struct figure *f, const struct line *line, double share, FILE *data)
{
	size_t rank = (size_t)ceil(share * (double)line->n);
	uint64_t value = line->samples[rank ? rank - 1 : 0].value;

	/* What never came has no place: the curve ends below 1. */
	if (value != ZCB_SAMPLE_CENSORED)
		fprintf(data, "%.5g\t%.4g\n", scaled(f, value), share);
}

static void put_label(const struct line *line, FILE *data)
{
	char label[80];

	snprintf(label, sizeof(label), "%.12s:%.20s", line->first->first->kernel,
		 line->first->first->variant);
	zcb_plot_label(data, label);
	fputc('\n', data);
}

static void put_distribution(const struct figure *f, struct line *line, FILE *data)
{
	static const double tail[] = {0.99, 0.995, 0.999, 1};

	qsort(line->samples, line->n, sizeof(*line->samples), by_value);
	for (size_t i = 0; i < STEPS; i++)
		put_share(f, line, (double)i / STEPS, data);
	for (size_t i = 0; i < sizeof(tail) / sizeof(tail[0]); i++)
		put_share(f, line, tail[i], data);
}

/* The samples are in order of value: so is each bucket of them, and its middle is its median. */
static uint64_t middle_of(const struct line *line, double from, double to, size_t *ret_n)
{
	size_t n = 0, at = 0;

	for (size_t i = 0; i < line->n; i++)
		n += (double)line->samples[i].start_ns >= from &&
		     (double)line->samples[i].start_ns < to;
	*ret_n = n;
	for (size_t i = 0; i < line->n; i++) {
		if ((double)line->samples[i].start_ns < from ||
		    (double)line->samples[i].start_ns >= to)
			continue;
		if (at++ == n / 2)
			return line->samples[i].value;
	}
	return ZCB_SAMPLE_CENSORED;
}

/* A bucket of a few samples tells nothing: the line is broken there, by one empty line, for two
 * would begin another block. */
static void put_course(struct figure *f, const struct line *line, FILE *data)
{
	bool broken = true;

	for (size_t b = 0; b < BUCKETS; b++) {
		double from = f->seconds * (double)b / BUCKETS * 1e9;
		double to = f->seconds * (double)(b + 1) / BUCKETS * 1e9;
		size_t n;
		uint64_t middle = middle_of(line, from, to, &n);

		if (n < 3 || middle == ZCB_SAMPLE_CENSORED) {
			fputs(broken ? "" : "\n", data);
			broken = true;
			continue;
		}
		fprintf(data, "%.4g\t%.5g\n", (from + to) / 2e9, scaled(f, middle));
		f->course_low = fmin(f->course_low, scaled(f, middle) * 0.7);
		f->course_high = fmax(f->course_high, scaled(f, middle) * 1.4);
		broken = false;
	}
	/* gnuplot needs a point in each block. */
	fputs("NaN\tNaN\n", data);
}

static void find_limits(struct figure *f)
{
	f->low = f->course_low = INFINITY;
	f->high = f->course_high = 1e-3;
	for (size_t l = 0; l < f->n; l++) {
		for (size_t i = 0; i < f->lines[l].n; i++) {
			const struct zcb_result_sample *s = &f->lines[l].samples[i];

			f->seconds = fmax(f->seconds, (double)s->start_ns / 1e9);
			if (s->value == ZCB_SAMPLE_CENSORED)
				continue;
			f->low = fmin(f->low, scaled(f, s->value));
			f->high = fmax(f->high, scaled(f, s->value));
		}
	}
	f->low *= 0.8;
	f->high *= 1.25;
	/* A clock that was set, or a hostile file: nothing of ours lasts for a day. */
	f->seconds = fmin(fmax(f->seconds, 1e-3), 86400) * 1.0001;
}

static void drop_short_lines(struct figure *f)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->n; i++) {
		if (f->lines[i].n >= MIN_SAMPLES)
			f->lines[kept++] = f->lines[i];
		else
			free(f->lines[i].samples);
	}
	f->n = kept;
}

static void put_data(struct figure *f, FILE *data)
{
	for (size_t i = 0; i < f->n; i++) {
		fputs(i ? "\n\n" : "", data);
		put_label(&f->lines[i], data);
		put_distribution(f, &f->lines[i], data);
	}
	for (size_t i = 0; i < f->n; i++) {
		fputs("\n\n", data);
		put_label(&f->lines[i], data);
		put_course(f, &f->lines[i], data);
	}
}

static void draw(struct figure *f, size_t number)
{
	ZCB_FREE char *data = NULL;
	char name[64], variables[256], title[160], text[500];
	size_t n;
	FILE *out = open_memstream(&data, &n);

	if (!out)
		return;
	find_limits(f);
	if (f->high < f->low) {
		fclose(out);
		return;
	}
	put_data(f, out);
	if (fclose(out) != 0)
		return;
	snprintf(name, sizeof(name), "curves-%zu-%.32s", number, f->of->metric);
	snprintf(variables, sizeof(variables),
		 "series = %zu\nlow = %.9g\nhigh = %.9g\ncourse_low = %.9g\ncourse_high = %.9g\n"
		 "seconds = %.9g\nunit = %u\n",
		 f->n, f->low, f->high, f->course_low < f->course_high ? f->course_low : f->low,
		 f->course_low < f->course_high ? f->course_high : f->high, f->seconds,
		 f->of->gp_unit);
	snprintf(title, sizeof(title), "%.60s of each variant: distribution and course",
		 f->of->metric);
	snprintf(text, sizeof(text),
		 "%.60s, all samples of all cells of a variant. Left: which share of them is no larger. "
		 "Right: their median over the time since their cell began, in %u steps; a step with "
		 "fewer than 3 is left out.",
		 f->of->metric, BUCKETS);
	zcb_page_plot(f->page, name, zcb_embedded_curves_gp, variables, data, title, text);
}

void zcb_page_curves(struct zcb_page *page, const struct zcb_curves *curves, size_t number)
{
	struct figure f = {.page = page, .of = curves};

	collect(&f);
	drop_short_lines(&f);
	if (f.n)
		draw(&f, number);
	for (size_t i = 0; i < f.n; i++)
		free(f.lines[i].samples);
}
