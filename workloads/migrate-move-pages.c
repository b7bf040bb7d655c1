// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Asks the kernel to move the frame's pages to another NUMA node: what balancing, compaction and
 * taking memory offline come down to. The guest's bytes stay; where they lie changes.
 *
 * A page that somebody holds is unmapped first and then refused (migrate_folio_unmap() and
 * folio_migrate_mapping() in mm/migrate.c), so that a refusal costs the VMM faults, too. That
 * migration works here at all is shown by pages of the guest that are not in the frame.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/aim.h"

#define PAGE 4096U

/** A page of the memfd, mapped here: move_pages() goes by addresses of a process. */
struct mapped_page {
	char *map; /* the page, or the huge page that it is in */
	uint64_t size;
	char *at;
};

static void unmap_page(struct mapped_page *page)
{
	if (page->map)
		munmap(page->map, page->size);
}

static int map_page(const struct zcb_victim *victim, zcb_memfd_off offset,
		    struct mapped_page *ret_page, struct zcb_error *err)
{
	uint64_t size = zcb_memory_page_size(victim->memory), inside = offset.off % size;
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, victim->memfd,
			 (off_t)(offset.off - inside));

	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: mapping a page of the memfd: %m");
	*ret_page = (struct mapped_page){ .map = map, .size = size, .at = map + inside };
	(void)*(volatile char *)ret_page->at;
	return 0;
}

/* The node a page is on, or -errno. */
static int node_of(const struct mapped_page *page)
{
	void *address = page->map;
	int status = -ENOENT;

	if (syscall(SYS_move_pages, 0, 1, &address, NULL, &status, 0) < 0)
		return -errno;
	return status;
}

/* Where two nodes are, numbered 0 and 1, as `numa=fake=2` makes them. */
static int other_node(int node)
{
	return node == 0 ? 1 : 0;
}

/*
 * Asks for one page to be moved; where it then is, decides. Returns 0, or -errno without a trial. The
 * metric is NULL where nobody wants to know how long it took.
 */
static int move_one(struct zcb_victim *victim, const struct mapped_page *page, const char *metric,
		    bool *ret_moved, struct zcb_error *err)
{
	void *address = page->map;
	int before = node_of(page), target = other_node(before), status = 0;
	uint64_t start = zcb_now_ns(), end;
	long left;

	if (before < 0)
		return zcb_fail(err, before, "kernel: move_pages() cannot tell where a page is: %s",
				strerror(-before));
	left = syscall(SYS_move_pages, 0, 1, &address, &target, &status, MPOL_MF_MOVE_ALL);
	end = zcb_now_ns();
	if (left < 0)
		return zcb_fail(err, -errno, "kernel: move_pages(): %m (it takes root to move shared pages)");
	*ret_moved = node_of(page) == target;
	if (metric)
		victim->sample(victim->recorder, metric, victim->operation++, (zcb_ns){ start },
			       (zcb_ns){ end - start });
	return 0;
}

static int move_page(struct zcb_victim *victim, zcb_memfd_off offset, const char *metric,
		     bool *ret_moved, struct zcb_error *err)
{
	ZCB_CLEANUP(unmap_page) struct mapped_page page = { 0 };
	int ret = map_page(victim, offset, &page, err);

	return ret ? ret : move_one(victim, &page, metric, ret_moved, err);
}

static bool is_of_frame(const struct zcb_victim *victim, zcb_memfd_off offset)
{
	uint64_t size = zcb_memory_page_size(victim->memory);

	for (uint32_t i = 0; i < victim->pages; i++)
		if (victim->page[i].off / size == offset.off / size)
			return true;
	return false;
}

/* The first page of the guest's RAM that is there and is none of the frame's. */
static int find_bystander(const struct zcb_victim *victim, zcb_memfd_off *ret_offset)
{
	uint64_t size = zcb_memory_page_size(victim->memory);
	off_t data = lseek(victim->memfd, 0, SEEK_DATA);

	while (data >= 0 && is_of_frame(victim, (zcb_memfd_off){ (uint64_t)data }))
		data = lseek(victim->memfd, (off_t)((uint64_t)data / size * size + size), SEEK_DATA);
	if (data < 0)
		return -ENOENT;
	*ret_offset = (zcb_memfd_off){ (uint64_t)data };
	return 0;
}

/* If a page that nobody holds does not move, nothing can be told of those that do not. */
static int prove_migration(struct zcb_victim *victim, struct zcb_error *err)
{
	zcb_memfd_off offset;
	bool moved = false;
	int ret = find_bystander(victim, &offset);

	if (ret)
		return zcb_fail(err, -EIO, "guest: it has no page of RAM beside the frame");
	for (int i = 0; i < 3 && !ret && !moved; i++)
		ret = move_page(victim, offset, NULL, &moved, err);
	if (!ret && !moved)
		return zcb_fail(err, -EIO, "kernel: a page that nobody holds was not moved: is the other "
				"node full?");
	return ret;
}

static void note(struct zcb_victim *victim, struct zcb_damage *damage, const bool *wanted,
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

static int migrate_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			 struct zcb_error *err)
{
	if (access("/sys/devices/system/node/node1", F_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has one NUMA node: boot it with numa=fake=2 "
				"(CONFIG_NUMA_EMU), as --target vm does");
	if (guest->memory == ZCB_MEMORY_HUGETLB && params->unit == ZCB_UNIT_PAGE)
		return zcb_fail(err, -EINVAL, "usage: migration moves whole huge pages of hugetlb memory: "
				"say \"unit\":\"huge\" and \"blocks\"");
	return zcb_aim_check(params, err);
}

static int migrate_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			  struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_FREE bool *wanted = calloc(victim->pages, sizeof(*wanted));
	ZCB_FREE bool *leads = calloc(victim->pages, sizeof(*leads));
	int ret;

	if (!wanted || !leads)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a list of pages");
	zcb_aim(params, victim, wanted, leads);
	ret = prove_migration(victim, err);
	for (uint32_t i = 0; i < victim->pages && !ret; i++) {
		bool moved;

		if (!leads[i])
			continue;
		ret = move_page(victim, victim->page[i], "migrate", &moved, err);
		if (!ret)
			note(victim, damage, wanted, i, moved);
	}
	return ret;
}

const struct zcb_workload_ops zcb_workload_migrate_move_pages = {
	.name = "migrate-move-pages",
	.summary = "moves pages of the frame to another NUMA node, with move_pages()",
	.needs = "two NUMA nodes (numa=fake=2 makes them)",
	.effect = "its folios are replaced on another node; the VMM and KVM fault them in again",
	.event = ZCB_EVENT_MIGRATE,
	.check = migrate_check,
	.strike = migrate_strike,
};
