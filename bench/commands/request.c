// SPDX-License-Identifier: GPL-2.0-or-later
/* The command line of `zcbench run` and `zcbench ab`. */
#include "bench/commands/request.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPT_KERNEL = 256, OPT_VARIANTS, OPT_MEMORY, OPT_GUESTS, OPT_WORKLOADS, OPT_CONSUMERS, OPT_FENCE,
       OPT_BOOTS, OPT_DURATION, OPT_SEED, OPT_RESUME, OPT_TARGET, OPT_ACCEL, OPT_PLAN, OPT_IMAGES,
       OPT_CPUS, OPT_RAM, OPT_CMDLINE, OPT_SILENCE, OPT_NO_REPORT, OPT_NEEDS, OPT_SHOW, OPT_METRICS,
       OPT_MARGIN, OPT_JSON, OPT_SHARD };

/* What `run` alone takes, what both take, and what `ab` alone takes: each table is a part of this. */
static const struct option options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "variants", required_argument, NULL, OPT_VARIANTS },
	{ "plan", required_argument, NULL, OPT_PLAN },
	{ "target", required_argument, NULL, OPT_TARGET },
	{ "accel", required_argument, NULL, OPT_ACCEL },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "guests", required_argument, NULL, OPT_GUESTS },
	{ "workloads", required_argument, NULL, OPT_WORKLOADS },
	{ "consumers", required_argument, NULL, OPT_CONSUMERS },
	{ "fence", required_argument, NULL, OPT_FENCE },
	{ "boots", required_argument, NULL, OPT_BOOTS },
	{ "duration", required_argument, NULL, OPT_DURATION },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "shard", required_argument, NULL, OPT_SHARD },
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
	{ "metrics", required_argument, NULL, OPT_METRICS },
	{ "margin", required_argument, NULL, OPT_MARGIN },
	{ "json", no_argument, NULL, OPT_JSON },
};

#define OPTIONS (sizeof(options) / sizeof(options[0]))
_Static_assert(OPTIONS < ZCB_REQUEST_OPTIONS, "an option too many");
#define OF_RUN_ALONE 2U
#define OF_AB_ALONE 3U

void zcb_request_table(bool compares, struct option ret_table[ZCB_REQUEST_OPTIONS])
{
	const struct option *first = compares ? options + OF_RUN_ALONE : options;
	size_t n = compares ? OPTIONS - OF_RUN_ALONE : OPTIONS - OF_AB_ALONE;

	memcpy(ret_table, first, n * sizeof(*first));
	ret_table[n] = (struct option){ 0 };
}

void zcb_request_init(struct zcb_request *request, bool compares)
{
	*request = (struct zcb_request){
		.compares = compares,
		.plan = compares ? "ab" : "default",
		.accel = "auto",
		.plan_options = { .seed = 1 },
		.config = { .images = ZCB_SOURCE_IMAGES, .program = "/proc/self/exe", .cpus = 2,
			    .memory_bytes = 2048ULL << 20 },
	};
}

void zcb_request_print_options(void)
{
	printf("  --plan NAME|FILE     `zcbench list plans`, or a plan file      [run: default; ab: ab]\n"
	       "  --target vm|native   a VM booted for the purpose, or this machine           [vm]\n"
	       "  --accel auto|kvm|tcg|icount   what runs the VM; auto tries kvm by starting one;\n"
	       "                       icount counts instructions instead of time            [auto]\n"
	       "  --memory LIST        shmem, hugetlb                                   [the plan's]\n"
	       "  --guests LIST        `zcbench list guests`                            [the plan's]\n"
	       "  --workloads LIST     only these of the plan\n"
	       "  --consumers LIST     only these of the plan\n"
	       "  --fence NAME         handshake, sync-file, none: how guest and reader take\n"
	       "                       turns, in all cells that it goes with            [the plan's]\n"
	       "  --boots N            boots of each kernel                             [the plan's]\n"
	       "  --duration S         each cell goes on for at least S seconds of its HUT\n"
	       "  --seed N             what all that is random follows from                      [1]\n"
	       "  --shard I/N          play only the I-th of N parts of the plan's boots; `zcbench merge`\n"
	       "                       joins the parts\n"
	       "  --cpus N, --ram MIB  of the VM that is the host under test [2, icount: 1; 2048]\n"
	       "  --cmdline WORDS      more for its kernel's command line, after what zcbench says there\n"
	       "  --silence S          a host that says nothing for S seconds hangs  [from its boot]\n"
	       "  --images DIR         kernels and root file system               [build/images]\n"
	       "  --resume             go on with the run in DIR; its plan and options count\n"
	       "  --needs              only print the kernels that the plan wants, one a line\n"
	       "  --show               keep a clip of what each reader saw, for a browser: frames/N-clip.png\n"
	       "  --no-report          leave the report to `zcbench report DIR`\n"
	       "  -o DIR               the run directory              [zcbench-DATE-TIME]\n");
}

int zcb_complain(enum zcb_exit code, const char *text)
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
	return zcb_complain(ZCB_EXIT_USAGE, message);
}

static int take_number(struct zcb_request *request, int option, const char *name)
{
	uint64_t value;
	int ret = read_count(name, optarg, option == OPT_SEED ? (1ULL << 53) - 1 : 1000000, &value);

	if (ret)
		return ret;
	request->cpus_given |= option == OPT_CPUS;
	if (option == OPT_BOOTS && !value)
		return zcb_complain(ZCB_EXIT_USAGE, "usage: --boots must be more than 0");
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

static int take_target(struct zcb_request *request)
{
	request->config.native = !strcmp(optarg, "native");
	if (request->config.native || !strcmp(optarg, "vm"))
		return 0;
	return zcb_complain(ZCB_EXIT_USAGE, "usage: --target is vm or native");
}

static int take_margin(struct zcb_request *request)
{
	char message[160], *end;

	request->margin = strtod(optarg, &end);
	if (end != optarg && !*end && isfinite(request->margin) && request->margin > 0 &&
	    request->margin < 100)
		return 0;
	snprintf(message, sizeof(message), "usage: --margin wants per cent, more than 0 and less than 100, "
		 "not \"%.60s\"", optarg);
	return zcb_complain(ZCB_EXIT_USAGE, message);
}

static int take_shard(struct zcb_request *request)
{
	struct zcb_error err = { "" };

	if (zcb_shard_parse(optarg, &request->plan_options.shard, &err))
		return zcb_complain(ZCB_EXIT_USAGE, err.text);
	return 0;
}

static int take_cmdline(struct zcb_request *request)
{
	if (strlen(optarg) >= sizeof(request->cmdline))
		return zcb_complain(ZCB_EXIT_USAGE, "usage: --cmdline is longer than 511 characters");
	snprintf(request->cmdline, sizeof(request->cmdline), "%s", optarg);
	return 0;
}

static int take_option(struct zcb_request *request, int option, const char *name)
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
	case OPT_METRICS: request->metrics = optarg; return 0;
	case OPT_MARGIN: return take_margin(request);
	case OPT_JSON: request->json = true; return 0;
	case 'o': request->output = optarg; return 0;
	case OPT_TARGET: return take_target(request);
	case OPT_CMDLINE: return take_cmdline(request);
	case OPT_SHARD: return take_shard(request);
	case '?': return ZCB_EXIT_USAGE;
	default: return take_number(request, option, name);
	}
}

/* A and B; a comparison that goes on knows its own. */
static int take_arms(int argc, char **argv, struct zcb_request *request)
{
	struct zcb_error err = { "" };

	if (argc == 0 && request->resume)
		return 0;
	if (argc != 2)
		return zcb_complain(ZCB_EXIT_USAGE, "usage: `zcbench ab` wants A and B, each a "
				    "KERNEL[:VARIANT]: see --help");
	if (zcb_arm_parse(argv[0], &request->arms.a, &err) || zcb_arm_parse(argv[1], &request->arms.b, &err))
		return zcb_complain(ZCB_EXIT_USAGE, err.text);
	request->plan_options.arms = &request->arms;
	return 0;
}

static bool is_native(const struct zcb_arm_spec *spec)
{
	return !strcmp(spec->kernel, "native");
}

static int check_target(const struct zcb_request *request)
{
	if (request->plan_options.arms && (is_native(&request->arms.a) != request->config.native ||
					   is_native(&request->arms.b) != request->config.native))
		return zcb_complain(ZCB_EXIT_USAGE, "usage: the kernel native goes with --target native, and no "
				    "other does");
	if (!request->config.native)
		return 0;
	if (request->plan_options.kernels)
		return zcb_complain(ZCB_EXIT_USAGE, "usage: --target native runs on this machine's kernel: "
				    "leave --kernel out");
	if (*request->cmdline)
		return zcb_complain(ZCB_EXIT_USAGE, "usage: --target native boots nothing: leave --cmdline out");
	return 0;
}

static int check(struct zcb_request *request)
{
	int ret = check_target(request);

	if (!ret && (!request->config.cpus || !request->config.memory_bytes))
		ret = zcb_complain(ZCB_EXIT_USAGE, "usage: --cpus and --ram must be more than 0");
	if (!ret && request->resume && !request->output)
		ret = zcb_complain(ZCB_EXIT_USAGE, "usage: --resume needs -o DIR");
	return ret;
}

int zcb_request_take(int argc, char **argv, struct zcb_request *request, void (*usage)(void))
{
	struct option table[ZCB_REQUEST_OPTIONS];
	int option, index = 0, ret = 0;

	zcb_request_table(request->compares, table);
	while (!ret && (option = getopt_long(argc, argv, "ho:", table, &index)) != -1) {
		if (option == 'h') {
			usage();
			exit(ZCB_EXIT_CLEAN);
		}
		ret = take_option(request, option, table[index].name);
	}
	if (!ret && request->compares)
		ret = take_arms(argc - optind, argv + optind, request);
	else if (!ret && optind < argc)
		ret = zcb_complain(ZCB_EXIT_USAGE, "usage: `zcbench run` takes options only: see --help");
	if (!ret)
		ret = check(request);
	/* Instructions of one processor alone come in the same order every time. */
	if (!request->cpus_given && !strcmp(request->accel, "icount"))
		request->config.cpus = 1;
	if (request->config.native && !request->compares)
		request->plan_options.kernels = "native";
	return ret;
}
