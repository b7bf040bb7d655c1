// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bench/commands/command.h"

static const char help[] =
	"usage: zcbench report DIR [--format html|mail] [-o FILE]\n"
	"\n"
	"Makes the report of a run directory, as often as you like and on any machine:\n"
	"DIR/report.html, one page without scripts; DIR/summary.json, its figures; and\n"
	"DIR/plots/, the script and data of each plot. Prints the path of the page.\n"
	"\n"
	"  --format html   that page, the default\n"
	"  --format mail   plain text of 72 columns for a mailing list instead, to standard\n"
	"                  output: verdicts and times, and the command that repeats them\n"
	"  -o FILE         write to FILE, which replaces what was there\n"
	"  -h, --help      this text\n"
	"\n"
	"Exit codes: 0 written (a plot that could not be drawn is only a warning),\n"
	"2 usage, or DIR is not a run directory, 13 it is damaged beyond use or a file\n"
	"could not be written.\n";

static int usage(const char *what, const char *which)
{
	fprintf(stderr, "usage: zcbench report: %s%s%s; see `zcbench report --help`\n", what,
		which ? " " : "", which ? which : "");
	return ZCB_EXIT_USAGE;
}

static int exit_code_of(int result, const struct zcb_error *err)
{
	if (*err->text)
		fprintf(stderr, "%s%s\n", result ? "" : "warning: ", err->text);
	if (result == -ENOTDIR)
		return ZCB_EXIT_USAGE;
	return result ? ZCB_EXIT_INFRASTRUCTURE : ZCB_EXIT_CLEAN;
}

static int write_html(const char *dir, const char *output)
{
	struct zcb_error err = {""};
	int code = exit_code_of(zcb_report_write(dir, output, &err), &err);

	if (code)
		return code;
	if (output)
		printf("%s\n", output);
	else
		printf("%s%sreport.html\n", dir, dir[strlen(dir) - 1] == '/' ? "" : "/");
	return ZCB_EXIT_CLEAN;
}

static int write_mail(const char *dir, const char *output)
{
	struct zcb_error err = {""};

	return exit_code_of(zcb_report_mail(dir, output, &err), &err);
}

const struct option zcb_options_report[] = {
	{"format", required_argument, NULL, 'f'},
	{"output", required_argument, NULL, 'o'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

int zcb_command_report(int argc, char **argv)
{
	int (*write)(const char *dir, const char *output) = write_html;
	const char *output = NULL;
	int option;

	optind = 0; /* start anew: the program's own options were read before */
	while ((option = getopt_long(argc, argv, "ho:", zcb_options_report, NULL)) != -1) {
		if (option == 'h') {
			fputs(help, stdout);
			return ZCB_EXIT_CLEAN;
		}
		if (option == 'o')
			output = optarg;
		else if (option != 'f')
			return ZCB_EXIT_USAGE;
		else if (strcmp(optarg, "html") == 0)
			write = write_html;
		else if (strcmp(optarg, "mail") == 0)
			write = write_mail;
		else
			return usage("the formats are html and mail, not", optarg);
	}
	if (optind + 1 != argc || !*argv[optind])
		return usage("name one run directory", NULL);
	return write(argv[optind], output);
}
