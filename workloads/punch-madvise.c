// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Punches the same holes with MADV_REMOVE, as who has a mapping and no descriptor must. It is this
 * process that maps, and not the VMM, so nothing but the file is shared.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bench/base/cleanup.h"
#include "workloads/holes.h"

struct whole_map {
	char *at;
	size_t bytes;
};

static void unmap(struct whole_map *map)
{
	if (map->at)
		munmap(map->at, map->bytes);
}

static int map_whole(int memfd, struct whole_map *ret_map, struct zcb_error *err)
{
	struct stat st;
	char *at;

	if (fstat(memfd, &st) < 0)
		return zcb_fail(err, -errno, "kernel: the size of the memfd: %m");
	at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, memfd, 0);
	if (at == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: mapping the memfd to be written, as MADV_REMOVE "
				"wants it: %m");
	*ret_map = (struct whole_map){ .at = at, .bytes = (size_t)st.st_size };
	return 0;
}

static int remove_pages(void *state, zcb_memfd_off at, uint64_t bytes)
{
	const struct whole_map *map = state;

	return madvise(map->at + at.off, bytes, MADV_REMOVE) < 0 ? -errno : 0;
}

static int madvise_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			  struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_CLEANUP(unmap) struct whole_map map = { 0 };
	const struct zcb_hole_way way = { .call = "MADV_REMOVE", .punch = remove_pages, .state = &map };
	int ret = map_whole(victim->memfd, &map, err);

	return ret ? ret : zcb_holes_strike(params, victim, &way, damage, err);
}

const struct zcb_workload_ops zcb_workload_punch_madvise = {
	.name = "punch-madvise",
	.summary = "punches holes through a mapping of the memfd, with MADV_REMOVE",
	.needs = "madvise(MADV_REMOVE)",
	.effect = "its pages leave the memfd; part of a huge page is zeroed in place",
	.event = ZCB_EVENT_FAULT,
	.check = zcb_holes_check,
	.prepare = zcb_holes_prepare,
	.strike = madvise_strike,
	.restore = zcb_holes_restore,
};
