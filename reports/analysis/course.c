// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/course.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DAY 86400.0
/* A run that was resumed after a longer time than this does not show the pause. */
#define MAX_RUN (7 * DAY)

/* A journal is hostile: what it says of time is kept within a day. */
static double within(double seconds)
{
	return fmin(fmax(seconds, 0), DAY);
}

static bool is_written(const struct zcb_results *r)
{
	double first = INFINITY, last = 0;

	if (strcmp(r->clock, "wall") != 0 || r->n_merged || !r->n_boots)
		return false;
	for (size_t i = 0; i < r->n_boots; i++) {
		if (!(r->boots[i].began > 0))
			return false;
		first = fmin(first, r->boots[i].began);
		last = fmax(last, r->boots[i].began);
	}
	for (size_t i = 0; i < r->n_cells; i++) {
		if (r->cells[i].status != ZCB_RESULT_NOT_RUN && !(r->cells[i].ended > 0))
			return false;
	}
	return last - first < MAX_RUN;
}

static double first_begin(const struct zcb_results *r)
{
	double first = INFINITY;

	for (size_t i = 0; i < r->n_boots; i++)
		first = fmin(first, r->boots[i].began);
	return first;
}

/* The cells of a boot as they were, or one after the other. Returns when the last of them ended. */
static double place_cells(const struct zcb_results *r, uint64_t boot, double from, double up, struct zcb_course *course)
{
	double now = up;

	for (size_t i = 0; i < r->n_cells; i++) {
		const struct zcb_result_cell *cell = &r->cells[i];
		double took = within(cell->seconds);

		if (cell->boot != boot || cell->status == ZCB_RESULT_NOT_RUN)
			continue;
		if (course->known)
			now = fmax(from + fmin(cell->ended, MAX_RUN) - took, from);
		else
			now += within(cell->harness_guest_s);
		course->began[i] = now;
		now += took;
		course->seconds = fmax(course->seconds, now);
	}
	return now;
}

/* Cells of boots of which nothing is known come last. */
static void place_rest(const struct zcb_results *r, double now, struct zcb_course *course)
{
	for (size_t i = 0; i < r->n_cells; i++) {
		if (isnan(course->began[i])) {
			course->began[i] = now;
			now += within(r->cells[i].seconds);
			course->seconds = fmax(course->seconds, now);
		}
	}
}

int zcb_course_make(const struct zcb_results *r, struct zcb_course *ret_course)
{
	struct zcb_course course = {.known = is_written(r)};
	double now = 0, first = first_begin(r);

	course.began = calloc(r->n_cells + 1, sizeof(double));
	course.boot_from = calloc(r->n_boots + 1, sizeof(double));
	course.boot_up = calloc(r->n_boots + 1, sizeof(double));
	if (!course.began || !course.boot_from || !course.boot_up) {
		zcb_course_finish(&course);
		return -ENOMEM;
	}
	for (size_t i = 0; i < r->n_cells; i++)
		course.began[i] = (double)NAN;
	for (size_t i = 0; i < r->n_boots; i++) {
		const struct zcb_result_boot *boot = &r->boots[i];
		double from = course.known ? boot->began - first : now, end;

		course.boot_from[i] = from;
		course.boot_up[i] = from + within(boot->seconds_up);
		end = place_cells(r, boot->number, from, course.boot_up[i], &course);
		now = fmax(end, from + within(boot->seconds_total));
	}
	place_rest(r, now, &course);
	*ret_course = course;
	return 0;
}

void zcb_course_finish(struct zcb_course *course)
{
	free(course->began);
	free(course->boot_from);
	free(course->boot_up);
	*course = (struct zcb_course){0};
}
