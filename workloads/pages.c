// SPDX-License-Identifier: GPL-2.0-or-later
#include "workloads/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

#define PAGE 4096U
#define PRESENT (1ULL << 63)
#define NUMBER ((1ULL << 55) - 1)

/* One of a file's 64-bit numbers. */
static int read_entry(const char *path, uint64_t index, uint64_t *ret_entry, struct zcb_error *err)
{
	ZCB_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : pread(fd, ret_entry, sizeof(*ret_entry), (off_t)(index * 8));

	if (n == sizeof(*ret_entry))
		return 0;
	return zcb_fail(err, n < 0 ? -errno : -ENODATA, "kernel: %s does not tell of entry %#" PRIx64
			" (CONFIG_PROC_PAGE_MONITOR, and root): %s", path, index,
			n < 0 ? strerror(errno) : "it ends before");
}

int zcb_page_at(const void *address, zcb_page_number *ret_page, struct zcb_error *err)
{
	uint64_t entry;
	int ret = read_entry("/proc/self/pagemap", (uintptr_t)address / PAGE, &entry, err);

	if (ret)
		return ret;
	if (!(entry & PRESENT))
		return zcb_fail(err, -ENOENT, "kernel: no page is mapped where it was just touched");
	if (!(entry & NUMBER))
		return zcb_fail(err, -EPERM, "host set-up: page numbers are for root alone");
	*ret_page = (zcb_page_number){ entry & NUMBER };
	return 0;
}

int zcb_page_has(zcb_page_number page, int bit, bool *ret_set, struct zcb_error *err)
{
	uint64_t flags;
	int ret = read_entry("/proc/kpageflags", page.n, &flags, err);

	if (!ret)
		*ret_set = flags >> bit & 1;
	return ret;
}

int zcb_page_mapped(zcb_page_number page, uint64_t *ret_times, struct zcb_error *err)
{
	return read_entry("/proc/kpagecount", page.n, ret_times, err);
}

int zcb_vmstat(const char *name, uint64_t *ret_value)
{
	char line[128], row[64];
	uint64_t value;
	ZCB_FCLOSE FILE *f = fopen("/proc/vmstat", "re");

	if (!f)
		return -errno;
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%63s %" SCNu64, row, &value) == 2 && !strcmp(row, name)) {
			*ret_value = value;
			return 0;
		}
	}
	return -ENOENT;
}
