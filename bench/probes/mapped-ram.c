// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/probes/mapped-ram.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

static void add_line(struct zcb_mapped_ram *map, const char *line, const struct stat *file)
{
	uint64_t start, end, offset, inode;
	unsigned int major, minor;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %" SCNx64 " %x:%x %" SCNu64, &start, &end, &offset,
		   &major, &minor, &inode) != 6)
		return;
	if (inode != file->st_ino || makedev(major, minor) != file->st_dev || map->n == ZCB_MAPPED_RANGES)
		return;
	map->range[map->n].start = start;
	map->range[map->n].end = end;
	map->range[map->n++].at.off = offset;
}

static void read_maps(pid_t pid, const struct stat *file, struct zcb_mapped_ram *ret_map)
{
	char path[64], line[512];
	ZCB_FCLOSE FILE *f = NULL;

	*ret_map = (struct zcb_mapped_ram){ .vmm = pid };
	snprintf(path, sizeof(path), "/proc/%d/maps", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		add_line(ret_map, line, file);
}

static uint64_t mapped(const struct zcb_mapped_ram *map)
{
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < map->n; i++)
		bytes += map->range[i].end - map->range[i].start;
	return bytes;
}

int zcb_mapped_ram_find(int memfd, struct zcb_mapped_ram *ret_map)
{
	ZCB_CLOSEDIR DIR *proc = opendir("/proc");
	struct zcb_mapped_ram best = { 0 }, one;
	struct dirent *entry;
	struct stat file;

	if (!proc || fstat(memfd, &file) < 0)
		return -errno;
	while ((entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]))
			continue;
		read_maps((pid_t)atoi(entry->d_name), &file, &one);
		if (mapped(&one) > mapped(&best))
			best = one;
	}
	if (!best.n)
		return -ESRCH;
	*ret_map = best;
	return 0;
}

bool zcb_mapped_ram_offset(const struct zcb_mapped_ram *map, uint64_t hva, zcb_memfd_off *ret_off)
{
	for (unsigned int i = 0; i < map->n; i++) {
		if (hva < map->range[i].start || hva >= map->range[i].end)
			continue;
		ret_off->off = map->range[i].at.off + (hva - map->range[i].start);
		return true;
	}
	return false;
}

bool zcb_mapped_ram_has_thread(const struct zcb_mapped_ram *map, pid_t thread)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", map->vmm, thread);
	return access(path, F_OK) == 0;
}
