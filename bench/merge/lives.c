// SPDX-License-Identifier: GPL-2.0-or-later
/* Boots that died and were begun anew have lives with numbers of their own, which shards chose alone. */
#include "bench/merge/internal.h"

/* One that left nothing but its folder: the next life went on with the same boot, if there was one. */
static void guess(struct merge_shard *shard)
{
	uint32_t planned = shard->n_boots;

	while (planned > 1 && !shard->plays[planned])
		planned--;
	for (size_t i = shard->n_lives; i > 0; i--) {
		if (shard->life[i - 1].planned)
			planned = shard->life[i - 1].planned;
		shard->life[i - 1].planned = planned;
	}
}

void zcb_merge_number_lives(struct merge *merge)
{
	uint32_t last = 0;

	for (size_t i = 0; i < merge->n; i++)
		guess(&merge->shard[i]);
	for (uint32_t boot = 1; boot <= merge->shard[0].n_boots; boot++)
		for (size_t i = 0; i < merge->n; i++)
			for (size_t j = 0; j < merge->shard[i].n_lives; j++) {
				struct merge_life *life = &merge->shard[i].life[j];

				if (life->planned != boot)
					continue;
				last = last < boot ? boot : last + 1;
				life->becomes = last;
			}
}

uint32_t zcb_merge_life_becomes(const struct merge_shard *shard, uint32_t number)
{
	for (size_t i = 0; i < shard->n_lives; i++)
		if (shard->life[i].number == number)
			return shard->life[i].becomes;
	return number;
}
