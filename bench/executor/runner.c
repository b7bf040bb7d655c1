// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <linux/kvm.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/emulated.h"
#include "bench/base/io.h"
#include "bench/executor/clock.h"
#include "bench/executor/delay.h"
#include "bench/executor/executor.h"
#include "bench/executor/fault-around.h"
#include "bench/executor/hut.h"
#include "bench/executor/kmsg.h"
#include "bench/executor/meter.h"
#include "bench/guest/guest.h"
#include "bench/probes/probes.h"
#include "bench/results/failure.h"
#include "bench/results/wire.h"

/** The runner's state between cells: one guest is kept as long as the next cell can use it. */
struct runner {
	int channel;
	const struct zcb_runner_config *config;
	struct zcb_guest *guest;
	struct zcb_kmsg *kmsg;
	uint64_t guests_started;
	struct zcb_cpu_meter cpu;
	struct zcb_placement placement; /* who runs where in each guest and cell */
	cpu_set_t anywhere; /* where the runner may run by itself */
	struct zcb_trace *held; /* see hold_probes() */
	uint64_t fault_around; /* as it was when the runner began; 0: the kernel does not say */
};

static int say_event(struct runner *runner, const char *name, const char *detail)
{
	return zcb_wire_send(runner->channel,
			     json_pack("{s:s, s:s, s:s?, s:I}", "type", "event", "name", name, "detail",
				       detail, "hut_ns", (json_int_t)zcb_now_ns()), NULL, 0);
}

static void stop_guest(struct runner *runner)
{
	if (runner->guest)
		runner->guest->ops->stop(runner->guest);
	runner->guest = NULL;
}

static bool guest_fits(const struct zcb_guest *guest, const struct zcb_cell *cell)
{
	return guest && !strcmp(guest->ops->name, cell->guest) && guest->memory == cell->memory &&
	       guest->ram_bytes == (uint64_t)cell->params.ram_mib << 20 &&
	       /* No more than it wants either: a mix would choose by what is there. */
	       (!guest->ops->resize || guest->devices == zcb_cell_devices(cell));
}

/*
 * Between guests the runner is where its cells are: no fork of it, and no page that both then write, is to be
 * told to another processor. A guest that starts shares it with nobody.
 */
static void stay_with_cells(const struct runner *runner)
{
	zcb_topology_keep(&runner->placement, ZCB_ROLE_CELL, 0);
}

static void go_anywhere(const struct runner *runner)
{
	sched_setaffinity(0, sizeof(runner->anywhere), &runner->anywhere);
}

static int start_guest(struct runner *runner, const struct zcb_cell *cell, bool verbose,
		       struct zcb_error *err)
{
	const struct zcb_guest_ops *ops = zcb_guest_find(cell->guest);
	struct zcb_guest_config config = {
		.memory = cell->memory,
		.ram_bytes = (uint64_t)cell->params.ram_mib << 20,
		.folder = runner->config->folder,
		.console = runner->config->console,
		.devices = zcb_cell_devices(cell),
		.placement = runner->placement,
		.verbose = verbose,
		.nonce = ++runner->guests_started ^ 0x7a6362000000ULL,
	};

	if (!ops)
		return zcb_fail(err, -EINVAL, "usage: there is no guest of kind \"%s\"", cell->guest);
	say_event(runner, "guest-start", zcb_memory_name(cell->memory));
	return ops->start(&config, &runner->guest, err);
}

/*
 * A guest that does not come up is tried once more, with all that its kernel can tell on its console,
 * and the run directory hears of it.
 */
static int ensure_guest(struct runner *runner, const struct zcb_cell *cell, struct zcb_error *err)
{
	int ret;

	if (guest_fits(runner->guest, cell))
		return 0;
	stop_guest(runner);
	go_anywhere(runner);
	ret = start_guest(runner, cell, false, err);
	if (ret == -ENOTCONN || ret == -ETIMEDOUT) {
		say_event(runner, "guest-retry", err->text);
		ret = start_guest(runner, cell, true, err);
	}
	stay_with_cells(runner);
	return ret;
}

/*
 * As with the VM that is kept (keep_a_vm()): on emulated processors, when there are several, a patch of the
 * kernel's code may kill it. So the code is patched once, and not for each cell.
 */
static void hold_probes(struct runner *runner)
{
	if (zcb_emulated() && get_nprocs() > 1)
		zcb_probes_hold(&runner->held);
}

/* A machine that cannot have such a guest is no fault of the cell's. */
static int refuse_without_guest(int why, const char *reason, struct zcb_executed *ret_executed)
{
	json_t *line = zcb_failure(reason);

	if (why == -EOPNOTSUPP)
		json_object_set_new(line, "status", json_string("skip"));
	return zcb_executor_refuse(line, ret_executed);
}

static void put_kernel_back(const struct runner *runner, const struct zcb_cell *cell)
{
	if (cell->params.fault_around && runner->fault_around)
		zcb_fault_around_set(runner->fault_around, NULL);
	if (*cell->params.delay)
		zcb_delay_set(cell->params.delay, 0, NULL);
	if (cell->params.probes == ZCB_ON)
		zcb_probes_sweep();
}

/* *ret_guest_s < 0: there was no guest. */
static int run_cell(struct runner *runner, const struct zcb_cell *cell, unsigned int timeout_s,
		    struct zcb_executed *ret_executed, double *ret_guest_s)
{
	struct zcb_error err = { "" };
	uint64_t begun = zcb_now_ns();
	int ret;

	zcb_cpu_meter_own(&runner->cpu);
	ret = ensure_guest(runner, cell, &err);
	zcb_cpu_meter_other(&runner->cpu); /* the guest's start */
	*ret_guest_s = ret ? -1 : (double)(zcb_now_ns() - begun) / 1e9;
	if (ret)
		return refuse_without_guest(ret, err.text, ret_executed);
	if (cell->params.probes == ZCB_ON)
		hold_probes(runner);
	ret = zcb_executor_run(cell, runner->guest, timeout_s, runner->channel, ret_executed);
	put_kernel_back(runner, cell);
	if (!ret_executed->sound)
		stop_guest(runner);
	else
		runner->guest->seen |= ret_executed->fresh;
	return ret;
}

/* What zcbench took; of a crash the cell's part is not known. */
static json_t *harness_json(struct runner *runner, const struct zcb_executed *executed, double guest_s)
{
	json_t *harness = json_object();

	if (executed->own_s >= 0)
		json_object_set_new(harness, "cell", json_real(executed->own_s));
	if (guest_s >= 0)
		json_object_set_new(harness, "guest", json_real(guest_s));
	json_object_set_new(harness, "runner", json_real(zcb_cpu_meter_take(&runner->cpu)));
	return harness;
}

static int send_both(struct runner *runner, const struct zcb_executed *executed, const char *line, size_t n)
{
	ZCB_FREE char *whole = malloc(executed->files_n + n);

	if (!whole)
		return -ENOMEM;
	if (executed->files_n)
		memcpy(whole, executed->files, executed->files_n);
	memcpy(whole + executed->files_n, line, n);
	return zcb_write_all(runner->channel, whole, executed->files_n + n);
}

/* The cell's own line, and what the runner knows behind it. */
static int send_result(struct runner *runner, const struct zcb_executed *executed, double guest_s)
{
	ZCB_FREE char *more = NULL, *line = NULL;
	json_t *faults = zcb_kmsg_take(runner->kmsg, runner->channel), *json;
	int length;

	json = json_pack("{s:f, s:o, s:o}", "seconds", executed->seconds, "kernel_faults", faults, "harness",
			 harness_json(runner, executed, guest_s));
	more = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	length = more ? asprintf(&line, "%.*s,%s\n", (int)strlen(executed->line) - 1, executed->line, more + 1) : -1;
	return length < 0 ? -ENOMEM : send_both(runner, executed, line, (size_t)length);
}

static int handle_cell(struct runner *runner, json_t *message)
{
	ZCB_CLEANUP(zcb_executor_finish) struct zcb_executed executed = { 0 };
	struct zcb_error err = { "" };
	struct zcb_cell cell;
	json_int_t timeout_s = json_integer_value(json_object_get(message, "timeout_s"));
	double guest_s = -1;
	int ret;

	if (zcb_cell_from_json(json_object_get(message, "cell"), &cell, &err))
		ret = zcb_executor_refuse(zcb_failure(err.text), &executed);
	else
		ret = run_cell(runner, &cell, timeout_s > 0 ? (unsigned int)timeout_s : 120, &executed, &guest_s);
	return ret ? ret : send_result(runner, &executed, guest_s);
}

/* Returns 1 when told to end. */
static int handle(struct runner *runner, const struct zcb_wire_message *message)
{
	if (!strcmp(message->type, "end"))
		return 1;
	if (!strcmp(message->type, "cell"))
		return handle_cell(runner, message->json);
	return -EPROTO;
}

/*
 * Requests that came with the HUT, to their end, and then those of the channel: what comes there
 * comes in host time. Returns a number of bytes, or -errno.
 */
static ssize_t receive(struct runner *runner, struct zcb_wire *wire, int *requests)
{
	ssize_t n = *requests >= 0 ? zcb_wire_receive(wire, *requests) : 0;

	if (n)
		return n;
	if (*requests >= 0)
		close(zcb_steal_fd(requests));
	n = zcb_wire_receive(wire, runner->channel);
	return n ? n : -ECONNRESET;
}

static int serve(struct runner *runner, struct zcb_wire *wire)
{
	const char *staged = runner->config->requests;
	ZCB_CLOSE int requests = staged ? open(staged, O_RDONLY | O_CLOEXEC) : -1;

	if (staged && requests < 0)
		return -errno;
	for (;;) {
		struct zcb_wire_message message;
		int ret = zcb_wire_next(wire, &message);

		if (ret == 0) {
			ssize_t n = receive(runner, wire, &requests);

			if (n < 0)
				return (int)n;
			continue;
		}
		if (ret < 0)
			return ret;
		ret = handle(runner, &message);
		json_decref(message.json);
		if (ret)
			return ret;
	}
}

/* As at the start (hut.c): what was measured meanwhile is of a clock that is still one. */
static void add_clock_fault(json_t *faults)
{
	struct zcb_clock_check check;

	zcb_clock_check(zcb_now_ns, &check);
	if (check.backwards)
		json_array_append_new(faults, json_sprintf("CLOCK_MONOTONIC went backwards in %llu of %llu readings",
							   (unsigned long long)check.backwards,
							   (unsigned long long)check.readings));
}

static int say_goodbye(struct runner *runner)
{
	json_t *faults = zcb_kmsg_take(runner->kmsg, runner->channel);

	add_clock_fault(faults);
	return zcb_wire_send(runner->channel, json_pack("{s:s, s:o, s:f}", "type", "bye", "kernel_faults", faults,
							"runner_s", zcb_cpu_meter_take(&runner->cpu)),
			     NULL, 0);
}

/*
 * The first VM makes the kernel patch its scheduler (preempt_notifier_key, virt/kvm/kvm_main.c), the end
 * of the last one patches it back. On emulated processors another one can run into the breakpoint of
 * that patch after it was taken away, and the kernel dies of an int3 in __schedule(). So one VM is kept
 * from beginning to end, and guests come and go without a patch. Returns a descriptor or -1.
 */
static int keep_a_vm(void)
{
	ZCB_CLOSE int kvm = zcb_emulated() ? open("/dev/kvm", O_RDWR | O_CLOEXEC) : -1;

	return kvm < 0 ? -1 : ioctl(kvm, KVM_CREATE_VM, 0);
}

/* Where it cannot be told what there is, nobody is placed. */
static json_t *describe_and_place(struct zcb_placement *placement)
{
	hwloc_topology_t topology = NULL;
	json_t *hello;

	if (!zcb_topology_load(NULL, &topology))
		zcb_topology_place(topology, placement);
	hello = zcb_hut_describe(topology, placement);
	if (topology)
		hwloc_topology_destroy(topology);
	return hello;
}

int zcb_runner_run(int channel, const struct zcb_runner_config *config, struct zcb_error *err)
{
	struct runner runner = { .channel = channel, .config = config };
	ZCB_CLOSE int kept_vm = keep_a_vm();
	struct zcb_wire wire = { 0 };
	json_t *hello;
	int ret;

	sched_getaffinity(0, sizeof(runner.anywhere), &runner.anywhere);
	zcb_fault_around_get(&runner.fault_around);
	runner.kmsg = zcb_kmsg_open();
	hello = describe_and_place(&runner.placement);
	json_object_set_new(hello, "runner_s", json_real(zcb_cpu_meter_take(&runner.cpu)));
	ret = zcb_wire_send(channel, hello, NULL, 0);
	if (!ret)
		ret = serve(&runner, &wire);
	stop_guest(&runner);
	zcb_probes_let_go(runner.held);
	if (ret == 1)
		ret = say_goodbye(&runner);
	zcb_kmsg_close(runner.kmsg);
	zcb_wire_finish(&wire);
	return ret ? zcb_fail(err, ret, "zcbench bug: the channel ended: %s", strerror(-ret)) : 0;
}
