/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_TOPOLOGY_H
#define ZCB_BASE_TOPOLOGY_H

#include <sys/types.h>

struct hwloc_topology;

/*
 * Who runs where. Two processes that wake each other take turns on one processor, or do not, as the
 * scheduler pleases; and what is measured is then now this and now that.
 */

/** The roles that have a processor each, as far as there are enough. */
enum zcb_role {
	ZCB_ROLE_VCPU, /* the guest */
	ZCB_ROLE_VMM,  /* the VMM's other threads: its main loop, I/O, the agent inside it */
	ZCB_ROLE_CELL, /* the cell's process: generator, consumer and probe, which are one thread by turns */
	ZCB_ROLES,
};

/** "vcpu", "vmm", "cell". */
const char *zcb_role_name(enum zcb_role role);

/** A processor, and the NUMA node that it is of, by the system's numbers. */
struct zcb_cpu_place {
	int cpu, node;
};

struct zcb_placement {
	unsigned int cpus; /* that there are to choose from; 0: not known, and nobody is placed */
	struct zcb_cpu_place role[ZCB_ROLES];
};

/**
 * What hwloc finds on this machine, or makes of a synthetic description ("node:2 pu:2"), if that is not
 * NULL. It reads a few hundred files of sysfs, so do it once. The caller's to hwloc_topology_destroy().
 * Returns 0 or -errno.
 */
int zcb_topology_load(const char *synthetic, struct hwloc_topology **ret_topology);

/**
 * Places the roles on the processors of a topology that this process may use.
 *
 * The vCPU has the last processor. The VMM's other threads have the next, which serves the vCPU's
 * exits, and the cell one more, both of the vCPU's node while it has some. With two processors they
 * share the other; with one all are on it.
 *
 * Returns 0 or -errno.
 */
int zcb_topology_place(struct hwloc_topology *topology, struct zcb_placement *ret_placement);

/**
 * Has this thread (0: the calling one), and those that it starts later, run where its role is; does
 * nothing where there is one processor or none is known. Returns 0 or -errno.
 */
int zcb_topology_keep(const struct zcb_placement *placement, enum zcb_role role, pid_t thread);

/** The same for all threads that a process has, but for one of the role vcpu. */
int zcb_topology_keep_vmm(const struct zcb_placement *placement, pid_t process, pid_t vcpu);

#endif
