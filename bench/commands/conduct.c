// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/commands/conduct.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/commands/progress.h"
#include "bench/target/accel.h"
#include "bench/target/images.h"
#include "bench/target/qemu.h"
#include "reports/report.h"

static int choose_by_probe(struct zcb_request *request, char *ret_reason, size_t room)
{
	struct zcb_target_config config = { .images = request->config.images };
	struct zcb_accel_choice choice;
	struct zcb_error err = { "" };
	int ret = zcb_accel_choose(&config, false, &choice, &err);

	if (ret)
		return zcb_complain(ZCB_EXIT_INFRASTRUCTURE, err.text);
	request->config.accel = choice.accel;
	snprintf(ret_reason, room, "%s", choice.reason);
	fprintf(stderr, "zcbench: %s\n", ret_reason);
	return 0;
}

static int choose_accel(struct zcb_request *request, char *ret_reason, size_t room)
{
	static const enum zcb_accel known[] = { ZCB_ACCEL_KVM, ZCB_ACCEL_TCG, ZCB_ACCEL_ICOUNT };

	if (request->config.native) {
		request->config.accel = ZCB_ACCEL_KVM;
		snprintf(ret_reason, room, "the host under test is this machine");
		return 0;
	}
	if (!strcmp(request->accel, "auto"))
		return choose_by_probe(request, ret_reason, room);
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!strcmp(request->accel, zcb_accel_name(known[i]))) {
			request->config.accel = known[i];
			snprintf(ret_reason, room, "asked for by --accel");
			return 0;
		}
	}
	return zcb_complain(ZCB_EXIT_USAGE, "usage: --accel is auto, kvm, tcg or icount");
}

/*
 * A run that goes on is made as it was begun, whatever the options say now: a journal of two clocks
 * would be worth nothing.
 */
static int take_earlier_config(struct zcb_request *request, struct zcb_error *err)
{
	ZCB_FREE char *path = NULL, *text = NULL;
	const char *target = NULL, *accel = NULL, *clock = NULL, *cmdline = "";
	json_int_t cpus = 0, memory = 0;
	json_t *json;
	int ret;

	if (asprintf(&path, "%s/metadata.json", request->output) < 0)
		return -ENOMEM;
	ret = zcb_read_file(AT_FDCWD, path, 1U << 24, &text, NULL);
	if (ret)
		return zcb_fail(err, -EINVAL, "usage: %s cannot be read, so there is nothing to resume: %s",
				path, strerror(-ret));
	json = json_loads(text, 0, NULL);
	ret = json_unpack(json, "{s:s, s:s, s:s, s:{s:I, s:I, s?s}}", "target", &target, "accel", &accel, "clock",
			  &clock, "hut", "cpus", &cpus, "memory_bytes", &memory, "cmdline", &cmdline);
	if (!ret) {
		snprintf(request->cmdline, sizeof(request->cmdline), "%s", cmdline);
		request->config.native = !strcmp(target, "native");
		request->accel = !strcmp(clock, "icount") ? "icount" : !strcmp(accel, "kvm") ? "kvm" : "tcg";
		request->config.cpus = (unsigned int)cpus;
		request->config.memory_bytes = (uint64_t)memory;
	}
	json_decref(json);
	return ret ? zcb_fail(err, -EINVAL, "usage: %s is damaged: the run cannot be resumed", path) : 0;
}

static bool is_other_arm(const struct zcb_arm_spec *given, const struct zcb_arm_spec *earlier)
{
	return strcmp(given->kernel, earlier->kernel) != 0 || strcmp(given->variant, earlier->variant) != 0;
}

static int check_resumed(const struct zcb_request *request, const struct zcb_plan *plan,
			 struct zcb_error *err)
{
	const struct zcb_arms *given = request->plan_options.arms;
	const struct zcb_shard *shard = &request->plan_options.shard;

	if (shard->of && (shard->of != plan->shard.of || shard->number != plan->shard.number))
		return zcb_fail(err, -EINVAL, "usage: %s is no shard %u/%u: leave --shard out to go on",
				request->output, shard->number, shard->of);
	if (request->compares && !plan->compares)
		return zcb_fail(err, -EINVAL, "usage: %s is no comparison: go on with: zcbench run --resume "
				"-o %s", request->output, request->output);
	if (given && (is_other_arm(&given->a, &plan->arms.a) || is_other_arm(&given->b, &plan->arms.b)))
		return zcb_fail(err, -EINVAL, "usage: %s compares %s:%s with %s:%s: leave A and B out to go on",
				request->output, plan->arms.a.kernel, plan->arms.a.variant,
				plan->arms.b.kernel, plan->arms.b.variant);
	return 0;
}

static int load_plan(const struct zcb_request *request, struct zcb_rundir *dir, struct zcb_plan *ret_plan,
		     struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	json_t *json;
	int ret;

	if (!request->resume)
		return zcb_rundir_put_json(dir, "plan.json", zcb_plan_to_json(ret_plan), err);
	ret = zcb_read_file(dir->fd, "plan.json", 1U << 28, &text, NULL);
	if (ret)
		return zcb_fail(err, -EINVAL, "usage: plan.json of %s cannot be read: %s", dir->path,
				strerror(-ret));
	json = json_loads(text, 0, NULL);
	ret = zcb_plan_from_json(json, ret_plan, err);
	json_decref(json);
	return ret ? ret : check_resumed(request, ret_plan, err);
}

/* With icount the HUT's seconds are not those of this machine, and only seconds of one clock have shares. */
static void print_harness(FILE *out, const struct zcb_request *request, const struct zcb_run_totals *t)
{
	double all = t->harness_cells_s + t->harness_boots_s;

	fprintf(out, "zcbench itself took %.1f %% of the cells' seconds (%.2f of %.1f)", 100 * t->harness_cells_s / t->seconds_cells,
		t->harness_cells_s, t->seconds_cells);
	if (request->config.accel != ZCB_ACCEL_ICOUNT && t->seconds_boots > 0)
		fprintf(out, " and %.1f %% of the run's (%.2f of %.1f)", 100 * all / t->seconds_boots, all,
			t->seconds_boots);
	fputc('\n', out);
}

void zcb_print_totals(const struct zcb_request *request, const struct zcb_conducted *conducted)
{
	const struct zcb_shard *shard = &conducted->plan.shard;
	const struct zcb_run_totals *t = &conducted->totals;
	FILE *out = request->json ? stderr : stdout;

	if (t->tainted_boots)
		fprintf(stderr, "zcbench: kernel: %u boots are tainted by kernel faults: no number of "
				"theirs counts\n", t->tainted_boots);
	if (t->interrupted)
		fprintf(stderr, "zcbench: interrupted; go on with: zcbench %s --resume -o %s\n",
			request->compares ? "ab" : "run", request->output);
	if (shard->of)
		fprintf(out, "shard %u of %u; when all are there: zcbench merge -o DIR SHARD_DIR...\n",
			shard->number, shard->of);
	fprintf(out, "cells: %u as declared, %u not, %u errors, %u crashed, %u skipped, %u not run\n", t->passed,
	       t->failed, t->errors, t->crashed, t->skipped, t->not_run);
	if (t->known_bugs)
		fprintf(out, "and %u show a known bug of their kernel, which the report names\n", t->known_bugs);
	if (t->seconds_first_frame > 0)
		fprintf(out, "first boot %.1f s; first verified guest frame %.1f s after starting its VMM; "
		       "%.1f s past the first boot\n",
		       t->seconds_first_boot, t->seconds_first_frame, t->seconds_past_first_boot);
	if (t->seconds_cells > 0)
		print_harness(out, request, t);
}

void zcb_print_report(const struct zcb_request *request)
{
	const char *dir = request->output;
	struct zcb_error err = { "" };
	char whole[PATH_MAX];
	int ret;

	if (request->no_report)
		return;
	ret = zcb_report_write(dir, NULL, &err);

	if (*err.text)
		fprintf(stderr, "zcbench: %s%s\n", ret ? "no report: " : "warning: ", err.text);
	if (!ret)
		fprintf(request->json ? stderr : stdout, "report: %s/report.html\n",
			realpath(dir, whole) ? whole : dir);
}

/* What is missing is told before the run begins: the same command then works once it is there. */
static int check_images(const struct zcb_request *request, const struct zcb_plan *plan,
			struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < plan->n && !ret && !request->config.native; i++) {
		ZCB_CLEANUP(zcb_images_finish) struct zcb_images images = { 0 };
		struct zcb_target_config config = { .images = request->config.images,
						    .kernel = plan->cell[i].kernel };

		if (zcb_plan_plays(plan, plan->cell[i].boot) &&
		    (i == 0 || plan->cell[i].boot != plan->cell[i - 1].boot))
			ret = zcb_images_find(&config, &images, err);
	}
	return ret;
}


static int open_and_load(struct zcb_request *request, struct zcb_plan *plan, struct zcb_rundir *ret_dir)
{
	struct zcb_error err = { "" };
	int ret = zcb_rundir_open(request->output, request->resume, ret_dir, &err);

	if (ret)
		return zcb_complain(ret == -EEXIST || ret == -ENOENT || ret == -EWOULDBLOCK ?
				    ZCB_EXIT_USAGE : ZCB_EXIT_INFRASTRUCTURE, err.text);
	ret = load_plan(request, ret_dir, plan, &err);
	if (!ret)
		ret = check_images(request, plan, &err);
	if (!ret)
		return 0;
	zcb_rundir_close(ret_dir);
	return zcb_complain(ret == -EINVAL ? ZCB_EXIT_USAGE : ZCB_EXIT_INFRASTRUCTURE, err.text);
}

static int conduct(struct zcb_request *request, struct zcb_plan *plan, const struct zcb_run_watcher *watcher,
		   struct zcb_run_totals *totals)
{
	struct zcb_error err = { "" };
	struct zcb_rundir dir;
	int ret = open_and_load(request, plan, &dir);

	if (ret)
		return ret;
	request->running = plan;
	ret = zcb_conduct(&request->config, plan, &dir, watcher, totals, &err);
	if (ret) {
		fprintf(stderr, "zcbench: %s\n", err.text);
		totals->exit_code = zcb_exit_worse(totals->exit_code, ret == -EINVAL ? ZCB_EXIT_USAGE :
						   ZCB_EXIT_INFRASTRUCTURE);
	}
	request->running = NULL;
	zcb_rundir_close(&dir);
	return 0;
}

static void print_needs(const struct zcb_plan *plan)
{
	for (uint32_t i = 0; i < plan->n; i++) {
		uint32_t j = 0;

		while (j < i && (strcmp(plan->cell[j].kernel, plan->cell[i].kernel) != 0 ||
				 !zcb_plan_plays(plan, plan->cell[j].boot)))
			j++;
		if (j == i && zcb_plan_plays(plan, plan->cell[i].boot))
			printf("%s\n", plan->cell[i].kernel);
	}
}

static json_t *command_line(const struct zcb_request *request, int argc, char **argv)
{
	json_t *array = json_array();

	/* argv[0] has become "zcbench run": two words of the command */
	json_array_append_new(array, json_string("zcbench"));
	json_array_append_new(array, json_string(request->compares ? "ab" : "run"));
	for (int i = 1; i < argc; i++) {
		json_t *word = json_string(argv[i]);

		json_array_append_new(array, word ? word : json_string("?"));
	}
	return array;
}

static void name_output(char *ret_name, size_t room)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(ret_name, room, "zcbench-%Y%m%d-%H%M%S", localtime_r(&now, &tm));
}

/* With everything that the run directory says of how it was made. */
static int choose_and_conduct(struct zcb_request *request, struct zcb_plan *plan,
			      const struct zcb_run_watcher *watcher, struct zcb_run_totals *totals)
{
	char reason[768] = "", program[PATH_MAX], name[64];
	struct zcb_error err = { "" };
	int ret;

	if (realpath("/proc/self/exe", program))
		request->config.program = program;
	if (!request->output) {
		name_output(name, sizeof(name));
		request->output = strdup(name); /* until the program ends */
	}
	zcb_progress_catch_signals();
	if (request->resume && take_earlier_config(request, &err))
		return zcb_complain(ZCB_EXIT_USAGE, err.text);
	zcb_qemu_version(request->config.images, request->qemu_version, sizeof(request->qemu_version), NULL);
	request->config.qemu_version = request->qemu_version;
	request->config.cmdline = request->cmdline;
	ret = choose_accel(request, reason, sizeof(reason));
	if (ret)
		return ret;
	request->config.accel_reason = reason;
	return conduct(request, plan, watcher, totals);
}

int zcb_request_conduct(struct zcb_request *request, int argc, char **argv,
			const struct zcb_run_watcher *watcher, struct zcb_conducted *ret)
{
	json_t *command = command_line(request, argc, argv);
	struct zcb_error err = { "" };
	int code = 0;

	request->config.command = command;
	if (!request->resume && zcb_plan_make(request->plan, &request->plan_options, &ret->plan, &err))
		code = zcb_complain(ZCB_EXIT_USAGE, err.text);
	else if (request->needs)
		print_needs(&ret->plan);
	else
		code = choose_and_conduct(request, &ret->plan, watcher, &ret->totals);
	json_decref(command);
	return code;
}

void zcb_conducted_finish(struct zcb_conducted *conducted)
{
	zcb_plan_finish(&conducted->plan);
}
