// SPDX-License-Identifier: GPL-2.0-or-later
/* plan.json of a run directory: an expanded plan, written and read again to go on with the run. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/plan/plan.h"

json_t *zcb_plan_to_json(const struct zcb_plan *plan)
{
	json_t *cells = json_array();

	for (uint32_t i = 0; i < plan->n; i++)
		json_array_append_new(cells, zcb_cell_to_json(&plan->cell[i]));
	return json_pack("{s:i, s:s, s:I, s:i, s:o*, s:o*, s:o*, s:o}", "schema", 1, "name", plan->name, "seed",
			 (json_int_t)plan->seed, "boots", (int)plan->boots, "boots_planned",
			 plan->boots_planned ? json_integer(plan->boots_planned) : NULL, "arms",
			 plan->compares ? zcb_arms_to_json(&plan->arms) : NULL, "shard",
			 zcb_plan_shard_to_json(plan), "cells", cells);
}

int zcb_plan_from_json(json_t *json, struct zcb_plan *ret_plan, struct zcb_error *err)
{
	json_t *cells = json_object_get(json, "cells"), *arms = json_object_get(json, "arms"), *cell;
	const char *name = json_string_value(json_object_get(json, "name"));
	struct zcb_plan plan = { 0 };
	size_t i;
	int ret;

	if (!name || !json_is_array(cells) || json_array_size(cells) == 0)
		return zcb_fail(err, -EINVAL, "usage: plan.json of the run directory is damaged");
	plan.cell = calloc(json_array_size(cells), sizeof(*plan.cell));
	if (!plan.cell)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for the plan");
	json_array_foreach(cells, i, cell) {
		if (zcb_cell_from_json(cell, &plan.cell[plan.n], err) || plan.cell[plan.n].index != i) {
			zcb_plan_finish(&plan);
			return zcb_fail(err, -EINVAL, "usage: plan.json of the run directory is damaged at "
					"cell %zu", i);
		}
		plan.n++;
	}
	if (arms && zcb_arms_from_json(arms, &plan.arms)) {
		zcb_plan_finish(&plan);
		return zcb_fail(err, -EINVAL, "usage: plan.json of the run directory is damaged at its "
				"arms");
	}
	plan.compares = arms != NULL;
	snprintf(plan.name, sizeof(plan.name), "%s", name);
	plan.seed = (uint64_t)json_integer_value(json_object_get(json, "seed"));
	plan.boots = (uint32_t)json_integer_value(json_object_get(json, "boots"));
	plan.boots_planned = (uint32_t)json_integer_value(json_object_get(json, "boots_planned"));
	ret = zcb_plan_shard_from_json(json_object_get(json, "shard"), &plan);
	if (ret) {
		zcb_plan_finish(&plan);
		return zcb_fail(err, ret, "usage: plan.json of the run directory is damaged at its shard");
	}
	*ret_plan = plan;
	return 0;
}
