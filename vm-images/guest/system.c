// SPDX-License-Identifier: GPL-2.0-or-later
/* What an init must do before the agent's work: mounts, modules, the link's port. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent.h"

#define PORTS "/sys/class/virtio-ports"
#define VIRTIO_DEVICES "/sys/bus/virtio/devices"

/* include/uapi/linux/virtio_ids.h */
enum { VIRTIO_ID_BALLOON = 5, VIRTIO_ID_GPU = 16, VIRTIO_ID_MEM = 24 };

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fprintf(stderr, "zcb-agent: %s is read-only\n", path);
	close(fd);
}

/*
 * Drivers beside the link's, and the device for which they are loaded: that takes a tenth of a second
 * under emulation, and most guests lack it.
 */
static const struct {
	const char *name;
	unsigned int device;
	const char *parameters;
} drivers[] = {
	{ "virtio_balloon.ko", VIRTIO_ID_BALLOON, "" },
	{ "virtio_mem.ko", VIRTIO_ID_MEM, "" },
	{ "drm.ko", VIRTIO_ID_GPU, "" },
	/* No console on the screen, which would be drawn on by the kernel. */
	{ "drm_kms_helper.ko", VIRTIO_ID_GPU, "fbdev_emulation=0" },
	{ "drm_shmem_helper.ko", VIRTIO_ID_GPU, "" },
	{ "virtio_dma_buf.ko", VIRTIO_ID_GPU, "" },
	{ "virtio-gpu.ko", VIRTIO_ID_GPU, "" },
};

/* A leading '?' marks a module that may fail to load. */
static void load_module(const char *name, const char *parameters)
{
	int optional = name[0] == '?';
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/modules/%s", name + optional);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || (syscall(SYS_finit_module, fd, parameters, 0) < 0 && !optional))
		fprintf(stderr, "zcb-agent: module %s: %m\n", name);
	if (fd >= 0)
		close(fd);
}

static int has_virtio_device(unsigned int wanted)
{
	DIR *devices = opendir(VIRTIO_DEVICES);
	struct dirent *entry;
	int found = 0;

	while (devices && !found && (entry = readdir(devices))) {
		unsigned int id = 0;
		char path[320];
		FILE *f;

		snprintf(path, sizeof(path), VIRTIO_DEVICES "/%s/device", entry->d_name);
		f = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		found = f && fscanf(f, "%x", &id) == 1 && id == wanted;
		if (f)
			fclose(f);
	}
	if (devices)
		closedir(devices);
	return found;
}

static void load_if_of_use(const char *name)
{
	for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
		if (strcmp(name + (name[0] == '?'), drivers[i].name) != 0)
			continue;
		if (has_virtio_device(drivers[i].device))
			load_module(name, drivers[i].parameters);
		return;
	}
	load_module(name, "");
}

static void load_modules(void)
{
	FILE *order = fopen("/modules/order", "re");
	char name[96];

	while (order && fscanf(order, "%95s", name) == 1)
		load_if_of_use(name);
	if (order)
		fclose(order);
}

void system_prepare(void)
{
	mkdir("/proc", 0755);
	mkdir("/sys", 0755);
	mkdir("/dev", 0755);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("dev", "/dev", "devtmpfs", 0, NULL);
	/* Locked pages may be moved by compaction unless it is told not to: the list would lie. */
	write_file("/proc/sys/vm/compact_unevictable_allowed", "0");
	load_modules();
}

static int open_port_named(const char *wanted)
{
	DIR *ports = opendir(PORTS);
	struct dirent *entry;
	int fd = -1;

	while (ports && fd < 0 && (entry = readdir(ports))) {
		char path[300], name[64] = "";
		FILE *f;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), PORTS "/%s/name", entry->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%63s", name) == 1 && !strcmp(name, wanted)) {
			snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
			fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
		}
		if (f)
			fclose(f);
	}
	if (ports)
		closedir(ports);
	return fd;
}

int system_open_link(void)
{
	for (int tries = 0; tries < 3000; tries++) {
		int fd = open_port_named(ZCB_ABI_PORT);

		if (fd >= 0)
			return fd;
		usleep(10000);
	}
	return -1;
}

uint64_t system_nonce(void)
{
	char line[4096];
	FILE *f = fopen("/proc/cmdline", "re");
	const char *word = NULL;

	if (f && fgets(line, sizeof(line), f))
		word = strstr(line, "zcb.nonce=");
	if (f)
		fclose(f);
	return word ? strtoull(word + strlen("zcb.nonce="), NULL, 0) : 0;
}
