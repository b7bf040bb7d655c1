// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest kind `linux`: QEMU/KVM with our agent as init. The memfd is ours: QEMU gets it as a
 * memory backend, and we punch, export and read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/emulated.h"
#include "bench/base/io.h"
#include "bench/base/part.h"
#include "bench/guest/console.h"
#include "bench/guest/devices.h"
#include "bench/guest/display.h"
#include "bench/guest/guest.h"
#include "bench/guest/link.h"
#include "bench/guest/qmp.h"
#include "bench/vmm/vmm.h"

/*
 * q35 puts at most this much RAM below the PCI hole (max-ram-below-4g, hw/i386/pc_q35.c), so the
 * split does not depend on QEMU's own choice for the guest's size.
 */
#define BELOW_4G (2ULL << 30)

#define GUEST_HUGE_PAGES 16 /* the agent's pool for frames drawn from huge pages */
#define BOOT_TIMEOUT_MS 240000
#define REPLY_TIMEOUT_MS 60000
#define PLUG_TRIES 200 /* so often a frame is asked for of memory that was just plugged in */
#define PLUG_WAIT_MS 50

struct linux_guest {
	struct zcb_guest base;
	struct zcb_link link;
	struct zcb_ram_map map;
	const struct zcb_abi_control *control;
	pid_t qemu;
	uint64_t storm; /* the first sequence of the last one */
	int link_fd;
	struct zcb_vmm vmm; /* its socket is owned */
	struct zcb_qmp qmp; /* and so is this one */
	char *vmm_object;   /* what is preloaded into QEMU */
	struct zcb_guest_console console;
};

static struct linux_guest *linux_guest(struct zcb_guest *guest)
{
	return (struct linux_guest *)guest;
}

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

static void exec_qemu(const struct linux_guest *guest, const struct zcb_guest_config *config)
{
	int keep[] = { guest->base.memfd, guest->link_fd, guest->vmm.fd, guest->qmp.fd };
	struct zcb_words words = { .n = 0 };

	zcb_words_add(&words, "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-no-reboot", "-accel", "kvm", "-machine",
		      MACHINE, "-bios", FIRMWARE,
		      "-cpu", zcb_emulated() ? EMULATED_CPU : "host", "-smp", "1",
		      /* The guest's console goes where QEMU's own words go. */
		      "-chardev", "file,id=console,path=/proc/self/fd/1", "-serial", "chardev:console",
		      "-chardev", NULL);
	zcb_words_format(&words, "socket,id=link,fd=%d", guest->link_fd);
	/* Each port that there could be has two queues, which the guest sets up at start. */
	zcb_words_add(&words, "-device", "virtio-serial-pci,max_ports=2", "-device",
		      "virtserialport,chardev=link,name=" ZCB_ABI_PORT, NULL);
	zcb_devices_add(&words, config, guest->base.memfd, guest->qmp.fd);
	zcb_display_add(&words, config->devices);
	add_kernel(&words, config);
	zcb_child_keep_fds(keep, 4);
	if (zcb_vmm_set_environment(guest->vmm_object, guest->vmm.fd, guest->base.memfd))
		_exit(126);
	execvp(words.word[0], (char *const *)(uintptr_t)words.word);
	dprintf(STDERR_FILENO, "qemu-system-x86_64 cannot be started: %s: apt-get install qemu-system-x86\n",
		strerror(errno));
	_exit(127);
}

static int make_pair(int *ret_ours, int *ret_theirs, const char *what, struct zcb_error *err)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return zcb_fail(err, -errno, "host set-up: no socket for %s: %m", what);
	*ret_ours = pair[0];
	*ret_theirs = pair[1];
	return 0;
}

/* Our ends of the sockets that QEMU has the others of. */
struct ends {
	int link, vmm, qmp;
};

static void close_ends(struct ends *ends)
{
	zcb_close_fd_p(&ends->link);
	zcb_close_fd_p(&ends->vmm);
	zcb_close_fd_p(&ends->qmp);
}

/* Until QEMU is forked the guest has QEMU's ends. */
static int make_sockets(struct linux_guest *guest, struct ends *ret_ours, struct zcb_error *err)
{
	int ret = make_pair(&ret_ours->link, &guest->link_fd, "the guest link", err);

	if (!ret)
		ret = make_pair(&ret_ours->qmp, &guest->qmp.fd, "QEMU's control", err);
	if (ret)
		return ret;
	ret = zcb_vmm_sockets(&ret_ours->vmm, &guest->vmm.fd);
	return ret ? zcb_fail(err, ret, "host set-up: no socket for the agent inside QEMU: %s",
			      strerror(-ret)) : 0;
}

static int start_console(struct linux_guest *guest, const struct zcb_guest_config *config,
			 int *ret_writer, struct zcb_error *err)
{
	char title[64];

	snprintf(title, sizeof(title), "a guest on %s starts%s", zcb_memory_name(config->memory),
		 config->verbose ? " once more" : "");
	return zcb_guest_console_start(config->console, title, &guest->console, ret_writer, err);
}

static int spawn_qemu(struct linux_guest *guest, const struct zcb_guest_config *config,
		      struct zcb_error *err)
{
	ZCB_CLEANUP(close_ends) struct ends ours = { -1, -1, -1 };
	ZCB_CLOSE int console = -1;
	int ret = zcb_part_find("/proc/self/exe", ZCB_VMM_OBJECT, &guest->vmm_object, err);

	if (!ret)
		ret = start_console(guest, config, &console, err);
	if (!ret)
		ret = make_sockets(guest, &ours, err);
	if (ret)
		return ret;
	guest->qemu = zcb_fork();
	if (guest->qemu == 0) {
		dup2(console, STDOUT_FILENO);
		dup2(console, STDERR_FILENO);
		exec_qemu(guest, config);
	}
	close(zcb_steal_fd(&guest->link_fd));
	close(zcb_steal_fd(&guest->vmm.fd));
	close(zcb_steal_fd(&guest->qmp.fd));
	if (guest->qemu < 0)
		return zcb_fail(err, -errno, "host set-up: no process for QEMU: %m");
	guest->link_fd = zcb_steal_fd(&ours.link);
	guest->vmm = (struct zcb_vmm){ .fd = zcb_steal_fd(&ours.vmm), .timeout_ms = REPLY_TIMEOUT_MS };
	guest->qmp = (struct zcb_qmp){ .fd = zcb_steal_fd(&ours.qmp), .timeout_ms = REPLY_TIMEOUT_MS };
	guest->link = (struct zcb_link){ .fd = guest->link_fd, .timeout_ms = BOOT_TIMEOUT_MS };
	return 0;
}

/* The control page is read where QEMU's RAM is: a wrong memory map cannot pass this check. */
static int map_control(struct linux_guest *guest, const struct zcb_abi_hello *hello, uint64_t nonce,
		       struct zcb_error *err)
{
	uint64_t page_size = zcb_memory_page_size(guest->base.memory);
	zcb_memfd_off offset;
	uint64_t inside;
	char *map;

	if (hello->nonce != nonce || hello->control_gpa % ZCB_ABI_PAGE_SIZE)
		return zcb_fail(err, -EPROTO, "guest: its greeting is not of the guest we started");
	if (zcb_ram_map_offset(&guest->map, (zcb_gpa){ hello->control_gpa }, &offset))
		return zcb_fail(err, -EPROTO, "guest: its control page %#" PRIx64 " is not in its RAM",
				hello->control_gpa);
	inside = offset.off % page_size;
	map = mmap(NULL, page_size, PROT_READ, MAP_SHARED, guest->base.memfd,
		   (off_t)(offset.off - inside));
	if (map == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: the control page cannot be mapped: %m");
	guest->control = (const struct zcb_abi_control *)(map + inside);
	if (guest->control->magic != ZCB_ABI_CONTROL_MAGIC || guest->control->nonce != nonce)
		return zcb_fail(err, -EPROTO, "zcbench bug: guest address %#" PRIx64
				" is not at memfd offset %#" PRIx64, hello->control_gpa, offset.off);
	return 0;
}

/* Its console is whole only when it has ended. */
static void end_qemu(struct linux_guest *guest)
{
	if (guest->qemu > 0)
		zcb_child_end(guest->qemu, 2000);
	guest->qemu = 0;
}

static int fail_to_come_up(struct linux_guest *guest, int why, struct zcb_error *err)
{
	const char *words;

	end_qemu(guest);
	zcb_guest_console_end(&guest->console);
	words = zcb_guest_console_last(&guest->console);
	if (why == -ENOTCONN && guest->base.devices & ZCB_GUEST_DISPLAY && zcb_display_explain(words, err))
		return -EOPNOTSUPP;
	return zcb_fail(err, why, "qemu: the guest did not come up (%s); %s%s",
			why == -ETIMEDOUT ? "no word in 240 s" : "QEMU ended",
			*words ? "its last words: " : "its console is empty", words);
}

/* QEMU starts without an object that cannot be preloaded, and only the agent's silence tells. */
static int check_vmm_process(struct linux_guest *guest, struct zcb_error *err)
{
	struct zcb_error why;
	pid_t pid;
	int ret = zcb_vmm_ping(&guest->vmm, &pid, &why);

	if (ret)
		return zcb_fail(err, ret, "%.300s; %s should be preloaded into it", why.text,
				guest->vmm_object);
	if (pid != guest->qemu)
		return zcb_fail(err, -EPROTO, "zcbench bug: the agent is in process %d, QEMU is %d", pid,
				guest->qemu);
	return 0;
}

/* Through QEMU's mapping the control page must be the one that we map, or a touch is of nothing. */
static int check_vmm(struct linux_guest *guest, const struct zcb_abi_hello *hello,
		     struct zcb_error *err)
{
	uint64_t magic = 0;
	zcb_memfd_off offset;
	zcb_ns took;
	int ret = check_vmm_process(guest, err);

	if (!ret)
		ret = zcb_ram_map_offset(&guest->map, (zcb_gpa){ hello->control_gpa }, &offset);
	if (!ret)
		ret = zcb_vmm_touch(&guest->vmm, offset, false, &magic, &took, err);
	if (!ret && magic != ZCB_ABI_CONTROL_MAGIC)
		ret = zcb_fail(err, -EPROTO, "zcbench bug: what QEMU maps at memfd offset %#" PRIx64
			       " is not the control page", offset.off);
	return ret;
}

/* Where memory can be plugged in, QEMU says; that it lies above all RAM makes the map unambiguous. */
static int check_devices(struct linux_guest *guest, struct zcb_error *err)
{
	uint64_t end_of_ram = guest->map.above_4g ? (4ULL << 30) + guest->map.above_4g : guest->map.below_4g;
	int ret = zcb_qmp_begin(&guest->qmp, err);

	if (ret || !(guest->base.devices & ZCB_GUEST_PLUG))
		return ret;
	ret = zcb_devices_plug_at(&guest->qmp, &guest->map.plug_at, err);
	if (!ret && guest->map.plug_at < end_of_ram)
		ret = zcb_fail(err, -EPROTO, "qemu: it plugs in memory at %#" PRIx64 ", amid the guest's RAM",
			       guest->map.plug_at);
	if (!ret)
		guest->map.plug = guest->base.plug_bytes;
	return ret;
}

/* QEMU has one vCPU, and some threads beside it; those that it starts later are its main thread's. */
static int place_threads(struct linux_guest *guest, struct zcb_error *err)
{
	json_t *cpus = NULL;
	int ret = zcb_qmp_execute(&guest->qmp, "query-cpus-fast", NULL, &cpus, err);
	json_int_t thread = json_integer_value(json_object_get(json_array_get(cpus, 0), "thread-id"));

	json_decref(cpus);
	if (ret)
		return ret;
	ret = zcb_topology_keep_vmm(&guest->base.placement, guest->qemu, (pid_t)thread);
	return ret ? zcb_fail(err, ret, "kernel: QEMU's threads cannot be placed on processors (its vCPU is "
			      "thread %d): %s", (int)thread, strerror(-ret)) : 0;
}

static int wait_for_hello(struct linux_guest *guest, uint64_t nonce, struct zcb_error *err)
{
	struct zcb_abi_hello hello;
	int ret = zcb_link_hello(&guest->link, &hello, err);

	if (ret == -ENOTCONN || ret == -ETIMEDOUT)
		return fail_to_come_up(guest, ret, err);
	guest->link.timeout_ms = REPLY_TIMEOUT_MS;
	if (!ret)
		ret = map_control(guest, &hello, nonce, err);
	if (!ret)
		ret = check_vmm(guest, &hello, err);
	if (!ret)
		ret = check_devices(guest, err);
	return ret ? ret : place_threads(guest, err);
}

static void linux_stop(struct zcb_guest *base)
{
	struct linux_guest *guest = linux_guest(base);

	if (!guest)
		return;
	end_qemu(guest);
	zcb_guest_console_finish(&guest->console);
	if (guest->control)
		munmap((void *)((uintptr_t)guest->control & ~(zcb_memory_page_size(base->memory) - 1)),
		       zcb_memory_page_size(base->memory));
	if (guest->link_fd >= 0)
		close(guest->link_fd);
	if (guest->vmm.fd >= 0)
		close(guest->vmm.fd);
	if (guest->qmp.fd >= 0)
		close(guest->qmp.fd);
	if (base->memfd >= 0)
		close(base->memfd);
	free(guest->vmm_object);
	free(guest);
}

static void free_guest_p(struct linux_guest **guest)
{
	linux_stop(*guest ? &(*guest)->base : NULL);
}

static int linux_start(const struct zcb_guest_config *config, struct zcb_guest **ret_guest,
		       struct zcb_error *err)
{
	ZCB_CLEANUP(free_guest_p) struct linux_guest *guest = calloc(1, sizeof(*guest));
	int ret;

	if (!guest)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a guest");
	guest->base = (struct zcb_guest){ .ops = &zcb_guest_linux, .memory = config->memory,
					  .ram_bytes = config->ram_bytes, .memfd = -1,
					  .devices = config->devices,
					  .placement = config->placement };
	if (config->devices & ZCB_GUEST_PLUG)
		guest->base.plug_bytes = ZCB_PLUG_BYTES;
	guest->link_fd = guest->vmm.fd = guest->qmp.fd = -1;
	guest->map.below_4g = config->ram_bytes < BELOW_4G ? config->ram_bytes : BELOW_4G;
	guest->map.above_4g = config->ram_bytes - guest->map.below_4g;
	guest->base.ram_below_4g = guest->map.below_4g;
	ret = zcb_guest_make_ram(config, guest->base.plug_bytes, &guest->base.memfd, err);
	if (!ret)
		ret = spawn_qemu(guest, config, err);
	if (!ret)
		ret = wait_for_hello(guest, config->nonce, err);
	if (ret)
		return ret;
	*ret_guest = &zcb_steal_ptr(&guest)->base;
	return 0;
}

static int linux_resize(struct zcb_guest *base, enum zcb_guest_device device, uint64_t bytes,
			struct zcb_error *err)
{
	return zcb_devices_resize(&linux_guest(base)->qmp, base->devices, device, bytes, err);
}

static int linux_size(struct zcb_guest *base, enum zcb_guest_device device, uint64_t *ret_bytes,
		      struct zcb_error *err)
{
	return zcb_devices_size(&linux_guest(base)->qmp, base->devices, device, ret_bytes, err);
}

static bool is_all_plugged(const struct linux_guest *guest, const zcb_memfd_off *page, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (page[i].off < guest->base.ram_bytes)
			return false;
	return true;
}

/*
 * The device has its size when the driver asks for it, and the guest has the memory only when its kernel
 * has put it online (virtio_mem_sbm_plug_and_add_mb()). Until then the frame is of other memory, and
 * each is made in place of the one before.
 */
static int alloc_plugged(struct linux_guest *guest, const struct zcb_abi_alloc *request,
			 zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	int ret = zcb_guest_resize_wait(&guest->base, ZCB_GUEST_PLUG, ZCB_GUEST_PLUGGED_BYTES, err);

	for (int tries = 0; !ret && tries < PLUG_TRIES; tries++) {
		ret = zcb_link_alloc(&guest->link, request, &guest->map, ret_pages, err);
		if (ret || is_all_plugged(guest, ret_pages, request->pages))
			return ret;
		usleep(PLUG_WAIT_MS * 1000);
	}
	return ret ? ret : zcb_fail(err, -EIO, "guest: it makes no frame of the memory that was plugged in: is "
				    "it online, and movable?");
}

static int linux_alloc(struct zcb_guest *base, const struct zcb_frame_request *request,
		       zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	struct linux_guest *guest = linux_guest(base);
	struct zcb_abi_alloc message = {
		.frame = request->frame,
		.pages = request->pages,
		.block_pages = request->blocks ? ZCB_ABI_BLOCK_PAGES : 1,
		.blocks = request->blocks,
		.seed = request->seed,
		.key = request->key,
	};

	if (request->plugged)
		return alloc_plugged(guest, &message, ret_pages, err);
	return zcb_link_alloc(&guest->link, &message, &guest->map, ret_pages, err);
}

static int linux_show(struct zcb_guest *base, const struct zcb_frame_request *request,
		      const struct zcb_geometry *geometry, zcb_memfd_off *ret_pages, struct zcb_error *err)
{
	struct zcb_abi_show message = {
		.frame = request->frame,
		.pages = request->pages,
		.width = geometry->width,
		.height = geometry->height,
		.stride = geometry->stride,
		.offset = geometry->offset,
		.seed = request->seed,
		.key = request->key,
		/* Of no frame before and of none that is drawn later. */
		.sequence = request->seed | 1ULL << 63,
	};
	int ret = zcb_link_show(&linux_guest(base)->link, &message, err);

	return ret ? ret : zcb_display_find(base->memfd, base->ram_bytes, &message, ret_pages, err);
}

static int linux_look(struct zcb_guest *base, int *ret_socket, struct zcb_error *err)
{
	return zcb_display_connect(&linux_guest(base)->qmp, ret_socket, err);
}

/* What the guest says must be what its control page says. */
static int check_published(const struct linux_guest *guest, uint32_t frame, uint64_t sequence,
			   struct zcb_error *err)
{
	uint64_t published = atomic_load_explicit((const _Atomic uint64_t *)&guest->control->published[frame], memory_order_acquire);

	if (published != sequence)
		return zcb_fail(err, -EPROTO, "guest: it says sequence %" PRIu64 " is drawn, and its "
				"control page says %" PRIu64, sequence, published);
	return 0;
}

static int linux_draw(struct zcb_guest *base, uint32_t frame, uint64_t sequence,
		      struct zcb_error *err)
{
	int ret = zcb_link_draw(&linux_guest(base)->link, frame, sequence, err);

	return ret ? ret : check_published(linux_guest(base), frame, sequence, err);
}

static int linux_storm(struct zcb_guest *base, uint32_t frame, uint64_t sequence,
		       struct zcb_error *err)
{
	linux_guest(base)->storm = sequence;
	return zcb_link_storm(&linux_guest(base)->link, frame, sequence, err);
}

static int linux_calm(struct zcb_guest *base, uint32_t frame, uint64_t *ret_sequence,
		      struct zcb_error *err)
{
	struct linux_guest *guest = linux_guest(base);
	int ret = zcb_link_calm(&guest->link, frame, guest->storm, ret_sequence, err);

	return ret ? ret : check_published(guest, frame, *ret_sequence, err);
}

static int linux_read(struct zcb_guest *base, uint32_t frame, struct zcb_error *err)
{
	return zcb_link_read(&linux_guest(base)->link, frame, err);
}

static int linux_release(struct zcb_guest *base, uint32_t frame, struct zcb_error *err)
{
	uint64_t plugged = 0;
	int ret = zcb_link_free(&linux_guest(base)->link, frame, err);

	if (!ret && base->devices & ZCB_GUEST_PLUG)
		ret = linux_size(base, ZCB_GUEST_PLUG, &plugged, err);
	return ret || !plugged ? ret : zcb_guest_resize_wait(base, ZCB_GUEST_PLUG, 0, err);
}

static int linux_give(struct zcb_guest *base, uint32_t frame, const uint32_t *page, uint32_t n,
		      struct zcb_error *err)
{
	return zcb_link_give(&linux_guest(base)->link, frame, page, n, err);
}

static int linux_regain(struct zcb_guest *base, uint32_t frame, const uint32_t *page, uint32_t n,
			struct zcb_error *err)
{
	return zcb_link_regain(&linux_guest(base)->link, frame, page, n, err);
}

static int linux_export(struct zcb_guest *base, const zcb_memfd_off *pages, uint32_t n,
			int *ret_dmabuf, zcb_ns *ret_ns, struct zcb_error *err)
{
	return zcb_vmm_export(&linux_guest(base)->vmm, pages, n, ret_dmabuf, ret_ns, err);
}

static int linux_touch(struct zcb_guest *base, zcb_memfd_off offset, bool write, uint64_t value,
		       zcb_ns *ret_ns, struct zcb_error *err)
{
	return zcb_vmm_touch(&linux_guest(base)->vmm, offset, write, &value, ret_ns, err);
}

static int linux_install(struct zcb_guest *base, zcb_memfd_off offset, bool present, zcb_ns *ret_ns,
			 struct zcb_error *err)
{
	return zcb_vmm_install(&linux_guest(base)->vmm, offset, present, ret_ns, err);
}

static int linux_page_out(struct zcb_guest *base, zcb_memfd_off offset, struct zcb_error *err)
{
	return zcb_vmm_page_out(&linux_guest(base)->vmm, offset, err);
}

static int linux_subscribe(struct zcb_guest *base, int *ret_fd, struct zcb_error *err)
{
	return zcb_vmm_subscribe(&linux_guest(base)->vmm, ret_fd, err);
}

const struct zcb_guest_ops zcb_guest_linux = {
	.name = "linux",
	.summary = "QEMU/KVM with a real Linux; our agent is its init",
	.start = linux_start,
	.alloc = linux_alloc,
	.show = linux_show,
	.look = linux_look,
	.draw = linux_draw,
	.storm = linux_storm,
	.calm = linux_calm,
	.read = linux_read,
	.release = linux_release,
	.give = linux_give,
	.regain = linux_regain,
	.resize = linux_resize,
	.size = linux_size,
	.export = linux_export,
	.touch = linux_touch,
	.install = linux_install,
	.page_out = linux_page_out,
	.subscribe = linux_subscribe,
	.stop = linux_stop,
};
