// SPDX-License-Identifier: GPL-2.0-or-later
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/error.h"
#include "bench/commands/command.h"
#include "git.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary; /* NULL: not for people */
} commands[] = {
	{ "doctor", zcb_command_doctor, "what this machine can run, and what is missing" },
	{ "list", zcb_command_list, "variants, workloads, consumers, guests, metrics, plans, kernels" },
	{ "run", zcb_command_run, "run a plan and write a run directory and its report" },
	{ "ab", zcb_command_ab, "compare two kernels or variants by turns, and say which is better" },
	{ "merge", zcb_command_merge, "join the run directories of shards" },
	{ "report", zcb_command_report, "make the report of a run directory again" },
	{ "export", zcb_command_export, "write results in a format that another system takes" },
	{ "compare", zcb_command_compare, "compare two runs, metric by metric" },
	{ "trends", zcb_command_trends, "keep a store of nights, and say what changed" },
	{ "runner", zcb_command_runner, NULL },
	{ "complete", zcb_command_complete, NULL },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *to)
{
	fprintf(to, "zcbench - stress and measure guest-memory zero-copy through udmabuf\n\n"
		    "usage: zcbench COMMAND [options]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		if (commands[i].summary)
			fprintf(to, "  %-8s %s\n", commands[i].name, commands[i].summary);
	fprintf(to, "\n`zcbench COMMAND --help` says more. --version tells the version.\n");
}

int main(int argc, char **argv)
{
	static char name[32];

	signal(SIGPIPE, SIG_IGN); /* a peer that is gone is an error of write(), not our end */
	if (argc < 2) {
		usage(stderr);
		return ZCB_EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		usage(stdout);
		return ZCB_EXIT_CLEAN;
	}
	if (!strcmp(argv[1], "--version")) {
		printf("zcbench %s (%s)\n", ZCB_VERSION, ZCB_GIT);
		return ZCB_EXIT_CLEAN;
	}
	for (size_t i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, argv[1])) {
			snprintf(name, sizeof(name), "zcbench %s", commands[i].name);
			argv[1] = name; /* what getopt's messages begin with */
			return commands[i].run(argc - 1, argv + 1);
		}
	fprintf(stderr, "zcbench: usage: there is no command \"%s\": see zcbench --help\n", argv[1]);
	return ZCB_EXIT_USAGE;
}
