// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/cpu.h"

#include <errno.h>
#include <sched.h>

int zcb_cpu_spare(int *ret_cpu)
{
	cpu_set_t allowed;
	int last = CPU_SETSIZE - 1;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) < 0)
		return -errno;
	if (CPU_COUNT(&allowed) < 2)
		return -ENODEV;
	while (!CPU_ISSET(last, &allowed))
		last--;
	*ret_cpu = last;
	return 0;
}

int zcb_cpu_keep_to(int cpu)
{
	cpu_set_t wanted;

	CPU_ZERO(&wanted);
	CPU_SET(cpu, &wanted);
	return sched_setaffinity(0, sizeof(wanted), &wanted) < 0 ? -errno : 0;
}

int zcb_cpu_keep_off(int cpu)
{
	cpu_set_t wanted;

	if (sched_getaffinity(0, sizeof(wanted), &wanted) < 0)
		return -errno;
	CPU_CLR(cpu, &wanted);
	return sched_setaffinity(0, sizeof(wanted), &wanted) < 0 ? -errno : 0;
}
