// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/target/kvm-probe.h"
#include "bench/target/process.h"

#define HUGETLB "/sys/kernel/mm/hugepages/hugepages-2048kB/"

/** For ourselves, QEMU's own needs and translated code, beside the HUT's memory. */
#define MEMORY_BESIDE ((uint64_t)768 << 20)

/** A nightly run leaves some hundred MiB of samples. */
#define DISK_BYTES ((uint64_t)1 << 30)

/** What the default cells take: a guest of 256 MiB and as much again to replace. */
#define HUGETLB_PAGES 256

__attribute__((format(printf, 4, 5))) static void set(struct zcb_check *check, bool ok,
						      const char *mend, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(check->found, sizeof(check->found), format, args);
	va_end(args);
	check->ok = ok;
	snprintf(check->mend, sizeof(check->mend), "%s", ok ? "" : mend);
}

void zcb_check_udmabuf(struct zcb_check *ret_check)
{
	ZCB_CLOSE int fd = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);
	int err = errno;

	ret_check->name = "/dev/udmabuf";
	if (fd >= 0)
		set(ret_check, true, "", "can be opened");
	else if (err == EACCES)
		set(ret_check, false, "sudo usermod -aG kvm $USER, then log in again",
		    "may not be opened");
	else
		set(ret_check, false,
		    "sudo modprobe udmabuf, or a kernel with CONFIG_UDMABUF, or --target vm",
		    "%s: this kernel has no udmabuf driver", strerror(err));
}

void zcb_check_root(struct zcb_check *ret_check)
{
	ret_check->name = "root";
	if (geteuid() == 0)
		set(ret_check, true, "", "yes");
	else
		set(ret_check, false, "run zcbench with sudo, or --target vm, which needs no root",
		    "no: page frame numbers and tracefs are for root alone");
}

void zcb_check_kvm(struct zcb_check *ret_check)
{
	char why[128];
	int err = zcb_kvm_probe(why, sizeof(why));

	ret_check->name = "/dev/kvm";
	if (!err)
		set(ret_check, true, "", "works");
	else if (err == -EACCES)
		set(ret_check, false, "sudo usermod -aG kvm $USER, then log in again",
		    "may not be opened");
	else if (err == -ENOENT)
		set(ret_check, false,
		    "sudo modprobe kvm_intel, or kvm_amd, with virtualization on in the firmware",
		    "is not there");
	else
		set(ret_check, false, "none on this machine; --accel tcg and icount need no KVM",
		    "is no hardware virtualization: %s", why);
}

void zcb_check_hugetlb(struct zcb_check *ret_check)
{
	uint64_t free_pages = 0;
	int err = zcb_read_number(HUGETLB "free_hugepages", &free_pages);
	char mend[128];

	ret_check->name = "hugetlb pool";
	snprintf(mend, sizeof(mend), "echo %d | sudo tee " HUGETLB "nr_hugepages", HUGETLB_PAGES);
	if (err)
		set(ret_check, false, "a kernel with CONFIG_HUGETLBFS, or --memory shmem",
		    "this kernel has none");
	else
		set(ret_check, free_pages >= HUGETLB_PAGES, mend, "%" PRIu64 " free pages of 2 MiB",
		    free_pages);
}

/** MemAvailable of /proc/meminfo. */
static int available_memory(uint64_t *ret_bytes)
{
	ZCB_FREE char *text = NULL;
	char *at;
	int err = zcb_read_file(AT_FDCWD, "/proc/meminfo", 1 << 16, &text, NULL);

	if (err)
		return err;
	at = strstr(text, "MemAvailable:");
	if (!at)
		return -ENOENT;
	*ret_bytes = strtoull(at + strlen("MemAvailable:"), NULL, 10) << 10;
	return 0;
}

void zcb_check_memory(size_t hut_bytes, struct zcb_check *ret_check)
{
	uint64_t available = 0, wanted = hut_bytes + MEMORY_BESIDE;

	ret_check->name = "memory";
	if (available_memory(&available))
		set(ret_check, true, "", "unknown");
	else
		set(ret_check, available >= wanted, "end other programs",
		    "%" PRIu64 " MiB available, a run takes %" PRIu64, available >> 20,
		    wanted >> 20);
}

void zcb_check_disk(const char *folder, struct zcb_check *ret_check)
{
	struct statvfs info;
	uint64_t room;

	ret_check->name = "disk";
	if (statvfs(folder, &info) < 0) {
		set(ret_check, false, "choose another folder with -o", "%s: %s", folder,
		    strerror(errno));
		return;
	}
	room = (uint64_t)info.f_bavail * info.f_frsize;
	set(ret_check, room >= DISK_BYTES, "make room, or choose another folder with -o",
	    "%" PRIu64 " MiB free, a run takes up to %" PRIu64, room >> 20, DISK_BYTES >> 20);
}

void zcb_check_gnuplot(struct zcb_check *ret_check)
{
	static const char *const argv[] = {"/usr/bin/env", "gnuplot", "--version", NULL};
	char output[128];
	int code = zcb_process_run(argv, NULL, 10000, output, sizeof(output));

	output[strcspn(output, "\n")] = '\0';
	ret_check->name = "gnuplot";
	if (code == 0)
		set(ret_check, true, "", "%s", output);
	else
		set(ret_check, false, "sudo apt-get install gnuplot-nox",
		    "is missing: the report will have no plots");
}
