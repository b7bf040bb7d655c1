// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Holes are refilled by whoever touches them first. Where that is not the guest, its VMM's page
 * table does not have the new page yet: what a reader sees then is where the variants differ.
 */
#include "bench/executor/refill.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/io.h"

#define PAGE 4096U

/** One page to bring back. */
struct hole {
	struct zcb_guest *guest;
	struct zcb_victim *victim;
	const struct zcb_frame_spec *spec;
	const enum zcb_hit *hit; /* one per page of the frame */
	uint32_t page;
	zcb_memfd_off at;
};

static int by_fallocate(const struct hole *hole, struct zcb_error *err)
{
	if (fallocate(hole->guest->memfd, 0, (off_t)hole->at.off, PAGE) < 0)
		return zcb_fail(err, -errno, "kernel: fallocate() of a page of the memfd: %m");
	return 0;
}

/* The next sequence, so that it cannot be taken for what was there before. */
static void stamp(const struct hole *hole, void *to)
{
	zcb_stamp_fill(to, hole->spec->key, hole->spec->published + 1, (uint16_t)hole->spec->frame,
		       hole->page);
}

static int by_write(const struct hole *hole, struct zcb_error *err)
{
	char bytes[PAGE];

	stamp(hole, bytes);
	if (pwrite(hole->guest->memfd, bytes, PAGE, (off_t)hole->at.off) != PAGE)
		return zcb_fail(err, errno ? -errno : -EIO, "kernel: write() to the memfd: %m");
	return 0;
}

/* This process is not the VMM: its mapping has page tables of its own. */
static int by_other(const struct hole *hole, struct zcb_error *err)
{
	uint64_t size = zcb_memory_page_size(hole->guest->memory), inside = hole->at.off % size;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, hole->guest->memfd,
			 (off_t)(hole->at.off - inside));

	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: mapping a page of the memfd: %m");
	stamp(hole, map + inside);
	munmap(map, size);
	return 0;
}

/* What is done for a hole has the id of what made it. */
static uint64_t operation_of(const struct hole *hole)
{
	uint64_t operation = hole->victim->struck_by ? hole->victim->struck_by[hole->page] : 0;

	return operation ? operation : hole->victim->operation++;
}

/* A store of zero changes no byte of a new page, and brings it all the same. */
static int by_vmm(const struct hole *hole, struct zcb_error *err)
{
	zcb_ns took;
	int ret = hole->guest->ops->touch(hole->guest, hole->at, true, 0, &took, err);

	if (!ret)
		hole->victim->sample(hole->victim->recorder, "fault.vmm", operation_of(hole),
				     (zcb_ns){ zcb_now_ns() - took.ns }, took);
	return ret;
}

/* Hugetlb has one page for many pages of the frame: the first of them that was hit stands for it. */
static bool is_first_of_its_page(const struct hole *hole)
{
	uint64_t size = zcb_memory_page_size(hole->guest->memory);

	for (uint32_t i = 0; i < hole->page; i++)
		if (zcb_hit_clears(hole->hit[i]) && hole->victim->page[i].off / size == hole->at.off / size)
			return false;
	return true;
}

/* A page that was zeroed in place is still in the VMM's page table. */
static int install(const struct hole *hole, bool present, struct zcb_error *err)
{
	zcb_ns took;
	int ret = hole->guest->ops->install(hole->guest, hole->at, present, &took, err);

	return ret == -EEXIST && hole->hit[hole->page] == ZCB_HIT_ZEROED ? 0 : ret;
}

/*
 * A reader whose look-up made a page (variant invalidate) was there first: UFFDIO_COPY then says
 * EEXIST, which ends a postcopy migration. Here the page of the reader is taken instead.
 */
static int by_uffd_copy(const struct hole *hole, struct zcb_error *err)
{
	int ret = install(hole, false, err);

	return ret == -EEXIST ? install(hole, true, err) : ret;
}

static int by_uffd_continue(const struct hole *hole, struct zcb_error *err)
{
	int ret = by_other(hole, err);

	return ret || !is_first_of_its_page(hole) ? ret : install(hole, true, err);
}

static const struct {
	int (*refill)(const struct hole *hole, struct zcb_error *err);
	bool stamps; /* with the next sequence; else the page is zero */
	bool once;   /* for all pages of the frame that one page of hugetlb holds */
} ways[] = {
	[ZCB_REFILL_NONE] = { NULL, false },
	[ZCB_REFILL_FALLOCATE] = { by_fallocate, false },
	[ZCB_REFILL_WRITE] = { by_write, true },
	[ZCB_REFILL_OTHER] = { by_other, true },
	[ZCB_REFILL_VMM] = { by_vmm, false, .once = true },
	[ZCB_REFILL_UFFD_COPY] = { by_uffd_copy, false, .once = true },
	[ZCB_REFILL_UFFD_CONTINUE] = { by_uffd_continue, true },
};

int zcb_refill_check(enum zcb_refill refill, enum zcb_memory memory, struct zcb_error *err)
{
	/* fs/hugetlbfs/inode.c: hugetlbfs_file_operations has no write_iter. */
	if (refill == ZCB_REFILL_WRITE && memory == ZCB_MEMORY_HUGETLB)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: hugetlbfs has no write(): refill by "
				"fallocate, other or vmm");
	return 0;
}

/*
 * The bytes must be there, and the page itself: a hole reads as zeros too. Hugetlbfs does not say
 * where it has pages, but all of the guest's RAM was allocated before, and must be so again.
 */
static int prove(const struct hole *hole, uint64_t wanted, struct zcb_error *err)
{
	struct zcb_page_verdict verdict;
	uint64_t allocated = 0;
	char bytes[PAGE];
	bool there;
	int ret = zcb_memfd_read(hole->guest->memfd, hole->at, bytes, PAGE);

	if (!ret && hole->guest->memory == ZCB_MEMORY_HUGETLB)
		ret = zcb_memfd_allocated(hole->guest->memfd, &allocated);
	if (ret)
		return zcb_fail(err, ret, "kernel: looking at a refilled page: %s", strerror(-ret));
	there = hole->guest->memory == ZCB_MEMORY_HUGETLB ?
			allocated == hole->guest->ram_bytes :
			zcb_memfd_has_page(hole->guest->memfd, hole->at);
	zcb_page_judge(hole->spec, wanted, hole->page, bytes, &verdict);
	if (there && verdict.verdict == ZCB_VERDICT_FRESH)
		return 0;
	return zcb_fail(err, -EIO, "kernel: page %u of the frame was refilled, and is %s in the memfd",
			hole->page, there ? zcb_verdict_name(verdict.verdict) : "still a hole");
}

static int refill_one(enum zcb_refill refill, const struct hole *hole, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	int ret;

	if (ways[refill].once && !is_first_of_its_page(hole))
		return 0;
	ret = ways[refill].refill(hole, err);
	if (!ret)
		hole->victim->sample(hole->victim->recorder, "refill",
				     operation_of(hole), (zcb_ns){ start },
				     (zcb_ns){ zcb_now_ns() - start });
	return ret;
}

/* Calls a step for each page that was hit. */
static int for_each_hit(enum zcb_refill refill, struct hole *hole, const uint64_t *want,
			struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < hole->spec->pages && !ret; i++) {
		if (!zcb_hit_clears(hole->hit[i]))
			continue;
		hole->page = i;
		hole->at = hole->victim->page[i];
		ret = want ? prove(hole, want[i], err) : refill_one(refill, hole, err);
	}
	return ret;
}

int zcb_refill(enum zcb_refill refill, struct zcb_guest *guest, struct zcb_victim *victim,
	       const enum zcb_hit *hit, struct zcb_frame_spec *spec, uint64_t *want,
	       struct zcb_error *err)
{
	struct hole hole = { .guest = guest, .victim = victim, .spec = spec, .hit = hit };
	int ret;

	if (!ways[refill].refill)
		return 0;
	ret = for_each_hit(refill, &hole, NULL, err);
	if (ret)
		return ret;
	spec->published += ways[refill].stamps;
	for (uint32_t i = 0; i < spec->pages; i++)
		if (zcb_hit_clears(hit[i]))
			want[i] = ways[refill].stamps ? spec->published : 0;
	return for_each_hit(refill, &hole, want, err);
}
