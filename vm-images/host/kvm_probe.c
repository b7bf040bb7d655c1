/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "vm-images/host/init.h"

/* One page of guest memory: the code at its start, the word it writes in its middle. */
enum { GUEST_PAGE = 0x1000, PAGE_BYTES = 0x1000, RESULT_AT = 0x800, RESULT = 0x5a43 };
enum { TIMEOUT_S = 20 };

/* Real mode: movw $0x5a43, 0x1800; hlt */
static const uint8_t code[] = { 0xc7, 0x06, 0x00, 0x18, 0x43, 0x5a, 0xf4 };

static void on_alarm(int signal)
{
	(void)signal; /* it is enough that KVM_RUN returns */
}

static int step(int result, const char *name, const char **ret_reason)
{
	if (result >= 0)
		return result;
	*ret_reason = name;
	return -errno;
}

static int set_up_memory(int vm, uint8_t *page, const char **ret_reason)
{
	struct kvm_userspace_memory_region region = {
		.guest_phys_addr = GUEST_PAGE,
		.memory_size = PAGE_BYTES,
		.userspace_addr = (uintptr_t)page,
	};

	memcpy(page, code, sizeof(code));
	/* Intel without unrestricted guests needs these three pages for real mode. */
	step(ioctl(vm, KVM_SET_TSS_ADDR, 0xfffbd000UL), "KVM_SET_TSS_ADDR", ret_reason);
	*ret_reason = NULL;
	return step(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION",
		    ret_reason);
}

static int set_up_registers(int vcpu, const char **ret_reason)
{
	struct kvm_regs regs = { .rip = GUEST_PAGE, .rflags = 2 };
	struct kvm_sregs sregs;
	int err = step(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS", ret_reason);

	if (err < 0)
		return err;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	err = step(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS", ret_reason);
	if (err < 0)
		return err;
	return step(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS", ret_reason);
}

/* Runs until the guest halts and looks at what it wrote. */
static int run(int vcpu, const uint8_t *page, const struct kvm_run *shared, const char **ret_reason)
{
	struct sigaction action = { .sa_handler = on_alarm };
	uint16_t result;

	sigaction(SIGALRM, &action, NULL);
	alarm(TIMEOUT_S);
	int err = step(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN", ret_reason);

	alarm(0);
	if (err < 0)
		return err;
	memcpy(&result, page + RESULT_AT, sizeof(result));
	if (shared->exit_reason != KVM_EXIT_HLT || result != RESULT) {
		*ret_reason = "the guest's code did not do what it should";
		return -EIO;
	}
	return 0;
}

static int map_and_run(int vcpu, int run_size, uint8_t *page, const char **ret_reason)
{
	struct kvm_run *shared =
		mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	if (shared == MAP_FAILED)
		return step(-1, "mmap of the vCPU", ret_reason);
	int err = set_up_registers(vcpu, ret_reason);

	if (err >= 0)
		err = run(vcpu, page, shared, ret_reason);
	munmap(shared, run_size);
	return err;
}

static int probe_with_page(uint8_t *page, const char **ret_reason)
{
	ZCB_CLOSE int kvm = step(open("/dev/kvm", O_RDWR | O_CLOEXEC), "open /dev/kvm", ret_reason);

	if (kvm < 0)
		return kvm;

	ZCB_CLOSE int vm = step(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM", ret_reason);
	int err = vm < 0 ? vm : set_up_memory(vm, page, ret_reason);

	if (err < 0)
		return err;

	ZCB_CLOSE int vcpu = step(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU", ret_reason);
	int size = vcpu < 0 ? vcpu : step(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
					  "KVM_GET_VCPU_MMAP_SIZE", ret_reason);

	return size < 0 ? size : map_and_run(vcpu, size, page, ret_reason);
}

int zcb_probe_kvm(const char **ret_reason)
{
	uint8_t *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*ret_reason = NULL;
	if (page == MAP_FAILED)
		return step(-1, "mmap of guest memory", ret_reason);
	int err = probe_with_page(page, ret_reason);

	munmap(page, PAGE_BYTES);
	return err;
}
