// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/consumers/consumer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Whatever a row needs, it says what it is without being loaded. */
static void test_rows_are_told_unloaded(void **state)
{
	for (size_t i = 0; zcb_consumers[i]; i++) {
		const struct zcb_consumer_ops *row = zcb_consumers[i];

		assert_ptr_equal(zcb_consumer_find(row->name), row);
		assert_true(*row->summary);
		assert_true(row->reading != ZCB_READS_NOTHING || !strcmp(row->name, "null"));
		assert_true(row->module ? !row->open : row->open && row->acquire && row->release && row->close);
	}
	assert_null(zcb_consumer_find("none"));
}

static void test_built_in_is_itself(void **state)
{
	const struct zcb_consumer_ops *row = zcb_consumer_find("mmap");
	struct zcb_consumer_ops loaded;

	assert_int_equal(zcb_consumer_load(row, &loaded, NULL), 0);
	assert_memory_equal(&loaded, row, sizeof(loaded));
}

static void expect_missing(struct zcb_consumer_ops row, const char *says)
{
	struct zcb_consumer_ops loaded = { .name = "untouched" };
	struct zcb_error err = { "" };

	assert_int_equal(zcb_consumer_load(&row, &loaded, &err), -EOPNOTSUPP);
	assert_string_equal(loaded.name, "untouched");
	if (!strstr(err.text, says))
		fail_msg("\"%s\" does not say \"%s\"", err.text, says);
}

/* A build without the library, and a program without its module. */
static void test_missing_is_a_skip_with_a_reason(void **state)
{
	expect_missing((struct zcb_consumer_ops){ .name = "a", .module = "zcb-consumer-a.so",
						  .missing = "not in this build" },
		       "the consumer a is not in this build");
	expect_missing((struct zcb_consumer_ops){ .name = "a", .module = "zcb-consumer-a.so" },
		       "zcb-consumer-a.so is missing");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_are_told_unloaded),
		cmocka_unit_test(test_built_in_is_itself),
		cmocka_unit_test(test_missing_is_a_skip_with_a_reason),
	};

	return cmocka_run_group_tests_name("consumers", tests, NULL, NULL);
}
