// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "bench/base/error.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The documented order, the worst first; then what loses to all of them. */
static const enum zcb_exit order[] = {
	ZCB_EXIT_KERNEL_FAULT, ZCB_EXIT_CORRUPTION,   ZCB_EXIT_INFRASTRUCTURE,
	ZCB_EXIT_REGRESSION,   ZCB_EXIT_INCONCLUSIVE, ZCB_EXIT_CLEAN,
};

static void worst_wins(void **state)
{
	for (size_t i = 0; i < COUNT(order); i++) {
		for (size_t j = i; j < COUNT(order); j++) {
			assert_int_equal(zcb_exit_worse(order[i], order[j]), order[i]);
			assert_int_equal(zcb_exit_worse(order[j], order[i]), order[i]);
		}
	}
}

static void others_lose(void **state)
{
	static const enum zcb_exit others[] = { ZCB_EXIT_USAGE, ZCB_EXIT_NOTHING_RAN };

	for (size_t i = 0; i < COUNT(order) - 1; i++) {
		for (size_t j = 0; j < COUNT(others); j++) {
			assert_int_equal(zcb_exit_worse(order[i], others[j]), order[i]);
			assert_int_equal(zcb_exit_worse(others[j], order[i]), order[i]);
		}
	}
	for (size_t j = 0; j < COUNT(others); j++)
		assert_int_equal(zcb_exit_worse(ZCB_EXIT_CLEAN, others[j]), others[j]);
}

static void codes_are_the_documented_ones(void **state)
{
	static const int documented[] = { 14, 11, 13, 10, 12, 0 };

	for (size_t i = 0; i < COUNT(order); i++)
		assert_int_equal(order[i], documented[i]);
	assert_int_equal(ZCB_EXIT_USAGE, 2);
	assert_int_equal(ZCB_EXIT_NOTHING_RAN, 77);
}

static void fail_returns_its_code(void **state)
{
	struct zcb_error err = { "" };

	assert_int_equal(zcb_fail(&err, -ENOENT, "usage: %s has %d", "it", 3), -ENOENT);
	assert_string_equal(err.text, "usage: it has 3");
	assert_int_equal(zcb_fail(NULL, -EPROTO, "nobody reads this"), -EPROTO);
}

static void fail_cuts_off_what_is_too_long(void **state)
{
	struct {
		struct zcb_error err;
		char behind[8];
	} place;
	char name[2000];

	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memset(&place, 'x', sizeof(place));
	assert_int_equal(zcb_fail(&place.err, -EINVAL, "usage: %s", name), -EINVAL);
	assert_int_equal(strlen(place.err.text), sizeof(place.err.text) - 1);
	assert_memory_equal(place.behind, "xxxxxxxx", 8);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(worst_wins),
		cmocka_unit_test(others_lose),
		cmocka_unit_test(codes_are_the_documented_ones),
		cmocka_unit_test(fail_returns_its_code),
		cmocka_unit_test(fail_cuts_off_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
