// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/reap.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "tests/kernel/stage.h"

enum { TICK_US = 5000 };

static void tell_task(pid_t pid, const char *task)
{
	ZCB_FREE char *stack = NULL;
	char path[96];

	snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stack", (int)pid, task);
	if (!zcb_read_file(AT_FDCWD, path, 16384, &stack, NULL))
		fprintf(stderr, "stress: %d/%s waits in\n%s", (int)pid, task, stack);
}

/* To the console, for whoever reads the boot's log: stacks, blocked tasks and the locks held. */
static void tell_why(pid_t pid)
{
	ZCB_CLOSEDIR DIR *tasks = NULL;
	struct dirent *entry;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks && (entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			tell_task(pid, entry->d_name);
	zcb_write_text("/proc/sysrq-trigger", "w");
	zcb_write_text("/proc/sysrq-trigger", "d");
}

int reap(pid_t pid, const char *who)
{
	int status = 0;

	for (unsigned int i = 0; i < REAP_SECONDS * (1000000U / TICK_US); i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(TICK_US);
	}
	stage_problem("%s does not end: the console says where it waits", who);
	tell_why(pid);
	kill(pid, SIGKILL);
	for (unsigned int i = 0; i < 2000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(TICK_US);
	}
	stage_problem("%s cannot be killed", who);
	return 0;
}

void reap_sound(pid_t pid, const char *who)
{
	int status = reap(pid, who);

	if (status)
		stage_problem("%s ended by %s", who, zcb_child_describe(status));
}
