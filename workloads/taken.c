// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/taken.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/aim.h"

struct taken {
	uint64_t given_ns;
	uint32_t n;
	uint32_t page[]; /* places in the frame */
};

int zcb_taken_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		    enum zcb_guest_device device, struct zcb_error *err)
{
	if (!guest->ops->give || !guest->ops->resize)
		return zcb_fail(err, -EOPNOTSUPP, "guest: the kind %s has no kernel that could give pages: "
				"say \"guests\":[\"linux\"]", guest->ops->name);
	if (guest->memory == ZCB_MEMORY_HUGETLB)
		return zcb_fail(err, -EOPNOTSUPP, "qemu: of huge pages it takes none where the guest gives "
				"4 KiB: say \"memory\":[\"shmem\"]");
	if (!(guest->devices & device))
		return zcb_fail(err, -EOPNOTSUPP, "guest: it was started without the device, as the plan's "
				"workload says which it needs: name this one by itself");
	if (params->refill != ZCB_REFILL_NONE || params->unit != ZCB_UNIT_PAGE)
		return zcb_fail(err, -EINVAL, "usage: the guest has its pages back before anybody else could "
				"refill them: say \"refill\":\"none\" and \"unit\":\"page\"");
	return zcb_aim_check(params, err);
}

static struct taken *choose(const struct zcb_workload_params *params, struct zcb_victim *victim)
{
	ZCB_FREE bool *wanted = calloc(victim->pages, sizeof(*wanted));
	ZCB_FREE bool *leads = calloc(victim->pages, sizeof(*leads));
	struct taken *taken = calloc(1, sizeof(*taken) + victim->pages * sizeof(taken->page[0]));

	if (!wanted || !leads || !taken) {
		free(taken);
		return NULL;
	}
	zcb_aim(params, victim, wanted, leads);
	for (uint32_t i = 0; i < victim->pages; i++)
		if (wanted[i])
			taken->page[taken->n++] = i;
	return taken;
}

int zcb_taken_give(const struct zcb_workload_params *params, struct zcb_victim *victim,
		   uint32_t *ret_pages, struct zcb_error *err)
{
	struct taken *taken = choose(params, victim);
	int ret;

	if (!taken)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	victim->state = taken;
	ret = victim->guest->ops->give(victim->guest, victim->frame, taken->page, taken->n, err);
	taken->given_ns = zcb_now_ns();
	*ret_pages = taken->n;
	return ret;
}

uint32_t zcb_taken_left(const struct zcb_victim *victim)
{
	const struct taken *taken = victim->state;
	uint32_t left = 0;

	for (uint32_t i = 0; i < taken->n; i++)
		left += !zcb_memfd_is_hole(victim->memfd, victim->page[taken->page[i]]);
	return left;
}

int zcb_taken_note(struct zcb_victim *victim, struct zcb_damage *damage, uint32_t left,
		   const char *culprit, struct zcb_error *err)
{
	const struct taken *taken = victim->state;
	uint64_t now = zcb_now_ns();

	if (left)
		return zcb_fail(err, -EIO, "%s: of %u pages that the guest gave, %u are still in the memfd",
				culprit, taken->n, left);
	victim->sample(victim->recorder, "vmm.take", victim->operation++, (zcb_ns){ taken->given_ns },
		       (zcb_ns){ now - taken->given_ns });
	for (uint32_t i = 0; i < taken->n; i++)
		damage->hit[taken->page[i]] = ZCB_HIT_HOLE;
	damage->punched += taken->n;
	damage->work += taken->n;
	return 0;
}

int zcb_taken_regain(struct zcb_victim *victim, struct zcb_error *err)
{
	const struct taken *taken = victim->state;

	return victim->guest->ops->regain(victim->guest, victim->frame, taken->page, taken->n, err);
}

void zcb_taken_restore(struct zcb_victim *victim)
{
	free(victim->state);
	victim->state = NULL;
}
