// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <sched.h>

#include "bench/base/cpu.h"

static cpu_set_t before;

static int remember(void **state)
{
	return sched_getaffinity(0, sizeof(before), &before);
}

static int restore(void **state)
{
	return sched_setaffinity(0, sizeof(before), &before);
}

static cpu_set_t allowed(void)
{
	cpu_set_t now;

	assert_return_code(sched_getaffinity(0, sizeof(now), &now), errno);
	return now;
}

static int need_two(void)
{
	int cpu = -1;

	if (CPU_COUNT(&before) < 2) {
		print_message("skipped: one processor is all there is\n");
		skip();
	}
	assert_int_equal(zcb_cpu_spare(&cpu), 0);
	assert_true(CPU_ISSET(cpu, &before));
	return cpu;
}

static void who_keeps_to_one_has_no_other(void **state)
{
	int cpu = need_two(), other = -1;
	cpu_set_t now;

	assert_int_equal(zcb_cpu_keep_to(cpu), 0);
	now = allowed();
	assert_int_equal(CPU_COUNT(&now), 1);
	assert_true(CPU_ISSET(cpu, &now));
	assert_int_equal(zcb_cpu_spare(&other), -ENODEV);
	assert_int_equal(other, -1);
	assert_int_equal(zcb_cpu_keep_off(cpu), -EINVAL);
}

static void who_keeps_off_has_the_others(void **state)
{
	int cpu = need_two();
	cpu_set_t now;

	assert_int_equal(zcb_cpu_keep_off(cpu), 0);
	now = allowed();
	assert_int_equal(CPU_COUNT(&now), CPU_COUNT(&before) - 1);
	assert_false(CPU_ISSET(cpu, &now));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_keeps_to_one_has_no_other, remember, restore),
		cmocka_unit_test_setup_teardown(who_keeps_off_has_the_others, remember, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
