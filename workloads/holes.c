// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holes in the guest's memfd under the frame, however they are punched, and their proof.
 *
 * What a hole is, the memory decides. Shmem and whole huge pages leave the memfd: the next access
 * finds a new page. A 4 KiB hole in a huge page is zeroed in place (hugetlbfs_zero_partial_page in
 * fs/hugetlbfs/inode.c), and the page stays.
 */
#include "workloads/holes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/aim.h"

#define PAGE 4096U
#define HUGE (2U << 20)

int zcb_holes_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		    struct zcb_error *err)
{
	return zcb_aim_check(params, err);
}

static int punch_one(struct zcb_victim *victim, const struct zcb_hole_way *way, zcb_memfd_off at,
		     uint64_t bytes, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	int ret = way->punch(way->state, at, bytes);
	uint64_t end = zcb_now_ns();

	if (ret)
		return zcb_fail(err, ret, "kernel: punching %" PRIu64 " bytes at %#" PRIx64
				" with %s: %s", bytes, at.off, way->call, strerror(-ret));
	victim->sample(victim->recorder, "punch", victim->operation++, (zcb_ns){ start },
		       (zcb_ns){ end - start });
	return 0;
}

static int punch_all(const struct zcb_workload_params *params, struct zcb_victim *victim,
		     const struct zcb_hole_way *way, const bool *leads, uint64_t *ret_calls,
		     struct zcb_error *err)
{
	uint64_t unit = params->unit == ZCB_UNIT_HUGE ? HUGE : PAGE;

	*ret_calls = 0;
	for (uint32_t i = 0; i < victim->pages; i++) {
		zcb_memfd_off at = { victim->page[i].off / unit * unit };
		int ret = leads[i] ? punch_one(victim, way, at, unit, err) : 0;

		if (ret)
			return ret;
		*ret_calls += leads[i];
	}
	return 0;
}

/* What can be seen of a hugetlb memfd from outside the calls that change it. */
struct pool {
	uint64_t allocated; /* bytes of the memfd, by st_blocks */
	uint64_t free;      /* huge pages */
};

static int look(const struct zcb_victim *victim, struct pool *ret_pool, struct zcb_error *err)
{
	int ret;

	if (victim->memory != ZCB_MEMORY_HUGETLB)
		return 0;
	ret = zcb_memfd_allocated(victim->memfd, &ret_pool->allocated);
	if (!ret)
		ret = zcb_hugetlb_free_pages(&ret_pool->free);
	return ret ? zcb_fail(err, ret, "kernel: the huge page pool: %s", strerror(-ret)) : 0;
}

/* Every page that was hit must read as zeros: the oldest definition of a hole. */
static int prove_zero(const struct zcb_victim *victim, const bool *wanted, struct zcb_error *err)
{
	static const char zeros[PAGE];
	char bytes[PAGE];

	for (uint32_t i = 0; i < victim->pages; i++) {
		int ret = wanted[i] ? zcb_memfd_read(victim->memfd, victim->page[i], bytes, PAGE) : 0;

		if (ret)
			return zcb_fail(err, ret, "kernel: reading a hole: %s", strerror(-ret));
		if (wanted[i] && memcmp(bytes, zeros, PAGE) != 0)
			return zcb_fail(err, -EIO, "kernel: page %u of the frame was punched and is "
					"not zero", i);
	}
	return 0;
}

/* Shmem says of each page whether it is there. */
static int prove_holes(const struct zcb_victim *victim, const bool *wanted, struct zcb_error *err)
{
	for (uint32_t i = 0; i < victim->pages; i++)
		if (wanted[i] && !zcb_memfd_is_hole(victim->memfd, victim->page[i]))
			return zcb_fail(err, -EIO, "kernel: page %u of the frame was punched and is "
					"still in the memfd", i);
	return 0;
}

/*
 * Hugetlbfs does not, but its memfd must have shrunk by just what was taken away: the guest's RAM
 * was allocated before, so that nothing else moves the figure.
 */
static int prove_size(const struct pool *before, const struct pool *after, uint64_t taken,
		      struct zcb_error *err)
{
	if (before->allocated - after->allocated == taken)
		return 0;
	return zcb_fail(err, -EIO, "kernel: %" PRIu64 " bytes were punched and the memfd went from %"
			PRIu64 " to %" PRIu64 " bytes", taken, before->allocated, after->allocated);
}

static void count(struct zcb_damage *damage, const struct zcb_victim *victim, const bool *wanted,
		  bool in_place)
{
	for (uint32_t i = 0; i < victim->pages; i++) {
		if (wanted[i])
			damage->hit[i] = in_place ? ZCB_HIT_ZEROED : ZCB_HIT_HOLE;
		damage->punched += wanted[i];
		damage->work += wanted[i];
	}
}

int zcb_holes_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		     const struct zcb_hole_way *way, struct zcb_damage *damage,
		     struct zcb_error *err)
{
	bool huge_memory = victim->memory == ZCB_MEMORY_HUGETLB;
	bool in_place = huge_memory && params->unit == ZCB_UNIT_PAGE;
	ZCB_FREE bool *wanted = calloc(victim->pages, sizeof(*wanted));
	ZCB_FREE bool *leads = calloc(victim->pages, sizeof(*leads));
	struct pool before = { 0 }, after = { 0 };
	uint64_t calls, taken;
	int ret;

	if (!wanted || !leads)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	zcb_aim(params, victim, wanted, leads);
	ret = look(victim, &before, err);
	if (!ret)
		ret = punch_all(params, victim, way, leads, &calls, err);
	if (!ret)
		ret = look(victim, &after, err);
	if (ret)
		return ret;
	taken = huge_memory && !in_place ? calls * HUGE : 0;
	ret = huge_memory ? prove_size(&before, &after, taken, err) : prove_holes(victim, wanted, err);
	if (!ret)
		ret = prove_zero(victim, wanted, err);
	if (ret)
		return ret;
	count(damage, victim, wanted, in_place);
	damage->pages_held += taken / HUGE - (after.free - before.free);
	return 0;
}
