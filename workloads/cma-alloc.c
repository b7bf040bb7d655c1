// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Allocates a whole area of CMA while pages of the guest's lie in it: what a camera or a display
 * driver does that wants much memory in one piece. The kernel lends such areas to movable pages, and
 * takes them back by moving those (alloc_contig_range() in mm/page_alloc.c).
 *
 * How pages get into it: what is freed goes to lists of the processor first, and from there to the next
 * who wants a movable page. So half of the area is allocated, and each time a few pages of it are freed and a
 * page of the guest's is moved to the area's node.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/area.h"

#define AREAS "/sys/kernel/debug/cma"
#define OFFERED 8

struct state {
	char folder[320]; /* of the area */
	struct zcb_area area;
	uint64_t ours; /* pages of the area that we have */
};

static int read_area(struct state *state, const char *name, uint64_t *ret_value)
{
	char path[384];

	snprintf(path, sizeof(path), "%s/%s", state->folder, name);
	return zcb_read_number(path, ret_value);
}

static int write_area(struct state *state, const char *name, uint64_t value)
{
	char path[384], text[32];

	snprintf(path, sizeof(path), "%s/%s", state->folder, name);
	snprintf(text, sizeof(text), "%" PRIu64, value);
	return zcb_write_text(path, text);
}

/* The first area that has pages. Returns 0 or -ENOENT. */
static int find_area(struct state *ret_state)
{
	ZCB_CLOSEDIR DIR *areas = opendir(AREAS);
	struct dirent *entry;

	while (areas && (entry = readdir(areas))) {
		if (*entry->d_name == '.')
			continue;
		*ret_state = (struct state){ 0 };
		snprintf(ret_state->folder, sizeof(ret_state->folder), AREAS "/%s", entry->d_name);
		if (read_area(ret_state, "base_pfn", &ret_state->area.first_pfn) ||
		    read_area(ret_state, "count", &ret_state->area.pages) || !ret_state->area.pages)
			continue;
		ret_state->area.node = zcb_node_of_frame(ret_state->area.first_pfn);
		return ret_state->area.node < 0 ? -ENOENT : 0;
	}
	return -ENOENT;
}

static int cma_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		     struct zcb_error *err)
{
	struct state state;
	int ret = zcb_two_nodes_check(err);

	if (ret)
		return ret;
	if (access(AREAS, F_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no " AREAS ": it needs CONFIG_DMA_CMA and "
				"CONFIG_CMA_DEBUGFS, as the kernel `variants` has (Debian's has neither)");
	if (find_area(&state))
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no area of CMA: boot it with cma=64M, as "
				"--target vm does");
	if (guest->memory == ZCB_MEMORY_HUGETLB)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: the lists of a processor hold no page of 2 MiB of "
				"an area, so that a huge page does not get into it when asked: run it on shmem");
	return zcb_move_check(params, guest, err);
}

static int take(struct state *state, uint64_t pages)
{
	int ret = write_area(state, "alloc", pages);

	state->ours += ret ? 0 : pages;
	return ret;
}

/* Of an allocation its first pages are freed first: each time others. */
static int give_back(struct state *state, uint64_t pages)
{
	int ret = pages ? write_area(state, "free", pages) : 0;

	state->ours -= ret ? 0 : pages;
	return ret;
}

static int offer(const struct zcb_area *area, void *opaque, struct zcb_error *err)
{
	struct state *state = opaque;
	int ret = 0;

	if (state->ours < OFFERED)
		ret = take(state, area->pages / 2);
	if (!ret)
		ret = give_back(state, OFFERED);
	return ret ? zcb_fail(err, ret, "kernel: allocating pages of %s: %s", state->folder,
			      strerror(-ret)) : 0;
}

/* One allocation of it all; `used` says from outside that it was so. */
static int clear(const struct zcb_area *area, void *opaque, zcb_ns *ret_start, zcb_ns *ret_took,
		 struct zcb_error *err)
{
	struct state *state = opaque;
	uint64_t start, used = 0;
	int ret = give_back(state, state->ours);

	start = zcb_now_ns();
	if (!ret)
		ret = take(state, area->pages);
	*ret_start = (zcb_ns){ start };
	*ret_took = (zcb_ns){ zcb_now_ns() - start };
	if (!ret)
		ret = read_area(state, "used", &used);
	if (ret || used != area->pages)
		return zcb_fail(err, ret ? ret : -EIO, "kernel: of %s all %" PRIu64 " pages were to be "
				"allocated, and %" PRIu64 " are in use: %s", state->folder, area->pages,
				used, strerror(ret ? -ret : EIO));
	return 0;
}

static const struct zcb_area_ops ops = { .offer = offer, .clear = clear };

static int cma_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
		       struct zcb_error *err)
{
	struct state *state = calloc(1, sizeof(*state));

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	victim->state = state;
	if (find_area(state))
		return zcb_fail(err, -EIO, "kernel: the area of CMA has gone");
	return zcb_area_bring_frame(&state->area, &ops, victim, state, err);
}

static int cma_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		      struct zcb_damage *damage, struct zcb_error *err)
{
	struct state *state = victim->state;

	return zcb_area_strike(&state->area, &ops, state, params, victim, damage, err);
}

static void cma_restore(struct zcb_victim *victim)
{
	struct state *state = victim->state;

	if (state)
		give_back(state, state->ours);
	free(state);
	victim->state = NULL;
}

const struct zcb_workload_ops zcb_workload_cma_alloc = {
	.name = "cma-alloc",
	.summary = "allocates a whole area of CMA that pages of the guest's lie in",
	.needs = "an area of CMA (CONFIG_DMA_CMA, cma=64M), CONFIG_CMA_DEBUGFS, two NUMA nodes",
	.effect = "pages that lie in the area are replaced by others; those of a udmabuf left it before",
	.event = ZCB_EVENT_MOVABLE,
	.check = cma_check,
	.prepare = cma_prepare,
	.strike = cma_strike,
	.restore = cma_restore,
};
