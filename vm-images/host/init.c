/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "vm-images/host/init.h"
#include "vm-images/host/kvm_probe.h"

/*
 * /init of the host under test: brings the kernel up to where zcbench's runner can work, hands
 * over to it, and switches the machine off when it ends. Whatever goes wrong is one line in the
 * kernel's log, and the machine switches off too: nobody waits for a host that will not come.
 */

#define CHANNEL "zcb.channel"
#define GUESTS "zcb.guests"
#define RUNNER "/zcb/zcbench"
#define REQUESTS "/zcb/requests"
#define NEW_ROOT "/mnt"

/* As much as virtio's 128 descriptors carry: VIRTQUEUE_NUM - 3 pages, see net/9p/trans_virtio.c. */
#define P9_OPTIONS "trans=virtio,version=9p2000.L,msize=512000,cache=loose"

struct mount_row {
	const char *source, *target, *type, *options;
	unsigned long flags;
	int optional;
};

static const struct mount_row early_mounts[] = {
	{ "proc", "/proc", "proc", NULL, 0, 0 },
	{ "sysfs", "/sys", "sysfs", NULL, 0, 0 },
	{ "devtmpfs", "/dev", "devtmpfs", NULL, 0, 0 },
	/* Where a measurement looks, and what a developer's own kernel may lack. */
	{ "debugfs", "/sys/kernel/debug", "debugfs", NULL, 0, 1 },
	{ "tracefs", "/sys/kernel/tracing", "tracefs", NULL, 0, 1 },
	{ "cgroup2", "/sys/fs/cgroup", "cgroup2", NULL, 0, 1 },
};

static const struct mount_row share_mounts[] = {
	{ "root", NEW_ROOT, "9p", P9_OPTIONS, MS_RDONLY, 0 },
	{ "zcb", NEW_ROOT "/zcb", "9p", P9_OPTIONS, MS_RDONLY, 0 },
};

/* What came with the initramfs is there already: it only has to be a mount to become the root. */
static const struct mount_row initramfs_mounts[] = {
	{ NEW_ROOT, NEW_ROOT, NULL, NULL, MS_BIND, 0 },
};

static const struct mount_row root_mounts[] = {
	{ "tmpfs", NEW_ROOT "/tmp", "tmpfs", NULL, 0, 0 },
	{ "tmpfs", NEW_ROOT "/run", "tmpfs", NULL, 0, 0 },
	{ "tmpfs", NEW_ROOT "/var/tmp", "tmpfs", NULL, 0, 0 },
	{ "tmpfs", "/dev/shm", "tmpfs", NULL, 0, 0 },
	{ "/dev", NEW_ROOT "/dev", NULL, NULL, MS_MOVE, 0 },
	{ "/sys", NEW_ROOT "/sys", NULL, NULL, MS_MOVE, 0 },
	{ "/proc", NEW_ROOT "/proc", NULL, NULL, MS_MOVE, 0 },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void zcb_say(const char *fmt, ...)
{
	ZCB_CLOSE int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	char text[400], line[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	/* Not dprintf: glibc seeks first, and this device answers that with an error. */
	int len = snprintf(line, sizeof(line), "<3>zcb-init: %s\n", text);

	if (fd >= 0 && write(fd, line, len) != len)
		return;
}

static int mount_all(const struct mount_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct mount_row *row = &rows[i];

		if (!mount(row->source, row->target, row->type, row->flags, row->options))
			continue;
		int err = -errno;

		if (row->optional)
			continue;
		zcb_say("mount of %s on %s: %s", row->source, row->target, strerror(-err));
		return err;
	}
	return 0;
}

/* Whether the kernel's command line has this word. */
static int on_command_line(const char *word)
{
	ZCB_FCLOSE FILE *f = fopen("/proc/cmdline", "re");
	char line[4096], *save = NULL;

	if (!f || !fgets(line, sizeof(line), f))
		return 0;
	for (char *w = strtok_r(line, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		if (!strcmp(w, word))
			return 1;
	return 0;
}

static int switch_root(void)
{
	mkdir("/dev/shm", 01777); /* devtmpfs has no such folder of its own */
	int err = access(NEW_ROOT RUNNER, F_OK) ? mount_all(share_mounts, COUNT(share_mounts)) :
						  mount_all(initramfs_mounts, COUNT(initramfs_mounts));

	if (!err)
		err = mount_all(root_mounts, COUNT(root_mounts));
	if (err)
		return err;
	if (chdir(NEW_ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/")) {
		err = -errno;
		zcb_say("change of root: %s", strerror(-err));
	}
	return err;
}

static void become_runner(const char *port, const char *guests)
{
	char *const argv[] = { RUNNER, "runner", "--channel", (char *)port, "--guest-console",
			       (char *)guests, access(REQUESTS, F_OK) ? NULL : "--requests", REQUESTS,
			       NULL };
	char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp", "LANG=C.UTF-8",
			       NULL };

	setsid();
	execve(RUNNER, argv, envp);
	zcb_say("%s: %s", RUNNER, strerror(errno));
	_exit(127);
}

/* As process 1 it also inherits and buries whatever the runner's children leave. */
static int wait_for(pid_t runner, int *ret_status)
{
	int status;
	pid_t pid;

	while ((pid = wait(&status)) != runner)
		if (pid < 0 && errno != EINTR)
			return -errno;
	*ret_status = status;
	return 0;
}

static void run_runner(const char *port, const char *guests)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		become_runner(port, guests);
	if (pid < 0 || wait_for(pid, &status))
		zcb_say("runner: %s", strerror(errno));
	else if (WIFSIGNALED(status))
		zcb_say("runner ended: signal %d", WTERMSIG(status));
	else
		zcb_say("runner ended: exit %d", WEXITSTATUS(status));
}

static void report_probe(const char *port)
{
	const char *step;
	int err = zcb_probe_kvm(&step);
	ZCB_CLOSE int fd = open(port, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		zcb_say("%s: %s", port, strerror(errno));
	else if (err)
		dprintf(fd, "{\"type\":\"probe\",\"kvm\":false,\"reason\":\"%s: %s\"}\n", step,
			strerror(-err));
	else
		dprintf(fd, "{\"type\":\"probe\",\"kvm\":true,\"reason\":\"\"}\n");
}

static int init(void)
{
	char port[64], guests[64];
	int err = mount_all(early_mounts, COUNT(early_mounts));

	if (!err)
		err = zcb_load_modules("/modules");
	if (err)
		return err;
	err = zcb_find_port(CHANNEL, port, sizeof(port));
	if (err) {
		zcb_say("no virtio-serial port named %s: %s", CHANNEL, strerror(-err));
		return err;
	}
	if (on_command_line("zcb.mode=probe")) {
		report_probe(port);
		return 0;
	}
	err = zcb_find_port(GUESTS, guests, sizeof(guests));
	if (err) {
		zcb_say("no virtio-serial port named %s: %s", GUESTS, strerror(-err));
		return err;
	}
	err = switch_root();
	if (!err)
		run_runner(port, guests);
	return err;
}

int main(void)
{
	init();
	sync();
	reboot(RB_POWER_OFF);
	zcb_say("the machine does not switch off: %s", strerror(errno));
	for (;;)
		pause();
}
