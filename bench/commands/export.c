// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "bench/commands/command.h"
#include "reports/exports/export.h"

static void help(FILE *to)
{
	fprintf(to, "usage: zcbench export --format FORMAT [-o FILE] [--origin NAME] DIR\n"
		    "\n"
		    "Writes what a run directory says in a format that another system takes, to\n"
		    "standard output. DIR is only read.\n"
		    "\n"
		    "  --format FORMAT\n");
	for (size_t i = 0; zcb_export_format_at(i); i++)
		fprintf(to, "      %-12s %s\n", zcb_export_format_at(i)->name,
			zcb_export_format_at(i)->summary);
	fprintf(to, "  -o FILE         write to FILE, which replaces what was there\n"
		    "  --origin NAME   who reports it, for kcidb: lower-case letters, digits and '_'\n"
		    "                  (default: zcbench)\n"
		    "  -h, --help      this text\n"
		    "\n"
		    "Exit codes: 0 written, 2 usage, or DIR is not a run directory, 13 it is damaged\n"
		    "beyond use or the output could not be written.\n");
}

static int usage(const char *what, const char *which)
{
	fprintf(stderr, "usage: zcbench export: %s%s%s; see `zcbench export --help`\n", what,
		which ? " " : "", which ? which : "");
	return ZCB_EXIT_USAGE;
}

static int run(const char *dir, const struct zcb_export_format *format, const char *origin,
	       const char *output)
{
	struct zcb_error err = {""};
	int result = zcb_export_run(dir, format, origin, output, &err);

	if (!result)
		return ZCB_EXIT_CLEAN;
	fprintf(stderr, "%s\n", err.text);
	return result == -ENOTDIR || result == -EINVAL ? ZCB_EXIT_USAGE : ZCB_EXIT_INFRASTRUCTURE;
}

const struct option zcb_options_export[] = {
	{"format", required_argument, NULL, 'f'},
	{"output", required_argument, NULL, 'o'},
	{"origin", required_argument, NULL, 'r'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

int zcb_command_export(int argc, char **argv)
{
	const char *output = NULL, *origin = "zcbench", *name = NULL;
	int option;

	optind = 0; /* start anew: the program's own options were read before */
	while ((option = getopt_long(argc, argv, "ho:", zcb_options_export, NULL)) != -1) {
		if (option == 'h') {
			help(stdout);
			return ZCB_EXIT_CLEAN;
		}
		if (option == 'f')
			name = optarg;
		else if (option == 'o')
			output = optarg;
		else if (option == 'r')
			origin = optarg;
		else
			return ZCB_EXIT_USAGE;
	}
	if (!name)
		return usage("name a --format", NULL);
	if (!zcb_export_format(name))
		return usage("there is no format", name);
	if (optind + 1 != argc || !*argv[optind])
		return usage("name one run directory", NULL);
	return run(argv[optind], zcb_export_format(name), origin, output);
}
