// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/target/accel-memory.h"
#include "bench/target/accel.h"
#include "bench/target/native.h"
#include "bench/target/process.h"
#include "bench/target/target.h"

/* FAKE_QEMU, a program that behaves as ZCB_FAKE says, stands in for QEMU: see fake-qemu.sh. */

struct place {
	char dir[64];
	char program[96], images[96], boot[96], note[96], temp[96];
	struct zcb_target_config config;
};

static void make_file(const char *dir, const char *name, const char *text)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	assert_return_code(fd, errno);
	assert_int_equal(zcb_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void make_folder(const char *dir, const char *name)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	assert_return_code(mkdir(path, 0755), errno);
}

static int set_up(void **state)
{
	static const char *const folders[] = {"images",	      "images/rootfs", "images/rootfs/root",
					      "images/stock", "vm-images",     "boot",
					      "temp"};
	struct place *p = calloc(1, sizeof(*p));

	strcpy(p->dir, "/tmp/zcb-test-target.XXXXXX");
	assert_non_null(mkdtemp(p->dir));
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		make_folder(p->dir, folders[i]);
	make_file(p->dir, "images/stock/vmlinuz", "kernel");
	make_file(p->dir, "images/stock/modules-hut.cpio", "modules-of-hut,");
	make_file(p->dir, "images/stock/modules-guest.cpio", "modules-of-guest,");
	make_file(p->dir, "vm-images/hut-init.cpio", "init-of-hut");
	make_file(p->dir, "vm-images/agent.cpio", "agent");
	make_file(p->dir, "zcbench", "#!/bin/sh\n");
	make_file(p->dir, "zcb-vmm.so", "object");
	snprintf(p->program, sizeof(p->program), "%s/zcbench", p->dir);
	snprintf(p->images, sizeof(p->images), "%s/images", p->dir);
	snprintf(p->boot, sizeof(p->boot), "%s/boot", p->dir);
	snprintf(p->note, sizeof(p->note), "%s/note", p->dir);
	snprintf(p->temp, sizeof(p->temp), "%s/temp", p->dir);
	p->config = (struct zcb_target_config){
		.accel = ZCB_ACCEL_TCG,
		.images = p->images,
		.program = p->program,
		.kernel = "stock",
		.cmdline = "numa=fake=2",
		.boot_dir = p->boot,
		.seed = 7,
		.cpus = 2,
		.memory_bytes = (uint64_t)2 << 30,
	};
	setenv("ZCB_QEMU", FAKE_QEMU, 1);
	setenv("ZCB_FAKE_NOTE", p->note, 1);
	setenv("TMPDIR", p->temp, 1);
	*state = p;
	return 0;
}

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct place *p = *state;

	nftw(p->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(p);
	return 0;
}

static struct zcb_target *start(const struct place *p, const char *behaviour)
{
	struct zcb_target *target = NULL;
	struct zcb_error err;

	setenv("ZCB_FAKE", behaviour, 1);
	if (zcb_target_vm_start(&p->config, &target, &err))
		fail_msg("%s", err.text);
	return target;
}

/** Pumps until the target has ended by itself, or 30 s have gone by. */
static void wait_for_end(struct zcb_target *target)
{
	uint64_t deadline = zcb_now_ns() + 30000000000U;

	while (zcb_target_outcome(target) == ZCB_OUTCOME_RUNNING && zcb_now_ns() < deadline) {
		struct pollfd event = {.fd = zcb_target_event_fd(target), .events = POLLIN};

		poll(&event, 1, 1000);
		assert_int_equal(zcb_target_pump(target), 0);
	}
}

static void expect(const struct zcb_target *target, enum zcb_outcome outcome, const char *reason)
{
	assert_string_equal(zcb_outcome_name(zcb_target_outcome(target)),
			    zcb_outcome_name(outcome));
	assert_string_equal(zcb_target_reason(target), reason);
}

static char *text_of(const char *dir, const char *name)
{
	char path[256];
	char *text = NULL;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (zcb_read_file(AT_FDCWD, path, 4 << 20, &text, NULL))
		fail_msg("%s cannot be read", path);
	return text;
}

static void expect_in_file(const char *dir, const char *name, const char *expected)
{
	char *text = text_of(dir, name);

	if (!strstr(text, expected))
		fail_msg("%s has no \"%s\": %s", name, expected, text);
	free(text);
}

static void expect_not_in_file(const char *dir, const char *name, const char *words)
{
	char *text = text_of(dir, name);

	assert_null(strstr(text, words));
	free(text);
}

static int number_of_entries(const char *dir)
{
	DIR *list = opendir(dir);
	int n = 0;

	while (readdir(list))
		n++;
	closedir(list);
	return n - 2;
}

/** The number behind a word in the fake's note, once it is there. */
static pid_t noted_pid(const struct place *p, const char *word)
{
	for (int i = 0; i < 3000; i++) {
		char *text = NULL, *at;
		pid_t pid = 0;

		if (!zcb_read_file(AT_FDCWD, p->note, 1 << 16, &text, NULL)) {
			at = strstr(text, word);
			if (at && strchr(at, '\n'))
				pid = (pid_t)strtol(at + strlen(word), NULL, 10);
			free(text);
		}
		if (pid)
			return pid;
		usleep(10000);
	}
	fail_msg("no %s was noted", word);
	return 0;
}

/** The fake's number, once it has noted everything and printed its first line. */
static pid_t noted_initrd(const struct place *p)
{
	pid_t pid = noted_pid(p, "pid ");

	for (int i = 0; i < 3000; i++) {
		char *text = text_of(p->dir, "note");
		bool there = strstr(text, "\nnoted\n") != NULL;

		free(text);
		if (there)
			return pid;
		usleep(10000);
	}
	fail();
	return 0;
}

/** Gone, or a zombie that its new parent has yet to reap. */
static bool is_gone(pid_t pid)
{
	char path[64], *text = NULL;
	bool gone;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	if (zcb_read_file(AT_FDCWD, path, 4096, &text, NULL))
		return true;
	gone = strstr(text, ") Z ") || strstr(text, ") X ");
	free(text);
	return gone;
}

static bool is_gone_soon(pid_t pid)
{
	for (int i = 0; i < 1000 && !is_gone(pid); i++)
		usleep(10000);
	return is_gone(pid);
}

static void a_goodbye_and_power_off_is_clean(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "clean");
	char hello[6];

	assert_int_equal(number_of_entries(p->temp), 1);
	assert_int_equal(zcb_read_all(zcb_target_channel(target), hello, sizeof(hello)), 0);
	assert_memory_equal(hello, "hello\n", 6);
	assert_int_equal(zcb_target_outcome(target), ZCB_OUTCOME_RUNNING);
	zcb_target_expect_end(target);
	assert_int_equal(zcb_write_all(zcb_target_channel(target), "bye\n", 4), 0);
	wait_for_end(target);
	expect(target, ZCB_OUTCOME_CLEAN, "");
	assert_int_equal(zcb_target_stop(target, ZCB_OUTCOME_HANG), ZCB_OUTCOME_CLEAN);
	zcb_target_destroy(target);
	expect_in_file(p->boot, "console.log", "Linux version 6.12.94");
	expect_in_file(p->boot, "console.log", "Power down");
	expect_in_file(p->dir, "note", "answer bye");
	expect_in_file(p->dir, "note", "initrd modules-of-hut,init-of-hut\n");
	assert_int_equal(number_of_entries(p->temp), 0);
}

static void the_child_inherits_no_other_descriptor(void **state)
{
	struct place *p = *state;
	int leak = open(p->images, O_RDONLY | O_DIRECTORY);
	struct zcb_target *target = start(p, "clean");
	char *text;

	noted_initrd(p);
	zcb_target_destroy(target);
	close(leak);
	text = text_of(p->dir, "note");
	assert_non_null(strstr(text, "memfd:zcbench-initrd"));
	assert_null(strstr(text, p->images));
	free(text);
}

static void expect_words(const char *const *argv, const char *first, const char *second)
{
	for (; *argv; argv++)
		if (strcmp(*argv, first) == 0 && argv[1] && strstr(argv[1], second))
			return;
	fail_msg("no %s %s", first, second);
}

static void the_command_line_is_told(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "hang");
	const char *const *argv = zcb_target_argv(target);

	assert_string_equal(argv[0], FAKE_QEMU);
	expect_words(argv, "-append", " numa=fake=2");
	expect_words(argv, "-m", "2048M");
	expect_words(argv, "-virtfs", "mount_tag=root,");
	expect_words(argv, "-virtfs", "mount_tag=zcb,");
	zcb_target_destroy(target);
}

/* Nothing that would come in host time: what the HUT reads is in its memory when it starts. */
static void with_icount_all_is_there_from_the_start(void **state)
{
	struct place *p = *state;
	struct zcb_target *target;
	const char *const *argv;

	p->config.accel = ZCB_ACCEL_ICOUNT;
	p->config.requests = "{\"type\":\"end\"}\n";
	make_file(p->dir, "images/rootfs/root/libc.so", "of-the-root");
	make_file(p->dir, "images/rootfs/root/libLLVM.so.19", "which-draws");
	target = start(p, "hang");
	argv = zcb_target_argv(target);
	expect_words(argv, "-icount", "shift=0,sleep=off");
	expect_words(argv, "-seed", "7");
	expect_words(argv, "-append", "nokaslr");
	expect_words(argv, "-device", "virtio-serial-pci,id=serial,max_ports=3,ioeventfd=off");
	/* With room for the initrd. */
	expect_words(argv, "-m", "2304M");
	for (; *argv; argv++)
		assert_string_not_equal(*argv, "-virtfs");
	noted_initrd(p);
	zcb_target_destroy(target);
	expect_in_file(p->dir, "note", "mnt/libc.soof-the-root");
	expect_in_file(p->dir, "note", "mnt/zcb/zcb-vmm.soobject");
	expect_in_file(p->dir, "note", "mnt/zcb/requests{\"type\":\"end\"}");
	expect_not_in_file(p->dir, "note", "libLLVM");
}

static void expect_ram(const struct place *p, const char *option, const char *words)
{
	struct zcb_target *target;

	make_file(p->dir, "images/stock/config", option);
	target = start(p, "hang");
	expect_words(zcb_target_argv(target), "-m", words);
	zcb_target_destroy(target);
}

static void a_kernel_with_kasan_gets_more_memory(void **state)
{
	expect_ram(*state, "CONFIG_KVM=y\nCONFIG_KASAN=y\n", "2560M");
	expect_ram(*state, "CONFIG_KVM=y\n# CONFIG_KASAN is not set\n", "2048M");
	expect_ram(*state, "CONFIG_KASAN_STACK=y\n", "2048M");
}

static void a_panic_is_a_panic(void **state)
{
	struct zcb_target *target = start(*state, "panic");
	const char *const *faults;
	size_t n;

	wait_for_end(target);
	expect(target, ZCB_OUTCOME_PANIC,
	       "kernel: Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000100");
	faults = zcb_target_faults(target, &n);
	assert_int_equal(n, 1);
	assert_string_equal(faults[0], "Kernel panic - not syncing: Attempted to kill init! "
				       "exitcode=0x00000100");
	zcb_target_destroy(target);
}

static void pump_until_fault(struct zcb_target *target)
{
	size_t n = 0;

	for (int i = 0; i < 300 && n == 0; i++) {
		struct pollfd event = {.fd = zcb_target_event_fd(target), .events = POLLIN};

		poll(&event, 1, 100);
		zcb_target_pump(target);
		zcb_target_faults(target, &n);
	}
	assert_int_equal(n, 1);
}

static void a_panic_that_hangs_is_a_panic(void **state)
{
	struct zcb_target *target = start(*state, "panic-then-hang");

	pump_until_fault(target);
	assert_int_equal(zcb_target_stop(target, ZCB_OUTCOME_HANG), ZCB_OUTCOME_PANIC);
	expect(target, ZCB_OUTCOME_PANIC, "kernel: Kernel panic - not syncing: and no reboot");
	zcb_target_destroy(target);
}

static void an_oops_taints_but_does_not_end(void **state)
{
	struct zcb_target *target = start(*state, "oops");
	const char *const *faults;
	size_t n;

	zcb_target_expect_end(target);
	wait_for_end(target);
	expect(target, ZCB_OUTCOME_CLEAN, "");
	faults = zcb_target_faults(target, &n);
	assert_int_equal(n, 2);
	assert_string_equal(faults[1], "Oops: Oops: 0000 [#1] PREEMPT SMP");
	zcb_target_destroy(target);
}

static void going_off_without_a_goodbye_is_lost(void **state)
{
	struct zcb_target *target = start(*state, "runner-ended");

	wait_for_end(target);
	expect(target, ZCB_OUTCOME_LOST,
	       "the HUT went off without a goodbye; "
	       "[    1.000000] zcb-init: runner ended: killed by signal 11");
	zcb_target_destroy(target);
}

static void an_error_of_qemu_is_told_in_its_words(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "exit-1");

	wait_for_end(target);
	expect(target, ZCB_OUTCOME_QEMU_DIED,
	       "qemu: exit code 1; its last words: qemu-system-x86_64: -m 1P: cannot set up guest "
	       "memory");
	zcb_target_destroy(target);
	expect_in_file(p->boot, "qemu.log", "something harmless");
}

static void a_signal_that_kills_qemu_is_told(void **state)
{
	struct zcb_target *target = start(*state, "killed");

	zcb_target_expect_end(target);
	wait_for_end(target);
	expect(target, ZCB_OUTCOME_QEMU_DIED,
	       "qemu: killed by signal 11 (Segmentation fault); its last words: "
	       "qemu-system-x86_64: ../util/error.c: assertion failed");
	zcb_target_destroy(target);
}

/** Starts one that ends with QEMU's words about it when told to, and waits until it would. */
static struct zcb_target *start_told(struct place *p, pid_t *ret_pid)
{
	struct zcb_target *target = start(p, "told-to-end");
	char hello[6];

	assert_int_equal(zcb_read_all(zcb_target_channel(target), hello, sizeof(hello)), 0);
	*ret_pid = noted_pid(p, "pid ");
	assert_false(zcb_target_was_killed(target));
	return target;
}

static void who_was_ended_by_somebody_else_was_killed(void **state)
{
	static const struct {
		int number;
		const char *reason;
	} kills[] = {
		{SIGTERM, "qemu: somebody ended it; its last words: qemu-system-x86_64: terminating on "
			  "signal 15 from pid 7 (slurmstepd)"},
		{SIGKILL, "qemu: killed by signal 9 (Killed)"},
	};

	for (size_t i = 0; i < sizeof(kills) / sizeof(kills[0]); i++) {
		struct place *p = *state;
		struct zcb_target *target;
		pid_t pid;

		unlink(p->note);
		target = start_told(p, &pid);
		kill(pid, kills[i].number);
		wait_for_end(target);
		expect(target, ZCB_OUTCOME_QEMU_DIED, kills[i].reason);
		assert_true(zcb_target_was_killed(target));
		zcb_target_destroy(target);
	}
}

static void who_ended_otherwise_was_not_killed(void **state)
{
	static const char *const ends[] = {"runner-ended", "exit-1", "killed", "stuck", "panic", "clean"};
	struct place *p = *state;
	struct zcb_target *target;
	pid_t pid;

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		target = start(p, ends[i]);
		if (!strcmp(ends[i], "clean"))
			assert_int_equal(zcb_write_all(zcb_target_channel(target), "x\n", 2), 0);
		wait_for_end(target);
		assert_false(zcb_target_was_killed(target));
		zcb_target_destroy(target);
	}
	unlink(p->note);
	target = start_told(p, &pid);
	assert_int_equal(zcb_target_stop(target, ZCB_OUTCOME_INTERRUPTED), ZCB_OUTCOME_INTERRUPTED);
	assert_false(zcb_target_was_killed(target));
	zcb_target_destroy(target);
}

static void a_vm_that_kvm_gave_up_is_ended_at_once(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "stuck");
	pid_t pid = noted_initrd(p);

	wait_for_end(target);
	expect(target, ZCB_OUTCOME_QEMU_DIED, "qemu: it gave up: KVM internal error. Suberror: 1");
	assert_true(is_gone(pid));
	zcb_target_destroy(target);
	expect_in_file(p->boot, "qemu.log", "extra data[0]");
}

static void the_end_after_a_goodbye_is_waited_for(void **state)
{
	struct zcb_target *target = start(*state, "slow");

	zcb_target_expect_end(target);
	assert_int_equal(zcb_target_stop(target, ZCB_OUTCOME_HANG), ZCB_OUTCOME_CLEAN);
	zcb_target_destroy(target);
}

static void the_end_after_the_channels_end_is_waited_for(void **state)
{
	struct zcb_target *target;
	char hello[7];

	setenv("ZCB_FAKE_END", "panic", 1);
	target = start(*state, "slow");
	assert_int_equal(zcb_read_all(zcb_target_channel(target), hello, sizeof(hello)), -ENODATA);
	assert_int_equal(zcb_target_stop(target, ZCB_OUTCOME_LOST), ZCB_OUTCOME_PANIC);
	zcb_target_destroy(target);
	unsetenv("ZCB_FAKE_END");
}

static void silence_is_a_hang_when_the_caller_says_so(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "hang");
	pid_t pid = noted_pid(p, "pid ");

	assert_int_equal(zcb_target_stop(target, ZCB_OUTCOME_HANG), ZCB_OUTCOME_HANG);
	assert_true(is_gone(pid));
	zcb_target_destroy(target);
}

static void a_hang_names_the_consoles_last_line(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "hang");

	noted_initrd(p);
	usleep(200000);
	zcb_target_stop(target, ZCB_OUTCOME_HANG);
	expect(target, ZCB_OUTCOME_HANG,
	       "the HUT was silent for too long; the console's last line: "
	       "[    1.000000] Linux version 6.12.94+deb13-amd64");
	zcb_target_destroy(target);
}

static void who_ignores_the_polite_end_is_killed(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "deaf");
	pid_t pid = noted_initrd(p);

	usleep(100000);
	assert_int_equal(zcb_target_stop(target, ZCB_OUTCOME_INTERRUPTED), ZCB_OUTCOME_INTERRUPTED);
	assert_true(is_gone(pid));
	zcb_target_destroy(target);
}

static void what_qemu_leaves_behind_goes_with_it(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "child");
	pid_t child = noted_pid(p, "child ");

	wait_for_end(target);
	assert_true(is_gone_soon(child));
	zcb_target_destroy(target);
}

static void a_flood_is_capped_and_judged_to_its_end(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "flood");
	struct stat info;
	char path[256];

	wait_for_end(target);
	expect(target, ZCB_OUTCOME_PANIC, "kernel: Kernel panic - not syncing: behind the flood");
	zcb_target_destroy(target);
	expect_in_file(p->boot, "console.log", "bytes dropped]\n");
	snprintf(path, sizeof(path), "%s/console.log", p->boot);
	assert_int_equal(stat(path, &info), 0);
	assert_in_range(info.st_size, 1 << 20, (1 << 20) + 100);
}

static void a_guests_console_is_kept_and_capped_and_believed_in_nothing(void **state)
{
	struct place *p = *state;
	struct zcb_target *target = start(p, "guest-flood");
	struct stat info;
	char path[256];
	size_t faults;

	zcb_target_expect_end(target);
	wait_for_end(target);
	expect(target, ZCB_OUTCOME_CLEAN, "");
	zcb_target_faults(target, &faults);
	assert_int_equal(faults, 0);
	zcb_target_destroy(target);
	expect_in_file(p->boot, "guest.log", "\033]0;hostile\007\377\n");
	expect_in_file(p->boot, "guest.log", "bytes dropped]\n");
	expect_in_file(p->boot, "guest.log", "xxKernel panic - not syncing: of the guest\n");
	snprintf(path, sizeof(path), "%s/guest.log", p->boot);
	assert_int_equal(stat(path, &info), 0);
	assert_in_range(info.st_size, 1 << 20, (1 << 20) + 100);
}

/** Starts a target in a process of its own, kills that, and returns the fake's number. */
static pid_t orphan(const struct place *p)
{
	pid_t owner = fork(), pid;

	if (owner == 0) {
		start(p, "deaf");
		pause();
	}
	pid = noted_initrd(p);
	assert_false(is_gone(pid));
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	return pid;
}

static void age_entries(const char *dir)
{
	DIR *list = opendir(dir);
	struct timespec old[2] = {{.tv_sec = 1000}, {.tv_sec = 1000}};
	struct dirent *entry;

	while ((entry = readdir(list)))
		if (entry->d_name[0] != '.')
			utimensat(dirfd(list), entry->d_name, old, 0);
	closedir(list);
}

static void a_target_dies_with_its_killed_owner(void **state)
{
	struct place *p = *state;
	struct zcb_target *target;

	assert_true(is_gone_soon(orphan(p)));
	/* The folder it left is removed by the next boot; that boot's own is not. */
	assert_int_equal(number_of_entries(p->temp), 1);
	age_entries(p->temp);
	target = start(p, "hang");
	assert_int_equal(number_of_entries(p->temp), 1);
	age_entries(p->temp);
	zcb_target_destroy(start(p, "panic"));
	assert_int_equal(number_of_entries(p->temp), 1);
	zcb_target_destroy(target);
	assert_int_equal(number_of_entries(p->temp), 0);
}

static void a_full_disk_is_told_and_nothing_else_is_lost(void **state)
{
	struct place *p = *state;
	struct zcb_target *target;
	struct rlimit limit, old;
	int err = 0;

	target = start(p, "panic");
	noted_initrd(p);
	getrlimit(RLIMIT_FSIZE, &old);
	limit = (struct rlimit){.rlim_cur = 4, .rlim_max = old.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &limit);
	while (zcb_target_outcome(target) == ZCB_OUTCOME_RUNNING) {
		int code = zcb_target_pump(target);

		err = err ? err : code;
		usleep(10000);
	}
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(err, -EFBIG);
	assert_int_equal(zcb_target_outcome(target), ZCB_OUTCOME_PANIC);
	zcb_target_destroy(target);
}

static void expect_no_start(const struct place *p, int code, const char *text)
{
	struct zcb_target *target = NULL;
	struct zcb_error err;

	assert_int_equal(zcb_target_vm_start(&p->config, &target, &err), code);
	assert_null(target);
	if (!strstr(err.text, text))
		fail_msg("\"%s\" is not in: %s", text, err.text);
	assert_int_equal(number_of_entries(p->temp), 0);
}

static void what_is_missing_is_named_with_its_mend(void **state)
{
	struct place *p = *state;

	p->config.kernel = "variants";
	expect_no_start(p, -ENOENT, "there is no kernel variants: run ./scripts/setup kernel");
	p->config.kernel = "debug";
	expect_no_start(p, -ENOENT, "there is no kernel debug: run ./scripts/setup debug");
	p->config.kernel = "stock";
	p->config.boot_dir = "/nowhere";
	expect_no_start(p, -ENOENT, "/nowhere/console.log cannot be written");
	p->config.boot_dir = p->boot;
	p->config.program = "/nowhere/zcbench";
	expect_no_start(p, -ENOENT, "/nowhere/zcbench cannot be copied");
	p->config.program = "/proc/self/exe"; /* nothing is beside this test */
	expect_no_start(p, -ENOENT, "/zcb-vmm.so is missing: run ninja -C build");
	p->config.program = p->program;
	setenv("ZCB_QEMU", "/nowhere/qemu", 1);
	expect_no_start(p, -ENOENT, "/nowhere/qemu cannot be started: No such file");
	unsetenv("ZCB_QEMU");
	expect_no_start(p, -ENOENT, "qemu-system-x86_64 is missing: run ./scripts/setup image");
}

/* Native: the runner is a program that gets `runner --channel-fd 3` */

static struct zcb_target *start_native(struct place *p, const char *script)
{
	struct zcb_target *target = NULL;
	struct zcb_error err;
	static char path[128];

	make_file(p->dir, "runner", script);
	snprintf(path, sizeof(path), "%s/runner", p->dir);
	p->config.program = path;
	if (zcb_native_start_unchecked(&p->config, &target, &err))
		fail_msg("%s", err.text);
	assert_null(zcb_target_argv(target));
	return target;
}

static void a_native_runner_speaks_over_its_channel(void **state)
{
	struct place *p = *state;
	struct zcb_target *target =
		start_native(p, "#!/bin/sh\ncat \"${4#--folder=}/guest-kernel\"\n"
				"echo \"$1 $2 $3\" >&3\nread x <&3\n");
	char hello[22];

	assert_int_equal(zcb_read_all(zcb_target_channel(target), hello, sizeof(hello)), 0);
	assert_memory_equal(hello, "runner --channel-fd 3\n", 22);
	zcb_target_expect_end(target);
	assert_int_equal(zcb_write_all(zcb_target_channel(target), "x\n", 2), 0);
	wait_for_end(target);
	expect(target, ZCB_OUTCOME_CLEAN, "");
	zcb_target_destroy(target);
	expect_in_file(p->boot, "console.log", "kernel");
	assert_int_equal(number_of_entries(p->temp), 0);
}

static void a_native_runner_that_fails_is_lost(void **state)
{
	struct zcb_target *target =
		start_native(*state, "#!/bin/sh\necho 'host set-up: no luck' >&2\nexit 13\n");

	wait_for_end(target);
	expect(target, ZCB_OUTCOME_LOST,
	       "the runner ended: exit code 13; its last words: host set-up: no luck");
	zcb_target_destroy(target);
}

/* The choice of the accelerator */

static void expect_choice(const struct place *p, const char *behaviour, const char *answer,
			  enum zcb_accel accel, const char *reason)
{
	struct zcb_accel_choice choice;
	struct zcb_error err;

	setenv("ZCB_FAKE", behaviour, 1);
	setenv("ZCB_FAKE_ANSWER", answer, 1);
	if (zcb_accel_probe_boot(&p->config, &choice, &err))
		fail_msg("%s", err.text);
	assert_string_equal(zcb_accel_name(choice.accel), zcb_accel_name(accel));
	if (!strstr(choice.reason, reason))
		fail_msg("\"%s\" is not in: %s", reason, choice.reason);
}

static void kvm_is_chosen_only_where_it_works_inside(void **state)
{
	struct place *p = *state;

	expect_choice(p, "probe", "{\"type\":\"probe\",\"kvm\":true,\"reason\":\"\"}",
		      ZCB_ACCEL_KVM, "works inside");
	expect_choice(p, "probe",
		      "{\"type\":\"probe\",\"kvm\":false,\"reason\":\"KVM_RUN: \\u0001 error\"}",
		      ZCB_ACCEL_TCG, "no KVM inside it, KVM_RUN: ? error (load");
	expect_choice(p, "probe", "nonsense", ZCB_ACCEL_TCG, "cannot be read");
	expect_choice(p, "stuck", "", ZCB_ACCEL_TCG,
		      "did not boot: qemu: it gave up: KVM internal");
	expect_choice(p, "exit-1", "", ZCB_ACCEL_TCG, "did not boot: qemu: exit code 1");
	expect_choice(p, "panic", "", ZCB_ACCEL_TCG, "did not boot: kernel: Kernel panic");
}

static void a_probe_is_remembered_for_what_it_saw(void **state)
{
	struct place *p = *state;
	struct zcb_accel_choice choice = {.accel = ZCB_ACCEL_KVM, .reason = "so it was"};

	setenv("XDG_CACHE_HOME", p->temp, 1);
	assert_int_equal(zcb_accel_recall("a", &choice), -ENOENT);
	assert_int_equal(zcb_accel_remember("a", &choice), 0);
	assert_int_equal(zcb_accel_recall("b", &choice), -ENOENT);
	choice = (struct zcb_accel_choice){.accel = ZCB_ACCEL_TCG};
	assert_int_equal(zcb_accel_recall("a", &choice), 0);
	assert_int_equal(choice.accel, ZCB_ACCEL_KVM);
	assert_true(choice.remembered);
	assert_non_null(strstr(choice.reason, "so it was (as probed before; "));
	make_file(p->temp, "zcbench/kvm-probe.json", "{\"key\":\"a\",\"kvm\":1,\"reason\":\"x\"}");
	assert_int_equal(zcb_accel_recall("a", &choice), -ENOENT);
	make_file(p->temp, "zcbench/kvm-probe.json", "torn");
	assert_int_equal(zcb_accel_recall("a", &choice), -ENOENT);
	unsetenv("XDG_CACHE_HOME");
}

/* Processes */

static void a_program_that_does_not_end_is_killed(void **state)
{
	const char *const endless[] = {"/bin/sleep", "1000", NULL};
	const char *const echo[] = {"/bin/echo", "0123456789", NULL};
	const char *const fails[] = {"/bin/false", NULL};
	char output[6];

	assert_int_equal(zcb_process_run(endless, NULL, 100, output, sizeof(output)), -ETIMEDOUT);
	assert_int_equal(zcb_process_run(echo, NULL, 10000, output, sizeof(output)), 0);
	assert_string_equal(output, "01234");
	assert_int_equal(zcb_process_run(fails, NULL, 10000, output, sizeof(output)), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_goodbye_and_power_off_is_clean),
		TEST(the_child_inherits_no_other_descriptor),
		TEST(the_command_line_is_told),
		TEST(with_icount_all_is_there_from_the_start),
		TEST(a_kernel_with_kasan_gets_more_memory),
		TEST(a_panic_is_a_panic),
		TEST(a_panic_that_hangs_is_a_panic),
		TEST(an_oops_taints_but_does_not_end),
		TEST(going_off_without_a_goodbye_is_lost),
		TEST(an_error_of_qemu_is_told_in_its_words),
		TEST(a_signal_that_kills_qemu_is_told),
		TEST(who_was_ended_by_somebody_else_was_killed),
		TEST(who_ended_otherwise_was_not_killed),
		TEST(a_vm_that_kvm_gave_up_is_ended_at_once),
		TEST(the_end_after_a_goodbye_is_waited_for),
		TEST(the_end_after_the_channels_end_is_waited_for),
		TEST(silence_is_a_hang_when_the_caller_says_so),
		TEST(a_hang_names_the_consoles_last_line),
		TEST(who_ignores_the_polite_end_is_killed),
		TEST(what_qemu_leaves_behind_goes_with_it),
		TEST(a_flood_is_capped_and_judged_to_its_end),
		TEST(a_guests_console_is_kept_and_capped_and_believed_in_nothing),
		TEST(a_target_dies_with_its_killed_owner),
		TEST(a_full_disk_is_told_and_nothing_else_is_lost),
		TEST(what_is_missing_is_named_with_its_mend),
		TEST(a_native_runner_speaks_over_its_channel),
		TEST(a_native_runner_that_fails_is_lost),
		TEST(kvm_is_chosen_only_where_it_works_inside),
		TEST(a_probe_is_remembered_for_what_it_saw),
		TEST(a_program_that_does_not_end_is_killed),
	};

	return cmocka_run_group_tests_name("target", tests, NULL, NULL);
}
