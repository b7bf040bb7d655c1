/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_INTERNAL_H
#define ZCB_PLAN_INTERNAL_H

#include "bench/plan/plan.h"

/** What a plan file says, with the options laid over it. */
struct source {
	json_t *root;
	json_t *kernels, *variants, *memory, *guests, *workloads, *consumers; /* owned lists of words */
	uint32_t boots, seconds;
	bool show;
	const char *fence; /* NULL: as the plan says */
	const struct zcb_arms *arms; /* of a comparison: instead of kernels and variants; or NULL */
	bool by_turns; /* all variants in each boot, each cell of one beside the same of the others */
	uint32_t round; /* while it is expanded: which boot of each kernel */
	unsigned int devices; /* that the guests of these cells have */
	uint32_t place; /* of the next cell within its boot, the same for all variants */
	struct zcb_cell_params defaults;
};

/** Makes the cells of a plan from what its file says. Returns 0, -EINVAL or -ENOMEM. */
int zcb_plan_expand(struct zcb_plan *plan, struct source *source, struct zcb_error *err);

/** Whether it is in a list of words. */
bool zcb_plan_has_word(json_t *list, const char *word);

#endif
