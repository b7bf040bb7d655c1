// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Moves the frame's pages to another NUMA node by changing what memory a control group may use, as
 * libvirt and container managers do: all that a process of the group has mapped follows
 * (cpuset_migrate_mm() in kernel/cgroup/cpuset.c, always so in cgroup v2). The process is a child of
 * ours that maps the page; its own few pages move along, in the same call.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/move.h"

#define ROOT "/sys/fs/cgroup"
#define GROUP ROOT "/zcbench-migrate"
#define GRACE_MS 2000

struct state {
	bool made, enabled; /* the group, and the controller for it */
};

static bool has_cpuset(const char *path)
{
	ZCB_FREE char *text = NULL;
	size_t n;

	return !zcb_read_file(AT_FDCWD, path, 4096, &text, &n) && strstr(text, "cpuset");
}

static int cpuset_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			struct zcb_error *err)
{
	int ret = zcb_two_nodes_check(err);

	if (!ret && !has_cpuset(ROOT "/cgroup.controllers"))
		return zcb_fail(err, -EOPNOTSUPP, "kernel: " ROOT " has no controller cpuset: it needs "
				"CONFIG_CPUSETS and cgroup v2 (mount -t cgroup2 none " ROOT ")");
	return ret ? ret : zcb_move_check(params, guest, err);
}

static int cpuset_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
			  struct zcb_error *err)
{
	struct state *state = calloc(1, sizeof(*state));
	int ret = 0;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	victim->state = state;
	if (!has_cpuset(ROOT "/cgroup.subtree_control")) {
		ret = zcb_write_text(ROOT "/cgroup.subtree_control", "+cpuset");
		state->enabled = ret == 0;
	}
	if (!ret && mkdir(GROUP, 0755) < 0 && errno != EEXIST)
		ret = -errno;
	state->made = ret == 0;
	return ret ? zcb_fail(err, ret, "kernel: making the control group " GROUP ": %s",
			      strerror(-ret)) : 0;
}

static int set_node(int node)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", node);
	return zcb_write_text(GROUP "/cpuset.mems", text);
}

/*
 * In the child: only a page that it has touched is in its page table. Where the node is full the kernel
 * looks for somebody to kill who has memory there: that shall be nobody else.
 */
static void live_in_group(const struct zcb_mapped_page *page, int ready)
{
	int ret = zcb_write_text("/proc/self/oom_score_adj", "1000");

	if (!ret)
		ret = zcb_write_text(GROUP "/cgroup.procs", "0");
	if (!ret)
		(void)*(volatile char *)page->at;
	if (write(ready, &ret, sizeof(ret)) == sizeof(ret) && !ret)
		pause();
	_exit(1);
}

/* *ret_pid is the caller's to end. */
static int start_child(const struct zcb_mapped_page *page, pid_t *ret_pid)
{
	int fds[2], ret = -EIO;
	pid_t pid;

	if (pipe(fds) < 0)
		return -errno;
	pid = zcb_fork();
	if (pid == 0)
		live_in_group(page, fds[1]);
	if (pid < 0)
		ret = -errno;
	close(fds[1]);
	if (pid > 0 && zcb_read_all(fds[0], &ret, sizeof(ret)))
		ret = -EIO;
	close(fds[0]);
	if (ret && pid > 0)
		zcb_child_end(pid, GRACE_MS);
	else
		*ret_pid = pid;
	return ret;
}

static int move(struct zcb_victim *victim, const struct zcb_mapped_page *page, zcb_ns *ret_start,
		zcb_ns *ret_took, struct zcb_error *err)
{
	int node = zcb_page_node(page), ret = set_node(node);
	uint64_t start;
	pid_t pid = -1;

	if (!ret)
		ret = start_child(page, &pid);
	if (ret)
		return zcb_fail(err, ret, "kernel: a process in " GROUP ": %s", strerror(-ret));
	start = zcb_now_ns();
	ret = set_node(zcb_other_node(node));
	*ret_start = (zcb_ns){ start };
	*ret_took = (zcb_ns){ zcb_now_ns() - start };
	zcb_child_end(pid, GRACE_MS);
	return ret ? zcb_fail(err, ret, "kernel: writing " GROUP "/cpuset.mems: %s", strerror(-ret)) : 0;
}

static int cpuset_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			 struct zcb_damage *damage, struct zcb_error *err)
{
	static const struct zcb_mover mover = {
		.move = move, .to_other_node = true, .doubt = "is the other node full?",
	};

	return zcb_move_frame(&mover, params, victim, damage, err);
}

/* The last process leaves the group a moment after it was reaped. */
static void cpuset_restore(struct zcb_victim *victim)
{
	struct state *state = victim->state;

	if (!state)
		return;
	for (int i = 0; state->made && rmdir(GROUP) < 0 && errno == EBUSY && i < 100; i++)
		usleep(10000);
	if (state->enabled)
		zcb_write_text(ROOT "/cgroup.subtree_control", "-cpuset");
	free(state);
	victim->state = NULL;
}

const struct zcb_workload_ops zcb_workload_migrate_cpuset = {
	.name = "migrate-cpuset",
	.summary = "moves pages of the frame to another NUMA node, by a control group's cpuset.mems",
	.needs = "two NUMA nodes (numa=fake=2 makes them), cgroup v2 with cpuset",
	.effect = "its folios are replaced on another node; the VMM and KVM fault them in again",
	.event = ZCB_EVENT_MIGRATE,
	.check = cpuset_check,
	.prepare = cpuset_prepare,
	.strike = cpuset_strike,
	.restore = cpuset_restore,
};
