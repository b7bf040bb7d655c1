// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench/executor/lockdep.h"

/* As lockdep_stats_show() prints it, in part. */
#define STATS(on) \
	" lock-classes:                         1427 [max: 8192]\n" \
	" direct dependencies:                 10843 [max: 32768]\n" \
	" debug_locks:                             " on "\n" \
	" zapped classes:                         11\n"

static bool is_off(const char *text)
{
	char path[] = "/tmp/zcb-test-lockdep.XXXXXX";
	int fd = mkstemp(path);
	bool off;

	assert_true(fd >= 0);
	dprintf(fd, "%s", text);
	close(fd);
	off = zcb_lockdep_is_off(path);
	unlink(path);
	return off;
}

static void a_checker_that_stopped_is_told_from_one_that_looks(void **state)
{
	assert_true(is_off(STATS("0")));
	assert_false(is_off(STATS("1")));
}

static void a_kernel_without_a_checker_has_none_that_stopped(void **state)
{
	assert_false(zcb_lockdep_is_off("/no/such/lockdep_stats"));
	assert_false(is_off(""));
	assert_false(is_off(" lock-classes: 0\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checker_that_stopped_is_told_from_one_that_looks),
		cmocka_unit_test(a_kernel_without_a_checker_has_none_that_stopped),
	};

	return cmocka_run_group_tests_name("lockdep", tests, NULL, NULL);
}
