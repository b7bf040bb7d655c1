// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/base/io.h"
#include "bench/executor/clock.h"

static uint64_t ticks;

static uint64_t steady(void)
{
	return ticks += 7;
}

/* Once, and by very little. */
static uint64_t slipping(void)
{
	ticks += ticks == 7000 ? -1 : 7;
	return ticks;
}

/* So coarse that most readings take no time. */
static uint64_t coarse(void)
{
	return ++ticks / 1000 * 4000000;
}

static void test_steady(void **state)
{
	struct zcb_clock_check check;

	ticks = 0;
	zcb_clock_check(steady, &check);
	assert_int_equal(check.backwards, 0);
	assert_int_equal(check.reading_ns, 7);
	assert_true(check.readings > 6000);
	assert_true(check.resolution_ns > 0);
}

static void test_slipping(void **state)
{
	struct zcb_clock_check check;

	ticks = 0;
	zcb_clock_check(slipping, &check);
	assert_int_equal(check.backwards, 1);
	assert_int_equal(check.reading_ns, 7);
}

static void test_coarse(void **state)
{
	struct zcb_clock_check check;

	ticks = 0;
	zcb_clock_check(coarse, &check);
	assert_int_equal(check.backwards, 0);
	assert_int_equal(check.reading_ns, 0);
}

static void test_this_machine(void **state)
{
	struct zcb_clock_check check;

	zcb_clock_check(zcb_now_ns, &check);
	assert_int_equal(check.backwards, 0);
	assert_true(check.reading_ns < 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),
		cmocka_unit_test(test_slipping),
		cmocka_unit_test(test_coarse),
		cmocka_unit_test(test_this_machine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
