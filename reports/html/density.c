// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/density.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/samples-reader.h"
#include "reports/analysis/course.h"
#include "reports/analysis/density.h"
#include "reports/embedded.h"
#include "reports/plots/plot.h"

#define MAX_SERIES 12U
#define PANELS 2U
#define MIN_SAMPLES 20U
#define COLUMNS 60U
#define ROWS 18U
#define SHADES 5U
/* Of all samples those that the axes hold, from a least to a largest; the outermost row of the map has the others. */
#define OUTSIDE 0.002
/* What is less dense than this part of the densest is not drawn. */
#define THIN 0.004

struct point {
	float value, time; /* the logarithm of it, in the axis' unit; seconds since the run began */
	unsigned short series, panel;
};

struct density {
	struct zcb_page *page;
	const struct zcb_curves *of;
	const struct zcb_summary_row *series[MAX_SERIES];
	const char *memory[PANELS];
	size_t n_series, n_panels;
	struct point *point;
	size_t n, room;
	const struct zcb_course *course;
	double low, high, seconds;
};

static bool series_of(struct density *d, const struct zcb_summary_row *row, unsigned short *ret)
{
	size_t i = 0;

	while (i < d->n_series && !zcb_summary_same_variant(d->series[i], row))
		i++;
	if (i == MAX_SERIES)
		return false;
	if (i == d->n_series)
		d->series[d->n_series++] = row;
	*ret = (unsigned short)i;
	return true;
}

static bool panel_of(struct density *d, const struct zcb_summary_row *row, unsigned short *ret)
{
	size_t i = 0;

	while (i < d->n_panels && strcmp(d->memory[i], row->first->memory) != 0)
		i++;
	if (i == PANELS)
		return false;
	if (i == d->n_panels)
		d->memory[d->n_panels++] = row->first->memory;
	*ret = (unsigned short)i;
	return true;
}

static bool make_room(struct density *d, size_t more)
{
	struct point *grown;

	if (d->n + more <= d->room)
		return true;
	grown = reallocarray(d->point, 2 * (d->n + more), sizeof(*grown));
	if (!grown)
		return false;
	d->point = grown;
	d->room = 2 * (d->n + more);
	return true;
}

static void add_cell(struct density *d, const struct zcb_result_cell *cell, struct point like)
{
	const struct zcb_results *r = d->page->results;
	ZCB_FREE struct zcb_result_sample *samples = NULL;
	const char *path = NULL;
	bool cut;
	size_t n = 0;

	for (size_t i = zcb_results_samples(r, cell->index);
	     !path && i < r->n_samples && r->samples[i].index == cell->index; i++)
		path = strcmp(r->samples[i].metric, d->of->metric) == 0 ? r->samples[i].path : NULL;
	if (!path || zcb_samples_read(r, path, &samples, &n, &cut) || !make_room(d, n))
		return;
	for (size_t i = 0; i < n; i++) {
		if (samples[i].value == ZCB_SAMPLE_CENSORED)
			continue;
		like.value = (float)log10(fmax((double)samples[i].value / d->of->divisor, 1e-3));
		like.time = (float)(d->course->began[cell - r->cells] + fmin((double)samples[i].start_ns / 1e9, 86400));
		d->point[d->n++] = like;
	}
}

static void collect(struct density *d)
{
	for (size_t i = 0; i < d->page->n_rows; i++) {
		const struct zcb_summary_row *row = &d->page->rows[i];
		const struct zcb_summary_metric *m = zcb_summary_metric(row, d->of->metric);
		struct point like = {0};

		if (!m || strcmp(m->unit, d->of->unit) != 0 || strcmp(row->clock, d->of->clock) != 0 ||
		    strcmp(row->accel, d->of->accel) != 0 || !panel_of(d, row, &like.panel) ||
		    !series_of(d, row, &like.series))
			continue;
		for (size_t c = 0; c < row->n_cells; c++) {
			const struct zcb_result_cell *cell = row->cells[c];

			if (!cell->tainted && zcb_result_is_whole(cell->status))
				add_cell(d, cell, like);
		}
	}
}

static int by_value(const void *a, const void *b)
{
	const struct point *left = a, *right = b;

	return left->value < right->value ? -1 : left->value > right->value;
}

/* In order of value from here on. */
static void find_limits(struct density *d)
{
	size_t skip = (size_t)((double)d->n * OUTSIDE);

	qsort(d->point, d->n, sizeof(*d->point), by_value);
	d->low = d->point[skip].value - 0.06;
	d->high = d->point[d->n - 1 - skip].value + 0.06;
	/* The axis is the whole run's, also where this metric is of a part of it. */
	d->seconds = d->course->seconds;
	for (size_t i = 0; i < d->n; i++)
		d->seconds = fmax(d->seconds, d->point[i].time);
	d->seconds = fmax(d->seconds, 1e-3) * 1.0001;
}

static void put_label(const struct density *d, size_t series, FILE *data)
{
	char label[80];

	snprintf(label, sizeof(label), "%.12s:%.20s", d->series[series]->first->kernel,
		 d->series[series]->first->variant);
	zcb_plot_label(data, label);
	fputc('\n', data);
}

/* Each line is as high as it is dense, and the densest of all fills the picture. */
static double densities(const struct density *d, size_t panel, double (*ret)[ZCB_DENSITY_POINTS])
{
	ZCB_FREE double *values = calloc(d->n + 1, sizeof(*values));
	double most = 0;

	for (size_t s = 0; s < d->n_series; s++) {
		size_t n = 0;

		for (size_t i = 0; values && i < d->n; i++) {
			if (d->point[i].series == s && d->point[i].panel == panel)
				values[n++] = d->point[i].value;
		}
		zcb_density(values, n >= MIN_SAMPLES ? n : 0, d->low, d->high, ret[s]);
		for (size_t i = 0; i < ZCB_DENSITY_POINTS; i++)
			most = fmax(most, ret[s][i]);
	}
	return most;
}

static void put_densities(const struct density *d, size_t panel, FILE *data)
{
	double line[MAX_SERIES][ZCB_DENSITY_POINTS], most = densities(d, panel, line);
	double step = (d->high - d->low) / (ZCB_DENSITY_POINTS - 1);

	for (size_t s = 0; s < d->n_series; s++) {
		put_label(d, s, data);
		/* gnuplot needs a point in each block, and an empty line breaks the line. */
		fputs("NaN\tNaN\n", data);
		for (size_t i = 0; i < ZCB_DENSITY_POINTS; i++) {
			if (most > 0 && line[s][i] > THIN * most)
				fprintf(data, "%.4g\t%.3g\n", pow(10, d->low + step * (double)i), line[s][i] / most);
			else if (i && most > 0 && line[s][i - 1] > THIN * most)
				fputs("\n", data);
		}
		fputs("\n\n", data);
	}
}

static size_t place(double value, double low, double high, size_t n)
{
	double at = (value - low) / (high - low) * (double)n;

	return at < 0 ? 0 : at >= (double)n ? n - 1 : (size_t)at;
}

/* Shades go by the logarithm of the count: one sample is to be seen beside thousands. */
static void shade(const struct density *d, size_t panel, unsigned char (*ret)[COLUMNS])
{
	size_t count[ROWS][COLUMNS] = {0}, most = 1;

	for (size_t i = 0; i < d->n; i++) {
		size_t *at = &count[place(d->point[i].value, d->low, d->high, ROWS)]
				   [place(d->point[i].time, 0, d->seconds, COLUMNS)];

		*at += d->point[i].panel == panel;
		most = *at > most ? *at : most;
	}
	for (size_t row = 0; row < ROWS; row++)
		for (size_t column = 0; column < COLUMNS; column++) {
			double part = log((double)count[row][column] + 1) / log((double)most + 1);

			ret[row][column] = (unsigned char)(part > 0 ? fmin(ceil(part * SHADES), SHADES) : 0);
		}
}

/* Neighbours in time of one shade are one rectangle. */
static void put_shade(const struct density *d, const unsigned char (*shades)[COLUMNS], unsigned int which, FILE *data)
{
	double step = (d->high - d->low) / ROWS, wide = d->seconds / COLUMNS;

	for (size_t row = 0; row < ROWS; row++)
		for (size_t from = 0, to; from < COLUMNS; from = to) {
			for (to = from + 1; to < COLUMNS && shades[row][to] == shades[row][from];)
				to++;
			if (shades[row][from] == which)
				fprintf(data, "%.5g\t%.5g\t%.6g\t%.6g\n", wide * (double)from, wide * (double)to,
					pow(10, d->low + step * (double)row),
					pow(10, d->low + step * (double)(row + 1)));
		}
	fputs("NaN\tNaN\tNaN\tNaN\n\n\n", data);
}

/* When each boot began, and when it was up: between them no cell ran. */
static void put_boots(const struct density *d, FILE *data)
{
	for (size_t i = 0; i < d->page->results->n_boots; i++)
		fprintf(data, "%.6g\t%.6g\n", d->course->boot_from[i], d->course->boot_up[i]);
	fputs("NaN\tNaN\n\n\n", data);
}

static void put_data(const struct density *d, FILE *data)
{
	for (size_t panel = 0; panel < d->n_panels; panel++)
		put_densities(d, panel, data);
	for (size_t panel = 0; panel < d->n_panels; panel++) {
		unsigned char shades[ROWS][COLUMNS];

		shade(d, panel, shades);
		for (unsigned int which = 1; which <= SHADES; which++)
			put_shade(d, (const unsigned char(*)[COLUMNS])shades, which, data);
	}
	put_boots(d, data);
}

/* Names of memories go into a script: they lose what is not plain. */
static void name_memories(const struct density *d, char *text, size_t room)
{
	size_t used = (size_t)snprintf(text, room, "array memories[2] = [");

	for (size_t i = 0; i < PANELS; i++) {
		char name[24] = "";
		size_t n = 0;

		for (const char *at = i < d->n_panels ? d->memory[i] : ""; *at && n + 1 < sizeof(name); at++)
			name[n++] = strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *at) ? *at : '?';
		used += (size_t)snprintf(text + used, room - used, "%s\"%s\"", i ? ", " : "", name);
	}
	snprintf(text + used, room - used, "]\n");
}

static void draw(const struct density *d, size_t number)
{
	ZCB_FREE char *data = NULL;
	char name[64], memories[120], variables[400], title[160], text[900];
	size_t n;
	FILE *out = open_memstream(&data, &n);

	if (!out)
		return;
	put_data(d, out);
	if (fclose(out) != 0)
		return;
	name_memories(d, memories, sizeof(memories));
	snprintf(name, sizeof(name), "density-%zu-%.32s", number, d->of->metric);
	snprintf(variables, sizeof(variables),
		 "%spanels = %zu\nseries = %zu\nlow = %.9g\nhigh = %.9g\nseconds = %.9g\nunit = %u\n", memories,
		 d->n_panels, d->n_series, pow(10, d->low), pow(10, d->high), d->seconds, d->of->gp_unit);
	snprintf(title, sizeof(title), "%.60s: density, and counts over the run", d->of->metric);
	snprintf(text, sizeof(text),
		 "%.60s, %zu samples. Above: how dense they lie on a logarithmic axis, a line a variant (Gaussian kernels; the "
		 "densest fills the picture). Below: how many of each size there were over the seconds of the run; the darker or "
		 "stronger, the more, by the logarithm. %zu boot%s: a dashed line where each began, and %s. Where it is empty, nothing "
		 "of this metric was measured. %.1f %% at either end lie in the outermost row.",
		 d->of->metric, d->n, d->page->results->n_boots, d->page->results->n_boots == 1 ? "" : "s",
		 d->course->known ? "all is where it was in time" :
				    "cells one after the other from where it was up, for the run did not write down when each began",
		 100 * OUTSIDE);
	zcb_page_plot(d->page, name, zcb_embedded_density_gp, variables, data, title, text);
}

void zcb_page_density(struct zcb_page *page, const struct zcb_curves *of, size_t number)
{
	ZCB_CLEANUP(zcb_course_finish) struct zcb_course course = {0};
	struct density d = {.page = page, .of = of, .course = &course};

	if (zcb_course_make(page->results, &course))
		return;
	collect(&d);
	if (d.n >= MIN_SAMPLES) {
		find_limits(&d);
		draw(&d, number);
	}
	free(d.point);
}
