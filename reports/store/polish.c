// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/median.h"
#include "reports/store/trends.h"

/* J. Tukey, Exploratory Data Analysis, 1977: cells have levels, nights move them all alike. */

#define ROUNDS 3

struct polish {
	const double *const *cells;
	size_t n_cells, n_nights;
	double *of_cell, *of_night, *room;
};

static void fit_cells(struct polish *p)
{
	for (size_t c = 0; c < p->n_cells; c++) {
		size_t n = 0;

		for (size_t t = 0; t < p->n_nights; t++) {
			if (p->cells[c][t] > 0)
				p->room[n++] = log(p->cells[c][t]) - p->of_night[t];
		}
		p->of_cell[c] = zcb_median(p->room, n);
	}
}

static void fit_nights(struct polish *p)
{
	for (size_t t = 0; t < p->n_nights; t++) {
		size_t n = 0;

		for (size_t c = 0; c < p->n_cells; c++) {
			if (p->cells[c][t] > 0)
				p->room[n++] = log(p->cells[c][t]) - p->of_cell[c];
		}
		p->of_night[t] = n ? zcb_median(p->room, n) : 0;
	}
}

static bool has_value(const struct polish *p, size_t night)
{
	for (size_t c = 0; c < p->n_cells; c++) {
		if (p->cells[c][night] > 0)
			return true;
	}
	return false;
}

static void put_level(struct polish *p, double *level)
{
	double middle;
	size_t n = 0;

	for (size_t c = 0; c < p->n_cells; c++) {
		if (!isnan(p->of_cell[c]))
			p->room[n++] = p->of_cell[c];
	}
	middle = zcb_median(p->room, n);
	for (size_t t = 0; t < p->n_nights; t++)
		level[t] = has_value(p, t) ? exp(middle + p->of_night[t]) : (double)NAN;
}

int zcb_trend_level(const double *const *cells, size_t n_cells, size_t n_nights, double *level)
{
	size_t most = n_cells > n_nights ? n_cells : n_nights;
	ZCB_FREE double *of_cell = calloc(n_cells + 1, sizeof(*of_cell));
	ZCB_FREE double *of_night = calloc(n_nights + 1, sizeof(*of_night));
	ZCB_FREE double *room = calloc(most + 1, sizeof(*room));
	struct polish p = {cells, n_cells, n_nights, of_cell, of_night, room};

	if (!of_cell || !of_night || !room)
		return -ENOMEM;
	if (n_cells == 1) {
		for (size_t t = 0; t < n_nights; t++)
			level[t] = cells[0][t] > 0 ? cells[0][t] : (double)NAN;
		return 0;
	}
	for (int round = 0; round < ROUNDS; round++) {
		fit_cells(&p);
		fit_nights(&p);
	}
	put_level(&p, level);
	return 0;
}
