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
#include "workloads/pace.h"
#include "workloads/pages.h"
#include "workloads/thp.h"

#define PAGE 4096U
#define HUGE (2U << 20)

int zcb_holes_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		    struct zcb_error *err)
{
	int ret = params->backing == ZCB_BACKING_THP ? zcb_thp_check(guest, err) : 0;

	return ret ? ret : zcb_aim_check(params, err);
}

/* What restore() is to split again; the state is nothing but a mark. */
static char collapsed;

int zcb_holes_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
		      struct zcb_error *err)
{
	if (params->backing != ZCB_BACKING_THP)
		return 0;
	victim->state = &collapsed;
	return zcb_thp_prepare(victim, err);
}

void zcb_holes_restore(struct zcb_victim *victim)
{
	if (victim->state == &collapsed)
		zcb_thp_restore(victim);
	victim->state = NULL;
}

static int punch_one(struct zcb_victim *victim, const struct zcb_hole_way *way, struct zcb_pace *pace,
		     zcb_memfd_off at, uint64_t bytes, struct zcb_error *err)
{
	zcb_ns intended = zcb_pace_wait(pace);
	uint64_t start = pace->rate ? zcb_now_ns() : intended.ns;
	int ret = way->punch(way->state, at, bytes);
	uint64_t end = zcb_now_ns();

	if (ret)
		return zcb_fail(err, ret, "kernel: punching %" PRIu64 " bytes at %#" PRIx64
				" with %s: %s", bytes, at.off, way->call, strerror(-ret));
	zcb_victim_struck(victim, at, bytes, victim->operation);
	zcb_pace_sample(pace, victim, "punch", intended, start, end);
	return 0;
}

static int punch_all(const struct zcb_workload_params *params, struct zcb_victim *victim,
		     const struct zcb_hole_way *way, const bool *leads, uint64_t *ret_calls,
		     struct zcb_error *err)
{
	uint64_t unit = params->unit == ZCB_UNIT_HUGE ? HUGE : PAGE;
	struct zcb_pace pace;

	zcb_pace_start(&pace, params);
	*ret_calls = 0;
	for (uint32_t i = 0; i < victim->pages; i++) {
		zcb_memfd_off at = { victim->page[i].off / unit * unit };
		int ret = leads[i] ? punch_one(victim, way, &pace, at, unit, err) : 0;

		if (ret)
			return ret;
		*ret_calls += leads[i];
	}
	return 0;
}

/* Which pages are hit, which of them lead a call, and which were zeroed where they are. */
struct plan {
	bool *wanted, *leads, *zeroed;
	zcb_page_number *page; /* where those in huge pages of shmem lay before */
};

static void free_plan(struct plan *plan)
{
	free(plan->wanted);
	free(plan->page);
}

static int make_plan(const struct zcb_workload_params *params, struct zcb_victim *victim,
		     struct plan *ret_plan)
{
	ZCB_FREE bool *all = calloc(victim->pages, 3 * sizeof(*all));
	zcb_page_number *page = calloc(victim->pages, sizeof(*page));

	if (!all || !page) {
		free(page);
		return -ENOMEM;
	}
	*ret_plan = (struct plan){ .wanted = all, .leads = all + victim->pages,
				   .zeroed = all + 2 * victim->pages, .page = page };
	zcb_aim(params, victim, zcb_steal_ptr(&all), ret_plan->leads);
	return 0;
}

/* Whether the holes are smaller than the transparent huge pages they are in. */
static bool in_thp(const struct zcb_workload_params *params)
{
	return params->backing == ZCB_BACKING_THP && params->unit == ZCB_UNIT_PAGE;
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

/* Which page of memory page i of the frame is, and whether it is in a huge one. */
static int page_of(const struct zcb_victim *victim, uint32_t i, zcb_page_number *ret_page,
		   bool *ret_huge, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_block_unmap) struct zcb_block block = { 0 };
	int ret = zcb_block_map(victim->memfd, victim->page[i], &block, err);

	if (!ret)
		ret = zcb_block_is_huge(&block, victim->page[i], ret_huge, err);
	return ret ? ret : zcb_page_at(block.at + victim->page[i].off % HUGE, ret_page, err);
}

/* Where the pages that will be hit lie: all in huge pages, or the cell is about something else. */
static int note_huge(const struct zcb_victim *victim, const struct plan *plan, struct zcb_error *err)
{
	for (uint32_t i = 0; i < victim->pages; i++) {
		bool huge = false;
		int ret = plan->wanted[i] ? page_of(victim, i, &plan->page[i], &huge, err) : 0;

		if (ret)
			return ret;
		if (plan->wanted[i] && !huge)
			return zcb_fail(err, -EIO, "kernel: page %u of the frame is in no huge page before the "
					"punch", i);
	}
	return 0;
}

/*
 * In a huge page of shmem that somebody holds a hole is zeroed, since the page cannot be split to lose
 * a part; in one that can be, it is a hole as any other. Where the memfd still has a page it must be
 * the one that it was, be it in a huge page still or not: the next hole may have split that.
 */
static int find_thp_holes(const struct zcb_victim *victim, const struct plan *plan,
			  struct zcb_error *err)
{
	for (uint32_t i = 0; i < victim->pages; i++) {
		zcb_page_number page;
		bool huge;
		int ret;

		if (!plan->wanted[i] || zcb_memfd_is_hole(victim->memfd, victim->page[i]))
			continue;
		plan->zeroed[i] = true;
		ret = page_of(victim, i, &page, &huge, err);
		if (ret)
			return ret;
		if (page.n != plan->page[i].n)
			return zcb_fail(err, -EIO, "kernel: page %u of the frame was punched, is no hole, and "
					"lies in another page of memory (%#" PRIx64 ", then %#" PRIx64 ")", i,
					plan->page[i].n, page.n);
	}
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
		  const bool *zeroed)
{
	for (uint32_t i = 0; i < victim->pages; i++) {
		if (wanted[i])
			damage->hit[i] = zeroed[i] ? ZCB_HIT_ZEROED : ZCB_HIT_HOLE;
		damage->punched += wanted[i];
		damage->work += wanted[i];
	}
}

/* By memory; and every page that was hit reads as zeros. */
static int prove(const struct zcb_workload_params *params, struct zcb_victim *victim,
		 const struct plan *plan, const struct pool *before, const struct pool *after,
		 uint64_t taken, struct zcb_error *err)
{
	int ret;

	if (victim->memory == ZCB_MEMORY_HUGETLB) {
		memset(plan->zeroed, params->unit == ZCB_UNIT_PAGE, victim->pages * sizeof(bool));
		ret = prove_size(before, after, taken, err);
	} else if (in_thp(params)) {
		ret = find_thp_holes(victim, plan, err);
	} else {
		ret = prove_holes(victim, plan->wanted, err);
	}
	return ret ? ret : prove_zero(victim, plan->wanted, err);
}

int zcb_holes_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		     const struct zcb_hole_way *way, struct zcb_damage *damage,
		     struct zcb_error *err)
{
	bool leaves_pool = victim->memory == ZCB_MEMORY_HUGETLB && params->unit == ZCB_UNIT_HUGE;
	ZCB_CLEANUP(free_plan) struct plan plan = { 0 };
	struct pool before = { 0 }, after = { 0 };
	uint64_t calls = 0, taken;
	int ret = make_plan(params, victim, &plan);

	if (ret)
		return zcb_fail(err, ret, "host set-up: no memory for a list of pages");
	ret = in_thp(params) ? note_huge(victim, &plan, err) : look(victim, &before, err);
	if (!ret)
		ret = punch_all(params, victim, way, plan.leads, &calls, err);
	if (!ret)
		ret = look(victim, &after, err);
	taken = leaves_pool ? calls * HUGE : 0;
	if (!ret)
		ret = prove(params, victim, &plan, &before, &after, taken, err);
	if (ret)
		return ret;
	count(damage, victim, plan.wanted, plan.zeroed);
	damage->pages_held += taken / HUGE - (after.free - before.free);
	return 0;
}
