// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/thp.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/aim.h"
#include "workloads/pages.h"

#define PAGE 4096U
#define HUGE (2UL << 20)
#define SPLIT_FILE "/sys/kernel/debug/split_huge_pages"
#define SHMEM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/* include/uapi/asm-generic/mman-common.h, since Linux 6.1; older C libraries lack it. */
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

int zcb_block_map(int memfd, zcb_memfd_off offset, struct zcb_block *ret_block, struct zcb_error *err)
{
	char *reserved = mmap(NULL, 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			      -1, 0);
	char *at;

	if (reserved == MAP_FAILED)
		return zcb_fail(err, -errno, "host set-up: no addresses for a block: %m");
	at = (char *)(((uintptr_t)reserved + HUGE - 1) & ~(HUGE - 1));
	at = mmap(at, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memfd,
		  (off_t)(offset.off & ~(HUGE - 1)));
	if (at == MAP_FAILED) {
		zcb_fail(err, 0, "kernel: mapping a block of the memfd: %m");
		munmap(reserved, 2 * HUGE);
		return -EIO;
	}
	*ret_block = (struct zcb_block){ .reserved = reserved, .at = at };
	return 0;
}

void zcb_block_unmap(struct zcb_block *block)
{
	if (block->reserved)
		munmap(block->reserved, 2 * HUGE);
	*block = (struct zcb_block){ 0 };
}

/* The word of a choice in /sys that stands in brackets. */
static bool is_chosen(const char *path, const char *word)
{
	ZCB_FREE char *text = NULL;
	char chosen[32];

	snprintf(chosen, sizeof(chosen), "[%s]", word);
	return !zcb_read_file(AT_FDCWD, path, 4096, &text, NULL) && strstr(text, chosen);
}

int zcb_thp_check(const struct zcb_guest *guest, struct zcb_error *err)
{
	if (guest->memory == ZCB_MEMORY_HUGETLB)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: hugetlb memory has huge pages of its own, which are "
				"neither collapsed nor split: choose --memory shmem");
	if (access(SHMEM_ENABLED, F_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no transparent huge pages for shmem: it takes "
				"CONFIG_TRANSPARENT_HUGEPAGE");
	if (is_chosen(SHMEM_ENABLED, "deny"))
		return zcb_fail(err, -EOPNOTSUPP, "host set-up: huge pages of shmem are denied: echo never > "
				SHMEM_ENABLED);
	if (access(SPLIT_FILE, W_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: " SPLIT_FILE ": %m (it takes CONFIG_DEBUG_FS, "
				"mounted, and root)");
	return 0;
}

int zcb_thp_check_blocks(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			 struct zcb_error *err)
{
	int ret = zcb_thp_check(guest, err);

	if (!ret && params->unit != ZCB_UNIT_HUGE)
		return zcb_fail(err, -EINVAL, "usage: whole blocks are collapsed and split: say "
				"\"unit\":\"huge\" and \"blocks\"");
	return ret ? ret : zcb_aim_check(params, err);
}

int zcb_block_collapse(const struct zcb_block *block)
{
	return madvise(block->at, HUGE, MADV_COLLAPSE) < 0 ? -errno : 0;
}

int zcb_block_split(const struct zcb_block *block, struct zcb_error *err)
{
	char text[80];
	int ret;

	/* It goes by what this process maps. */
	for (uint64_t i = 0; i < HUGE; i += PAGE)
		(void)*(volatile char *)(block->at + i);
	snprintf(text, sizeof(text), "%d,0x%" PRIxPTR ",0x%" PRIxPTR ",0", (int)getpid(),
		 (uintptr_t)block->at, (uintptr_t)(block->at + HUGE));
	ret = zcb_write_text(SPLIT_FILE, text);
	return ret ? zcb_fail(err, ret, "kernel: " SPLIT_FILE ": %s", strerror(-ret)) : 0;
}

int zcb_block_is_huge(const struct zcb_block *block, zcb_memfd_off offset, bool *ret_huge,
		      struct zcb_error *err)
{
	uint64_t inside = offset.off % HUGE;
	zcb_page_number page;
	bool huge = false;
	int ret;

	(void)*(volatile char *)(block->at + inside);
	ret = zcb_page_at(block->at + inside, &page, err);
	if (!ret)
		ret = zcb_page_has(page, ZCB_PAGE_THP, &huge, err);
	if (!ret)
		*ret_huge = huge && page.n % (HUGE / PAGE) == inside / PAGE;
	return ret;
}

static bool is_first_of_its_block(const struct zcb_victim *victim, uint32_t page)
{
	for (uint32_t i = 0; i < page; i++)
		if (victim->page[i].off / HUGE == victim->page[page].off / HUGE)
			return false;
	return true;
}

/* Calls a step once for each block that pages of the frame are in, mapped meanwhile. */
static int for_each_block(struct zcb_victim *victim,
			  int (*step)(const struct zcb_block *block, zcb_memfd_off offset,
				      struct zcb_error *err),
			  struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < victim->pages && !ret; i++) {
		ZCB_CLEANUP(zcb_block_unmap) struct zcb_block block = { 0 };

		if (!is_first_of_its_block(victim, i))
			continue;
		ret = zcb_block_map(victim->memfd, victim->page[i], &block, err);
		if (!ret)
			ret = step(&block, victim->page[i], err);
	}
	return ret;
}

/*
 * A page that is still in a CPU's batch of pages for the LRU cannot be isolated, and the kernel says
 * EAGAIN: a second try is no other experiment.
 */
static int collapse_patiently(const struct zcb_block *block, zcb_memfd_off offset,
			      struct zcb_error *err)
{
	bool huge = false;
	int said = -EAGAIN, ret;

	for (int i = 0; i < 20 && said == -EAGAIN; i++) {
		if (i)
			nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
		said = zcb_block_collapse(block);
	}
	ret = zcb_block_is_huge(block, offset, &huge, err);
	if (!ret && !huge)
		return zcb_fail(err, -EIO, "kernel: a block that nobody holds was not collapsed: MADV_COLLAPSE "
				"said %s, and its page is in no huge page",
				said ? strerror(-said) : "that it was");
	return ret;
}

int zcb_thp_prepare(struct zcb_victim *victim, struct zcb_error *err)
{
	return for_each_block(victim, collapse_patiently, err);
}

static int restore_block(const struct zcb_block *block, zcb_memfd_off offset, struct zcb_error *err)
{
	return zcb_block_split(block, err);
}

void zcb_thp_restore(struct zcb_victim *victim)
{
	for_each_block(victim, restore_block, NULL);
}

static int prove_split(const struct zcb_block *block, struct zcb_error *err)
{
	bool huge = true;
	int ret = zcb_block_split(block, err);

	if (!ret)
		ret = zcb_block_is_huge(block, (zcb_memfd_off){ 0 }, &huge, err);
	if (!ret && huge)
		return zcb_fail(err, -EIO, "kernel: a huge page that nobody holds was not split by "
				SPLIT_FILE);
	return ret;
}

int zcb_thp_prove(bool split, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_block_unmap) struct zcb_block block = { 0 };
	ZCB_CLOSE int memfd = -1;
	int ret = zcb_memfd_create(ZCB_MEMORY_SHMEM, HUGE, &memfd, err);

	if (!ret)
		ret = zcb_block_map(memfd, (zcb_memfd_off){ 0 }, &block, err);
	if (ret)
		return ret;
	memset(block.at, 1, HUGE);
	ret = collapse_patiently(&block, (zcb_memfd_off){ 0 }, err);
	return ret || !split ? ret : prove_split(&block, err);
}

/* Page by page: what is in one huge page now, and was not before, or the other way round. */
static int note(struct zcb_victim *victim, const struct zcb_block *block, uint32_t lead, bool moved_if,
		struct zcb_damage *damage, struct zcb_error *err)
{
	for (uint32_t i = 0; i < victim->pages; i++) {
		bool huge, moved;
		int ret;

		if (victim->page[i].off / HUGE != victim->page[lead].off / HUGE)
			continue;
		ret = zcb_block_is_huge(block, victim->page[i], &huge, err);
		if (ret)
			return ret;
		moved = huge == moved_if;
		if (!damage && moved)
			return zcb_fail(err, -EIO, "kernel: page %u of the frame is in a %s page before the "
					"strike", i, huge ? "huge" : "small");
		if (!damage)
			continue;
		damage->hit[i] = moved ? ZCB_HIT_MOVED : ZCB_HIT_REFUSED;
		*(moved ? &damage->moved : &damage->refused) += 1;
		damage->work++;
	}
	return 0;
}

typedef int act_fn(struct zcb_victim *victim, const struct zcb_block *block, struct zcb_error *err);

static int strike_block(struct zcb_victim *victim, uint32_t lead, bool to_huge, act_fn *act,
			struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_block_unmap) struct zcb_block block = { 0 };
	int ret = zcb_block_map(victim->memfd, victim->page[lead], &block, err);

	if (!ret)
		ret = note(victim, &block, lead, to_huge, NULL, err);
	if (!ret)
		ret = act(victim, &block, err);
	return ret ? ret : note(victim, &block, lead, to_huge, damage, err);
}

int zcb_thp_strike(const struct zcb_workload_params *params, struct zcb_victim *victim, bool to_huge,
		   act_fn *act, struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_FREE bool *wanted = calloc(victim->pages, sizeof(*wanted));
	ZCB_FREE bool *leads = calloc(victim->pages, sizeof(*leads));
	int ret = 0;

	if (!wanted || !leads)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	zcb_aim(params, victim, wanted, leads);
	for (uint32_t i = 0; i < victim->pages && !ret; i++)
		if (leads[i])
			ret = strike_block(victim, i, to_huge, act, damage, err);
	return ret;
}
