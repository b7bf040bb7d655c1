// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * How QEMU is started for a guest with a real Linux: its machine, its kernel, and what a boot of them
 * can do without.
 */
#include "bench/guest/linux/command.h"

#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/emulated.h"
#include "bench/guest/abi.h"
#include "bench/guest/display.h"

#define GUEST_HUGE_PAGES 16 /* the agent's pool for frames drawn from huge pages */

/*
 * A guest that cannot calibrate its TSC reads the HPET for the time, each time an exit to QEMU, and
 * under emulation an interrupt then takes longer than the tick. So it is told. 0: not known.
 */
static int tsc_khz(void)
{
	ZCB_CLOSE int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	ZCB_CLOSE int vm = kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
	ZCB_CLOSE int vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	int khz = vcpu < 0 ? 0 : ioctl(vcpu, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? khz : 0;
}

/* Words that only an emulated HUT's guest needs; on hardware its clocks work by themselves. */
static void clock_words(char *ret_words, size_t room)
{
	int khz = zcb_emulated() ? tsc_khz() : 0;

	*ret_words = '\0';
	if (khz)
		snprintf(ret_words, room, "tsc_early_khz=%d tsc=reliable ", khz);
}

/*
 * What a boot of the guest can do without, above all exits from it, each of which is some 200 us
 * where the host itself is emulated: without lastbus=0 the kernel asks for devices on 256 buses
 * (pcibios_fixup_peer_bridges()); without init_on_alloc=0 it writes to each page that it reserves;
 * rodata=off saves splitting and freeing parts of its image. Of all that nothing is measured.
 */
#define QUICK_WORDS "pci=lastbus=0 init_on_alloc=0 rodata=off mitigations=off "

/* No device that nobody uses, and a firmware that does no more than start a kernel. */
#define MACHINE "q35,memory-backend=ram,max-ram-below-4g=2G,sata=off,smbus=off,i8042=off,vmport=off,smm=off"
#define FIRMWARE "qboot.rom"

/*
 * Under emulation a sleeping timer of the guest never fires by a TSC deadline. And there an interrupt
 * that KVM injects can be delivered a second time, interrupts off or not: helper_vmrun() of QEMU
 * (target/i386/tcg/system/svm_helper.c, SVM_EVTINJ_TYPE_INTR) leaves its vector in exception_index,
 * and when the emulator's loop is left before the next exit or exception, as icount does at each
 * timer, it takes that for an exception which is yet to be raised. The guest then runs hrtimer_interrupt()
 * inside itself and waits for its own lock for ever. With no paravirtual EOI the first thing that an
 * interrupt does is an exit, which clears it.
 */
#define EMULATED_CPU "host,-tsc-deadline,-kvmclock,-kvm-pv-eoi"

static void add_kernel(struct zcb_words *words, const struct zcb_guest_config *config)
{
	char clock[64];

	clock_words(clock, sizeof(clock));
	zcb_words_add(words, "-kernel", NULL);
	zcb_words_format(words, "%s/guest-kernel", config->folder);
	zcb_words_add(words, "-initrd", NULL);
	zcb_words_format(words, "%s/guest-initrd%s", config->folder,
			 config->devices & ZCB_GUEST_DISPLAY ? "-display" : "");
	zcb_words_add(words, "-append", NULL);
	zcb_words_format(words,
		 "%s%s%s" QUICK_WORDS "console=ttyS0 panic=-1 no_timer_check cryptomgr.notests random.trust_cpu=on "
		 "initcall_blacklist=jent_mod_init,load_system_certificate_list ipv6.disable=1 nokaslr "
		 "norandmaps hugepages=%d zcb.nonce=%#" PRIx64,
		 clock, config->verbose ? "earlyprintk=ttyS0 " : "quiet ",
		 zcb_devices_kernel_words(config->devices), GUEST_HUGE_PAGES, config->nonce);
}

void zcb_linux_command(struct zcb_words *words, const struct zcb_guest_config *config,
		       const struct zcb_linux_files *files)
{
	zcb_words_add(words, "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-accel",
		      "kvm", "-machine", MACHINE, "-bios", FIRMWARE, "-cpu",
		      zcb_emulated() ? EMULATED_CPU : "host", "-smp", "1",
		      /* The guest's console goes where QEMU's own words go. */
		      "-chardev", "file,id=console,path=/proc/self/fd/1", "-serial", "chardev:console",
		      "-chardev", NULL);
	zcb_words_format(words, "socket,id=link,fd=%d", files->link);
	/* Each port that there could be has two queues, which the guest sets up at start. */
	zcb_words_add(words, "-device", "virtio-serial-pci,max_ports=2", "-device",
		      "virtserialport,chardev=link,name=" ZCB_ABI_PORT, NULL);
	zcb_devices_add(words, config, files->memfd, files->qmp);
	zcb_display_add(words, config->devices);
	add_kernel(words, config);
}
