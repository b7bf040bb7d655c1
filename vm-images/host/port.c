/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "vm-images/host/init.h"

/* The port appears when QEMU has answered over the control queue: soon, but not at once. */
enum { POLL_US = 1000, POLLS = 30 * 1000 };

/* Whether the port /sys/class/virtio-ports/NAME has the wanted name. */
static int port_is(const char *port, const char *wanted)
{
	char path[300], name[128];

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port);

	ZCB_FCLOSE FILE *f = fopen(path, "re");

	if (!f || !fgets(name, sizeof(name), f))
		return 0;
	name[strcspn(name, "\n")] = '\0';
	return strcmp(name, wanted) == 0;
}

static int look_for_port(const char *name, char *ret_path, unsigned int size)
{
	ZCB_CLOSEDIR DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	char path[300];

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !port_is(entry->d_name, name))
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		if (strlen(path) >= size)
			return -ENAMETOOLONG;
		if (access(path, F_OK))
			return -EAGAIN;
		strcpy(ret_path, path);
		return 0;
	}
	return -EAGAIN;
}

int zcb_find_port(const char *name, char *ret_path, unsigned int size)
{
	for (int i = 0; i < POLLS; i++) {
		int err = look_for_port(name, ret_path, size);

		if (err != -EAGAIN)
			return err;
		usleep(POLL_US);
	}
	return -ETIMEDOUT;
}
