// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench run`: options, progress, and the lines that say how it ended. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/commands/command.h"
#include "bench/conductor/conductor.h"
#include "bench/target/accel.h"
#include "bench/target/images.h"
#include "bench/target/qemu.h"
#include "reports/report.h"

/* What the command line says. */
struct request {
	const char *plan, *accel, *output;
	struct zcb_plan_options plan_options;
	struct zcb_run_config config;
	char qemu_version[128], cmdline[512];
	bool resume, no_report, needs, cpus_given;
};

enum { OPT_KERNEL = 256, OPT_VARIANTS, OPT_MEMORY, OPT_GUESTS, OPT_WORKLOADS, OPT_CONSUMERS, OPT_FENCE,
       OPT_BOOTS, OPT_DURATION, OPT_SEED, OPT_RESUME, OPT_TARGET, OPT_ACCEL, OPT_PLAN, OPT_IMAGES,
       OPT_CPUS, OPT_RAM, OPT_CMDLINE, OPT_SILENCE, OPT_NO_REPORT, OPT_NEEDS, OPT_SHOW };

static const struct option options[] = {
	{ "plan", required_argument, NULL, OPT_PLAN },
	{ "target", required_argument, NULL, OPT_TARGET },
	{ "accel", required_argument, NULL, OPT_ACCEL },
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "variants", required_argument, NULL, OPT_VARIANTS },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "guests", required_argument, NULL, OPT_GUESTS },
	{ "workloads", required_argument, NULL, OPT_WORKLOADS },
	{ "consumers", required_argument, NULL, OPT_CONSUMERS },
	{ "fence", required_argument, NULL, OPT_FENCE },
	{ "boots", required_argument, NULL, OPT_BOOTS },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "resume", no_argument, NULL, OPT_RESUME },
	{ "images", required_argument, NULL, OPT_IMAGES },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "ram", required_argument, NULL, OPT_RAM },
	{ "cmdline", required_argument, NULL, OPT_CMDLINE },
	{ "silence", required_argument, NULL, OPT_SILENCE },
	{ "no-report", no_argument, NULL, OPT_NO_REPORT },
	{ "needs", no_argument, NULL, OPT_NEEDS },
	{ "show", no_argument, NULL, OPT_SHOW },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void usage(void)
{
	printf("usage: zcbench run [options] [-o DIR]\n\n"
	       "Runs a plan against a host under test and writes a run directory with its report.\n\n"
	       "  --plan NAME|FILE     smoke, default (`zcbench list plans`), or a plan file  [default]\n"
	       "  --target vm|native   a VM booted for the purpose, or this machine           [vm]\n"
	       "  --accel auto|kvm|tcg|icount   what runs the VM; auto tries kvm by starting one;\n"
	       "                       icount counts instructions instead of time            [auto]\n"
	       "  --kernel LIST        stock, variants, debug, or the path of an image  [the plan's]\n"
	       "  --variants LIST      how the kernel tells udmabuf of new pages        [the plan's]\n"
	       "  --memory LIST        shmem, hugetlb                                   [the plan's]\n"
	       "  --guests LIST        `zcbench list guests`                            [the plan's]\n"
	       "  --workloads LIST     only these of the plan\n"
	       "  --consumers LIST     only these of the plan\n"
	       "  --fence NAME         handshake, sync-file, none: how guest and reader take\n"
	       "                       turns, in all cells that it goes with            [the plan's]\n"
	       "  --boots N            boots of each kernel                             [the plan's]\n"
	       "  --duration S         each cell goes on for at least S seconds of its HUT\n"
	       "  --seed N             what all that is random follows from                      [1]\n"
	       "  --cpus N, --ram MIB  of the VM that is the host under test [2, icount: 1; 2048]\n"
	       "  --cmdline WORDS      more for its kernel's command line, after what zcbench says there\n"
	       "  --silence S          a host that says nothing for S seconds hangs  [from its boot]\n"
	       "  --images DIR         kernels and root file system               [build/images]\n"
	       "  --resume             go on with the run in DIR; its plan and options count\n"
	       "  --needs              only print the kernels that the plan wants, one a line\n"
	       "  --show               keep a clip of what each reader saw, for a browser: frames/N-clip.png\n"
	       "  --no-report          leave the report to `zcbench report DIR`\n"
	       "  -o DIR               the run directory              [zcbench-DATE-TIME]\n\n"
	       "Exit codes: 0 all as declared, 2 usage, 11 a frame wrong where the declaration says\n"
	       "right, 12 inconclusive or interrupted, 13 boot, disk or QEMU failed, 14 a kernel fault\n"
	       "in the host under test, 77 nothing could run here.\n");
}

static int complain(enum zcb_exit code, const char *text)
{
	fprintf(stderr, "zcbench: %s\n", text);
	return (int)code;
}

static int read_count(const char *option, const char *text, uint64_t max, uint64_t *ret_value)
{
	char message[256], *end;

	errno = 0;
	*ret_value = strtoull(text, &end, 10);
	if (!errno && *text >= '0' && *text <= '9' && !*end && *ret_value <= max)
		return 0;
	snprintf(message, sizeof(message), "usage: --%s wants a number up to %llu, not \"%.60s\"", option,
		 (unsigned long long)max, text);
	return complain(ZCB_EXIT_USAGE, message);
}

static int take_number(struct request *request, int option, const char *name)
{
	uint64_t value;
	int ret = read_count(name, optarg, option == OPT_SEED ? (1ULL << 53) - 1 : 1000000, &value);

	if (ret)
		return ret;
	request->cpus_given |= option == OPT_CPUS;
	if (option == OPT_BOOTS && !value)
		return complain(ZCB_EXIT_USAGE, "usage: --boots must be more than 0");
	if (option == OPT_BOOTS)
		request->plan_options.boots = (uint32_t)value;
	else if (option == OPT_DURATION)
		request->plan_options.seconds = (uint32_t)value;
	else if (option == OPT_SEED)
		request->plan_options.seed = value;
	else if (option == OPT_CPUS)
		request->config.cpus = (unsigned int)value;
	else if (option == OPT_RAM)
		request->config.memory_bytes = value << 20;
	else
		request->config.silence_s = (unsigned int)value;
	return 0;
}

static int take_target(struct request *request)
{
	request->config.native = !strcmp(optarg, "native");
	if (request->config.native || !strcmp(optarg, "vm"))
		return 0;
	return complain(ZCB_EXIT_USAGE, "usage: --target is vm or native");
}

static int take_cmdline(struct request *request)
{
	if (strlen(optarg) >= sizeof(request->cmdline))
		return complain(ZCB_EXIT_USAGE, "usage: --cmdline is longer than 511 characters");
	snprintf(request->cmdline, sizeof(request->cmdline), "%s", optarg);
	return 0;
}

static int take_option(struct request *request, int option, const char *name)
{
	switch (option) {
	case OPT_PLAN: request->plan = optarg; return 0;
	case OPT_ACCEL: request->accel = optarg; return 0;
	case OPT_KERNEL: request->plan_options.kernels = optarg; return 0;
	case OPT_VARIANTS: request->plan_options.variants = optarg; return 0;
	case OPT_MEMORY: request->plan_options.memory = optarg; return 0;
	case OPT_GUESTS: request->plan_options.guests = optarg; return 0;
	case OPT_WORKLOADS: request->plan_options.workloads = optarg; return 0;
	case OPT_CONSUMERS: request->plan_options.consumers = optarg; return 0;
	case OPT_FENCE: request->plan_options.fence = optarg; return 0;
	case OPT_IMAGES: request->config.images = optarg; return 0;
	case OPT_RESUME: request->resume = true; return 0;
	case OPT_NO_REPORT: request->no_report = true; return 0;
	case OPT_NEEDS: request->needs = true; return 0;
	case OPT_SHOW: request->plan_options.show = true; return 0;
	case 'o': request->output = optarg; return 0;
	case OPT_TARGET: return take_target(request);
	case OPT_CMDLINE: return take_cmdline(request);
	case '?': return ZCB_EXIT_USAGE;
	default: return take_number(request, option, name);
	}
}

static int take_options(int argc, char **argv, struct request *request)
{
	int option, index = 0, ret = 0;

	while (!ret && (option = getopt_long(argc, argv, "ho:", options, &index)) != -1) {
		if (option == 'h') {
			usage();
			exit(ZCB_EXIT_CLEAN);
		}
		ret = take_option(request, option, options[index].name);
	}
	if (!ret && optind < argc)
		ret = complain(ZCB_EXIT_USAGE, "usage: `zcbench run` takes options only: see --help");
	if (!ret && request->config.native && request->plan_options.kernels)
		ret = complain(ZCB_EXIT_USAGE, "usage: --target native runs on this machine's kernel: leave "
			       "--kernel out");
	if (!ret && request->config.native && *request->cmdline)
		ret = complain(ZCB_EXIT_USAGE, "usage: --target native boots nothing: leave --cmdline out");
	if (!ret && (!request->config.cpus || !request->config.memory_bytes))
		ret = complain(ZCB_EXIT_USAGE, "usage: --cpus and --ram must be more than 0");
	/* Instructions of one processor alone come in the same order every time. */
	if (!request->cpus_given && !strcmp(request->accel, "icount"))
		request->config.cpus = 1;
	if (request->config.native)
		request->plan_options.kernels = "native";
	if (!ret && request->resume && !request->output)
		ret = complain(ZCB_EXIT_USAGE, "usage: --resume needs -o DIR");
	return ret;
}

/* -- progress */

static volatile sig_atomic_t interrupted_by;

static void on_signal(int number)
{
	interrupted_by = number;
}

static bool was_interrupted(void *opaque)
{
	return interrupted_by != 0;
}

static void cell_starts(void *opaque, const struct zcb_cell *cell, uint32_t done, uint32_t all)
{
	char key[5 * ZCB_NAME_SIZE];

	if (!isatty(STDERR_FILENO))
		return;
	zcb_cell_key(cell, key, sizeof(key));
	fprintf(stderr, "\r\033[K[%u/%u] %s %s …", done + 1, all, key,
		zcb_pattern_name(cell->params.workload.pattern));
}

static void cell_ended(void *opaque, json_t *line, uint32_t done, uint32_t all, double left_s)
{
	const char *reason = json_string_value(json_object_get(line, "reason"));
	const char *observed = json_string_value(json_object_get(line, "observed"));
	json_t *params = json_object_get(line, "params");
	const char *pattern = json_string_value(json_object_get(params, "pattern"));
	const char *event = json_string_value(json_object_get(line, "event"));
	const char *cell = json_string_value(json_object_get(line, "cell"));
	const char *status = json_string_value(json_object_get(line, "status"));
	bool hits = event && strcmp(event, "none") != 0, passed = status && !strcmp(status, "pass");

	if (!observed)
		observed = passed ? "reads nothing" : "no verdict";
	fprintf(stderr, "%s[%u/%u] %-5s %s%s%s%s%s: %s%s%s", isatty(STDERR_FILENO) ? "\r\033[K" : "", done,
		all, status, cell, hits ? " " : "", hits && pattern ? pattern : "", hits ? ", " : "",
		hits ? event : "", observed, reason && *reason ? "; " : "", reason ? reason : "");
	if (left_s >= 1)
		fprintf(stderr, "  (%.0f s left)", left_s);
	fputc('\n', stderr);
}

static void note(void *opaque, const char *text)
{
	fprintf(stderr, "%szcbench: %s\n", isatty(STDERR_FILENO) ? "\r\033[K" : "", text);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

/* -- the run */

static int choose_by_probe(struct request *request, char *ret_reason, size_t room)
{
	struct zcb_target_config config = { .images = request->config.images };
	struct zcb_accel_choice choice;
	struct zcb_error err = { "" };
	int ret = zcb_accel_choose(&config, false, &choice, &err);

	if (ret)
		return complain(ZCB_EXIT_INFRASTRUCTURE, err.text);
	request->config.accel = choice.accel;
	snprintf(ret_reason, room, "%s", choice.reason);
	fprintf(stderr, "zcbench: %s\n", ret_reason);
	return 0;
}

static int choose_accel(struct request *request, char *ret_reason, size_t room)
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
	return complain(ZCB_EXIT_USAGE, "usage: --accel is auto, kvm, tcg or icount");
}

/*
 * A run that goes on is made as it was begun, whatever the options say now: a journal of two clocks
 * would be worth nothing.
 */
static int take_earlier_config(struct request *request, struct zcb_error *err)
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

static int load_plan(const struct request *request, struct zcb_rundir *dir, struct zcb_plan *ret_plan,
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
	return ret;
}

static void print_totals(const struct zcb_run_totals *t, const char *dir)
{
	if (t->tainted_boots)
		fprintf(stderr, "zcbench: kernel: %u boots are tainted by kernel faults: no number of "
				"theirs counts\n", t->tainted_boots);
	if (t->interrupted)
		fprintf(stderr, "zcbench: interrupted; go on with: zcbench run --resume -o %s\n", dir);
	printf("cells: %u as declared, %u not, %u errors, %u crashed, %u skipped, %u not run\n", t->passed,
	       t->failed, t->errors, t->crashed, t->skipped, t->not_run);
	if (t->seconds_first_frame > 0)
		printf("first boot %.1f s; first verified guest frame %.1f s after starting its VMM; "
		       "%.1f s past the first boot\n",
		       t->seconds_first_boot, t->seconds_first_frame, t->seconds_past_first_boot);
}

static void write_report(const char *dir)
{
	struct zcb_error err = { "" };
	char whole[PATH_MAX];
	int ret = zcb_report_write(dir, NULL, &err);

	if (*err.text)
		fprintf(stderr, "zcbench: %s%s\n", ret ? "no report: " : "warning: ", err.text);
	if (!ret)
		printf("report: %s/report.html\n", realpath(dir, whole) ? whole : dir);
}

/* What is missing is told before the run begins: the same command then works once it is there. */
static int check_images(const struct request *request, const struct zcb_plan *plan,
			struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < plan->n && !ret && !request->config.native; i++) {
		ZCB_CLEANUP(zcb_images_finish) struct zcb_images images = { 0 };
		struct zcb_target_config config = { .images = request->config.images,
						    .kernel = plan->cell[i].kernel };

		if (i == 0 || strcmp(plan->cell[i].kernel, plan->cell[i - 1].kernel) != 0)
			ret = zcb_images_find(&config, &images, err);
	}
	return ret;
}

static int conduct(struct request *request, struct zcb_plan *plan)
{
	static const struct zcb_run_watcher watcher = { cell_starts, cell_ended, note, was_interrupted,
							NULL };
	struct zcb_run_totals totals = { 0 };
	struct zcb_error err = { "" };
	struct zcb_rundir dir;
	int ret = zcb_rundir_open(request->output, request->resume, &dir, &err);

	if (ret)
		return complain(ret == -EEXIST || ret == -ENOENT || ret == -EWOULDBLOCK ?
				ZCB_EXIT_USAGE : ZCB_EXIT_INFRASTRUCTURE, err.text);
	ret = load_plan(request, &dir, plan, &err);
	if (!ret)
		ret = check_images(request, plan, &err);
	if (ret) {
		zcb_rundir_close(&dir);
		return complain(ret == -EINVAL ? ZCB_EXIT_USAGE : ZCB_EXIT_INFRASTRUCTURE, err.text);
	}
	ret = zcb_conduct(&request->config, plan, &dir, &watcher, &totals, &err);
	if (ret) {
		fprintf(stderr, "zcbench: %s\n", err.text);
		totals.exit_code = zcb_exit_worse(totals.exit_code, ret == -EINVAL ? ZCB_EXIT_USAGE :
						  ZCB_EXIT_INFRASTRUCTURE);
	}
	zcb_rundir_close(&dir);
	print_totals(&totals, request->output);
	if (!request->no_report)
		write_report(request->output);
	return (int)totals.exit_code;
}

static int print_needs(const struct zcb_plan *plan)
{
	for (uint32_t i = 0; i < plan->n; i++) {
		uint32_t j = 0;

		while (j < i && strcmp(plan->cell[j].kernel, plan->cell[i].kernel) != 0)
			j++;
		if (j == i)
			printf("%s\n", plan->cell[i].kernel);
	}
	return ZCB_EXIT_CLEAN;
}

static json_t *command_line(int argc, char **argv)
{
	json_t *array = json_array();

	/* argv[0] has become "zcbench run": two words of the command */
	json_array_append_new(array, json_string("zcbench"));
	json_array_append_new(array, json_string("run"));
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

int zcb_command_run(int argc, char **argv)
{
	struct request request = {
		.plan = "default",
		.accel = "auto",
		.plan_options = { .seed = 1 },
		.config = { .images = ZCB_SOURCE_IMAGES, .program = "/proc/self/exe", .cpus = 2,
			    .memory_bytes = 2048ULL << 20 },
	};
	char reason[768] = "", name[64], program[PATH_MAX];
	struct zcb_plan plan = { 0 };
	struct zcb_error err = { "" };
	int ret = take_options(argc, argv, &request);

	if (ret)
		return ret;
	if (!request.resume && zcb_plan_make(request.plan, &request.plan_options, &plan, &err))
		return complain(ZCB_EXIT_USAGE, err.text);
	if (request.needs) {
		ret = print_needs(&plan);
		zcb_plan_finish(&plan);
		return ret;
	}
	if (realpath("/proc/self/exe", program))
		request.config.program = program;
	name_output(name, sizeof(name));
	request.output = request.output ? request.output : name;
	catch_signals();
	if (request.resume && take_earlier_config(&request, &err))
		return complain(ZCB_EXIT_USAGE, err.text);
	zcb_qemu_version(request.config.images, request.qemu_version, sizeof(request.qemu_version), NULL);
	request.config.qemu_version = request.qemu_version;
	request.config.cmdline = request.cmdline;
	ret = choose_accel(&request, reason, sizeof(reason));
	if (!ret) {
		request.config.accel_reason = reason;
		request.config.command = command_line(argc, argv);
		ret = conduct(&request, &plan);
		json_decref(request.config.command);
	}
	zcb_plan_finish(&plan);
	return ret;
}
