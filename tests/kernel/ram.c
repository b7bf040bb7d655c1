// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/ram.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define POOL(size) "/sys/kernel/mm/hugepages/hugepages-" size "kB/nr_hugepages"
#define SHMEM_HUGE "/sys/kernel/mm/transparent_hugepage/shmem_enabled"

/*
 * Small, so that everybody meets everybody. The pools have less than twice the memfd: where
 * udmabufs keep what was punched, they run dry.
 */
const struct memory memories[] = {
	{.name = "shmem", .unit_pages = 1, .pages = 1024},
	{.name = "shmem-huge", .unit_pages = 1, .pages = 2048, .advise_huge = true},
	{.name = "hugetlb-2m",
	 .flags = MFD_HUGETLB | MFD_HUGE_2MB,
	 .unit_pages = 512,
	 .pages = 8 * 512,
	 .pool = 12,
	 .pool_file = POOL("2048")},
	{.name = "hugetlb-shared",
	 .flags = MFD_HUGETLB | MFD_HUGE_2MB,
	 .unit_pages = 512,
	 .pages = 512 * 512,
	 .pool = 520,
	 .pool_file = POOL("2048"),
	 .shares_tables = true},
	{.name = "hugetlb-1g",
	 .flags = MFD_HUGETLB | MFD_HUGE_1GB,
	 .unit_pages = 512 * 512,
	 .pages = 512 * 512,
	 .pool = 2,
	 .pool_file = POOL("1048576")},
};
const unsigned int n_memories = sizeof(memories) / sizeof(memories[0]);

static bool cpu_has(const char *flag)
{
	ZCB_FREE char *text = NULL;
	char *line, *end, *found;

	if (zcb_read_file(AT_FDCWD, "/proc/cpuinfo", 1 << 20, &text, NULL))
		return false;
	line = strstr(text, "\nflags");
	end = line ? strchr(line + 1, '\n') : NULL;
	found = line ? strstr(line, flag) : NULL;
	return found && end && found < end;
}

static int fill_pool(const struct memory *memory, struct zcb_error *err)
{
	uint64_t have = 0;
	char text[16];
	int ret;

	snprintf(text, sizeof(text), "%u", memory->pool);
	ret = zcb_write_text(memory->pool_file, text);
	if (!ret)
		ret = zcb_read_number(memory->pool_file, &have);
	if (ret)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: %s: %s", memory->pool_file,
				strerror(-ret));
	if (have < memory->pool)
		return zcb_fail(err, -EOPNOTSUPP,
				"host set-up: %" PRIu64 " of %u pages could be reserved: give the "
				"host under test more memory",
				have, memory->pool);
	return 0;
}

int memory_prepare(const struct memory *memory, struct zcb_error *err)
{
	int ret;

	if (memory->advise_huge) {
		ret = zcb_write_text(SHMEM_HUGE, "advise");
		return ret ? zcb_fail(err, -EOPNOTSUPP, "kernel: " SHMEM_HUGE ": %s",
				      strerror(-ret))
			   : 0;
	}
	if (!memory_is_hugetlb(memory))
		return 0;
	if (memory_is_gigantic(memory) && !cpu_has(" pdpe1gb"))
		return zcb_fail(err, -EOPNOTSUPP,
				"host set-up: the processor has no pages of 1 GiB "
				"(pdpe1gb): choose another one");
	return fill_pool(memory, err);
}

/* At a multiple of 1 GiB, where whoever maps the file likewise has the same page tables. */
static char *map_aligned(const struct ram *ram)
{
	uint64_t gib = 1ULL << 30;
	char *room = mmap(NULL, ram_bytes(ram) + gib, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *at;

	if (room == MAP_FAILED)
		return room;
	at = room + (-(uint64_t)room & (gib - 1));
	return mmap(at, ram_bytes(ram), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, ram->fd, 0);
}

int ram_map(struct ram *ram)
{
	char *map = ram->memory->shares_tables ? map_aligned(ram)
					       : mmap(NULL, ram_bytes(ram), PROT_READ | PROT_WRITE,
						      MAP_SHARED, ram->fd, 0);

	if (map == MAP_FAILED)
		return -errno;
	if (ram->memory->advise_huge)
		madvise(map, ram_bytes(ram), MADV_HUGEPAGE);
	ram->map = map;
	return 0;
}

int ram_open(const struct memory *memory, struct ram *ret_ram)
{
	struct ram ram = {.memory = memory};
	ZCB_CLOSE int fd = memfd_create("stress", memory->flags | MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int ret;

	if (fd < 0)
		return -errno;
	ram.fd = fd;
	if (ftruncate(fd, (off_t)ram_bytes(&ram)) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		return -errno;
	ret = ram_map(&ram);
	if (ret)
		return ret;
	zcb_steal_fd(&fd);
	*ret_ram = ram;
	return 0;
}

void ram_close(struct ram *ram)
{
	munmap(ram->map, ram_bytes(ram));
	close(ram->fd);
}

struct range ram_pick_units(const struct ram *ram, struct dice *dice)
{
	uint32_t unit = ram->memory->unit_pages, units = ram->memory->pages / unit;
	uint32_t first = dice_below(dice, units);
	uint32_t most = units - first < 4 ? units - first : 4;

	return (struct range){first * unit, (1 + dice_below(dice, most)) * unit};
}

struct range ram_pick(const struct ram *ram, struct dice *dice)
{
	uint32_t pages = ram->memory->pages, first = dice_below(dice, pages);
	uint32_t most = pages - first < 64 ? pages - first : 64;

	if (dice_one_in(dice, 3))
		return ram_pick_units(ram, dice);
	if (dice_one_in(dice, 2))
		return (struct range){first, 1};
	return (struct range){first, 1 + dice_below(dice, most)};
}

static int allocate(const struct ram *ram, int mode, struct range range)
{
	return fallocate(ram->fd, mode, (off_t)range.first * RAM_PAGE, (off_t)range.n * RAM_PAGE) <
			       0
		       ? -errno
		       : 0;
}

int ram_punch(const struct ram *ram, struct range range)
{
	return allocate(ram, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, range);
}

int ram_remove(const struct ram *ram, struct range range)
{
	return madvise(ram->map + (uint64_t)range.first * RAM_PAGE, (size_t)range.n * RAM_PAGE,
		       MADV_REMOVE) < 0
		       ? -errno
		       : 0;
}

int ram_allocate(const struct ram *ram, struct range range)
{
	return allocate(ram, 0, range);
}

int ram_write(const struct ram *ram, struct range range, uint32_t generation)
{
	for (uint32_t page = range.first; page < range.first + range.n; page++) {
		uint64_t stamp = stamp_of(page, generation);
		off_t at = (off_t)page * RAM_PAGE;

		if (pwrite(ram->fd, &stamp, sizeof(stamp), at) < 0 ||
		    pwrite(ram->fd, &stamp, sizeof(stamp), at + RAM_PAGE - 8) < 0)
			return -errno;
	}
	return 0;
}

#define MAGIC 0x5a43ULL

uint64_t stamp_of(uint32_t page, uint32_t generation)
{
	return MAGIC << 48 | (uint64_t)(page & 0xffffff) << 24 | (generation & 0xffffff);
}

bool stamp_fits(uint64_t word, uint32_t page)
{
	return !word || word >> 24 == stamp_of(page, 0) >> 24;
}

volatile uint64_t *stamp_in(char *map, uint32_t page, bool at_end)
{
	return (volatile uint64_t *)(map + (uint64_t)page * RAM_PAGE + (at_end ? RAM_PAGE - 8 : 0));
}
