// SPDX-License-Identifier: GPL-2.0-or-later
/* The pages that the workload hit in this round: their operations, and what became of them. */
#include "bench/executor/hits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

bool zcb_hits_any(const struct zcb_running *run)
{
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (run->damage.hit[i])
			return true;
	return false;
}

void zcb_hits_number(struct zcb_running *run)
{
	uint64_t operation = 0;

	for (uint32_t i = 0; i < run->spec.pages; i++) {
		if (!run->damage.hit[i] || run->victim.struck_by[i])
			continue;
		if (!operation)
			operation = run->victim.operation++;
		run->victim.struck_by[i] = operation;
	}
}

uint64_t zcb_hits_first(struct zcb_running *run)
{
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (run->damage.hit[i])
			return run->victim.struck_by[i];
	return run->victim.operation++;
}

/* Hugetlb has one page, and one fault, for many pages of the frame: the first of them pays. */
static bool is_first_of_its_page(const struct zcb_running *run, uint32_t page)
{
	uint64_t size = zcb_memory_page_size(run->guest->memory), at = run->page[page].off / size;

	for (uint32_t i = size > 4096 ? page : 0; i > 0; i--)
		if (run->page[i - 1].off / size == at)
			return false;
	return true;
}

int zcb_hits_note_touches(struct zcb_running *run, struct zcb_error *err)
{
	zcb_ns at = { zcb_now_ns() };
	ZCB_FREE zcb_ns *took = NULL;
	int ret;

	if (!run->guest->ops->touch_times || !zcb_hits_any(run))
		return 0;
	took = calloc(run->spec.pages, sizeof(*took));
	if (!took)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for times of touches");
	ret = ZCB_METERED(&run->meter, run->guest->ops->touch_times(run->guest, run->frame, run->spec.pages,
								    took, err));
	if (ret)
		return ret == -EOPNOTSUPP ? 0 : ret;
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (run->damage.hit[i] && is_first_of_its_page(run, i))
			zcb_running_sample(&run->recorder, "fault.guest", run->victim.struck_by[i], at,
					   took[i]);
	return 0;
}

static int not_refilled(const struct zcb_running *run, uint32_t page, const char *bytes,
			struct zcb_error *err)
{
	struct zcb_page_verdict verdict;

	zcb_page_judge(&run->spec, run->spec.published, page, bytes, &verdict);
	return zcb_fail(err, -EIO, "guest: it drew over the hole at page %u, and its RAM is %s there", page,
			zcb_verdict_name(verdict.verdict));
}

int zcb_hits_prove_refill(struct zcb_running *run, struct zcb_error *err)
{
	char bytes[4096];

	for (uint32_t i = 0; i < run->spec.pages; i++) {
		int ret;

		if (!zcb_hit_clears(run->damage.hit[i]))
			continue;
		ret = zcb_memfd_read(run->guest->memfd, run->page[i], bytes, sizeof(bytes));
		if (ret)
			return zcb_fail(err, ret, "kernel: reading a refilled page: %s",
					strerror(-ret));
		if (!zcb_page_is_fresh(&run->spec, run->spec.published, i, bytes))
			return not_refilled(run, i, bytes, err);
		run->refilled++;
	}
	return 0;
}
