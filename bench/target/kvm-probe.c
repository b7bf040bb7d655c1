// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/kvm-probe.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

#define TIMEOUT_MS 2000
#define MAX_CPUID 256

/* Guest memory: three levels of page tables that map the first 2 MiB to themselves, and the code.
 */
enum { PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, CODE = 0x4000, MEMORY = 0x5000 };

#define PRESENT_WRITABLE 0x3
#define HUGE_PAGE 0x80

/* mov $20000000, %ecx; 1: dec %ecx; jnz 1b; hlt */
static const uint8_t code[] = {0xb9, 0x00, 0x2d, 0x31, 0x01, 0xff, 0xc9, 0x75, 0xfc, 0xf4};

/* The child's exit codes. */
enum { PROBE_WORKS, PROBE_GAVE_UP, PROBE_NO_VCPU };

/* Without long mode in its CPUID a vCPU is refused the registers of one in long mode. */
static int set_cpuid(int kvm, int vcpu)
{
	ZCB_FREE struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + MAX_CPUID * sizeof(cpuid->entries[0]));

	if (!cpuid)
		return -ENOMEM;
	cpuid->nent = MAX_CPUID;
	if (ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0 || ioctl(vcpu, KVM_SET_CPUID2, cpuid) < 0)
		return -errno;
	return 0;
}

static int set_registers(int vcpu)
{
	struct kvm_regs regs = {.rip = CODE, .rflags = 2};
	struct kvm_sregs sregs;

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs) < 0)
		return -errno;
	sregs.cr0 |= 0x80000001; /* PG, PE */
	sregs.cr3 = PML4;
	sregs.cr4 |= 0x20;   /* PAE */
	sregs.efer |= 0x500; /* LMA, LME */
	sregs.cs.base = 0;
	sregs.cs.selector = 8;
	sregs.cs.limit = 0xffffffff;
	sregs.cs.type = 11; /* code, read and accessed */
	sregs.cs.l = 1;
	sregs.cs.db = 0;
	sregs.cs.g = 1;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) < 0 || ioctl(vcpu, KVM_SET_REGS, &regs) < 0)
		return -errno;
	return 0;
}

static int add_memory(int vm)
{
	uint8_t *memory =
		mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {.memory_size = MEMORY,
						     .userspace_addr = (uintptr_t)memory};

	if (memory == MAP_FAILED)
		return -errno;
	*(uint64_t *)(memory + PML4) = PDPT | PRESENT_WRITABLE;
	*(uint64_t *)(memory + PDPT) = PD | PRESENT_WRITABLE;
	*(uint64_t *)(memory + PD) = HUGE_PAGE | PRESENT_WRITABLE;
	memcpy(memory + CODE, code, sizeof(code));
	return ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) < 0 ? -errno : 0;
}

/** The child; what it opens ends with it. */
static int run(int kvm)
{
	int vm = ioctl(kvm, KVM_CREATE_VM, 0UL), vcpu;
	int size = ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
	struct kvm_run *state;

	if (vm < 0 || size < 0 || add_memory(vm) < 0)
		return PROBE_NO_VCPU;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0UL);
	if (vcpu < 0 || set_cpuid(kvm, vcpu) < 0 || set_registers(vcpu) < 0)
		return PROBE_NO_VCPU;
	state = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (state == MAP_FAILED)
		return PROBE_NO_VCPU;
	while (ioctl(vcpu, KVM_RUN, 0) < 0)
		if (errno != EINTR && errno != EAGAIN)
			return PROBE_GAVE_UP;
	return state->exit_reason == KVM_EXIT_HLT ? PROBE_WORKS : PROBE_GAVE_UP;
}

/** Waits for the child, and kills it when the time is up. Returns its exit code or -errno. */
static int wait_for(pid_t child)
{
	ZCB_CLOSE int pidfd = pidfd_open(child, 0);
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	bool in_time = pidfd >= 0 && TEMP_FAILURE_RETRY(poll(&end, 1, TIMEOUT_MS)) == 1;
	int status;

	if (!in_time)
		kill(child, SIGKILL);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!in_time)
		return -ETIMEDOUT;
	return WIFEXITED(status) ? WEXITSTATUS(status) : PROBE_GAVE_UP;
}

static const char *describe(int result)
{
	if (result == -ETIMEDOUT)
		return "it needs over 2 s for what takes a processor 10 ms, so it interprets";
	if (result == PROBE_NO_VCPU)
		return "it makes no VM";
	return "it gives up in a loop in long mode";
}

int zcb_kvm_probe(char *ret_why, size_t room)
{
	ZCB_CLOSE int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	pid_t child = kvm < 0 ? -1 : fork();
	int result;

	if (child < 0) {
		result = -errno;
		snprintf(ret_why, room, "%s", strerror(-result));
		return result;
	}
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(run(kvm));
	}
	result = wait_for(child);
	if (result == PROBE_WORKS)
		return 0;
	snprintf(ret_why, room, "%s", describe(result));
	return result < 0 ? result : -EIO;
}
