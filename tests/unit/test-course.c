// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/course.h"

/* Two boots, 30 s apart, each up after 5 s; the second cell of the first has a pause of 3 s before it. */
struct run {
	struct zcb_result_boot boots[2];
	struct zcb_result_cell cells[4];
	struct zcb_results results;
};

static void make(struct run *run)
{
	*run = (struct run){
		.boots = {{.number = 1, .began = 1.8e9, .seconds_up = 5, .seconds_total = 20},
			  {.number = 2, .began = 1.8e9 + 30, .seconds_up = 5, .seconds_total = 12}},
		.cells = {{.boot = 1, .seconds = 2, .ended = 8, .harness_guest_s = 1},
			  {.boot = 1, .seconds = 4, .ended = 15},
			  {.boot = 2, .seconds = 3, .ended = 10, .harness_guest_s = 2},
			  {.boot = 2, .seconds = 1, .ended = 11}},
	};
	run->results = (struct zcb_results){.clock = "wall", .boots = run->boots, .n_boots = 2, .cells = run->cells, .n_cells = 4};
}

static void expect(const struct run *run, bool known, const double began[4], double second_boot, double seconds)
{
	ZCB_CLEANUP(zcb_course_finish) struct zcb_course course = {0};

	assert_int_equal(zcb_course_make(&run->results, &course), 0);
	assert_int_equal(course.known, known);
	for (size_t i = 0; i < 4; i++)
		assert_true(fabs(course.began[i] - began[i]) < 1e-6);
	assert_true(course.boot_from[0] == 0 && course.boot_up[0] == 5);
	assert_true(fabs(course.boot_from[1] - second_boot) < 1e-6);
	assert_true(fabs(course.seconds - seconds) < 1e-6);
}

static void what_was_written_down_is_where_it_was(void **unused)
{
	struct run run;

	make(&run);
	expect(&run, true, (const double[]){6, 11, 37, 40}, 30, 41);
}

/* Without one of the times nothing but the order is known: 5 up, 1 for the guest, and so on; the next boot at 20. */
static void without_times_boots_stand_one_after_the_other(void **unused)
{
	static const double one_by_one[] = {6, 8, 27, 30};
	struct zcb_result_merged shard = {0};
	struct run run;

	make(&run);
	run.boots[1].began = 0;
	expect(&run, false, one_by_one, 20, 31);
	make(&run);
	run.cells[2].ended = 0;
	expect(&run, false, one_by_one, 20, 31);
	make(&run);
	run.results.merged = &shard;
	run.results.n_merged = 1;
	expect(&run, false, one_by_one, 20, 31);
	make(&run);
	run.results.clock = "icount";
	expect(&run, false, one_by_one, 20, 31);
	make(&run);
	run.boots[1].began += 1e7; /* a pause of months, or a clock that was set */
	expect(&run, false, one_by_one, 20, 31);
}

/* A journal that lies about time moves nothing before the run, nor beyond some days. */
static void lies_have_limits(void **unused)
{
	ZCB_CLEANUP(zcb_course_finish) struct zcb_course course = {0};
	struct run run;

	make(&run);
	run.cells[0].seconds = 1e300;
	run.cells[1].ended = 1e300;
	run.cells[3].boot = 77;
	run.cells[3].seconds = -1;
	assert_int_equal(zcb_course_make(&run.results, &course), 0);
	for (size_t i = 0; i < 4; i++)
		assert_true(course.began[i] >= 0 && course.began[i] < 1e7);
	assert_true(course.seconds < 1e7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_down_is_where_it_was),
		cmocka_unit_test(without_times_boots_stand_one_after_the_other),
		cmocka_unit_test(lies_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
