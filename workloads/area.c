// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/area.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/aim.h"

#define PAGE 4096U
#define BYSTANDERS 8
#define TRIES 8

/* What the strike works with. */
struct strike {
	const struct zcb_area *area;
	const struct zcb_area_ops *ops;
	void *state;
	struct zcb_victim *victim;
};

static int block_bytes(uint64_t *ret_bytes)
{
	ZCB_FREE char *text = NULL;
	int ret = zcb_read_file(AT_FDCWD, "/sys/devices/system/memory/block_size_bytes", 64, &text, NULL);

	if (!ret)
		*ret_bytes = strtoull(text, NULL, 16);
	return ret;
}

int zcb_node_of_frame(uint64_t pfn)
{
	uint64_t bytes;
	char path[96];

	if (block_bytes(&bytes) || !bytes)
		return -ENOENT;
	for (int node = 0; node < 2; node++) {
		snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%" PRIu64 "/node%d",
			 pfn * PAGE / bytes, node);
		if (!access(path, F_OK))
			return node;
	}
	return -ENOENT;
}

static bool is_in(const struct zcb_area *area, uint64_t pfn)
{
	return pfn >= area->first_pfn && pfn - area->first_pfn < area->pages;
}

static int look(const struct strike *s, zcb_memfd_off offset, bool *ret_in, struct zcb_error *err)
{
	uint64_t pfn;
	int ret = zcb_memfd_frame(s->victim->memfd, s->victim->memory, offset, &pfn, err);

	if (!ret)
		*ret_in = is_in(s->area, pfn);
	return ret;
}

/* To the other node first: within a node move_pages() has nothing to do. */
static int bring_once(const struct strike *s, const struct zcb_mapped_page *page,
		      struct zcb_error *err)
{
	int ret = 0;

	if (zcb_page_node(page) == s->area->node)
		ret = zcb_page_to_node(page, zcb_other_node(s->area->node), err);
	if (!ret && s->ops->offer)
		ret = s->ops->offer(s->area, s->state, err);
	return ret ? ret : zcb_page_to_node(page, s->area->node, err);
}

/* Once is enough to see whether somebody holds it. */
static int bring(const struct strike *s, zcb_memfd_off offset, int tries, bool *ret_in,
		 struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_page_unmap) struct zcb_mapped_page page = { 0 };
	int ret = zcb_map_page(s->victim->memfd, s->victim->memory, offset, &page, err);

	if (!ret)
		ret = look(s, offset, ret_in, err);
	for (int i = 0; i < tries && !ret && !*ret_in; i++) {
		ret = bring_once(s, &page, err);
		if (!ret)
			ret = look(s, offset, ret_in, err);
	}
	return ret;
}

/* What a processor is given comes from lists of its own: it must be the same all along. */
static void stay_here(cpu_set_t *ret_before)
{
	cpu_set_t here;

	sched_getaffinity(0, sizeof(*ret_before), ret_before);
	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
}

static int bring_all(const struct strike *s, const zcb_memfd_off *page, uint32_t n,
		     struct zcb_error *err)
{
	uint32_t there = 0;
	bool in;
	int ret = 0;

	for (uint32_t i = 0; i < n && !ret; i++)
		ret = bring(s, page[i], TRIES, &in, err);
	/* All at last, since what brought the later ones may have taken an earlier one away. */
	for (uint32_t i = 0; i < n && !ret; i++) {
		ret = look(s, page[i], &in, err);
		there += !ret && in;
	}
	if (!ret && there != n)
		return zcb_fail(err, -EIO, "kernel: of %u pages that nobody holds, %u were given a page of the "
				"area of %" PRIu64 " pages at page frame %#" PRIx64 ": is it full?", n, there,
				s->area->pages, s->area->first_pfn);
	return ret;
}

int zcb_area_bring_frame(const struct zcb_area *area, const struct zcb_area_ops *ops,
			 struct zcb_victim *victim, void *state, struct zcb_error *err)
{
	const struct strike s = { .area = area, .ops = ops, .state = state, .victim = victim };
	cpu_set_t before;
	int ret;

	stay_here(&before);
	ret = bring_all(&s, victim->page, victim->pages, err);
	sched_setaffinity(0, sizeof(before), &before);
	return ret;
}

static int expect_frame_outside(const struct strike *s, struct zcb_error *err)
{
	for (uint32_t i = 0; i < s->victim->pages; i++) {
		bool in = false;
		int ret = look(s, s->victim->page[i], &in, err);

		if (ret)
			return ret;
		if (in)
			return zcb_fail(err, -EIO, "kernel: a udmabuf was made of page %u of the frame, and left "
					"it in memory that must stay movable", i);
	}
	return 0;
}

static int find_bystanders(const struct zcb_victim *victim, zcb_memfd_off *ret_page, uint32_t *ret_n,
			   struct zcb_error *err)
{
	uint64_t size = zcb_memory_page_size(victim->memory);
	zcb_memfd_off from = { 0 };
	uint32_t n = 0;

	while (n < BYSTANDERS && !zcb_bystander_find(victim, from, &ret_page[n])) {
		from.off = ret_page[n].off / size * size + size;
		n++;
	}
	*ret_n = n;
	return n ? 0 : zcb_fail(err, -EIO, "guest: it has no page of RAM beside the frame");
}

static int bring_wanted(const struct strike *s, const bool *leads, bool *ret_in,
			struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < s->victim->pages && !ret; i++)
		if (leads[i])
			ret = bring(s, s->victim->page[i], 2, &ret_in[i], err);
	for (uint32_t i = 0; i < s->victim->pages && !ret; i++)
		if (leads[i])
			ret = look(s, s->victim->page[i], &ret_in[i], err);
	return ret;
}

static int clear(const struct strike *s, struct zcb_error *err)
{
	zcb_ns start, took;
	int ret = s->ops->clear(s->area, s->state, &start, &took, err);

	if (!ret)
		s->victim->sample(s->victim->recorder, "clear", s->victim->operation++, start, took);
	return ret;
}

static int expect_outside(const struct strike *s, zcb_memfd_off page, struct zcb_error *err)
{
	bool in = false;
	int ret = look(s, page, &in, err);

	if (!ret && in)
		return zcb_fail(err, -EIO, "kernel: an area of %" PRIu64 " pages was cleared, and a page of the "
				"guest's is still in it", s->area->pages);
	return ret;
}

static int prove(const struct strike *s, const zcb_memfd_off *bystander, uint32_t n,
		 const bool *wanted, const bool *in, struct zcb_damage *damage, struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < n && !ret; i++)
		ret = expect_outside(s, bystander[i], err);
	for (uint32_t i = 0; i < s->victim->pages && !ret; i++) {
		if (!in[i])
			continue;
		ret = expect_outside(s, s->victim->page[i], err);
		if (!ret)
			zcb_note_move(s->victim, damage, wanted, i, true);
	}
	if (!ret)
		damage->work += n;
	return ret;
}

static int strike_here(const struct strike *s, const struct zcb_workload_params *params,
		       struct zcb_damage *damage, struct zcb_error *err)
{
	uint32_t pages = s->victim->pages, n = 0;
	ZCB_FREE bool *wanted = calloc(pages, sizeof(*wanted));
	ZCB_FREE bool *leads = calloc(pages, sizeof(*leads));
	ZCB_FREE bool *in = calloc(pages, sizeof(*in));
	zcb_memfd_off bystander[BYSTANDERS];
	int ret;

	if (!wanted || !leads || !in)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	zcb_aim(params, s->victim, wanted, leads);
	ret = expect_frame_outside(s, err);
	if (!ret)
		ret = find_bystanders(s->victim, bystander, &n, err);
	if (!ret)
		ret = bring_all(s, bystander, n, err);
	if (!ret)
		ret = bring_wanted(s, leads, in, err);
	if (!ret)
		ret = clear(s, err);
	return ret ? ret : prove(s, bystander, n, wanted, in, damage, err);
}

int zcb_area_strike(const struct zcb_area *area, const struct zcb_area_ops *ops, void *state,
		    const struct zcb_workload_params *params, struct zcb_victim *victim,
		    struct zcb_damage *damage, struct zcb_error *err)
{
	const struct strike s = { .area = area, .ops = ops, .state = state, .victim = victim };
	cpu_set_t before;
	int ret;

	stay_here(&before);
	ret = strike_here(&s, params, damage, err);
	sched_setaffinity(0, sizeof(before), &before);
	return ret;
}
