// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench merge`: the shards of a run become the run. */
#include "bench/merge/merge.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/commands/command.h"
#include "bench/commands/progress.h"

static const char help[] =
	"usage: zcbench merge [--partial] -o DIR SHARD_DIR...\n"
	"\n"
	"Joins the run directories that `zcbench run --shard I/N`, or ab, left on N machines to\n"
	"DIR, the one that the undivided run would have left: `zcbench report`, compare, export\n"
	"and trends take it. They must be of the same plan, seed, kernels, images, zcbench, QEMU,\n"
	"clock and accelerator, and of the same CPU unless instructions were counted; no shard\n"
	"may be there twice, and none be missing. They are only read.\n"
	"\n"
	"  --partial     join what there is: cells that are missing are not run\n"
	"  -o DIR        the run directory to make; there only when it is whole\n"
	"  -h, --help    this text\n"
	"\n"
	"Exit codes: that of the joined run, with 0 all as declared, 11 a frame wrong where the\n"
	"declaration says right, 12 not as declared, or --partial and something is missing, 13 a\n"
	"boot, a disk or QEMU failed, 14 a kernel fault, 77 nothing could run; and, where nothing\n"
	"is joined, 2 usage or what belongs not together, 12 interrupted, 13 a shard is damaged\n"
	"or DIR cannot be written.\n";

static int usage(const char *what)
{
	fprintf(stderr, "zcbench: usage: zcbench merge: %s; see `zcbench merge --help`\n", what);
	return ZCB_EXIT_USAGE;
}

static int failed(int result, const struct zcb_error *err)
{
	fprintf(stderr, "zcbench: %s\n", err->text);
	switch (result) {
	case -ENOTDIR:
	case -EINVAL:
	case -EEXIST:
	case -EBUSY: return ZCB_EXIT_USAGE;
	case -EINTR: return ZCB_EXIT_INCONCLUSIVE;
	default: return ZCB_EXIT_INFRASTRUCTURE;
	}
}

static int run(const struct zcb_merge_options *options)
{
	struct zcb_merged merged;
	struct zcb_error err = { "" };
	int result;

	zcb_progress_catch_signals();
	result = zcb_merge(options, &merged, &err);
	if (result)
		return failed(result, &err);
	if (*merged.missing)
		fprintf(stderr, "zcbench: missing: %s\n", merged.missing);
	printf("shards: %u of %u\ncells: %u as declared, %u not, %u errors, %u crashed, %u skipped, %u not run\n",
	       merged.shards, merged.of, merged.passed, merged.failed, merged.errors, merged.crashed,
	       merged.skipped, merged.not_run);
	if (merged.known_bugs)
		printf("and %u show a known bug of their kernel, which the report names\n", merged.known_bugs);
	printf("run directory: %s\n", options->output);
	return (int)merged.exit_code;
}

const struct option zcb_options_merge[] = {
	{ "partial", no_argument, NULL, 'p' },
	{ "output", required_argument, NULL, 'o' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

int zcb_command_merge(int argc, char **argv)
{
	struct zcb_merge_options merge = { .interrupted = zcb_progress_interrupted };
	int option;

	optind = 0; /* start anew: the program's own options were read before */
	while ((option = getopt_long(argc, argv, "ho:", zcb_options_merge, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return ZCB_EXIT_CLEAN;
		}
		if (option == 'p')
			merge.partial = true;
		else if (option == 'o')
			merge.output = optarg;
		else
			return ZCB_EXIT_USAGE;
	}
	if (!merge.output || !*merge.output)
		return usage("name the directory to make by -o");
	if (optind == argc)
		return usage("name the shards' run directories");
	merge.dirs = (const char *const *)argv + optind;
	merge.n_dirs = (size_t)(argc - optind);
	return run(&merge);
}
