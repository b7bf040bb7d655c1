/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "vm-images/host/kvm_probe.h"

/*
 * Guest memory, from guest physical address 0: page tables that map the first 2 MiB to themselves,
 * the code, and the word it writes.
 */
enum { PML4 = 0x1000, PDPT = 0x2000, PD = 0x3000, CODE = 0x4000, RESULT_AT = 0x4800 };
enum { GUEST_BYTES = 0x5000, RESULT = 0x42, TIMEOUT_S = 20, CPUID_ENTRIES = 256 };
enum { PTE_PRESENT_WRITABLE = 3, PTE_HUGE = 0x80 };

/*
 * In long mode, since that is what kernels run in, and with a BMI2 instruction where the CPU has
 * them: a KVM without hardware behind it interprets the guest's kernel mode, knows few instructions,
 * passes a simple test, and stops at such a one in the middle of a kernel's boot.
 */
static const uint8_t code[] = {
	0xb8, 0x21, 0x00, 0x00, 0x00,		  /* mov $0x21, %eax */
	0xb9, 0x01, 0x00, 0x00, 0x00,		  /* mov $1, %ecx */
	0xc4, 0xe2, 0x71, 0xf7, 0xd0,		  /* shlx %ecx, %eax, %edx */
	0x89, 0x14, 0x25, 0x00, 0x48, 0x00, 0x00, /* mov %edx, 0x4800 */
	0xf4,					  /* hlt */
};
enum { SHLX_AT = 10 };
static const uint8_t instead_of_shlx[] = { 0x8d, 0x14, 0x00, 0x90, 0x90 }; /* lea; nop; nop */

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

static void fill_memory(uint8_t *memory)
{
	uint64_t pml4e = PDPT | PTE_PRESENT_WRITABLE, pdpte = PD | PTE_PRESENT_WRITABLE;
	uint64_t pde = PTE_HUGE | PTE_PRESENT_WRITABLE;

	memcpy(memory + PML4, &pml4e, sizeof(pml4e));
	memcpy(memory + PDPT, &pdpte, sizeof(pdpte));
	memcpy(memory + PD, &pde, sizeof(pde));
	memcpy(memory + CODE, code, sizeof(code));
	if (!__builtin_cpu_supports("bmi2"))
		memcpy(memory + CODE + SHLX_AT, instead_of_shlx, sizeof(instead_of_shlx));
}

static int set_up_memory(int vm, uint8_t *memory, const char **ret_reason)
{
	struct kvm_userspace_memory_region region = {
		.memory_size = GUEST_BYTES,
		.userspace_addr = (uintptr_t)memory,
	};

	fill_memory(memory);
	return step(ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region), "KVM_SET_USER_MEMORY_REGION",
		    ret_reason);
}

static struct kvm_segment flat_segment(uint8_t type, uint8_t long_mode)
{
	return (struct kvm_segment){
		.limit = 0xffffffff, .selector = 8, .type = type, .present = 1, .s = 1, .g = 1,
		.db = !long_mode, .l = long_mode,
	};
}

static void enter_long_mode(struct kvm_sregs *sregs)
{
	sregs->cr3 = PML4;
	sregs->cr4 = 0x20;	 /* PAE */
	sregs->cr0 = 0x80000033; /* PG, NE, ET, MP, PE */
	sregs->efer = 0x500;	 /* LMA, LME */
	sregs->cs = flat_segment(11, 1);
	sregs->ds = sregs->es = sregs->fs = sregs->gs = sregs->ss = flat_segment(3, 0);
}

/* The vCPU may do what KVM supports; without it there is no long mode. */
static int set_up_cpuid(int kvm, int vcpu, const char **ret_reason)
{
	ZCB_FREE struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + CPUID_ENTRIES * sizeof(cpuid->entries[0]));

	if (!cpuid)
		return -ENOMEM;
	cpuid->nent = CPUID_ENTRIES;
	int err = step(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, cpuid), "KVM_GET_SUPPORTED_CPUID",
		       ret_reason);

	if (err < 0)
		return err;
	return step(ioctl(vcpu, KVM_SET_CPUID2, cpuid), "KVM_SET_CPUID2", ret_reason);
}

static int set_up_registers(int vcpu, const char **ret_reason)
{
	struct kvm_regs regs = { .rip = CODE, .rflags = 2 };
	struct kvm_sregs sregs;
	int err = step(ioctl(vcpu, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS", ret_reason);

	if (err < 0)
		return err;
	enter_long_mode(&sregs);
	err = step(ioctl(vcpu, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS", ret_reason);
	if (err < 0)
		return err;
	return step(ioctl(vcpu, KVM_SET_REGS, &regs), "KVM_SET_REGS", ret_reason);
}

/* Runs until the guest halts and looks at what it wrote. */
static int run(int vcpu, const uint8_t *memory, const struct kvm_run *shared,
	       const char **ret_reason)
{
	struct sigaction action = { .sa_handler = on_alarm };
	uint32_t result;

	sigaction(SIGALRM, &action, NULL);
	alarm(TIMEOUT_S);
	int err = step(ioctl(vcpu, KVM_RUN, 0), "KVM_RUN", ret_reason);

	alarm(0);
	if (err < 0)
		return err;
	memcpy(&result, memory + RESULT_AT, sizeof(result));
	if (shared->exit_reason == KVM_EXIT_HLT && result == RESULT)
		return 0;
	*ret_reason = shared->exit_reason == KVM_EXIT_INTERNAL_ERROR ?
			      "this KVM cannot run a kernel's instructions" :
			      "the guest's code did not do what it should";
	return -EIO;
}

static int map_and_run(int vcpu, int run_size, uint8_t *memory, const char **ret_reason)
{
	struct kvm_run *shared =
		mmap(NULL, run_size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	if (shared == MAP_FAILED)
		return step(-1, "mmap of the vCPU", ret_reason);
	int err = set_up_registers(vcpu, ret_reason);

	if (err >= 0)
		err = run(vcpu, memory, shared, ret_reason);
	munmap(shared, run_size);
	return err;
}

static int probe_with_memory(uint8_t *memory, const char **ret_reason)
{
	ZCB_CLOSE int kvm = step(open("/dev/kvm", O_RDWR | O_CLOEXEC), "open /dev/kvm", ret_reason);

	if (kvm < 0)
		return kvm;

	ZCB_CLOSE int vm = step(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM", ret_reason);
	int err = vm < 0 ? vm : set_up_memory(vm, memory, ret_reason);

	if (err < 0)
		return err;

	ZCB_CLOSE int vcpu = step(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU", ret_reason);

	err = vcpu < 0 ? vcpu : set_up_cpuid(kvm, vcpu, ret_reason);
	if (err < 0)
		return err;
	int size = step(ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "KVM_GET_VCPU_MMAP_SIZE", ret_reason);

	return size < 0 ? size : map_and_run(vcpu, size, memory, ret_reason);
}

int zcb_probe_kvm(const char **ret_reason)
{
	uint8_t *memory = mmap(NULL, GUEST_BYTES, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	*ret_reason = NULL;
	if (memory == MAP_FAILED)
		return step(-1, "mmap of guest memory", ret_reason);
	int err = probe_with_memory(memory, ret_reason);

	munmap(memory, GUEST_BYTES);
	return err;
}
