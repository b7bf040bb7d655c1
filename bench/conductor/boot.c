// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/conductor/internal.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/consumers/consumer.h"

#define DMESG_CAP (1U << 20)

/* Between the signal to the first process of a job and that to the last one, on a machine with more to do. */
#define SIGNALS_APART_NS (5 * 1000000000ULL)

unsigned int zcb_boot_patience_s(const struct boot *boot)
{
	uint64_t boot_ns = boot->up_ns ? boot->up_ns - boot->started_ns : 0;

	return (unsigned int)(boot_ns / 1000000000ULL * 10);
}

/* How long it may be silent. */
static uint64_t silence_limit_ns(const struct conduct *run, const struct zcb_cell *cell)
{
	uint64_t limit_s = (run->config->accel == ZCB_ACCEL_ICOUNT ? 900ULL : 300ULL) +
			   zcb_boot_patience_s(&run->boot);

	if (run->config->silence_s)
		limit_s = run->config->silence_s;
	if (cell) /* seconds of the HUT's clock, which may run slower than ours */
		limit_s += cell->params.seconds * 10ULL;
	return limit_s * 1000000000ULL;
}

void zcb_boot_add_faults(struct boot *boot, json_t *faults)
{
	size_t i;
	json_t *fault;

	json_array_foreach(faults, i, fault)
		if (json_is_string(fault))
			json_array_append(boot->faults, fault);
}

static double seconds_between(uint64_t from, uint64_t to)
{
	return from && to > from ? (double)(to - from) / 1e9 : 0;
}

static void note_event(struct conduct *run, json_t *event)
{
	const char *name = json_string_value(json_object_get(event, "name"));
	const char *detail = json_string_value(json_object_get(event, "detail"));
	json_int_t hut_ns = json_integer_value(json_object_get(event, "hut_ns"));
	char text[400];

	if (!name)
		return;
	if (!strcmp(name, "guest-start")) {
		run->boot.guest_started_ns = zcb_now_ns();
		run->boot.guest_started_hut_ns = hut_ns;
	}
	if (!strcmp(name, "first-frame") && !run->boot.first_frame_s) {
		run->boot.first_frame_s = seconds_between(run->boot.guest_started_ns, zcb_now_ns());
		run->boot.first_frame_hut_s = (double)(hut_ns - run->boot.guest_started_hut_ns) / 1e9;
	}
	if (!strcmp(name, "guest-retry")) {
		snprintf(text, sizeof(text), "the guest is started again: %.300s", detail ? detail : "");
		run->watcher->note(run->watcher->opaque, text);
	}
}

static int keep_log(struct conduct *run, const struct zcb_wire_message *message)
{
	char name[64];

	snprintf(name, sizeof(name), "boots/%u/dmesg.log", run->boot.number);
	return zcb_rundir_append(run->dir, name, message->payload, message->payload_n, DMESG_CAP,
				 run->err);
}

/* Returns 1 where the message is for the caller. */
static int deal_with(struct conduct *run, const struct zcb_cell *cell, struct zcb_wire_message *message)
{
	int ret = 0;

	if (!strcmp(message->type, "result") || !strcmp(message->type, "hello") ||
	    !strcmp(message->type, "bye"))
		return 1;
	if (!strcmp(message->type, "event"))
		note_event(run, message->json);
	else if (!strcmp(message->type, "kmsg"))
		ret = keep_log(run, message);
	else if (!strcmp(message->type, "file") && cell)
		ret = zcb_keep_file(run, cell, message);
	json_decref(message->json);
	return ret;
}

static int next_message(struct conduct *run, const struct zcb_cell *cell,
			struct zcb_wire_message *ret_message)
{
	for (;;) {
		int ret = zcb_wire_next(&run->boot.wire, ret_message);

		if (ret > 0)
			ret = deal_with(run, cell, ret_message);
		else if (ret == 0)
			return 0;
		else
			return zcb_fail(run->err, ret, "zcbench bug: the runner's messages make no sense");
		if (ret)
			return ret;
	}
}

/* Waits a little for the channel or the console. Returns 0, or 1 where the channel has ended. */
static int wait_and_receive(struct boot *boot)
{
	struct pollfd fds[] = {
		{ .fd = zcb_target_channel(boot->target), .events = POLLIN },
		{ .fd = zcb_target_event_fd(boot->target), .events = POLLIN },
	};
	ssize_t n;

	if (poll(fds, 2, 500) <= 0)
		return 0;
	if (fds[1].revents)
		zcb_target_pump(boot->target);
	if (!fds[0].revents)
		return 0;
	n = zcb_wire_receive(&boot->wire, fds[0].fd);
	if (n > 0)
		boot->heard_ns = zcb_now_ns();
	return n <= 0 && n != -EAGAIN;
}

static bool is_interrupted(struct conduct *run)
{
	if (run->watcher->interrupted(run->watcher->opaque))
		run->totals->interrupted = true;
	return run->totals->interrupted;
}

/*
 * Who ends a job (Slurm, systemd, a shutdown) signals each of its processes, in any order: QEMU may be gone
 * before this one is told. Then nothing is wrong with the cell, and it is not to be counted.
 */
void zcb_boot_lost(struct conduct *run)
{
	uint64_t until;

	zcb_target_stop(run->boot.target, ZCB_OUTCOME_LOST);
	until = zcb_now_ns() + SIGNALS_APART_NS;
	while (zcb_target_was_killed(run->boot.target) && !is_interrupted(run) && zcb_now_ns() < until)
		poll(NULL, 0, 100);
}

int zcb_boot_listen(struct conduct *run, const struct zcb_cell *cell, struct zcb_wire_message *ret_message)
{
	struct boot *boot = &run->boot;

	boot->heard_ns = zcb_now_ns();
	for (;;) {
		int ret = next_message(run, cell, ret_message);

		if (ret)
			return ret;
		if (is_interrupted(run)) {
			zcb_target_stop(boot->target, ZCB_OUTCOME_INTERRUPTED);
			return 0;
		}
		if (zcb_now_ns() - boot->heard_ns > silence_limit_ns(run, cell)) {
			zcb_target_stop(boot->target, ZCB_OUTCOME_HANG);
			return 0;
		}
		if (wait_and_receive(boot)) {
			/* QEMU closes the channel first; its own end and last words follow. */
			zcb_boot_lost(run);
			return 0;
		}
	}
}

static bool boot_consumes(const struct conduct *run, const struct zcb_consumer_ops *consumer)
{
	for (uint32_t i = 0; i < run->plan->n; i++)
		if (run->plan->cell[i].boot == run->boot.planned &&
		    !strcmp(run->plan->cell[i].consumer, consumer->name))
			return true;
	return false;
}

/* The modules of the boot's consumers: NULL-terminated, the caller's to free; NULL without memory. */
static const char **consumer_modules(const struct conduct *run)
{
	const char **modules;
	size_t n = 0;

	while (zcb_consumers[n])
		n++;
	modules = calloc(n + 1, sizeof(*modules));
	n = 0;
	for (size_t i = 0; modules && zcb_consumers[i]; i++)
		if (zcb_consumers[i]->module && boot_consumes(run, zcb_consumers[i]))
			modules[n++] = zcb_consumers[i]->module;
	return modules;
}

static bool wants_screen(const struct conduct *run)
{
	for (uint32_t i = 0; i < run->plan->n; i++) {
		const struct zcb_cell *cell = &run->plan->cell[i];
		const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);

		if (cell->boot == run->boot.planned && consumer && consumer->screen)
			return true;
	}
	return false;
}

static int start_once(struct conduct *run)
{
	struct boot *boot = &run->boot;
	ZCB_FREE const char **modules = consumer_modules(run);
	ZCB_FREE char *folder = NULL;
	ZCB_FREE char *requests = NULL;
	struct zcb_target_config config = {
		.accel = run->config->accel,
		.images = run->config->images,
		.program = run->config->program,
		.parts = modules,
		.kernel = boot->kernel,
		/* Each boot its own: what repeats in all of them does not hang on one state of the HUT. */
		.seed = run->plan->seed + run->boot.planned - 1,
		.cpus = run->config->cpus,
		.memory_bytes = run->config->memory_bytes,
		.screen = wants_screen(run),
		.cmdline = *run->config->cmdline ? run->config->cmdline : NULL,
	};

	if (asprintf(&folder, "%s/boots/%u", run->dir->path, boot->number) < 0)
		return -ENOMEM;
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		return zcb_fail(run->err, -errno, "host set-up: %s cannot be made: %m", folder);
	if (zcb_requests_are_staged(run) && zcb_requests_stage(run, &requests))
		return zcb_fail(run->err, -ENOMEM, "host set-up: out of memory");
	config.requests = requests;
	config.boot_dir = folder;
	boot->attempts++;
	boot->started_ns = zcb_now_ns();
	return run->config->native ? zcb_target_native_start(&config, &boot->target, run->err) :
				     zcb_target_vm_start(&config, &boot->target, run->err);
}

/* No time that was taken with such a clock is a time. */
static void taint_by_clock(struct boot *boot)
{
	json_t *clock = json_object_get(boot->hello, "monotonic");
	json_int_t backwards = json_integer_value(json_object_get(clock, "backwards"));

	if (backwards)
		json_array_append_new(boot->faults, json_sprintf(
			"CLOCK_MONOTONIC went backwards in %lld of %lld readings", (long long)backwards,
			(long long)json_integer_value(json_object_get(clock, "readings"))));
}

static void greet(struct conduct *run, json_t *hello)
{
	struct boot *boot = &run->boot;

	boot->up_ns = zcb_now_ns();
	if (!run->first_up_ns) {
		run->first_up_ns = boot->up_ns;
		run->totals->seconds_first_boot = (double)(boot->up_ns - boot->started_ns) / 1e9;
	}
	json_decref(boot->hello);
	boot->hello = hello;
	boot->runner_s += json_number_value(json_object_get(hello, "runner_s"));
	taint_by_clock(boot);
}

static void drop_target(struct boot *boot)
{
	zcb_target_destroy(boot->target);
	boot->target = NULL;
	zcb_wire_finish(&boot->wire);
}

/* Returns 1 when the HUT is up, 0 when it did not come up, -errno when nothing could be started. */
static int try_start(struct conduct *run)
{
	struct zcb_wire_message message;
	int ret = start_once(run);

	if (ret)
		return ret;
	ret = zcb_boot_listen(run, NULL, &message);
	if (ret == 1 && strcmp(message.type, "hello") != 0) {
		json_decref(message.json);
		return zcb_fail(run->err, -EPROTO, "zcbench bug: the runner did not greet");
	}
	if (ret == 1)
		greet(run, message.json);
	return ret;
}

/* The plan's own number where it is free, so that the boots of shards keep theirs. */
static uint32_t free_number(const struct zcb_rundir *dir, uint32_t planned)
{
	uint32_t number = planned - 1;
	char name[32];

	do
		snprintf(name, sizeof(name), "boots/%u", ++number);
	while (faccessat(dir->fd, name, F_OK, 0) == 0);
	return number;
}

static json_t *string_array(const char *const *items, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; items && (n ? i < n : items[i] != NULL); i++)
		json_array_append_new(array, json_string(items[i]));
	return array;
}

/* When it was so many seconds ago, in seconds of UNIX time. */
static double time_before(double seconds)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9 - seconds;
}

static json_t *boot_json(struct conduct *run, enum zcb_outcome outcome)
{
	struct boot *boot = &run->boot;
	bool icount = run->config->accel == ZCB_ACCEL_ICOUNT;
	bool tainted = json_array_size(boot->faults) > 0 || outcome == ZCB_OUTCOME_PANIC;
	json_t *hut = boot->hello ? json_incref(boot->hello) : json_object();
	const char *cmdline = json_string_value(json_object_get(hut, "cmdline"));
	double seconds = seconds_between(boot->started_ns, zcb_now_ns());
	double conductor_s = zcb_cpu_meter_take(&run->cpu);

	run->totals->tainted_boots += tainted;
	run->totals->seconds_boots += seconds;
	run->totals->harness_boots_s += boot->runner_s + conductor_s;
	return json_pack("{s:i, s:i, s:i, s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:O, s:s, s:o, s:o, s:{s:f, s:f, s:f, s:f}, "
			 "s:f, s:{s:f, s:f}}",
			 "schema", 1, "boot", (int)boot->number, "planned", (int)boot->planned, "kernel", boot->kernel, "accel",
			 run->config->accel == ZCB_ACCEL_KVM ? "kvm" : "tcg", "clock",
			 icount ? "icount" : "wall", "outcome", zcb_outcome_name(outcome), "reason",
			 zcb_target_reason(boot->target), "attempts", (int)boot->attempts, "tainted",
			 tainted, "kernel_faults", boot->faults, "cmdline", cmdline ? cmdline : "", "qemu",
			 string_array(zcb_target_argv(boot->target), 0), "hut", hut, "seconds", "up",
			 seconds_between(boot->started_ns, boot->up_ns), "first_frame",
			 boot->first_frame_s, "first_frame_hut", boot->first_frame_hut_s, "total", seconds,
			 "began", time_before(seconds), "harness", "runner", boot->runner_s, "conductor", conductor_s);
}

/* With its requests staged a HUT does not listen before it has done them. */
static bool ends_early(const struct conduct *run)
{
	return zcb_requests_are_staged(run) && zcb_requests_left(run);
}

/* A HUT that still runs is told to end, and gets a moment to go off by itself. */
static int say_end(struct conduct *run)
{
	struct zcb_wire_message message;
	int ret;

	if (zcb_target_outcome(run->boot.target) != ZCB_OUTCOME_RUNNING || ends_early(run))
		return 0;
	if (zcb_wire_send(zcb_target_channel(run->boot.target), json_pack("{s:s}", "type", "end"), NULL, 0))
		return 0;
	ret = zcb_boot_listen(run, NULL, &message);
	if (ret < 0)
		return ret;
	if (ret == 1) {
		zcb_boot_add_faults(&run->boot, json_object_get(message.json, "kernel_faults"));
		run->boot.runner_s += json_number_value(json_object_get(message.json, "runner_s"));
		zcb_target_expect_end(run->boot.target);
		json_decref(message.json);
	}
	return 0;
}

static void add_console_faults(struct boot *boot)
{
	size_t n;
	const char *const *fault = zcb_target_faults(boot->target, &n);

	if (json_array_size(boot->faults) == 0) /* else the kernel's log had them already */
		for (size_t i = 0; i < n; i++)
			json_array_append_new(boot->faults, json_string(fault[i]));
}

int zcb_boot_end(struct conduct *run)
{
	struct boot *boot = &run->boot;
	enum zcb_outcome outcome;
	char name[64];
	int ret;

	if (!boot->target) {
		json_decref(boot->faults);
		memset(boot, 0, sizeof(*boot));
		return 0;
	}
	ret = say_end(run);
	outcome = zcb_target_stop(boot->target, run->totals->interrupted || ends_early(run) ?
					ZCB_OUTCOME_INTERRUPTED : ZCB_OUTCOME_HANG);
	if (run->totals->interrupted && zcb_target_was_killed(boot->target))
		outcome = ZCB_OUTCOME_INTERRUPTED;
	add_console_faults(boot);
	if (!run->totals->seconds_first_frame)
		run->totals->seconds_first_frame = boot->first_frame_s;
	snprintf(name, sizeof(name), "boots/%u/boot.json", boot->number);
	if (!ret)
		ret = zcb_rundir_put_json(run->dir, name, boot_json(run, outcome), run->err);
	json_decref(boot->hello);
	json_decref(boot->faults);
	drop_target(boot);
	memset(boot, 0, sizeof(*boot));
	return ret;
}

static void begin_life(struct conduct *run, uint32_t planned, const char *kernel, unsigned int attempts)
{
	run->boot = (struct boot){ .number = free_number(run->dir, planned), .planned = planned,
				   .kernel = kernel, .attempts = attempts, .faults = json_array() };
}

int zcb_boot_start(struct conduct *run, uint32_t planned, const char *kernel)
{
	char text[800];
	int ret;

	begin_life(run, planned, kernel, 0);
	ret = try_start(run);
	if (ret != 0 || run->totals->interrupted)
		return ret;
	snprintf(text, sizeof(text), "boot %u did not come up and is tried again: %s", run->boot.number,
		 zcb_target_reason(run->boot.target));
	run->watcher->note(run->watcher->opaque, text);
	ret = zcb_boot_end(run);
	if (ret)
		return ret;
	begin_life(run, planned, kernel, 1);
	return try_start(run);
}
