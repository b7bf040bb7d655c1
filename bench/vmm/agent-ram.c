// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/vmm/agent-ram.h"

#include <errno.h>
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

/* Where the kernel would fault, and where to go on instead. One thread touches, one at a time. */
static struct {
	sigjmp_buf escape;
	uintptr_t address;
	pid_t thread;
	struct sigaction bus, segv; /* the VMM's own */
} guard;

/* What is no fault of ours is the VMM's: it gets what it would have got. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	const struct sigaction *own = number == SIGBUS ? &guard.bus : &guard.segv;

	if (own->sa_flags & SA_SIGINFO)
		own->sa_sigaction(number, info, context);
	else if (own->sa_handler == SIG_DFL || own->sa_handler == SIG_IGN)
		sigaction(number, own, NULL);
	else
		own->sa_handler(number);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	if (gettid() == guard.thread && ((uintptr_t)info->si_addr ^ guard.address) < 8)
		siglongjmp(guard.escape, number);
	pass_on(number, info, context);
}

static void change_mask(int how)
{
	sigset_t faults;

	sigemptyset(&faults);
	sigaddset(&faults, SIGBUS);
	sigaddset(&faults, SIGSEGV);
	pthread_sigmask(how, &faults, NULL);
}

static void guard_up(uintptr_t address)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };

	guard.address = address;
	guard.thread = gettid();
	/* Known before another thread can need them. */
	sigaction(SIGBUS, NULL, &guard.bus);
	sigaction(SIGSEGV, NULL, &guard.segv);
	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	change_mask(SIG_UNBLOCK);
}

static void guard_down(void)
{
	change_mask(SIG_BLOCK);
	sigaction(SIGBUS, &guard.bus, NULL);
	sigaction(SIGSEGV, &guard.segv, NULL);
}

/* Returns 0, or the signal that the access raised. */
static int guarded_access(volatile uint64_t *address, bool write, uint64_t *value, zcb_ns *ret_ns)
{
	int number;

	guard_up((uintptr_t)address);
	number = sigsetjmp(guard.escape, 1);
	if (!number) {
		uint64_t start = zcb_now_ns();

		if (write)
			*address = *value;
		else
			*value = *address;
		ret_ns->ns = zcb_now_ns() - start;
		if (write)
			*value = *address;
	}
	guard_down();
	return number;
}

static bool is_file(const struct stat *info, dev_t device, ino_t inode)
{
	return info->st_dev == device && info->st_ino == inode;
}

/* The next mapping of that file in /proc/self/maps, shared and for writing. */
static bool next_mapping(FILE *maps, const struct stat *file, struct zcb_vmm_ram *ret_at)
{
	char line[512], mode[5];
	unsigned int major, minor;
	unsigned long inode;

	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %" SCNx64 " %x:%x %lu",
			   &ret_at->start, &ret_at->end, mode, &ret_at->offset, &major, &minor,
			   &inode) != 7)
			continue;
		if (is_file(file, makedev(major, minor), inode) && !strcmp(mode, "rw-s"))
			return true;
	}
	return false;
}

static bool holds(const struct zcb_vmm_ram *ram, zcb_memfd_off offset)
{
	return offset.off >= ram->offset && offset.off - ram->offset < ram->end - ram->start;
}

/*
 * Whether the mapping is still there, which costs less than to look for it anew. Without the
 * privilege to follow this link (proc_map_files_get_link()) nobody knows, and it is looked for.
 */
static bool is_still_there(const struct zcb_vmm_ram *ram, const struct stat *file)
{
	struct stat info;
	char path[80];

	if (!ram->end)
		return false;
	snprintf(path, sizeof(path), "/proc/self/map_files/%" PRIxPTR "-%" PRIxPTR, ram->start,
		 ram->end);
	return stat(path, &info) == 0 && is_file(&info, file->st_dev, file->st_ino);
}

static int find(struct zcb_vmm_ram *ram, const struct stat *file, zcb_memfd_off offset)
{
	ZCB_FCLOSE FILE *maps = NULL;
	struct zcb_vmm_ram found = { .memfd = ram->memfd, .vmm = ram->vmm };

	if (is_still_there(ram, file) && holds(ram, offset))
		return 0;
	maps = fopen("/proc/self/maps", "re");
	if (!maps)
		return -errno;
	while (next_mapping(maps, file, &found)) {
		if (holds(&found, offset)) {
			*ram = found;
			return 0;
		}
	}
	return -ENXIO;
}

static int check_offset(zcb_memfd_off offset, const struct stat *file, struct zcb_error *err)
{
	if (offset.off % sizeof(uint64_t))
		return zcb_fail(err, -EINVAL, "zcbench bug: a touch at %#" PRIx64
				" is not of an aligned u64", offset.off);
	if (offset.off >= (uint64_t)file->st_size)
		return zcb_fail(err, -ERANGE, "zcbench bug: a touch at %#" PRIx64
				", and the memfd has %#" PRIx64 " bytes", offset.off,
				(uint64_t)file->st_size);
	return 0;
}

int zcb_vmm_ram_find(struct zcb_vmm_ram *ram, zcb_memfd_off offset, uintptr_t *ret_address,
		     struct zcb_error *err)
{
	struct stat file;
	int ret;

	if (fstat(ram->memfd, &file) < 0)
		return zcb_fail(err, -errno, "zcbench bug: the VMM's agent has no memfd: %m");
	ret = check_offset(offset, &file, err);
	if (ret)
		return ret;
	ret = find(ram, &file, offset);
	if (ret)
		return zcb_fail(err, ret, "host set-up: %s does not map offset %#" PRIx64
				" of the guest's memfd, shared and for writing", ram->vmm,
				offset.off);
	*ret_address = ram->start + (offset.off - ram->offset);
	return 0;
}

int zcb_vmm_ram_touch(struct zcb_vmm_ram *ram, zcb_memfd_off offset, bool write, uint64_t *value,
		      zcb_ns *ret_ns, struct zcb_error *err)
{
	uintptr_t address;
	int ret = zcb_vmm_ram_find(ram, offset, &address, err), number;

	if (ret)
		return ret;
	number = guarded_access((uint64_t *)address, write, value, ret_ns);
	if (!number)
		return 0;
	ram->end = 0;
	return zcb_fail(err, -EFAULT, "kernel: a touch of offset %#" PRIx64 " of the guest's memfd "
			"by %s raised signal %d: there is no page, and none could be had",
			offset.off, ram->vmm, number);
}

int zcb_vmm_ram_page_out(struct zcb_vmm_ram *ram, zcb_memfd_off offset, struct zcb_error *err)
{
	uintptr_t address;
	int ret = zcb_vmm_ram_find(ram, offset, &address, err);

	if (ret)
		return ret;
	if (madvise((void *)(address / 4096 * 4096), 4096, MADV_PAGEOUT) < 0)
		return zcb_fail(err, -errno, "kernel: MADV_PAGEOUT of a page of the guest's memfd: %m");
	return 0;
}

int zcb_vmm_ram_let_fork(const struct zcb_vmm_ram *ram, bool let)
{
	ZCB_FCLOSE FILE *maps = fopen("/proc/self/maps", "re");
	struct zcb_vmm_ram found = { 0 };
	struct stat file;

	if (!maps || fstat(ram->memfd, &file) < 0)
		return -errno;
	while (next_mapping(maps, &file, &found))
		if (madvise((void *)found.start, found.end - found.start,
			    let ? MADV_DOFORK : MADV_DONTFORK) < 0)
			return -errno;
	return 0;
}
