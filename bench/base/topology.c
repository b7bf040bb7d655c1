// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/base/cleanup.h"

const char *zcb_role_name(enum zcb_role role)
{
	static const char *const names[ZCB_ROLES] = {
		[ZCB_ROLE_VCPU] = "vcpu", [ZCB_ROLE_VMM] = "vmm", [ZCB_ROLE_CELL] = "cell",
	};

	return names[role];
}

int zcb_topology_load(const char *synthetic, hwloc_topology_t *ret_topology)
{
	hwloc_topology_t topology;

	if (hwloc_topology_init(&topology) < 0)
		return -ENOMEM;
	if ((synthetic && hwloc_topology_set_synthetic(topology, synthetic) < 0) ||
	    hwloc_topology_load(topology) < 0) {
		hwloc_topology_destroy(topology);
		return -EINVAL;
	}
	*ret_topology = topology;
	return 0;
}

static struct zcb_cpu_place place_of(hwloc_topology_t topology, hwloc_obj_t pu)
{
	hwloc_obj_t node = NULL;

	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)))
		if (hwloc_bitmap_isset(node->cpuset, pu->os_index))
			return (struct zcb_cpu_place){ (int)pu->os_index, (int)node->os_index };
	return (struct zcb_cpu_place){ (int)pu->os_index, 0 };
}

/* Near the vCPU first; and of those the last. */
static bool is_better(const struct zcb_cpu_place *candidate, const struct zcb_cpu_place *than, int node)
{
	bool near = candidate->node == node;

	if (near != (than->node == node))
		return near;
	return candidate->cpu > than->cpu;
}

/* The best one of those that nobody has yet; n > 0. */
static struct zcb_cpu_place take_best(struct zcb_cpu_place *place, unsigned int *n, int node)
{
	unsigned int best = 0;
	struct zcb_cpu_place taken;

	for (unsigned int i = 1; i < *n; i++)
		if (is_better(&place[i], &place[best], node))
			best = i;
	taken = place[best];
	place[best] = place[--*n];
	return taken;
}

static void assign(struct zcb_cpu_place *place, unsigned int n, struct zcb_placement *placement)
{
	int node = place[0].node, last = place[0].cpu;

	placement->cpus = n;
	for (unsigned int i = 1; i < n; i++) {
		node = place[i].cpu > last ? place[i].node : node;
		last = place[i].cpu > last ? place[i].cpu : last;
	}
	for (int role = 0; role < ZCB_ROLES; role++)
		placement->role[role] = n ? take_best(place, &n, node) : placement->role[role - 1];
}

int zcb_topology_place(hwloc_topology_t topology, struct zcb_placement *ret_placement)
{
	ZCB_FREE struct zcb_cpu_place *place = NULL;
	hwloc_obj_t pu = NULL;
	unsigned int n = 0;

	place = calloc((size_t)hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU) + 1, sizeof(*place));
	while (place && (pu = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)))
		if (hwloc_bitmap_isset(hwloc_topology_get_allowed_cpuset(topology), pu->os_index))
			place[n++] = place_of(topology, pu);
	if (!place)
		return -ENOMEM;
	if (!n)
		return -ENODEV;
	assign(place, n, ret_placement);
	return 0;
}

int zcb_topology_keep(const struct zcb_placement *placement, enum zcb_role role, pid_t thread)
{
	cpu_set_t wanted;

	if (placement->cpus < 2)
		return 0;
	CPU_ZERO(&wanted);
	CPU_SET((size_t)placement->role[role].cpu, &wanted);
	return sched_setaffinity(thread, sizeof(wanted), &wanted) < 0 ? -errno : 0;
}

int zcb_topology_keep_vmm(const struct zcb_placement *placement, pid_t process, pid_t vcpu)
{
	ZCB_CLOSEDIR DIR *tasks = NULL;
	struct dirent *entry;
	char path[64];
	int ret = zcb_topology_keep(placement, ZCB_ROLE_VCPU, vcpu);

	snprintf(path, sizeof(path), "/proc/%d/task", process);
	tasks = opendir(path);
	if (!tasks)
		return -errno;
	while (!ret && (entry = readdir(tasks))) {
		pid_t thread = atoi(entry->d_name);

		ret = thread <= 0 || thread == vcpu ? 0 : zcb_topology_keep(placement, ZCB_ROLE_VMM, thread);
		if (ret == -ESRCH)
			ret = 0; /* it has ended meanwhile */
	}
	return ret;
}
