// SPDX-License-Identifier: GPL-2.0-or-later
/* Comparisons: how A and B are read, and that every arm has its fair turns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/plan/arms.h"
#include "bench/plan/plan.h"

#define BOOTS 12

static struct zcb_arms arms_of(const char *a, const char *b)
{
	struct zcb_arms arms;
	struct zcb_error err = { "" };

	if (zcb_arm_parse(a, &arms.a, &err) || zcb_arm_parse(b, &arms.b, &err))
		fail_msg("%s with %s: %s", a, b, err.text);
	return arms;
}

static void make(const struct zcb_arms *arms, uint64_t seed, uint32_t boots, struct zcb_plan *ret_plan)
{
	struct zcb_plan_options options = { .arms = arms, .seed = seed, .boots = boots };
	struct zcb_error err = { "" };

	if (zcb_plan_make("ab", &options, ret_plan, &err))
		fail_msg("%s", err.text);
}

static void specs_are_read(void **state)
{
	struct zcb_arms arms = arms_of("variants:update-ptl", "stock");

	assert_string_equal(arms.a.kernel, "variants");
	assert_string_equal(arms.a.variant, "update-ptl");
	assert_string_equal(arms.b.kernel, "stock");
	assert_string_equal(arms.b.variant, "stock");
	arms = arms_of("/dev/null:invalidate", "/dev/null");
	assert_string_equal(arms.a.kernel, "/dev/null");
	assert_string_equal(arms.a.variant, "invalidate");
	assert_true(zcb_arms_share_kernel(&arms));
	arms = arms_of("linux-image-6.12.94+deb13-amd64", "/dev/../dev/null");
	assert_string_equal(arms.a.kernel, "linux-image-6.12.94+deb13-amd64");
	assert_false(zcb_arms_share_kernel(&arms));
	arms = arms_of("/dev/../dev/null", "/dev/null:invalidate");
	assert_true(zcb_arms_share_kernel(&arms));
}

static void bad_specs_are_refused(void **state)
{
	static const char *const bad[][2] = {
		{ "", "KERNEL[:VARIANT]" }, { ":stock", "KERNEL[:VARIANT]" }, { "stok", "no kernel \"stok\"" },
		{ "variants:", "no variant \"\"" }, { "variants:fast", "no variant \"fast\"" },
		{ "stock:invalidate", "only the variant stock" }, { "/no/such:thing", "no kernel" },
		{ "linux-image-6.12.94+deb13-amd64:update-ptl", "only the variant stock" },
		{ "linux-image-../../etc", "no kernel" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct zcb_arm_spec spec = { .kernel = "kept" };
		struct zcb_error err = { "" };

		assert_int_equal(zcb_arm_parse(bad[i][0], &spec, &err), -EINVAL);
		if (strncmp(err.text, "usage: ", 7) != 0 || !strstr(err.text, bad[i][1]))
			fail_msg("%s: \"%s\" does not say %s", bad[i][0], err.text, bad[i][1]);
		assert_string_equal(spec.kernel, "kept");
	}
}

/* In six turns every order comes once: each arm is as often first, second and third. */
static void orders_are_balanced(void **state)
{
	for (uint64_t seed = 0; seed < 50; seed++) {
		unsigned int at[ZCB_PLAN_ARMS][256] = { 0 };

		for (uint32_t n = 0; n < 6; n++) {
			char order[ZCB_PLAN_ARMS];

			zcb_arms_order(seed, n, order);
			for (int i = 0; i < ZCB_PLAN_ARMS; i++)
				at[i][(unsigned char)order[i]]++;
		}
		for (int i = 0; i < ZCB_PLAN_ARMS; i++) {
			assert_int_equal(at[i]['A'], 2);
			assert_int_equal(at[i]['B'], 2);
			assert_int_equal(at[i]['Z'], 2);
		}
	}
}

/* Whatever drifts steadily through the six plays of a cell, it adds as much to each arm. */
static void check_plays(const struct zcb_cell *cell, const struct zcb_arms *arms)
{
	unsigned int n[256] = { 0 }, positions[256] = { 0 };

	for (uint32_t i = 0; i < ZCB_PLAN_PLAYS; i++) {
		unsigned char arm = (unsigned char)cell[i].arm;

		assert_int_equal(cell[i].block, i);
		assert_int_equal(cell[i].seed, cell[0].seed);
		assert_string_equal(cell[i].workload, cell[0].workload);
		assert_memory_equal(&cell[i].params, &cell[0].params, sizeof(cell[0].params));
		assert_string_equal(cell[i].variant, (arm == 'B' ? &arms->b : &arms->a)->variant);
		n[arm]++;
		positions[arm] += i;
	}
	for (const char *arm = "ABZ"; *arm; arm++) {
		assert_int_equal(n[(unsigned char)*arm], 2);
		assert_int_equal(positions[(unsigned char)*arm], ZCB_PLAN_PLAYS - 1);
	}
}

static void plays_alternate_in_a_boot(void **state)
{
	struct zcb_arms arms = arms_of("variants:stock", "variants:update-ptl");
	struct zcb_plan plan;
	unsigned int first[256] = { 0 };

	make(&arms, 7, BOOTS, &plan);
	assert_int_equal(plan.boots, BOOTS);
	assert_int_equal(zcb_plan_round_boots(&plan), 1);
	assert_int_equal(plan.n % ZCB_PLAN_PLAYS, 0);
	for (uint32_t i = 0; i < plan.n; i += ZCB_PLAN_PLAYS) {
		check_plays(&plan.cell[i], &arms);
		first[(unsigned char)plan.cell[i].arm]++;
	}
	/* The boots are a multiple of six, so no arm begins more often than another. */
	assert_int_equal(first['A'], first['B']);
	assert_int_equal(first['A'], first['Z']);
	zcb_plan_finish(&plan);
}

static void kernels_alternate_in_boots(void **state)
{
	struct zcb_arms arms = arms_of("stock", "variants:update-ptl");
	char letters[3 * BOOTS + 1] = "";
	struct zcb_plan plan;

	make(&arms, 7, BOOTS, &plan);
	assert_int_equal(plan.boots, 3 * BOOTS);
	assert_int_equal(zcb_plan_round_boots(&plan), 3);
	for (uint32_t i = 0; i < plan.n; i++) {
		const struct zcb_cell *cell = &plan.cell[i];
		char *letter = &letters[cell->boot - 1];

		assert_int_equal(cell->block, 0);
		assert_true(!*letter || *letter == cell->arm);
		*letter = cell->arm;
		assert_string_equal(cell->kernel, zcb_arms_find(&arms, cell->arm)->kernel);
		assert_string_equal(cell->variant, zcb_arms_find(&arms, cell->arm)->variant);
	}
	for (unsigned int i = 0; i < 3 * BOOTS; i += 6) {
		assert_int_equal(letters[i] + letters[i + 1] + letters[i + 2], 'A' + 'B' + 'Z');
		for (unsigned int j = 0; j < 3; j++)
			assert_int_equal(letters[i + j], letters[i + 5 - j]);
	}
	zcb_plan_finish(&plan);
}

/* The arms of one round get the same holes, so that they can be held against each other. */
static void kernels_share_seeds_in_a_round(void **state)
{
	struct zcb_arms arms = arms_of("stock", "variants");
	struct zcb_plan plan;
	uint32_t cells;

	make(&arms, 7, 2, &plan);
	cells = plan.n / 6;
	for (uint32_t i = 0; i < plan.n; i++) {
		uint32_t in_round = i % (3 * cells);

		assert_int_equal(plan.cell[i].seed, plan.cell[i - in_round + in_round % cells].seed);
	}
	assert_int_not_equal(plan.cell[0].seed, plan.cell[3 * cells].seed);
	zcb_plan_finish(&plan);
}

static bool same_order(const struct zcb_plan *a, const struct zcb_plan *b)
{
	for (uint32_t i = 0; i < a->n; i++)
		if (a->cell[i].arm != b->cell[i].arm)
			return false;
	return true;
}

static void the_seed_orders(void **state)
{
	struct zcb_arms arms = arms_of("variants", "variants:update-ptl");
	struct zcb_plan one, again, other;

	make(&arms, 7, 2, &one);
	make(&arms, 7, 2, &again);
	make(&arms, 8, 2, &other);
	assert_true(same_order(&one, &again));
	assert_false(same_order(&one, &other));
	zcb_plan_finish(&one);
	zcb_plan_finish(&again);
	zcb_plan_finish(&other);
}

static void plan_json_keeps_all(void **state)
{
	struct zcb_arms arms = arms_of("variants", "variants:update-ptl");
	struct zcb_error err = { "" };
	struct zcb_plan plan, back;
	json_t *json;

	make(&arms, 7, 2, &plan);
	plan.boots_planned = 9;
	json = zcb_plan_to_json(&plan);
	assert_int_equal(zcb_plan_from_json(json, &back, &err), 0);
	assert_true(back.compares);
	assert_string_equal(back.arms.b.variant, "update-ptl");
	assert_int_equal(back.boots_planned, 9);
	assert_true(same_order(&plan, &back));
	for (uint32_t i = 0; i < plan.n; i++)
		assert_int_equal(back.cell[i].block, plan.cell[i].block);
	zcb_plan_finish(&back);
	json_object_set_new(json_object_get(json, "arms"), "B", json_null());
	assert_int_equal(zcb_plan_from_json(json, &back, &err), -EINVAL);
	assert_non_null(strstr(err.text, "arms"));
	json_decref(json);
	zcb_plan_finish(&plan);
}

/* plan.json of a run that compares nothing is as it was: its cells have turn 0. */
static void other_plans_have_no_arms(void **state)
{
	struct zcb_error err = { "" };
	struct zcb_plan plan;
	json_t *json;

	assert_int_equal(zcb_plan_make("smoke", &(struct zcb_plan_options){ .seed = 1 }, &plan, &err), 0);
	json = zcb_plan_to_json(&plan);
	assert_null(json_object_get(json, "arms"));
	assert_null(json_object_get(json, "boots_planned"));
	for (uint32_t i = 0; i < plan.n; i++) {
		assert_int_equal(plan.cell[i].arm, 'A');
		assert_int_equal(plan.cell[i].block, 0);
		json_object_del(json_array_get(json_object_get(json, "cells"), i), "block");
	}
	zcb_plan_finish(&plan);
	assert_int_equal(zcb_plan_from_json(json, &plan, &err), 0); /* of an older zcbench */
	json_decref(json);
	zcb_plan_finish(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(specs_are_read),
		cmocka_unit_test(bad_specs_are_refused),
		cmocka_unit_test(orders_are_balanced),
		cmocka_unit_test(plays_alternate_in_a_boot),
		cmocka_unit_test(kernels_alternate_in_boots),
		cmocka_unit_test(kernels_share_seeds_in_a_round),
		cmocka_unit_test(the_seed_orders),
		cmocka_unit_test(plan_json_keeps_all),
		cmocka_unit_test(other_plans_have_no_arms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
