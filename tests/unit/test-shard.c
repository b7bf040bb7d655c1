// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/plan/plan.h"

static void make(const char *name, struct zcb_plan_options options, struct zcb_plan *ret_plan)
{
	struct zcb_error err = { "" };

	if (zcb_plan_make(name, &options, ret_plan, &err))
		fail_msg("%s: %s", name, err.text);
}

static void parses_what_it_should(void **state)
{
	static const char *const wrong[] = { "", "1", "/", "1/", "/2", "0/2", "3/2", "1/0", "1/2/3", "a/b", "1/2 ", " 1/2",
					     "+1/2", "-1/2", "1/10001", "1/99999999999", "1.5/2", "0x1/2" };
	struct zcb_shard shard;
	struct zcb_error err;

	assert_int_equal(zcb_shard_parse("2/4", &shard, &err), 0);
	assert_int_equal(shard.number, 2);
	assert_int_equal(shard.of, 4);
	assert_int_equal(zcb_shard_parse("1/1", &shard, &err), 0);
	assert_int_equal(zcb_shard_parse("10000/10000", &shard, &err), 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (zcb_shard_parse(wrong[i], &shard, &err) != -EINVAL)
			fail_msg("\"%s\" is no shard", wrong[i]);
		assert_non_null(strstr(err.text, "usage: --shard"));
	}
	assert_int_equal(shard.of, 10000);
}

/* Every boot is played by one shard, and each shard has the cells of the whole plan, unchanged. */
static void check_dealt(const char *name, struct zcb_plan_options options, uint32_t of)
{
	struct zcb_plan whole, part;
	uint32_t *played;

	make(name, options, &whole);
	played = calloc(whole.boots + 1, sizeof(*played));
	for (uint32_t number = 1; number <= of; number++) {
		options.shard = (struct zcb_shard){ number, of };
		make(name, options, &part);
		assert_int_equal(part.n, whole.n);
		assert_memory_equal(part.cell, whole.cell, whole.n * sizeof(*whole.cell));
		assert_in_range(zcb_plan_cells_played(&part), 1, whole.n);
		for (uint32_t boot = 1; boot <= part.boots; boot++)
			played[boot] += zcb_plan_plays(&part, boot);
		zcb_plan_finish(&part);
	}
	for (uint32_t boot = 1; boot <= whole.boots; boot++)
		if (played[boot] != 1)
			fail_msg("%s: %u of %u shards play boot %u", name, played[boot], of, boot);
	zcb_plan_finish(&whole);
	free(played);
}

static void each_boot_is_played_once(void **state)
{
	check_dealt("default", (struct zcb_plan_options){ .boots = 4 }, 1);
	check_dealt("default", (struct zcb_plan_options){ .boots = 4 }, 3);
	check_dealt("nightly", (struct zcb_plan_options){ 0 }, 4);
	check_dealt("smoke", (struct zcb_plan_options){ .kernels = "stock", .boots = 7 }, 7);
}

/* Boots that are alike go round. */
static void equal_boots_go_round(void **state)
{
	struct zcb_plan plan;

	make("smoke", (struct zcb_plan_options){ .kernels = "stock", .boots = 8, .shard = { 2, 3 } }, &plan);
	for (uint32_t boot = 1; boot <= 8; boot++)
		assert_int_equal(zcb_plan_plays(&plan, boot), boot % 3 == 2);
	assert_false(zcb_plan_plays(&plan, 0));
	assert_false(zcb_plan_plays(&plan, 9));
	zcb_plan_finish(&plan);
}

/* A boot of the stock kernel has few cells, one of the variants' many: no shard gets all of these. */
static void shards_are_of_like_length(void **state)
{
	uint32_t least = UINT32_MAX, most = 0;
	struct zcb_plan plan;

	for (uint32_t number = 1; number <= 2; number++) {
		uint32_t n;

		make("smoke", (struct zcb_plan_options){ .kernels = "stock,variants", .variants = "all", .boots = 4,
							 .shard = { number, 2 } }, &plan);
		n = zcb_plan_cells_played(&plan);
		least = n < least ? n : least;
		most = n > most ? n : most;
		zcb_plan_finish(&plan);
	}
	assert_int_equal(least, most);
}

/* What is compared with each other is played on one machine. */
static void rounds_stay_together(void **state)
{
	struct zcb_arms arms = { { "stock", "stock" }, { "variants", "stock" } };
	struct zcb_plan plan;

	make("ab", (struct zcb_plan_options){ .arms = &arms, .boots = 5, .shard = { 2, 4 } }, &plan);
	assert_int_equal(plan.boots, 15);
	for (uint32_t boot = 1; boot <= plan.boots; boot++)
		assert_int_equal(zcb_plan_plays(&plan, boot), boot >= 4 && boot <= 6);
	zcb_plan_finish(&plan);
}

static void expect_too_many(const char *name, struct zcb_plan_options options, const char *most)
{
	struct zcb_plan plan = { .n = 77 };
	struct zcb_error err = { "" };

	assert_int_equal(zcb_plan_make(name, &options, &plan, &err), -EINVAL);
	if (!strstr(err.text, "usage: --shard") || !strstr(err.text, most))
		fail_msg("\"%s\" does not say \"%s\"", err.text, most);
	assert_int_equal(plan.n, 77);
}

static void none_is_without_a_boot(void **state)
{
	struct zcb_arms arms = { { "stock", "stock" }, { "variants", "stock" } };

	expect_too_many("smoke", (struct zcb_plan_options){ .kernels = "stock", .boots = 3, .shard = { 1, 4 } },
			"to 3 at most, a boot each");
	expect_too_many("ab", (struct zcb_plan_options){ .arms = &arms, .boots = 3, .shard = { 4, 4 } },
			"to 3 at most, a round of boots each");
}

static void comes_back_from_json(void **state)
{
	struct zcb_plan plan, again;
	struct zcb_error err;
	json_t *json;

	make("smoke", (struct zcb_plan_options){ .kernels = "stock,variants", .boots = 3, .shard = { 2, 4 } }, &plan);
	json = zcb_plan_to_json(&plan);
	assert_int_equal(zcb_plan_from_json(json, &again, &err), 0);
	assert_int_equal(again.shard.number, 2);
	assert_int_equal(again.shard.of, 4);
	assert_int_equal(again.n, plan.n);
	for (uint32_t boot = 0; boot <= plan.boots + 1; boot++)
		assert_int_equal(zcb_plan_plays(&again, boot), zcb_plan_plays(&plan, boot));
	json_decref(json);
	zcb_plan_finish(&again);
	zcb_plan_finish(&plan);
}

static void damaged_json_is_refused(void **state)
{
	static const char *const wrong[] = {
		"3", "{}", "{\"number\":0,\"of\":2,\"boots\":[1]}", "{\"number\":3,\"of\":2,\"boots\":[1]}",
		"{\"number\":1,\"of\":2}", "{\"number\":1,\"of\":2,\"boots\":1}",
		"{\"number\":1,\"of\":2,\"boots\":[0]}", "{\"number\":1,\"of\":2,\"boots\":[99]}",
		"{\"number\":1,\"of\":2,\"boots\":[\"1\"]}",
	};
	struct zcb_plan plan, again;
	struct zcb_error err;

	make("smoke", (struct zcb_plan_options){ .boots = 3 }, &plan);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		json_t *json = zcb_plan_to_json(&plan);

		json_object_set_new(json, "shard", json_loads(wrong[i], JSON_DECODE_ANY, NULL));
		if (zcb_plan_from_json(json, &again, &err) != -EINVAL)
			fail_msg("%s was taken", wrong[i]);
		json_decref(json);
	}
	zcb_plan_finish(&plan);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_it_should),
		cmocka_unit_test(each_boot_is_played_once),
		cmocka_unit_test(equal_boots_go_round),
		cmocka_unit_test(shards_are_of_like_length),
		cmocka_unit_test(rounds_stay_together),
		cmocka_unit_test(none_is_without_a_boot),
		cmocka_unit_test(comes_back_from_json),
		cmocka_unit_test(damaged_json_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
