// SPDX-License-Identifier: GPL-2.0-or-later
/* From the rows of a plan to its cells, in the order in which they run. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/guest/guest.h"
#include "bench/plan/internal.h"

bool zcb_plan_has_word(json_t *list, const char *word)
{
	size_t i;
	json_t *item;

	json_array_foreach(list, i, item)
		if (!strcmp(json_string_value(item), word))
			return true;
	return false;
}

/*
 * A cell's place within its boot decides, so that every kernel and every variant of a comparison gets
 * the same holes. 53 bits: every reader of JSON keeps them.
 */
static uint64_t seed_of(const struct zcb_plan *plan, const struct source *s)
{
	return (plan->seed * 0x9e3779b97f4a7c15ULL + s->round * 1000003ULL + s->place) &
	       ((1ULL << 53) - 1);
}

static int add_cell(struct zcb_plan *plan, struct source *s, const struct zcb_cell *cell,
		    struct zcb_error *err)
{
	struct zcb_cell *grown = reallocarray(plan->cell, plan->n + 1, sizeof(*grown));

	if (!grown)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for the plan");
	plan->cell = grown;
	grown[plan->n] = *cell;
	grown[plan->n].index = plan->n;
	grown[plan->n].seed = seed_of(plan, s);
	plan->n++;
	return 0;
}

/* The variants of a boot that holds all of them by turns: the first, its twin, and the others. */
struct turn {
	char arm;
	const char *variant;
};

/* Shuffled by the seed, each cell and each boot in its own way. Returns how many there are. */
static size_t deal_turns(const struct zcb_plan *plan, const struct source *s, struct turn *turn, size_t room)
{
	uint64_t random = (plan->seed * 1000003ULL + s->place) * 1000003ULL + s->round;
	const char *first = json_string_value(json_array_get(s->variants, 0));
	json_t *variant;
	size_t i, n = 0;

	turn[n++] = (struct turn){ ZCB_PLAN_ARM_TWIN, first };
	json_array_foreach(s->variants, i, variant)
		if (n < room)
			turn[n++] = (struct turn){ i ? ZCB_PLAN_ARM_B : ZCB_PLAN_ARM_A,
						   json_string_value(variant) };
	for (i = n - 1; i > 0; i--) {
		size_t j = zcb_random_next(&random) % (i + 1);
		struct turn kept = turn[i];

		turn[i] = turn[j];
		turn[j] = kept;
	}
	return n;
}

/* One cell of a row, by each variant twice, the second time the other way round. */
static int add_turns(struct zcb_plan *plan, struct source *s, struct zcb_cell *cell, struct zcb_error *err)
{
	struct turn turn[32];
	size_t n = deal_turns(plan, s, turn, sizeof(turn) / sizeof(turn[0]));
	int ret = 0;

	for (size_t i = 0; i < 2 * n && !ret; i++) {
		const struct turn *next = &turn[i < n ? i : 2 * n - 1 - i];

		cell->block = (uint32_t)i;
		cell->arm = next->arm;
		snprintf(cell->variant, sizeof(cell->variant), "%s", next->variant);
		ret = add_cell(plan, s, cell, err);
	}
	s->place++;
	return ret;
}

/*
 * One cell of a row: once, or where one boot holds all arms of a comparison, each arm twice, the second
 * time the other way round (A Z B B Z A): what drifts steadily meets all of them alike. The place is
 * the same for all, so that they get the same holes.
 */
static int add_plays(struct zcb_plan *plan, struct source *s, struct zcb_cell *cell,
		     struct zcb_error *err)
{
	char order[ZCB_PLAN_ARMS];
	int ret = 0;

	if (s->by_turns)
		return add_turns(plan, s, cell, err);
	if (!s->arms || !zcb_arms_share_kernel(s->arms)) {
		ret = add_cell(plan, s, cell, err);
		s->place++;
		return ret;
	}
	zcb_arms_order(plan->seed * 1000003ULL + s->place, s->round, order);
	for (uint32_t i = 0; i < ZCB_PLAN_PLAYS && !ret; i++) {
		cell->block = i;
		cell->arm = order[i < ZCB_PLAN_ARMS ? i : ZCB_PLAN_PLAYS - 1 - i];
		snprintf(cell->variant, sizeof(cell->variant), "%s",
			 zcb_arms_find(s->arms, cell->arm)->variant);
		ret = add_cell(plan, s, cell, err);
	}
	s->place++;
	return ret;
}

static int override_fence(const char *fence, struct zcb_cell *cell, struct zcb_error *err)
{
	json_t *params = json_pack("{s:s}", "fence", fence);
	int ret = zcb_cell_params_from_json(params, &cell->params, err);

	json_decref(params);
	return ret;
}

/* Where pages are taken away as well, nobody could tell what tore a frame. */
static bool goes_with_fence(const struct zcb_cell *cell)
{
	return cell->params.fence != ZCB_FENCE_NONE || zcb_cell_event(cell) == ZCB_EVENT_NONE;
}

/* The cells of one row, for one boot, memory, guest and variant that `like` holds. */
static int add_row(struct zcb_plan *plan, struct source *s, json_t *row,
		   const struct zcb_cell *like, struct zcb_error *err)
{
	json_t *params = json_object_get(row, "params"), *memory = json_object_get(row, "memory");
	const char *workload = json_string_value(json_object_get(row, "workload"));
	struct zcb_cell cell = *like;
	json_t *consumer;
	size_t i;
	int ret = 0;

	if ((s->workloads && !zcb_plan_has_word(s->workloads, workload)) ||
	    (memory && !zcb_plan_has_word(memory, zcb_memory_name(like->memory))))
		return 0;
	cell.params = s->defaults;
	if (params && zcb_cell_params_from_json(params, &cell.params, err))
		return -EINVAL;
	if (s->seconds)
		cell.params.seconds = s->seconds;
	if (s->show)
		cell.params.show = 1;
	snprintf(cell.workload, sizeof(cell.workload), "%s", workload);
	if (s->fence && override_fence(s->fence, &cell, err))
		return -EINVAL;
	if (!goes_with_fence(&cell))
		return 0;
	json_array_foreach(json_object_get(row, "consumers"), i, consumer) {
		const char *name = json_string_value(consumer);

		if (ret || (s->consumers && !zcb_plan_has_word(s->consumers, name)))
			continue;
		snprintf(cell.consumer, sizeof(cell.consumer), "%s", name);
		if (zcb_cell_devices(&cell) == s->devices)
			ret = add_plays(plan, s, &cell, err);
	}
	return ret;
}

static int add_rows(struct zcb_plan *plan, struct source *s, const struct zcb_cell *like,
		    struct zcb_error *err)
{
	json_t *rows = json_object_get(s->root, "cells"), *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		int ret = add_row(plan, s, row, like, err);

		if (ret)
			return ret;
	}
	return 0;
}

/* The variants of one guest: each gets the rows at the same places. */
static int add_variants(struct zcb_plan *plan, struct source *s, struct zcb_cell *like,
			struct zcb_error *err)
{
	uint32_t place = s->place;
	json_t *variant;
	size_t i;
	int ret = 0;

	if (s->arms || s->by_turns) /* `like` has the arm's variant, or each cell its own */
		return add_rows(plan, s, like, err);
	json_array_foreach(s->variants, i, variant) {
		const char *name = json_string_value(variant);

		if (ret || !zcb_kernel_may_have(like->kernel, name))
			continue;
		s->place = place;
		snprintf(like->variant, sizeof(like->variant), "%s", name);
		ret = add_rows(plan, s, like, err);
	}
	return ret;
}

/* A guest is kept from cell to cell, so what needs another guest changes slowest. */
static int add_boot(struct zcb_plan *plan, struct source *s, const char *kernel, char arm,
		    struct zcb_error *err)
{
	struct zcb_cell like = { .boot = ++plan->boots, .arm = arm };
	json_t *memory, *guest;
	size_t m, g;
	int ret = 0;

	s->place = 0;
	snprintf(like.kernel, sizeof(like.kernel), "%s", kernel);
	if (s->arms)
		snprintf(like.variant, sizeof(like.variant), "%s",
			 zcb_arms_find(s->arms, arm)->variant);
	json_array_foreach(s->memory, m, memory) {
		zcb_memory_parse(json_string_value(memory), &like.memory);
		json_array_foreach(s->guests, g, guest) {
			snprintf(like.guest, sizeof(like.guest), "%s", json_string_value(guest));
			for (s->devices = 0; s->devices <= ZCB_GUEST_ALL_DEVICES; s->devices++)
				ret = ret ? ret : add_variants(plan, s, &like, err);
		}
	}
	return ret;
}

static bool only_stock_kernels(json_t *kernels)
{
	size_t i;
	json_t *kernel;

	json_array_foreach(kernels, i, kernel)
		if (strcmp(json_string_value(kernel), "stock") != 0)
			return false;
	return true;
}

/*
 * Kernels that differ need boots of their own: one of each arm in a round, and the next round the other
 * way round.
 */
static int add_arm_boots(struct zcb_plan *plan, struct source *s, struct zcb_error *err)
{
	char order[ZCB_PLAN_ARMS];
	int ret = 0;

	if (zcb_arms_share_kernel(s->arms))
		return add_boot(plan, s, s->arms->a.kernel, ZCB_PLAN_ARM_A, err);
	zcb_arms_order(plan->seed, s->round / 2, order);
	for (uint32_t i = 0; i < ZCB_PLAN_ARMS && !ret; i++) {
		char arm = order[s->round % 2 ? ZCB_PLAN_ARMS - 1 - i : i];

		ret = add_boot(plan, s, zcb_arms_find(s->arms, arm)->kernel, arm, err);
	}
	return ret;
}

static int add_kernel_boots(struct zcb_plan *plan, struct source *s, struct zcb_error *err)
{
	json_t *kernel;
	size_t k;
	int ret = 0;

	json_array_foreach(s->kernels, k, kernel)
		ret = ret ? ret : add_boot(plan, s, json_string_value(kernel), ZCB_PLAN_ARM_A, err);
	return ret;
}

int zcb_plan_expand(struct zcb_plan *plan, struct source *s, struct zcb_error *err)
{
	int ret = 0;

	for (s->round = 0; s->round < s->boots && !ret; s->round++)
		ret = s->arms ? add_arm_boots(plan, s, err) : add_kernel_boots(plan, s, err);
	if (ret || plan->n > 0)
		return ret;
	if (!s->arms && only_stock_kernels(s->kernels) && !zcb_plan_has_word(s->variants, "stock"))
		return zcb_fail(err, -EINVAL, "usage: the stock kernel has only the variant stock: say "
				"--kernel variants for the others");
	return zcb_fail(err, -EINVAL, "usage: the plan and the options leave no cell to run");
}
