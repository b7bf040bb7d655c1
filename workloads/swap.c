// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has the kernel reclaim the frame's pages: they are written to swap and leave the page cache, as under
 * memory pressure. The bytes stay. The VMM asks for each page by its own mapping, which is quick; a page
 * that the kernel does not find on its lists yet is tried again, and at last with all other memory.
 *
 * A page that is pinned is unmapped first and then kept (folio_maybe_dma_pinned() in
 * shrink_folio_list(), mm/vmscan.c). That it was tried is seen by that: its page tables are gone. That
 * pages are swapped here at all is shown by those of a memfd of its own.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/aim.h"
#include "workloads/pages.h"
#include "workloads/zram.h"

#define PAGE 4096U
#define DECOYS 16U
#define SWAP_BYTES (512ULL << 20)
#define AIMED_TRIES 20
#define TRIES 120
#define RECLAIM "/sys/fs/cgroup/memory.reclaim"
#define BITE "4M swappiness=200"

/* Swappiness of one call is since Linux 6.8; without it the kernel's own has to do. */
#define BITE_BEFORE "4M"

static int swap_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		      struct zcb_error *err)
{
	int ret;

	if (guest->memory == ZCB_MEMORY_HUGETLB)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: hugetlb memory is never swapped: choose --memory "
				"shmem");
	if (access(RECLAIM, W_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: " RECLAIM ": %m (it takes Linux 5.19, CONFIG_MEMCG "
				"and cgroup2 mounted)");
	ret = zcb_zram_check(err);
	return ret ? ret : zcb_aim_check(params, err);
}

static char swapping;

static int swap_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
			struct zcb_error *err)
{
	victim->state = &swapping;
	return zcb_zram_on(SWAP_BYTES, err);
}

static void swap_restore(struct zcb_victim *victim)
{
	if (victim->state)
		zcb_zram_off();
	victim->state = NULL;
}

/* A page of the frame that is to go, and what became of it. */
struct target {
	bool wanted, swapped;
	zcb_page_number page; /* while it is in memory */
};

/*
 * Which page of memory it is. Mapping it tells; and the mapping says that it reads at random, or the
 * kernel would take this look for use and keep the page: vma_has_recency() in include/linux/mm_inline.h.
 */
static int find_page(const struct zcb_victim *victim, uint32_t i, zcb_page_number *ret_page,
		     struct zcb_error *err)
{
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, victim->memfd, (off_t)victim->page[i].off);
	uint64_t mapped = 0;
	int ret;

	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: mapping a page of the memfd: %m");
	madvise(map, PAGE, MADV_RANDOM);
	(void)*(volatile char *)map;
	ret = zcb_page_at(map, ret_page, err);
	munmap(map, PAGE);
	if (!ret)
		ret = zcb_page_mapped(*ret_page, &mapped, err);
	if (!ret && !mapped)
		return zcb_fail(err, -EIO, "guest: page %u of the frame is in no page table before it is "
				"reclaimed, so that its unmapping shows nothing", i);
	return ret;
}

static int find_pages(const struct zcb_victim *victim, struct target *target, struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < victim->pages && !ret; i++)
		if (target[i].wanted)
			ret = find_page(victim, i, &target[i].page, err);
	return ret;
}

static int make_decoys(int *ret_memfd, struct zcb_error *err)
{
	ZCB_CLOSE int memfd = -1;
	char bytes[PAGE];
	int ret = zcb_memfd_create(ZCB_MEMORY_SHMEM, DECOYS * PAGE, &memfd, err);

	for (uint32_t i = 0; i < DECOYS && !ret; i++) {
		memset(bytes, (int)i + 1, PAGE);
		ret = zcb_write_all(memfd, bytes, PAGE);
		if (ret)
			zcb_fail(err, ret, "kernel: writing to a memfd: %s", strerror(-ret));
	}
	if (!ret)
		*ret_memfd = zcb_steal_fd(&memfd);
	return ret;
}

static uint32_t decoys_swapped(int memfd)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < DECOYS; i++)
		n += zcb_memfd_is_swapped(memfd, (zcb_memfd_off){ (uint64_t)i * PAGE });
	return n;
}

/* How many pages were neither swapped nor as much as unmapped. */
static int count_untried(const struct zcb_victim *victim, struct target *target, uint32_t *ret_untried,
			 struct zcb_error *err)
{
	*ret_untried = 0;
	for (uint32_t i = 0; i < victim->pages; i++) {
		uint64_t mapped = 0;
		int ret = 0;

		if (!target[i].wanted)
			continue;
		target[i].swapped = zcb_memfd_is_swapped(victim->memfd, victim->page[i]);
		if (!target[i].swapped)
			ret = zcb_page_mapped(target[i].page, &mapped, err);
		if (ret)
			return ret;
		*ret_untried += mapped > 0;
	}
	return 0;
}

/* The kernel says EAGAIN when it could not free as much as it was asked for: that is no failure here. */
static int reclaim_bite(struct zcb_victim *victim, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	int ret = zcb_write_text(RECLAIM, BITE);

	if (ret == -EINVAL)
		ret = zcb_write_text(RECLAIM, BITE_BEFORE);
	victim->sample(victim->recorder, "swap.reclaim", victim->operation++, (zcb_ns){ start },
		       (zcb_ns){ zcb_now_ns() - start });
	return ret && ret != -EAGAIN ? zcb_fail(err, ret, "kernel: " RECLAIM ": %s", strerror(-ret)) : 0;
}

static int page_out_frame(struct zcb_victim *victim, const struct target *target, struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < victim->pages && !ret; i++) {
		uint64_t start = zcb_now_ns();

		if (!target[i].wanted || target[i].swapped)
			continue;
		ret = victim->guest->ops->page_out(victim->guest, victim->page[i], err);
		victim->sample(victim->recorder, "swap.out", victim->operation++, (zcb_ns){ start },
			       (zcb_ns){ zcb_now_ns() - start });
	}
	return ret;
}

/* Their mapping is ours alone. */
static int page_out_decoys(int memfd, struct zcb_error *err)
{
	char *map = mmap(NULL, DECOYS * PAGE, PROT_READ, MAP_SHARED, memfd, 0);
	int ret = 0;

	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: mapping pages of a memfd: %m");
	for (uint32_t i = 0; i < DECOYS && !ret; i++) {
		if (zcb_memfd_is_swapped(memfd, (zcb_memfd_off){ (uint64_t)i * PAGE }))
			continue;
		(void)*(volatile char *)(map + (size_t)i * PAGE);
		if (madvise(map + (size_t)i * PAGE, PAGE, MADV_PAGEOUT) < 0)
			ret = zcb_fail(err, -errno, "kernel: MADV_PAGEOUT: %m");
	}
	munmap(map, DECOYS * PAGE);
	return ret;
}

static int reclaim_once(struct zcb_victim *victim, const struct target *target, int decoys, int tries,
			struct zcb_error *err)
{
	int ret;

	if (tries >= AIMED_TRIES)
		return reclaim_bite(victim, err);
	ret = page_out_frame(victim, target, err);
	return ret ? ret : page_out_decoys(decoys, err);
}

/* A page that is unmapped and still there may be on its way out: it is tried twice more. */
static int reclaim(struct zcb_victim *victim, struct target *target, int decoys, struct zcb_error *err)
{
	uint32_t untried = 1, swapped = 0;
	int more = 2, ret = 0;

	for (int i = 0; i < TRIES && more >= 0 && !ret; i++) {
		ret = reclaim_once(victim, target, decoys, i, err);
		if (!ret)
			ret = count_untried(victim, target, &untried, err);
		swapped = decoys_swapped(decoys);
		more -= !untried && swapped == DECOYS;
	}
	if (ret || more < 0)
		return ret;
	return zcb_fail(err, -EIO, "kernel: after %d tries %" PRIu32 " of %u pages that nobody holds are "
			"in swap, and %" PRIu32 " pages of the frame were not tried: "
			"has /proc/swaps space left?",
			TRIES, swapped, DECOYS, untried);
}

static uint64_t written_out(void)
{
	uint64_t pages = 0;

	zcb_vmstat("pswpout", &pages);
	return pages;
}

static int note(const struct zcb_victim *victim, const struct target *target, uint64_t written,
		struct zcb_damage *damage, struct zcb_error *err)
{
	uint64_t moved = 0;

	for (uint32_t i = 0; i < victim->pages; i++) {
		if (!target[i].wanted)
			continue;
		damage->hit[i] = target[i].swapped ? ZCB_HIT_MOVED : ZCB_HIT_REFUSED;
		*(target[i].swapped ? &damage->moved : &damage->refused) += 1;
		moved += target[i].swapped;
		damage->work++;
	}
	if (written >= moved + DECOYS)
		return 0;
	return zcb_fail(err, -EIO, "kernel: %" PRIu64 " pages of the frame and %u others left the page cache, and "
			"pswpout of /proc/vmstat rose by %" PRIu64, moved, DECOYS, written);
}

static int swap_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		       struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_FREE bool *wanted = calloc(victim->pages, sizeof(*wanted));
	ZCB_FREE bool *leads = calloc(victim->pages, sizeof(*leads));
	ZCB_FREE struct target *target = calloc(victim->pages, sizeof(*target));
	ZCB_CLOSE int decoys = -1;
	uint64_t before = written_out();
	int ret;

	if (!wanted || !leads || !target)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	zcb_aim(params, victim, wanted, leads);
	for (uint32_t i = 0; i < victim->pages; i++)
		target[i].wanted = wanted[i];
	ret = make_decoys(&decoys, err);
	if (!ret)
		ret = find_pages(victim, target, err);
	if (!ret)
		ret = reclaim(victim, target, decoys, err);
	return ret ? ret : note(victim, target, written_out() - before, damage, err);
}

const struct zcb_workload_ops zcb_workload_swap = {
	.name = "swap",
	.summary = "has the frame's pages reclaimed, with zram to swap to",
	.needs = "CONFIG_SWAP, zram, memory.reclaim of cgroup2",
	.effect = "it is swapped like any shmem; a page that is pinned is unmapped, and kept",
	.event = ZCB_EVENT_SWAP,
	.check = swap_check,
	.prepare = swap_prepare,
	.strike = swap_strike,
	.restore = swap_restore,
};
