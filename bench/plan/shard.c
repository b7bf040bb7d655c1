// SPDX-License-Identifier: GPL-2.0-or-later
/* Several machines share a plan: who plays which of its boots. */
#include "bench/plan/shard.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/plan/plan.h"

#define MAX_SHARDS 10000

int zcb_shard_parse(const char *text, struct zcb_shard *ret_shard, struct zcb_error *err)
{
	unsigned int number, of;
	int end = 0;

	if (strspn(text, "0123456789/") == strlen(text) && strlen(text) < 12 &&
	    sscanf(text, "%u/%u%n", &number, &of, &end) == 2 && !text[end] && number >= 1 &&
	    number <= of && of <= MAX_SHARDS) {
		*ret_shard = (struct zcb_shard){ number, of };
		return 0;
	}
	return zcb_fail(err, -EINVAL, "usage: --shard wants I/N, such as 1/4, with I from 1 to N and N up to %d, "
			"not \"%.40s\"", MAX_SHARDS, text);
}

/** Boots that stay together: one, or a round of a comparison. */
struct deal {
	uint32_t first_boot, boots;
	uint64_t weight;
};

/* No cell's time is known before it has run; what a plan says of it are its seconds. */
static uint64_t weight_of(const struct zcb_cell *cell)
{
	return 1 + cell->params.seconds;
}

/* Returns how many of them have cells; these come first, the heaviest first. */
static uint32_t weigh(const struct zcb_plan *plan, struct deal *deal, uint32_t n)
{
	uint32_t each = zcb_plan_round_boots(plan), full = 0;

	for (uint32_t i = 0; i < n; i++)
		deal[i] = (struct deal){ 1 + i * each, each, 0 };
	for (uint32_t i = 0; i < plan->n; i++)
		deal[(plan->cell[i].boot - 1) / each].weight += weight_of(&plan->cell[i]);
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t j = i; j > 0 && deal[j].weight > deal[j - 1].weight; j--) {
			struct deal kept = deal[j];

			deal[j] = deal[j - 1];
			deal[j - 1] = kept;
		}
	while (full < n && deal[full].weight)
		full++;
	return full;
}

static uint32_t least_loaded(const uint64_t *load, uint32_t n)
{
	uint32_t least = 0;

	for (uint32_t i = 1; i < n; i++)
		if (load[i] < load[least])
			least = i;
	return least;
}

static void play(struct zcb_plan *plan, const struct deal *deal, bool here)
{
	for (uint32_t boot = deal->first_boot; boot < deal->first_boot + deal->boots; boot++)
		if (boot <= plan->boots)
			plan->elsewhere[boot - 1] = !here;
}

int zcb_plan_take_shard(struct zcb_plan *plan, struct zcb_shard shard, struct zcb_error *err)
{
	uint32_t each = zcb_plan_round_boots(plan), n = (plan->boots + each - 1) / each, full;
	ZCB_FREE struct deal *deal = calloc(n + 1, sizeof(*deal));
	ZCB_FREE uint64_t *load = calloc(shard.of + 1, sizeof(*load));

	if (!shard.of)
		return 0;
	plan->elsewhere = calloc(plan->boots + 1, sizeof(*plan->elsewhere));
	if (!deal || !load || !plan->elsewhere)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for the shards of a plan");
	full = weigh(plan, deal, n);
	if (shard.of > full)
		return zcb_fail(err, -EINVAL, "usage: --shard %u/%u: the plan can be dealt out to %u at most, a %s each: "
				"raise --boots, or take fewer shards", shard.number, shard.of, full,
				each > 1 ? "round of boots" : "boot");
	for (uint32_t i = 0; i < n; i++) {
		uint32_t to = least_loaded(load, shard.of);

		load[to] += deal[i].weight;
		play(plan, &deal[i], to == shard.number - 1);
	}
	plan->shard = shard;
	return 0;
}

bool zcb_plan_plays(const struct zcb_plan *plan, uint32_t boot)
{
	return !plan->elsewhere || (boot >= 1 && boot <= plan->boots && !plan->elsewhere[boot - 1]);
}

uint32_t zcb_plan_cells_played(const struct zcb_plan *plan)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < plan->n; i++)
		n += zcb_plan_plays(plan, plan->cell[i].boot);
	return n;
}

json_t *zcb_plan_shard_to_json(const struct zcb_plan *plan)
{
	json_t *boots;

	if (!plan->shard.of)
		return NULL;
	boots = json_array();
	for (uint32_t boot = 1; boot <= plan->boots; boot++)
		if (zcb_plan_plays(plan, boot))
			json_array_append_new(boots, json_integer(boot));
	return json_pack("{s:i, s:i, s:o}", "number", (int)plan->shard.number, "of", (int)plan->shard.of, "boots",
			 boots);
}

int zcb_plan_shard_from_json(json_t *json, struct zcb_plan *plan)
{
	json_t *boots = NULL, *boot;
	int number, of;
	size_t i;

	if (!json)
		return 0;
	if (json_unpack(json, "{s:i, s:i, s:o}", "number", &number, "of", &of, "boots", &boots) ||
	    number < 1 || number > of || of > MAX_SHARDS || !json_is_array(boots))
		return -EINVAL;
	plan->elsewhere = malloc(plan->boots + 1);
	if (!plan->elsewhere)
		return -ENOMEM;
	memset(plan->elsewhere, true, plan->boots + 1);
	json_array_foreach(boots, i, boot) {
		json_int_t at = json_integer_value(boot);

		if (at < 1 || at > plan->boots)
			return -EINVAL;
		plan->elsewhere[at - 1] = false;
	}
	plan->shard = (struct zcb_shard){ (uint32_t)number, (uint32_t)of };
	return 0;
}
