// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/exporter/memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static const char *const names[] = {
	[ZCB_MEMORY_SHMEM] = "shmem",
	[ZCB_MEMORY_HUGETLB] = "hugetlb",
};

const char *zcb_memory_name(enum zcb_memory memory)
{
	return names[memory];
}

int zcb_memory_parse(const char *name, enum zcb_memory *ret_memory)
{
	for (unsigned int i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(names[i], name)) {
			*ret_memory = (enum zcb_memory)i;
			return 0;
		}
	}
	return -EINVAL;
}

uint64_t zcb_memory_page_size(enum zcb_memory memory)
{
	return memory == ZCB_MEMORY_HUGETLB ? 2U << 20 : 4096;
}

int zcb_memfd_create(enum zcb_memory memory, uint64_t bytes, int *ret_fd, struct zcb_error *err)
{
	unsigned int flags = MFD_ALLOW_SEALING | MFD_CLOEXEC;
	ZCB_CLOSE int fd = -1;

	if (memory == ZCB_MEMORY_HUGETLB)
		flags |= MFD_HUGETLB | MFD_HUGE_2MB;
	fd = memfd_create("guest-ram", flags);
	if (fd < 0)
		return zcb_fail(err, -errno, "kernel: no %s memfd: %m", zcb_memory_name(memory));
	if (ftruncate(fd, (off_t)bytes) < 0)
		return zcb_fail(err, -errno, "kernel: a memfd of %" PRIu64 " bytes: %m", bytes);
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK) < 0)
		return zcb_fail(err, -errno, "kernel: the memfd takes no seal: %m");
	*ret_fd = zcb_steal_fd(&fd);
	return 0;
}

int zcb_memfd_punch(int fd, zcb_memfd_off offset, uint64_t bytes)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset.off,
		      (off_t)bytes) < 0)
		return -errno;
	return 0;
}

int zcb_memfd_allocated(int fd, uint64_t *ret_bytes)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	*ret_bytes = (uint64_t)st.st_blocks * 512;
	return 0;
}

int zcb_memfd_read(int fd, zcb_memfd_off offset, void *bytes, uint64_t n)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t done = pread(fd, p, n, (off_t)offset.off);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			return -ENODATA;
		p += done;
		offset.off += (uint64_t)done;
		n -= (uint64_t)done;
	}
	return 0;
}

bool zcb_memfd_is_hole(int fd, zcb_memfd_off offset)
{
	return lseek(fd, (off_t)offset.off, SEEK_HOLE) == (off_t)offset.off;
}

/* include/uapi/linux/mman.h; older C libraries have neither the call nor the structs. */
struct cachestat_range {
	uint64_t off, len;
};

struct cachestat_counts {
	uint64_t cached, dirty, writeback, evicted, recently_evicted;
};

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

bool zcb_memfd_has_page(int fd, zcb_memfd_off offset)
{
	struct cachestat_range range = { .off = offset.off, .len = 4096 };
	struct cachestat_counts counts = { 0 };

	if (syscall(SYS_cachestat, fd, &range, &counts, 0) < 0)
		return !zcb_memfd_is_hole(fd, offset);
	return counts.cached > 0;
}

bool zcb_memfd_is_swapped(int fd, zcb_memfd_off offset)
{
	struct cachestat_range range = { .off = offset.off, .len = 4096 };
	struct cachestat_counts counts = { 0 };

	return syscall(SYS_cachestat, fd, &range, &counts, 0) == 0 && !counts.cached && counts.evicted;
}

int zcb_hugetlb_free_pages(uint64_t *ret_pages)
{
	return zcb_read_number(POOL "free_hugepages", ret_pages);
}

int zcb_hugetlb_reserve(uint64_t free_pages, struct zcb_error *err)
{
	uint64_t free_now, total;
	char text[32];
	int ret = zcb_hugetlb_free_pages(&free_now);

	if (!ret)
		ret = zcb_read_number(POOL "nr_hugepages", &total);
	if (ret)
		return zcb_fail(err, ret, "kernel: it has no 2 MiB huge pages: "
				"choose --memory shmem, or a kernel with CONFIG_HUGETLBFS");
	if (free_now >= free_pages)
		return 0;
	snprintf(text, sizeof(text), "%" PRIu64, total + free_pages - free_now);
	ret = zcb_write_text(POOL "nr_hugepages", text);
	if (ret)
		return zcb_fail(err, ret, "host set-up: the huge page pool cannot grow: %s",
				strerror(-ret));
	ret = zcb_hugetlb_free_pages(&free_now);
	if (ret || free_now < free_pages)
		return zcb_fail(err, -ENOMEM, "host set-up: only %" PRIu64 " of %" PRIu64
				" huge pages could be had: give the host under test more memory",
				free_now, free_pages);
	return 0;
}
