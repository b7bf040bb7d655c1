// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench compare`: two run directories, metric by metric. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/commands/command.h"
#include "reports/analysis/turns.h"
#include "reports/analysis/observations-json.h"

static const char help[] =
	"usage: zcbench compare DIR_A DIR_B [options]\n"
	"       zcbench compare DIR [options]\n"
	"\n"
	"Compares the cells that two run directories have in common, metric by metric: by how\n"
	"much B is slower than A, how sure that is, and what could have been found at all.\n"
	"Boots are what is counted: run both with --boots 4 or more. Runs with another clock,\n"
	"accelerator, CPU or kernel configuration are refused. With DIR_A the same as DIR_B\n"
	"and two --variant options, variants of one run are compared, boot by boot. One DIR\n"
	"alone is a run of `zcbench ab`, whose arms are compared, or of a plan with turns:\n"
	"each other variant with the first, or that of --variant-b alone.\n"
	"\n"
	"  --metrics LIST      these metrics instead of\n"
	"                      punch,fault.guest,fault.vmm,export.create,export.close,\n"
	"                      frame.read,migrate,refill\n"
	"  --margin PERCENT    what is smaller does not matter (5; of instructions 1,\n"
	"                      and 0.1 where their counts repeat exactly)\n"
	"  --variant-a NAME    of DIR_A only the cells of this VARIANT or KERNEL:VARIANT\n"
	"  --variant-b NAME    the same of DIR_B\n"
	"  --cells             print each cell's rows, not only those that differ\n"
	"  --json              print JSON\n"
	"  --summaries         print the figures of each cell, boot and arm that it is made of,\n"
	"                      as lines of JSON\n"
	"  -h, --help          this text\n"
	"\n"
	"Exit codes: 0 nothing is worse, 2 usage, or the runs cannot be compared, 10 B is\n"
	"worse, 11 B saw other bytes than it declares, 12 inconclusive, 13 a run directory is\n"
	"damaged beyond use.\n";

struct compare {
	const char *dirs[2];
	const char *variants[2];
	struct zcb_comparison_options options;
	struct zcb_print_options print;
	bool json, summaries;
};

static int usage(const char *what, const char *which)
{
	fprintf(stderr, "usage: zcbench compare: %s%s%s; see `zcbench compare --help`\n", what,
		which ? " " : "", which ? which : "");
	return ZCB_EXIT_USAGE;
}

static int complain(int result, const struct zcb_error *err)
{
	fprintf(stderr, "zcbench: %s\n", err->text);
	return result == -ENOTDIR || result == -EINVAL || result == -ENODATA ? ZCB_EXIT_USAGE :
									       ZCB_EXIT_INFRASTRUCTURE;
}

/* What was asked for goes to standard output. */
static int put(const struct compare *compare, const struct zcb_comparison *c)
{
	ZCB_FREE char *text = NULL;

	if (compare->summaries)
		return zcb_observations_write(stdout, c->observations);
	if (!compare->json) {
		zcb_comparison_print(stdout, c, &compare->print);
		return 0;
	}
	if (zcb_comparison_to_json(c, &text))
		return -ENOMEM;
	puts(text);
	return 0;
}

static int print(const struct compare *compare, const struct zcb_comparison *c)
{
	int result = put(compare, c);

	if (fflush(stdout) || ferror(stdout))
		result = -errno;
	if (result) {
		fprintf(stderr, "zcbench: host set-up: cannot write to standard output: %s\n",
			strerror(-result));
		return ZCB_EXIT_INFRASTRUCTURE;
	}
	return compare->summaries ? ZCB_EXIT_CLEAN : zcb_comparison_exit_code(c);
}

static int print_turns(const struct compare *compare, const struct zcb_turns *turns)
{
	const char *wanted = compare->variants[1];
	const struct zcb_comparison *one = wanted ? zcb_turns_find(turns, wanted) : turns->items[0];
	int code = ZCB_EXIT_CLEAN;

	if (wanted && !one)
		return usage("the run compares no variant", wanted);
	if (wanted || turns->n == 1)
		return print(compare, one);
	if (compare->json || compare->summaries)
		return usage("the run compares several variants: choose one by --variant-b, such as",
			     turns->names[0]);
	for (size_t i = 0; i < turns->n; i++) {
		if (!turns->items[i])
			continue;
		if (i)
			puts("\n--");
		code = (int)zcb_exit_worse((enum zcb_exit)code, (enum zcb_exit)print(compare, turns->items[i]));
	}
	return code;
}

/* The comparisons that one run holds by itself. */
static int run_turns(const struct compare *compare, struct zcb_results *results)
{
	struct zcb_turns turns = { 0 };
	struct zcb_error err = { "" };
	int result = zcb_turns_make(results, &compare->options, &turns, &err), code;

	if (!result && !turns.n)
		result = zcb_fail(&err, -EINVAL, "usage: %.200s has no arms, as a run of `zcbench ab` has: name a "
				  "second run, or two of its variants: zcbench compare DIR DIR --variant-a A "
				  "--variant-b B", results->dir);
	code = result ? complain(result, &err) : print_turns(compare, &turns);
	zcb_turns_finish(&turns);
	return code;
}

/* One directory twice is one run, whose boots played both. */
static int run(const struct compare *compare)
{
	ZCB_RESULTS_FREE struct zcb_results *a = NULL, *b = NULL;
	ZCB_COMPARISON_FREE struct zcb_comparison *c = NULL;
	bool same = compare->dirs[1] && !strcmp(compare->dirs[0], compare->dirs[1]);
	struct zcb_error err = { "" };
	int result = zcb_results_read(compare->dirs[0], &a, &err);

	if (!result && compare->dirs[1] && !same)
		result = zcb_results_read(compare->dirs[1], &b, &err);
	if (!result && !compare->dirs[1])
		return run_turns(compare, a);
	if (!result) {
		struct zcb_arm arm_a = { .results = a, .variant = compare->variants[0] };
		struct zcb_arm arm_b = { .results = same ? a : b, .variant = compare->variants[1] };

		result = zcb_comparison_make(&arm_a, &arm_b, NULL, &compare->options, &c, &err);
	}
	return result ? complain(result, &err) : print(compare, c);
}

static int read_margin(const char *text, double *ret_margin)
{
	char *end;
	double percent = strtod(text, &end);

	if (end == text || *end || !(percent > 0 && percent <= 1000))
		return -EINVAL;
	*ret_margin = percent / 100;
	return 0;
}

const struct option zcb_options_compare[] = {
	{ "metrics", required_argument, NULL, 'm' },
	{ "margin", required_argument, NULL, 'g' },
	{ "variant-a", required_argument, NULL, 'a' },
	{ "variant-b", required_argument, NULL, 'b' },
	{ "cells", no_argument, NULL, 'c' },
	{ "json", no_argument, NULL, 'j' },
	{ "summaries", no_argument, NULL, 's' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

/* Returns -1 to go on, else the exit code. */
static int take_option(struct compare *compare, int option)
{
	switch (option) {
	case 'h':
		fputs(help, stdout);
		return ZCB_EXIT_CLEAN;
	case 'm':
		compare->options.metrics = optarg;
		return *optarg ? -1 : usage("--metrics is empty", NULL);
	case 'g':
		return read_margin(optarg, &compare->options.margin) ?
			       usage("--margin is a number of per cent above 0, not", optarg) :
			       -1;
	case 'a':
	case 'b':
		compare->variants[option - 'a'] = optarg;
		return -1;
	case 'c':
		compare->print.all_cells = true;
		return -1;
	case 'j':
		compare->json = true;
		return -1;
	case 's':
		compare->summaries = true;
		return -1;
	default:
		return ZCB_EXIT_USAGE;
	}
}

int zcb_command_compare(int argc, char **argv)
{
	struct compare compare = { .print.colours = isatty(STDOUT_FILENO) };
	int option, code;

	optind = 0; /* start anew: the program's own options were read before */
	while ((option = getopt_long(argc, argv, "h", zcb_options_compare, NULL)) != -1) {
		code = take_option(&compare, option);
		if (code >= 0)
			return code;
	}
	if (argc - optind < 1 || argc - optind > 2 || !*argv[optind])
		return usage("name two run directories, or one with arms", NULL);
	compare.dirs[0] = argv[optind];
	compare.dirs[1] = argv[optind + 1]; /* NULL where there is one */
	if (!compare.dirs[1] && compare.variants[0])
		return usage("arms have their variants: --variant-a goes with two directories", NULL);
	if (compare.dirs[1] && !strcmp(compare.dirs[0], compare.dirs[1]) && !compare.variants[0] != !compare.variants[1])
		return usage("of one directory, both --variant-a and --variant-b are needed", NULL);
	return run(&compare);
}
