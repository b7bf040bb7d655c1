// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/target/archive.h"
#include "bench/target/images.h"
#include "bench/target/internal.h"
#include "bench/target/qemu.h"
#include "bench/target/vm.h"

/** The child's descriptors, in the order in which they are handed over. */
enum { FD_CHANNEL = ZCB_SPAWN_FIRST_FD, FD_CONSOLE, FD_INITRD, FD_GUESTS, FD_END };

static void on_console_line(void *context, const char *line, size_t n)
{
	struct zcb_target *target = context;

	zcb_faults_feed_console(target->faults, line, n);
	zcb_line_printable(line, n, target->last_line, sizeof(target->last_line));
	if (strstr(target->last_line, "zcb-init: "))
		memcpy(target->init_words, target->last_line, sizeof(target->init_words));
}

static void on_output_line(void *context, const char *line, size_t n)
{
	struct zcb_target *target = context;

	/* Registers and code follow the one, and then QEMU waits for a debugger; who ended it is in the other. */
	if (target->stuck || target->told_to_end)
		return;
	zcb_line_printable(line, n, target->last_words, sizeof(target->last_words));
	target->stuck = strncmp(target->last_words, "KVM internal error", 18) == 0;
	/* qemu_kill_report(), system/runstate.c; its exit code is 0 then. */
	target->told_to_end = strstr(target->last_words, "terminating on signal ") != NULL;
}

/*
 * What is read from a share comes in host time, and so between other instructions in each boot; what
 * lies in memory from the start does not. So with icount the root file system and the staging are in the
 * initrd: what draws, which is the larger part, only where a consumer may load it.
 */
static int add_root(int fd, const struct zcb_images *images, const struct zcb_target_config *config,
		    const struct zcb_staging *staging)
{
	static const char *const drawing[] = {"libLLVM*", "libgallium*", "libz3*", NULL};
	bool draws = config->parts && config->parts[0];
	int code = zcb_archive_tree(fd, images->root, "mnt", draws ? NULL : drawing);

	return code ? code : zcb_archive_tree(fd, staging->path, "mnt/zcb", NULL);
}

/** The HUT's initrd: its modules, if it needs any, and then its init. */
static int make_initrd(const struct zcb_images *images, const struct zcb_target_config *config,
		       const struct zcb_staging *staging, int *ret_fd, struct zcb_error *err)
{
	ZCB_CLOSE int fd = memfd_create("zcbench-initrd", MFD_CLOEXEC);
	int code = fd < 0 ? -errno : 0;

	if (!code && images->modules)
		code = zcb_archive_append(fd, images->modules);
	if (!code)
		code = zcb_archive_append(fd, images->init);
	if (!code && config->accel == ZCB_ACCEL_ICOUNT)
		code = add_root(fd, images, config, staging);
	if (code)
		return zcb_fail(err, code, "host set-up: the HUT's initrd cannot be made: %s",
				strerror(-code));
	*ret_fd = zcb_steal_fd(&fd);
	return 0;
}

/*
 * With icount two boots shall execute the same instructions: one thread, a clock that counts them,
 * the same seed for what QEMU draws, nothing placed at random, and nothing that comes in host time:
 * see add_root(), add_devices() and the runner's requests.
 */
static void add_accel(struct zcb_args *args, const struct zcb_target_config *config)
{
	static const char *const kvm[] = {"-accel", "kvm", "-cpu", "host", NULL};
	static const char *const tcg[] = {"-accel", "tcg,thread=multi", "-cpu", "max,la57=off",
					  NULL};
	static const char *const icount[] = {
		"-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off",
		"-cpu",	  "max,la57=off",      "-rtc",	  "base=2026-01-01T00:00:00,clock=vm",
		NULL};
	static const char *const *const words[] = {
		[ZCB_ACCEL_KVM] = kvm,
		[ZCB_ACCEL_TCG] = tcg,
		[ZCB_ACCEL_ICOUNT] = icount,
	};

	zcb_args_add_all(args, words[config->accel]);
	if (config->accel == ZCB_ACCEL_ICOUNT) {
		zcb_args_add(args, "-seed");
		zcb_args_add(args, "%" PRIu64, config->seed);
	}
}

static void add_cmdline(struct zcb_args *args, const struct zcb_target_config *config,
			const char *mode)
{
	/*
	 * Emulated processors share few real ones: being slow is no lock-up, and the check of the
	 * timer can fail where it works. With icount a tick of the TSC is a nanosecond, exactly, and the root
	 * file system is what the initrd brings: in ramfs, since tmpfs could be swapped.
	 */
	static const char *const words[] = {
		[ZCB_ACCEL_KVM] = "",
		[ZCB_ACCEL_TCG] = " no_timer_check watchdog_thresh=60 "
				  "rcupdate.rcu_cpu_stall_timeout=120",
		[ZCB_ACCEL_ICOUNT] = " no_timer_check tsc_early_khz=1000000 nokaslr norandmaps "
				     "randomize_kstack_offset=off rootfstype=ramfs",
	};

	zcb_args_add(args, "-append");
	/*
	 * An oops is no panic: the runner says what it can, and the boot counts as tainted. The
	 * self-tests of crypto are a third of the instructions of a stock boot. Two nodes and an area
	 * of CMA are for the workloads that move pages. A frame of single pages is a udmabuf of as many
	 * list entries; of a whole screen it is more than the usual 1024.
	 */
	zcb_args_add(args,
		     "console=ttyS0,115200 earlyprintk=ttyS0,115200 printk.time=1 panic=-1 "
		     "random.trust_cpu=on cryptomgr.notests numa=fake=2 cma=64M "
		     "udmabuf.list_limit=16384 "
		     "initcall_blacklist=jent_mod_init,load_system_certificate_list%s%s%s%s%s%s",
		     config->screen ? " iomem=relaxed" : "", words[config->accel],
		     mode ? " zcb.mode=" : "", mode ? mode : "",
		     config->cmdline ? " " : "", config->cmdline ? config->cmdline : "");
}

static void add_devices(struct zcb_args *args, const struct zcb_target_config *config)
{
	/*
	 * Without ioeventfd a kick is served by who gives it, and not by another thread at another
	 * instruction each time.
	 */
	static const char *const serial[] = {"-device",
					     "virtio-serial-pci,id=serial,max_ports=3", NULL};
	static const char *const prompt[] = {
		"-device", "virtio-serial-pci,id=serial,max_ports=3,ioeventfd=off", NULL};
	/* Which drivers of kernels without vkms copy what they show to: bench/consumers/scanout-vram.c. */
	static const char *const display[] = {"-device", "cirrus-vga,romfile=", NULL};
	static const char *const devices[] = {
		"-device", "virtserialport,nr=1,chardev=channel,name=zcb.channel",
		"-device", "virtserialport,nr=2,chardev=guests,name=zcb.guests",
		"-serial", "chardev:console",
		NULL};

	zcb_args_add(args, "-chardev");
	zcb_args_add(args, "socket,id=channel,fd=%d", FD_CHANNEL);
	zcb_args_add(args, "-chardev");
	zcb_args_add(args, "file,id=console,path=/proc/self/fd/%d", FD_CONSOLE);
	zcb_args_add(args, "-chardev");
	zcb_args_add(args, "file,id=guests,path=/proc/self/fd/%d", FD_GUESTS);
	zcb_args_add_all(args, config->accel == ZCB_ACCEL_ICOUNT ? prompt : serial);
	zcb_args_add_all(args, devices);
	if (config->screen)
		zcb_args_add_all(args, display);
}

static void add_share(struct zcb_args *args, const char *tag, const char *folder)
{
	ZCB_FREE char *path = zcb_args_escape_commas(folder);

	if (!path) {
		args->error = -ENOMEM;
		return;
	}
	zcb_args_add(args, "-virtfs");
	zcb_args_add(args,
		     "local,id=%s,mount_tag=%s,path=%s,security_model=none,readonly=on,"
		     "multidevs=remap",
		     tag, tag, path);
}

/*
 * KASAN keeps an eighth of RAM for its shadow, up to a 32nd for what was freed
 * (mm/kasan/quarantine.c), and makes what is allocated larger: what is left shall be as much as
 * under any other kernel. So it shall be whatever the initrd brings; in steps of a block of memory that can be taken
 * offline, 128 MiB, for each of the two nodes.
 */
static uint64_t hut_mib(const struct zcb_target_config *config, const struct zcb_images *images, int initrd)
{
	uint64_t mib = config->memory_bytes >> 20;
	struct stat info;

	if (config->accel == ZCB_ACCEL_ICOUNT && fstat(initrd, &info) == 0)
		mib += (((uint64_t)info.st_size >> 20) / 256 + 1) * 256;
	return images->kasan ? mib + mib / 4 : mib;
}

static void add_machine(struct zcb_args *args, const struct zcb_target_config *config,
			const struct zcb_images *images, int initrd)
{
	static const char *const bare[] = {
		"-machine",   "q35",	  "-nodefaults", "-no-user-config",
		"-no-reboot", "-display", "none",	 NULL};

	zcb_args_add_all(args, bare);
	zcb_args_add(args, "-smp");
	zcb_args_add(args, "%u", config->cpus);
	zcb_args_add(args, "-m");
	zcb_args_add(args, "%" PRIu64 "M", hut_mib(config, images, initrd));
	zcb_args_add(args, "-kernel");
	zcb_args_add(args, "%s", images->kernel);
	zcb_args_add(args, "-initrd");
	zcb_args_add(args, "/proc/self/fd/%d", FD_INITRD);
}

static int make_console(int *ret_ours, int *ret_childs, struct zcb_error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return zcb_fail(err, -errno, "host set-up: no pipe: %s", strerror(errno));
	zcb_target_widen_pipe(fds[1]);
	*ret_ours = fds[0];
	*ret_childs = fds[1];
	return 0;
}

static int start_qemu(struct zcb_target *target, const struct zcb_target_config *config,
		      const char *modules, int initrd, struct zcb_error *err)
{
	ZCB_FREE const char **environment = zcb_process_environment(modules);
	ZCB_CLOSE int channel = -1;
	ZCB_CLOSE int console = -1;
	ZCB_CLOSE int output = -1;
	ZCB_CLOSE int guests = -1;
	int ours, code;

	if (!environment)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	code = zcb_target_socketpair(&target->channel, &channel, err);
	if (code)
		return code;
	code = make_console(&ours, &console, err);
	if (!code)
		code = zcb_target_open_stream(target, &target->console, ours, config->boot_dir,
					      "console.log", err);
	if (code)
		return code;
	code = zcb_target_socketpair(&ours, &output, err);
	if (!code)
		code = zcb_target_open_stream(target, &target->output, ours, config->boot_dir,
					      "qemu.log", err);
	if (!code)
		code = zcb_target_open_guests(target, config->boot_dir, &guests, err);
	if (code)
		return code;
	return zcb_target_spawn(target, environment,
				(const int[]){channel, console, initrd, guests},
				FD_END - FD_CHANNEL, output, err);
}

static int prepare(struct zcb_target *target, const struct zcb_target_config *config,
		   const char *mode, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_images_finish) struct zcb_images images = {0};
	ZCB_CLEANUP(zcb_qemu_finish) struct zcb_qemu qemu = {0};
	ZCB_CLOSE int initrd = -1;
	int code = zcb_images_find(config, &images, err);

	if (!code)
		code = zcb_qemu_find(config->images, &qemu, err);
	if (!code)
		code = zcb_staging_make(&images, config, &target->staging, err);
	if (!code)
		code = make_initrd(&images, config, &target->staging, &initrd, err);
	if (code)
		return code;
	target->args = qemu.command;
	qemu.command = (struct zcb_args){0};
	add_machine(&target->args, config, &images, initrd);
	add_accel(&target->args, config);
	add_devices(&target->args, config);
	if (config->accel != ZCB_ACCEL_ICOUNT) {
		add_share(&target->args, "root", images.root);
		add_share(&target->args, "zcb", target->staging.path);
	}
	add_cmdline(&target->args, config, mode);
	return start_qemu(target, config, qemu.modules, initrd, err);
}

int zcb_vm_start_mode(const struct zcb_target_config *config, const char *mode,
		      struct zcb_target **ret_target, struct zcb_error *err)
{
	struct zcb_target *target = zcb_target_new();
	int code;

	if (!target)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	target->is_vm = true;
	target->console.on_line = on_console_line;
	target->output.on_line = on_output_line;
	code = prepare(target, config, mode, err);
	if (code) {
		zcb_target_destroy(target);
		return code;
	}
	*ret_target = target;
	return 0;
}

int zcb_target_vm_start(const struct zcb_target_config *config, struct zcb_target **ret_target,
			struct zcb_error *err)
{
	return zcb_vm_start_mode(config, NULL, ret_target, err);
}
