// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Compacts a node while the frame's pages lie among others, low in it: what the kernel does when
 * somebody wants a huge page. Compaction takes movable pages from the bottom of a zone and puts them into
 * free pages from the top (compact_zone() in mm/compaction.c), but not into blocks that are free
 * altogether (suitable_migration_target()). prepare() makes a node like that:
 *
 *   before   [ … |     pages of ours, as many as it takes     |  free  ]
 *   after    [ … | f d f d f d … | d . . . d . . . d . . . d … |  free  ]
 *
 * f is a page of the frame, d a page of ours that stays where it is (a decoy), a dot a hole. Pages go
 * just there by way of the lists of the processor: what it freed last it gets first. The frame is
 * drawn and exported only then, so that its pages are held where they are, or are not.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/move.h"

#define PAGE 4096U
#define NODE_BITS (8 * sizeof(unsigned long))
#define PAGEMAP_FRAME ((1ULL << 55) - 1)
/*
 * Of four pages above the frame's one stays, an odd one: where the free scanner has found nothing for
 * some blocks it looks at each 32nd page alone (stride in isolate_freepages()), and those must be holes.
 */
#define KEEP 4
#define KEPT 3
/*
 * A processor may keep an eighth of a zone in lists of its own (zone_highsize() in mm/page_alloc.c), where
 * compaction finds no holes. With any fraction that is small it is a few hundred pages.
 */
#define FRACTION "/proc/sys/vm/percpu_pagelist_high_fraction"
#define SMALL_FRACTION 100000
#define TRIES 3

/* A page of ours. */
struct own {
	char *at;
	uint64_t pfn;
};

struct state {
	int node;
	uint64_t fraction;
	bool small; /* the fraction is ours */
	char *map;
	struct own *own; /* in the order of page frames */
	uint64_t n;
	uint64_t low; /* so many of them are where the frame is to be; every other one is a decoy */
};

static int compact_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			 struct zcb_error *err)
{
	int ret = zcb_two_nodes_check(err);

	if (ret)
		return ret;
	if (access("/sys/devices/system/node/node0/compact", F_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no /sys/devices/system/node/node0/compact: "
				"it needs CONFIG_COMPACTION");
	if (guest->memory == ZCB_MEMORY_HUGETLB)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: compaction leaves huge pages where they are, since "
				"they are what it is to make room for: run it on shmem");
	if (params->pattern != ZCB_PATTERN_FRAME)
		return zcb_fail(err, -EINVAL, "usage: compaction chooses no pages: say \"pattern\":\"frame\"");
	return 0;
}

/* A figure of a node in pages, from its meminfo, or 0. */
static uint64_t node_pages(int node, const char *name)
{
	ZCB_FREE char *text = NULL;
	char path[64], *at;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	if (zcb_read_file(AT_FDCWD, path, 16384, &text, NULL) || !(at = strstr(text, name)))
		return 0;
	return strtoull(at + strlen(name), NULL, 10) / 4;
}

/*
 * As many pages as have holes enough for all that lies below, which is less than all that is used: two
 * and a half times that.
 */
static int choose_size(struct state *state, uint32_t frame, struct zcb_error *err)
{
	uint64_t free_pages, used;

	state->node = node_pages(0, "MemFree:") > node_pages(1, "MemFree:") ? 0 : 1;
	free_pages = node_pages(state->node, "MemFree:");
	used = node_pages(state->node, "MemTotal:") - free_pages;
	state->low = 2ULL * frame + 64;
	state->n = used * 5 / 2 + 4 * state->low;
	if (state->n > free_pages / 10 * 9)
		state->n = free_pages / 10 * 9;
	if (free_pages && state->n * (KEEP - 1) / KEEP > used + state->low)
		return 0;
	return zcb_fail(err, -EOPNOTSUPP, "kernel: %" PRIu64 " pages of node %d are in use and %" PRIu64 " are "
			"free, which is too few to move the others into: give the host more with --ram",
			used, state->node, free_pages);
}

static int set_fraction(uint64_t fraction)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, fraction);
	return zcb_write_text(FRACTION, text);
}

static int keep_lists_small(struct state *state, struct zcb_error *err)
{
	int ret = zcb_read_number(FRACTION, &state->fraction);

	if (!ret)
		ret = set_fraction(SMALL_FRACTION);
	state->small = ret == 0;
	return ret ? zcb_fail(err, ret, "kernel: " FRACTION ": %s", strerror(-ret)) : 0;
}

static int by_frame(const void *a, const void *b)
{
	const struct own *x = a, *y = b;

	return (x->pfn > y->pfn) - (x->pfn < y->pfn);
}

static int read_frames(struct state *state)
{
	ZCB_CLOSE int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ZCB_FREE uint64_t *entry = calloc(state->n, sizeof(*entry));
	ssize_t bytes = (ssize_t)(state->n * sizeof(*entry));

	state->own = calloc(state->n, sizeof(*state->own));
	if (!entry || !state->own)
		return -ENOMEM;
	if (fd < 0 || pread(fd, entry, (size_t)bytes, (off_t)((uintptr_t)state->map / PAGE *
							      sizeof(*entry))) != bytes)
		return -EIO;
	for (uint64_t i = 0; i < state->n; i++)
		state->own[i] = (struct own){ state->map + i * PAGE, entry[i] & PAGEMAP_FRAME };
	qsort(state->own, state->n, sizeof(*state->own), by_frame);
	return state->own[0].pfn ? 0 : -EPERM;
}

static int fill(struct state *state, struct zcb_error *err)
{
	unsigned long nodes = 1UL << state->node;
	size_t bytes = state->n * PAGE;
	int ret = 0;

	state->map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (state->map == MAP_FAILED) {
		state->map = NULL;
		return zcb_fail(err, -errno, "host set-up: mapping %zu bytes: %m", bytes);
	}
	if (syscall(SYS_mbind, state->map, bytes, MPOL_BIND, &nodes, NODE_BITS, 0U) < 0 ||
	    (madvise(state->map, bytes, MADV_NOHUGEPAGE) < 0 && errno != EINVAL) ||
	    madvise(state->map, bytes, MADV_POPULATE_WRITE) < 0)
		ret = -errno;
	if (!ret)
		ret = read_frames(state);
	return ret ? zcb_fail(err, ret, "kernel: filling node %d with %" PRIu64 " pages: %s", state->node,
			      state->n, strerror(-ret)) : 0;
}

static int give_up(const struct own *own)
{
	return madvise(own->at, PAGE, MADV_DONTNEED) < 0 ? -errno : 0;
}

/* Frees the next page of ours that is not to be a decoy, until the page has got one of those. */
static int place(struct state *state, struct zcb_victim *victim, zcb_memfd_off offset, uint64_t *next,
		 struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_page_unmap) struct zcb_mapped_page page = { 0 };
	uint64_t pfn = UINT64_MAX, limit = state->own[state->low].pfn;
	int ret = zcb_map_page(victim->memfd, victim->memory, offset, &page, err);

	for (; !ret && pfn >= limit && *next < state->low; *next += 2) {
		ret = zcb_page_to_node(&page, zcb_other_node(state->node), err);
		if (!ret)
			ret = give_up(&state->own[*next]);
		if (!ret)
			ret = zcb_page_to_node(&page, state->node, err);
		(void)*(volatile char *)page.at;
		if (!ret)
			ret = zcb_page_frame(page.at, &pfn);
	}
	if (!ret && pfn >= limit)
		return zcb_fail(err, -EIO, "kernel: the frame's pages do not go where pages were freed");
	return ret;
}

static int place_frame(struct state *state, struct zcb_victim *victim, struct zcb_error *err)
{
	uint64_t next = 0;
	int ret = 0;

	for (uint32_t i = 0; i < victim->pages && !ret; i++)
		ret = place(state, victim, victim->page[i], &next, err);
	return ret;
}

static int make_holes(struct state *state)
{
	int ret = 0;

	for (uint64_t i = state->low; i < state->n && !ret; i++)
		ret = state->own[i].pfn % KEEP != KEPT ? give_up(&state->own[i]) : 0;
	return ret;
}

static int compact_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
			   struct zcb_error *err)
{
	struct state *state = calloc(1, sizeof(*state));
	cpu_set_t before, here;
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	victim->state = state;
	sched_getaffinity(0, sizeof(before), &before);
	CPU_ZERO(&here);
	CPU_SET((size_t)sched_getcpu(), &here);
	sched_setaffinity(0, sizeof(here), &here);
	ret = choose_size(state, victim->pages, err);
	if (!ret)
		ret = keep_lists_small(state, err);
	if (!ret)
		ret = fill(state, err);
	if (!ret)
		ret = place_frame(state, victim, err);
	if (!ret && (ret = make_holes(state)))
		zcb_fail(err, ret, "kernel: MADV_DONTNEED: %s", strerror(-ret));
	sched_setaffinity(0, sizeof(before), &before);
	return ret;
}

static int compact(const struct state *state, struct zcb_victim *victim, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/compact", state->node);
	ret = zcb_write_text(path, "1");
	victim->sample(victim->recorder, "compact", victim->operation++, (zcb_ns){ start },
		       (zcb_ns){ zcb_now_ns() - start });
	return ret ? zcb_fail(err, ret, "kernel: %s: %s", path, strerror(-ret)) : 0;
}

/* Pages of ours that nobody holds, between the frame's: had they stayed, nothing was tried. */
static int count_decoys(const struct state *state, uint64_t *ret_moved, uint64_t *ret_all)
{
	*ret_moved = *ret_all = 0;
	for (uint64_t i = 1; i < state->low; i += 2) {
		uint64_t pfn;
		int ret = zcb_page_frame(state->own[i].at, &pfn);

		if (ret)
			return ret;
		*ret_moved += pfn != state->own[i].pfn;
		*ret_all += 1;
	}
	return 0;
}

/* Where one request did not come to all of them there is another, as of one in need. */
static int compact_all(const struct state *state, struct zcb_victim *victim, struct zcb_error *err)
{
	uint64_t moved = 0, all = 1;
	int ret = 0;

	for (int i = 0; i < TRIES && !ret && moved < all; i++) {
		ret = compact(state, victim, err);
		if (!ret && (ret = count_decoys(state, &moved, &all)))
			zcb_fail(err, ret, "kernel: /proc/self/pagemap: %s", strerror(-ret));
	}
	if (!ret && moved < all)
		return zcb_fail(err, -EIO, "kernel: node %d was compacted %d times, and of %" PRIu64 " pages "
				"that lie among the frame's and nobody holds it moved %" PRIu64 ": has it "
				"holes above them?", state->node, TRIES, all, moved);
	return ret;
}

static int look(const struct zcb_victim *victim, uint64_t *ret_pfn, struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < victim->pages && !ret; i++)
		ret = zcb_memfd_frame(victim->memfd, victim->memory, victim->page[i], &ret_pfn[i], err);
	return ret;
}

static int compact_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			  struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_FREE uint64_t *before = calloc(victim->pages, sizeof(*before));
	ZCB_FREE uint64_t *after = calloc(victim->pages, sizeof(*after));
	ZCB_FREE bool *wanted = calloc(victim->pages, sizeof(*wanted));
	struct state *state = victim->state;
	int ret;

	if (!before || !after || !wanted)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	ret = look(victim, before, err);
	if (!ret)
		ret = compact_all(state, victim, err);
	if (!ret)
		ret = look(victim, after, err);
	for (uint32_t i = 0; i < victim->pages && !ret; i++) {
		wanted[i] = true;
		zcb_note_move(victim, damage, wanted, i, before[i] != after[i]);
	}
	return ret;
}

static void compact_restore(struct zcb_victim *victim)
{
	struct state *state = victim->state;

	if (!state)
		return;
	if (state->map)
		munmap(state->map, state->n * PAGE);
	if (state->small)
		set_fraction(state->fraction);
	free(state->own);
	free(state);
	victim->state = NULL;
}

const struct zcb_workload_ops zcb_workload_compact = {
	.name = "compact",
	.summary = "compacts a node in which the frame's pages lie low, among pages of its own",
	.needs = "CONFIG_COMPACTION, two NUMA nodes, one of them mostly free",
	.effect = "its folios are replaced higher up; the VMM and KVM fault them in again",
	.event = ZCB_EVENT_MIGRATE,
	.check = compact_check,
	.prepare = compact_prepare,
	.strike = compact_strike,
	.restore = compact_restore,
};
