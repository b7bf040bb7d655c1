// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What workloads share that have the kernel move pages. A page that somebody holds is unmapped first
 * and then refused (migrate_folio_unmap() and folio_migrate_mapping() in mm/migrate.c), so that a
 * refusal costs the VMM faults, too.
 */
#include "workloads/move.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "workloads/aim.h"
#include "workloads/pace.h"
#include "workloads/pages.h"

#define PAGE 4096U

/* A page can be busy for a moment, in a batch for the LRU lists say. */
#define TRIES 3

void zcb_page_unmap(struct zcb_mapped_page *page)
{
	if (page->map)
		munmap(page->map, page->size);
}

int zcb_map_page(int memfd, enum zcb_memory memory, zcb_memfd_off offset,
		 struct zcb_mapped_page *ret_page, struct zcb_error *err)
{
	uint64_t size = zcb_memory_page_size(memory), inside = offset.off % size;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, memfd,
			 (off_t)(offset.off - inside));

	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: mapping a page of the memfd: %m");
	*ret_page = (struct zcb_mapped_page){ .map = map, .size = size, .at = map + inside };
	(void)*(volatile char *)ret_page->at;
	return 0;
}

int zcb_page_node(const struct zcb_mapped_page *page)
{
	void *address = page->map;
	int status = -ENOENT;

	if (syscall(SYS_move_pages, 0, 1, &address, NULL, &status, 0) < 0)
		return -errno;
	return status;
}

int zcb_page_frame(const void *address, uint64_t *ret_pfn)
{
	zcb_page_number page;
	struct zcb_error why;
	int ret = zcb_page_at(address, &page, &why);

	if (!ret)
		*ret_pfn = page.n;
	return ret;
}

/* A page that was moved, or was to be, may have to be mapped again. */
static int frame_of(const struct zcb_mapped_page *page, uint64_t *ret_pfn, struct zcb_error *err)
{
	int ret;

	(void)*(volatile char *)page->at;
	ret = zcb_page_frame(page->at, ret_pfn);
	return ret ? zcb_fail(err, ret, "kernel: /proc/self/pagemap cannot tell where a page is: %s",
			      strerror(-ret)) : 0;
}

int zcb_memfd_frame(int memfd, enum zcb_memory memory, zcb_memfd_off offset, uint64_t *ret_pfn,
		    struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_page_unmap) struct zcb_mapped_page page = { 0 };
	int ret = zcb_map_page(memfd, memory, offset, &page, err);

	return ret ? ret : frame_of(&page, ret_pfn, err);
}

int zcb_page_to_node(const struct zcb_mapped_page *page, int node, struct zcb_error *err)
{
	void *address = page->map;
	int status = 0;

	if (syscall(SYS_move_pages, 0, 1, &address, &node, &status, MPOL_MF_MOVE_ALL) >= 0)
		return 0;
	if (errno == ENOMEM)
		return zcb_fail(err, -ENOMEM, "kernel: node %d has no page to move one to: it is full", node);
	return zcb_fail(err, -errno, "kernel: move_pages(): %m (it takes root to move shared pages)");
}

bool zcb_is_of_frame(const struct zcb_victim *victim, zcb_memfd_off offset)
{
	uint64_t size = zcb_memory_page_size(victim->memory);

	for (uint32_t i = 0; i < victim->pages; i++)
		if (victim->page[i].off / size == offset.off / size)
			return true;
	return false;
}

int zcb_bystander_find(const struct zcb_victim *victim, zcb_memfd_off from,
		       zcb_memfd_off *ret_offset)
{
	uint64_t size = zcb_memory_page_size(victim->memory);
	off_t data = lseek(victim->memfd, (off_t)from.off, SEEK_DATA);

	while (data >= 0 && zcb_is_of_frame(victim, (zcb_memfd_off){ (uint64_t)data }))
		data = lseek(victim->memfd, (off_t)((uint64_t)data / size * size + size), SEEK_DATA);
	if (data < 0)
		return -ENOENT;
	*ret_offset = (zcb_memfd_off){ (uint64_t)data };
	return 0;
}

int zcb_two_nodes_check(struct zcb_error *err)
{
	if (!access("/sys/devices/system/node/node1", F_OK))
		return 0;
	return zcb_fail(err, -EOPNOTSUPP, "kernel: it has one NUMA node: boot it with numa=fake=2 "
			"(CONFIG_NUMA_EMU), as --target vm does");
}

int zcb_move_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		   struct zcb_error *err)
{
	if (guest->memory == ZCB_MEMORY_HUGETLB && params->unit == ZCB_UNIT_PAGE)
		return zcb_fail(err, -EINVAL, "usage: migration moves whole huge pages of hugetlb memory: "
				"say \"unit\":\"huge\" and \"blocks\"");
	return zcb_aim_check(params, err);
}

void zcb_note_move(const struct zcb_victim *victim, struct zcb_damage *damage, const bool *wanted,
		   uint32_t lead, bool moved)
{
	uint64_t size = zcb_memory_page_size(victim->memory);

	for (uint32_t i = 0; i < victim->pages; i++) {
		if (!wanted[i] || victim->page[i].off / size != victim->page[lead].off / size)
			continue;
		damage->hit[i] = moved ? ZCB_HIT_MOVED : ZCB_HIT_REFUSED;
		*(moved ? &damage->moved : &damage->refused) += 1;
		damage->work++;
	}
}

static int check_node(const struct zcb_mapped_page *page, int before, struct zcb_error *err)
{
	int now = zcb_page_node(page);

	if (now >= 0 && now != before)
		return 0;
	return zcb_fail(err, -EIO, "kernel: a page was moved from node %d to node %d", before, now);
}

/* Without a pace it is at once, and nobody wants to know how long it took. */
static int move_one(const struct zcb_mover *mover, struct zcb_victim *victim, zcb_memfd_off offset,
		    struct zcb_pace *pace, bool *ret_moved, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_page_unmap) struct zcb_mapped_page page = { 0 };
	int ret = zcb_map_page(victim->memfd, victim->memory, offset, &page, err), node = 0;
	uint64_t before, after;
	zcb_ns intended = { 0 }, start, took;

	if (!ret)
		ret = frame_of(&page, &before, err);
	if (!ret && mover->to_other_node)
		node = zcb_page_node(&page);
	if (node < 0)
		return zcb_fail(err, node, "kernel: move_pages() cannot tell where a page is: %s",
				strerror(-node));
	if (!ret && pace)
		intended = zcb_pace_wait(pace);
	if (!ret)
		ret = mover->move(victim, &page, &start, &took, err);
	if (!ret)
		ret = frame_of(&page, &after, err);
	if (ret)
		return ret;
	*ret_moved = after != before;
	if (pace)
		zcb_victim_struck(victim, offset, zcb_memory_page_size(victim->memory), victim->operation);
	if (pace)
		zcb_pace_sample(pace, victim, "migrate", pace->rate ? intended : start, start.ns,
				start.ns + took.ns);
	return *ret_moved && mover->to_other_node ? check_node(&page, node, err) : 0;
}

static int prove_migration(const struct zcb_mover *mover, struct zcb_victim *victim,
			   struct zcb_error *err)
{
	zcb_memfd_off offset;
	bool moved = false;
	int ret = zcb_bystander_find(victim, (zcb_memfd_off){ 0 }, &offset);

	if (ret)
		return zcb_fail(err, -EIO, "guest: it has no page of RAM beside the frame");
	for (int i = 0; i < TRIES && !ret && !moved; i++)
		ret = move_one(mover, victim, offset, NULL, &moved, err);
	if (!ret && !moved)
		return zcb_fail(err, -EIO, "kernel: a page that nobody holds was not moved: %s",
				mover->doubt);
	return ret;
}

int zcb_move_frame(const struct zcb_mover *mover, const struct zcb_workload_params *params,
		   struct zcb_victim *victim, struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_FREE bool *wanted = calloc(victim->pages, sizeof(*wanted));
	ZCB_FREE bool *leads = calloc(victim->pages, sizeof(*leads));
	struct zcb_pace pace;
	int ret;

	if (!wanted || !leads)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	zcb_aim(params, victim, wanted, leads);
	ret = prove_migration(mover, victim, err);
	zcb_pace_start(&pace, params);
	for (uint32_t i = 0; i < victim->pages && !ret; i++) {
		bool moved;

		if (!leads[i])
			continue;
		ret = move_one(mover, victim, victim->page[i], &pace, &moved, err);
		if (!ret)
			zcb_note_move(victim, damage, wanted, i, moved);
	}
	return ret;
}
