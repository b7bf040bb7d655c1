// SPDX-License-Identifier: GPL-2.0-or-later
/* Who runs where, on machines that hwloc makes up, and on this one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <hwloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench/base/topology.h"

static void place(const char *synthetic, struct zcb_placement *ret_placement)
{
	hwloc_topology_t topology;

	assert_int_equal(zcb_topology_load(synthetic, &topology), 0);
	assert_int_equal(zcb_topology_place(topology, ret_placement), 0);
	hwloc_topology_destroy(topology);
}

static void expect(const char *synthetic, unsigned int cpus, const int (*wanted)[2])
{
	struct zcb_placement placement = { 0 };

	place(synthetic, &placement);
	assert_int_equal(placement.cpus, cpus);
	for (int role = 0; role < ZCB_ROLES; role++)
		if (placement.role[role].cpu != wanted[role][0] || placement.role[role].node != wanted[role][1])
			fail_msg("%s: %s on CPU %d of node %d", synthetic, zcb_role_name(role),
				 placement.role[role].cpu, placement.role[role].node);
}

#define PLACES(...) (const int[][2]){ __VA_ARGS__ }

static void rule(void **state)
{
	expect("pu:1", 1, PLACES({ 0, 0 }, { 0, 0 }, { 0, 0 }));
	expect("pu:2", 2, PLACES({ 1, 0 }, { 0, 0 }, { 0, 0 }));
	expect("pu:3", 3, PLACES({ 2, 0 }, { 1, 0 }, { 0, 0 }));
	expect("pu:4", 4, PLACES({ 3, 0 }, { 2, 0 }, { 1, 0 }));
	expect("core:2 pu:2", 4, PLACES({ 3, 0 }, { 2, 0 }, { 1, 0 }));
}

/* Those of the vCPU's node first, and then the others. */
static void two_nodes(void **state)
{
	expect("node:2 pu:1", 2, PLACES({ 1, 1 }, { 0, 0 }, { 0, 0 }));
	expect("node:2 pu:2", 4, PLACES({ 3, 1 }, { 2, 1 }, { 1, 0 }));
	expect("node:2 pu:4", 8, PLACES({ 7, 1 }, { 6, 1 }, { 5, 1 }));
	/* The numbers of the processors go to and fro between the nodes. */
	expect("node:2 pu:2(indexes=0,2,1,3)", 4, PLACES({ 3, 1 }, { 1, 1 }, { 2, 0 }));
}

static void no_topology(void **state)
{
	hwloc_topology_t topology = NULL;

	assert_int_equal(zcb_topology_load("nonsense", &topology), -EINVAL);
	assert_null(topology);
}

static cpu_set_t before;

static int remember(void **state)
{
	return sched_getaffinity(0, sizeof(before), &before);
}

static int restore(void **state)
{
	return sched_setaffinity(0, sizeof(before), &before);
}

static int only_cpu_of(pid_t thread)
{
	cpu_set_t now;
	int cpu = 0;

	assert_return_code(sched_getaffinity(thread, sizeof(now), &now), errno);
	assert_int_equal(CPU_COUNT(&now), 1);
	while (!CPU_ISSET(cpu, &now))
		cpu++;
	return cpu;
}

static struct zcb_placement place_here(void)
{
	struct zcb_placement placement;

	place(NULL, &placement);
	assert_true(placement.cpus <= (unsigned int)CPU_COUNT(&before));
	if (placement.cpus < 2) {
		print_message("skipped: one processor is all there is\n");
		skip();
	}
	return placement;
}

static void who_is_kept_stays(void **state)
{
	struct zcb_placement placement = place_here();

	for (int role = 0; role < ZCB_ROLES; role++) {
		assert_int_equal(zcb_topology_keep(&placement, role, 0), 0);
		assert_int_equal(only_cpu_of(0), placement.role[role].cpu);
	}
}

static void nobody_is_kept_on_one(void **state)
{
	struct zcb_placement placement = { .cpus = 1 };
	cpu_set_t now;

	assert_int_equal(zcb_topology_keep(&placement, ZCB_ROLE_VCPU, 0), 0);
	assert_return_code(sched_getaffinity(0, sizeof(now), &now), errno);
	assert_true(CPU_EQUAL(&now, &before));
}

static int ready[2], done[2];
static pid_t other_thread;

static void *wait_here(void *opaque)
{
	char byte = 0;

	other_thread = gettid();
	if (write(ready[1], &byte, 1) != 1 || read(done[0], &byte, 1) != 1)
		abort();
	return NULL;
}

static void vmm_and_its_vcpu(void **state)
{
	struct zcb_placement placement = place_here();
	pthread_t thread;
	char byte = 0;

	assert_return_code(pipe(ready), errno);
	assert_return_code(pipe(done), errno);
	assert_int_equal(pthread_create(&thread, NULL, wait_here, NULL), 0);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(zcb_topology_keep_vmm(&placement, getpid(), other_thread), 0);
	assert_int_equal(only_cpu_of(other_thread), placement.role[ZCB_ROLE_VCPU].cpu);
	assert_int_equal(only_cpu_of(gettid()), placement.role[ZCB_ROLE_VMM].cpu);
	assert_int_equal(write(done[1], &byte, 1), 1);
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule),
		cmocka_unit_test(two_nodes),
		cmocka_unit_test(no_topology),
		cmocka_unit_test_setup_teardown(who_is_kept_stays, remember, restore),
		cmocka_unit_test_setup_teardown(nobody_is_kept_on_one, remember, restore),
		cmocka_unit_test_setup_teardown(vmm_and_its_vcpu, remember, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
