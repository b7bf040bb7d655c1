// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/vmm/agent-install.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

/** A page's range of the VMM's addresses, registered with a userfaultfd of our own. */
struct range {
	int uffd; /* owned; -1: none */
	struct uffdio_range range;
};

/* Whoever faults on the page while it is registered would wait for us: so never for long. */
static void forget(struct range *range)
{
	if (range->uffd < 0)
		return;
	ioctl(range->uffd, UFFDIO_UNREGISTER, &range->range);
	close(range->uffd);
}

static int open_uffd(uint64_t features, struct zcb_error *err)
{
	struct uffdio_api api = { .api = UFFD_API, .features = features };
	ZCB_CLOSE int uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (uffd < 0)
		return zcb_fail(err, errno == ENOSYS ? -EOPNOTSUPP : -errno,
				"kernel: no userfaultfd: %s (CONFIG_USERFAULTFD, and root or "
				"vm.unprivileged_userfaultfd=1)", strerror(errno));
	if (ioctl(uffd, UFFDIO_API, &api) < 0)
		return zcb_fail(err, errno == EINVAL ? -EOPNOTSUPP : -errno,
				"kernel: its userfaultfd lacks features %#" PRIx64 ": %m", features);
	return zcb_steal_fd(&uffd);
}

/* UFFDIO_CONTINUE wants the mode for pages that are there and not mapped (minor faults). */
static int register_page(struct range *range, bool present, bool huge, struct zcb_error *err)
{
	uint64_t minor = huge ? UFFD_FEATURE_MINOR_HUGETLBFS : UFFD_FEATURE_MINOR_SHMEM;
	uint64_t missing = huge ? UFFD_FEATURE_MISSING_HUGETLBFS : UFFD_FEATURE_MISSING_SHMEM;
	struct uffdio_register request = {
		.range = range->range,
		.mode = present ? UFFDIO_REGISTER_MODE_MINOR : UFFDIO_REGISTER_MODE_MISSING,
	};
	int ret = open_uffd(present ? minor : missing, err);

	if (ret < 0)
		return ret;
	range->uffd = ret;
	if (ioctl(range->uffd, UFFDIO_REGISTER, &request) < 0)
		return zcb_fail(err, -errno, "kernel: userfaultfd does not take the VMM's page: %m");
	return 0;
}

static int copy_zeros(const struct range *range, zcb_ns *ret_ns, struct zcb_error *err)
{
	size_t n = range->range.len;
	/* Never written to: each page of it is the zero page. */
	char *zeros = mmap(NULL, n, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_copy copy = { .dst = range->range.start, .src = (uintptr_t)zeros, .len = n };
	uint64_t start = zcb_now_ns();
	int ret = 0;

	if (zeros == MAP_FAILED)
		return zcb_fail(err, -errno, "host set-up: no memory for a page: %m");
	if (ioctl(range->uffd, UFFDIO_COPY, &copy) < 0)
		ret = zcb_fail(err, -errno, "kernel: UFFDIO_COPY: %m");
	ret_ns->ns = zcb_now_ns() - start;
	munmap(zeros, n);
	return ret;
}

static int go_on(const struct range *range, zcb_ns *ret_ns, struct zcb_error *err)
{
	struct uffdio_continue request = { .range = range->range };
	uint64_t start = zcb_now_ns();

	if (ioctl(range->uffd, UFFDIO_CONTINUE, &request) < 0)
		return zcb_fail(err, -errno, "kernel: UFFDIO_CONTINUE: %m");
	ret_ns->ns = zcb_now_ns() - start;
	return 0;
}

int zcb_vmm_ram_install(struct zcb_vmm_ram *ram, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
		    struct zcb_error *err)
{
	ZCB_CLEANUP(forget) struct range range = { .uffd = -1 };
	struct statfs file;
	uintptr_t address;
	uint64_t size;
	int ret = zcb_vmm_ram_find(ram, offset, &address, err);

	if (ret)
		return ret;
	if (fstatfs(ram->memfd, &file) < 0)
		return zcb_fail(err, -errno, "zcbench bug: the VMM's agent has no memfd: %m");
	size = (uint64_t)file.f_bsize; /* of hugetlbfs the huge page, of shmem 4 KiB */
	range.range = (struct uffdio_range){ .start = address / size * size, .len = size };
	ret = register_page(&range, present, size > 4096, err);
	if (ret)
		return ret;
	return present ? go_on(&range, ret_ns, err) : copy_zeros(&range, ret_ns, err);
}
