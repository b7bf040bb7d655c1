// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/micro/vcpu.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/guest/micro/abi.h"

#define MAX_CPUID 256U

/*
 * Three pages at the end of 4 GiB, below the BIOS, for VMX that cannot run real mode by itself
 * (KVM_SET_TSS_ADDR, Documentation/virt/kvm/api.rst). AMD's ignores them.
 */
#define TSS_ADDRESS 0xfffbd000UL

#define CR0_LONG 0x80000031U /* PG, NE, ET, PE */
#define CR4_LONG 0x20U	     /* PAE */
#define EFER_LONG 0x500U     /* LMA, LME */

static int cannot(const char *what, struct zcb_error *err)
{
	return zcb_fail(err, -errno, "kernel: %s: %m", what);
}

/* What KVM can do, and no more: a vCPU without it would have no long mode. */
static int set_cpuid(const struct zcb_micro_vcpu *v, struct zcb_error *err)
{
	ZCB_FREE struct kvm_cpuid2 *cpuid =
		calloc(1, sizeof(*cpuid) + MAX_CPUID * sizeof(cpuid->entries[0]));

	if (!cpuid)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for the vCPU's CPUID");
	cpuid->nent = MAX_CPUID;
	if (ioctl(v->kvm, KVM_GET_SUPPORTED_CPUID, cpuid) < 0)
		return cannot("KVM_GET_SUPPORTED_CPUID", err);
	if (ioctl(v->vcpu, KVM_SET_CPUID2, cpuid) < 0)
		return cannot("KVM_SET_CPUID2", err);
	return 0;
}

static struct kvm_segment flat_segment(uint8_t type, bool code)
{
	return (struct kvm_segment){.limit = 0xffffffff,
				    .selector = code ? 8 : 16,
				    .type = type,
				    .present = 1,
				    .s = 1,
				    .g = 1,
				    .l = code,
				    .db = !code};
}

/* No interrupt gets in, and no exception has a handler: it ends in a shutdown, which is told. */
static int set_registers(const struct zcb_micro_vcpu *v, struct zcb_error *err)
{
	struct kvm_regs regs = {
		.rip = ZCB_MICRO_PAYLOAD,
		.rflags = 2,
		/* As if it had been called: the stack is aligned as the ABI has it. */
		.rsp = ZCB_MICRO_STACK_TOP - 8};
	struct kvm_sregs sregs;

	if (ioctl(v->vcpu, KVM_GET_SREGS, &sregs) < 0)
		return cannot("KVM_GET_SREGS", err);
	sregs.cr3 = ZCB_MICRO_TABLES;
	sregs.cr4 = CR4_LONG;
	sregs.cr0 = CR0_LONG;
	sregs.efer = EFER_LONG;
	sregs.idt.limit = 0;
	sregs.cs = flat_segment(11, true);
	sregs.ds = sregs.es = sregs.ss = flat_segment(3, false);
	if (ioctl(v->vcpu, KVM_SET_SREGS, &sregs) < 0)
		return cannot("KVM_SET_SREGS", err);
	if (ioctl(v->vcpu, KVM_SET_REGS, &regs) < 0)
		return cannot("KVM_SET_REGS", err);
	return 0;
}

static int make_vm(struct zcb_micro_vcpu *v, void *ram, uint64_t ram_bytes, struct zcb_error *err)
{
	struct kvm_userspace_memory_region region = {.memory_size = ram_bytes,
						     .userspace_addr = (uintptr_t)ram};

	v->kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (v->kvm < 0)
		return zcb_fail(err, -errno, "host set-up: /dev/kvm: %m");
	v->vm = ioctl(v->kvm, KVM_CREATE_VM, 0UL);
	if (v->vm < 0)
		return cannot("KVM_CREATE_VM", err);
	if (ioctl(v->vm, KVM_SET_TSS_ADDR, TSS_ADDRESS) < 0)
		return cannot("KVM_SET_TSS_ADDR", err);
	if (ioctl(v->vm, KVM_SET_USER_MEMORY_REGION, &region) < 0)
		return cannot("KVM_SET_USER_MEMORY_REGION", err);
	return 0;
}

static int make_vcpu(struct zcb_micro_vcpu *v, struct zcb_error *err)
{
	int bytes = ioctl(v->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), khz;

	v->vcpu = bytes < 0 ? -1 : ioctl(v->vm, KVM_CREATE_VCPU, 0UL);
	if (v->vcpu < 0)
		return cannot("KVM_CREATE_VCPU", err);
	v->run = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_SHARED, v->vcpu, 0);
	if (v->run == MAP_FAILED) {
		v->run = NULL;
		return cannot("mmap() of the vCPU", err);
	}
	v->run_bytes = (size_t)bytes;
	khz = ioctl(v->vcpu, KVM_GET_TSC_KHZ, 0);
	v->tsc_khz = khz > 0 ? (uint32_t)khz : 0;
	return 0;
}

int zcb_micro_vcpu_make(struct zcb_micro_vcpu *ret_vcpu, void *ram, uint64_t ram_bytes,
			struct zcb_error *err)
{
	struct zcb_micro_vcpu v = {.kvm = -1, .vm = -1, .vcpu = -1};
	int ret = make_vm(&v, ram, ram_bytes, err);

	if (!ret)
		ret = make_vcpu(&v, err);
	if (!ret)
		ret = set_cpuid(&v, err);
	if (!ret)
		ret = set_registers(&v, err);
	if (ret)
		zcb_micro_vcpu_finish(&v);
	else
		*ret_vcpu = v;
	return ret;
}

static uint64_t where(const struct zcb_micro_vcpu *v)
{
	struct kvm_regs regs = {0};

	ioctl(v->vcpu, KVM_GET_REGS, &regs);
	return regs.rip;
}

/*
 * SVM leaves nothing of it, and KVM resets the vCPU: shutdown_interception(),
 * arch/x86/kvm/svm/svm.c.
 */
#define RESET_RIP 0xfff0U

static int shut_down(const struct zcb_micro_vcpu *v, struct zcb_error *err)
{
	struct kvm_sregs sregs = {0};
	uint64_t rip = where(v);

	if (rip == RESET_RIP)
		return zcb_fail(err, -EIO,
				"guest: its vCPU shut down by an exception, of which this "
				"processor says no more");
	ioctl(v->vcpu, KVM_GET_SREGS, &sregs);
	return zcb_fail(err, -EIO,
			"guest: its vCPU shut down by an exception at %#" PRIx64
			", its last page fault being at %#" PRIx64,
			rip, (uint64_t)sregs.cr2);
}

static int judge_port(const struct zcb_micro_vcpu *v, struct zcb_error *err)
{
	if (v->run->io.direction == KVM_EXIT_IO_OUT && v->run->io.port == ZCB_MICRO_PORT)
		return 0;
	return zcb_fail(err, -EIO, "guest: its vCPU used the I/O port %#x at %#" PRIx64,
			v->run->io.port, where(v));
}

/* Why the vCPU is no longer running: 0 where that is how the payload leaves. */
static int judge_exit(const struct zcb_micro_vcpu *v, struct zcb_error *err)
{
	switch (v->run->exit_reason) {
	case KVM_EXIT_IO:
		return judge_port(v, err);
	case KVM_EXIT_SHUTDOWN:
		return shut_down(v, err);
	case KVM_EXIT_HLT:
		return zcb_fail(err, -EIO, "guest: its vCPU halted at %#" PRIx64, where(v));
	case KVM_EXIT_MMIO:
		return zcb_fail(err, -EIO,
				"guest: its vCPU touched %#" PRIx64 " at %#" PRIx64
				", where there is no RAM",
				(uint64_t)v->run->mmio.phys_addr, where(v));
	case KVM_EXIT_FAIL_ENTRY:
		return zcb_fail(err, -EIO,
				"kernel: KVM cannot enter the guest: the processor's reason "
				"is %#" PRIx64,
				(uint64_t)v->run->fail_entry.hardware_entry_failure_reason);
	case KVM_EXIT_INTERNAL_ERROR:
		return zcb_fail(err, -EIO,
				"kernel: KVM gave up at %#" PRIx64 ": internal error %u%s",
				where(v), v->run->internal.suberror,
				v->run->internal.suberror == KVM_INTERNAL_ERROR_EMULATION
					? ", it cannot emulate what stands there"
					: "");
	default:
		return zcb_fail(err, -EIO,
				"kernel: KVM left the guest at %#" PRIx64 " for its reason %u, "
				"which the micro guest gives no cause for",
				where(v), v->run->exit_reason);
	}
}

int zcb_micro_vcpu_run(const struct zcb_micro_vcpu *v, zcb_ns *ret_ran, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	int ret, error;

	do
		ret = ioctl(v->vcpu, KVM_RUN, 0);
	while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	error = errno;
	ret_ran->ns = zcb_now_ns() - start;
	if (ret < 0)
		return zcb_fail(err, -error, "kernel: KVM_RUN at %#" PRIx64 ": %s%s", where(v),
				strerror(error),
				error == EFAULT ? " (a page of guest RAM could not be had)" : "");
	return judge_exit(v, err);
}

void zcb_micro_vcpu_finish(struct zcb_micro_vcpu *v)
{
	if (v->run)
		munmap(v->run, v->run_bytes);
	if (v->vcpu >= 0)
		close(v->vcpu);
	if (v->vm >= 0)
		close(v->vm);
	if (v->kvm >= 0)
		close(v->kvm);
}
