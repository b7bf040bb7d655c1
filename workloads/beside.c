// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/beside.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/guest/stamp.h"

const struct zcb_workload_ops *zcb_beside_under(const struct zcb_workload_params *params)
{
	return zcb_workload_find(*params->under ? params->under : "idle");
}

int zcb_beside_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		     struct zcb_error *err)
{
	const struct zcb_workload_ops *under = zcb_beside_under(params);

	if (under->event == ZCB_EVENT_UNDER || under->event == ZCB_EVENT_MIX)
		return zcb_fail(err, -EINVAL, "usage: the plan's \"under\" cannot be \"%s\": that is a "
				"load, too, or a mix", params->under);
	if (under->plugged)
		return zcb_fail(err, -EINVAL, "usage: the plan's \"under\" cannot be \"%s\": its frame is of "
				"memory of its own", params->under);
	return under->check(params, guest, err);
}

int zcb_beside_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
		       struct zcb_error *err)
{
	const struct zcb_workload_ops *under = zcb_beside_under(params);

	return under->prepare ? under->prepare(params, victim, err) : 0;
}

int zcb_beside_give_back(const struct zcb_workload_params *params, struct zcb_victim *victim,
			 struct zcb_error *err)
{
	const struct zcb_workload_ops *under = zcb_beside_under(params);

	return under->give_back ? under->give_back(params, victim, err) : 0;
}

void zcb_beside_restore(struct zcb_victim *victim)
{
	const struct zcb_workload_ops *under = zcb_beside_under(victim->params);

	if (under->restore)
		under->restore(victim);
}

int zcb_beside_open(const struct zcb_workload_params *params, struct zcb_victim *victim,
		    struct zcb_beside *ret_beside, struct zcb_error *err)
{
	struct zcb_beside beside = { .under = zcb_beside_under(params), .guest = victim->guest,
				     .frame = victim->frame + 1, .pages = victim->pages,
				     .key = zcb_random_next(victim->random),
				     .page = calloc(victim->pages, sizeof(*beside.page)) };
	struct zcb_frame_request request = { .frame = beside.frame, .pages = beside.pages,
					     .seed = zcb_random_next(victim->random),
					     .key = beside.key };
	int ret;

	if (!beside.page)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	ret = beside.guest->ops->alloc(beside.guest, &request, beside.page, err);
	if (ret)
		free(beside.page);
	else
		*ret_beside = beside;
	return ret;
}

int zcb_beside_prove(const struct zcb_beside *beside, uint64_t sequence, struct zcb_error *err)
{
	char seen[ZCB_STAMP_PAGE_SIZE], drawn[ZCB_STAMP_PAGE_SIZE];

	for (uint32_t i = 0; i < beside->pages; i++) {
		int ret = zcb_memfd_read(beside->guest->memfd, beside->page[i], seen, sizeof(seen));

		if (ret)
			return zcb_fail(err, ret, "kernel: reading a page of the second frame: %s",
					strerror(-ret));
		zcb_stamp_fill(drawn, beside->key, sequence, (uint16_t)beside->frame, i);
		if (memcmp(seen, drawn, sizeof(seen)) != 0)
			return zcb_fail(err, -EIO, "guest: it drew sequence %" PRIu64 " of its second frame, "
					"and page %u of that is not so in its RAM", sequence, i);
	}
	return 0;
}

void zcb_beside_close(struct zcb_beside *beside)
{
	if (beside->page)
		beside->guest->ops->release(beside->guest, beside->frame, NULL);
	free(beside->page);
	beside->page = NULL;
}
