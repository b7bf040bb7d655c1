// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench run` */
#include <stdio.h>

#include "bench/base/cleanup.h"
#include "bench/commands/command.h"
#include "bench/commands/conduct.h"
#include "bench/commands/progress.h"
#include "reports/analysis/turns.h"

static void usage(void)
{
	printf("usage: zcbench run [options] [-o DIR]\n\n"
	       "Runs a plan against a host under test and writes a run directory with its report.\n\n"
	       "  --kernel LIST        stock, variants, debug, or the path of an image  [the plan's]\n"
	       "  --variants LIST      how the kernel tells udmabuf of new pages        [the plan's]\n");
	zcb_request_print_options();
	printf("\nExit codes: 0 all as declared, 2 usage, 11 a frame wrong where the declaration says\n"
	       "right, 12 inconclusive or interrupted, 13 boot, disk or QEMU failed, 14 a kernel fault\n"
	       "in the host under test, 77 nothing could run here.\n");
}

/* Where the plan had turns: what each variant cost, beside the first. */
static void print_turns(const struct zcb_request *request)
{
	const struct zcb_comparison_options options = { 0 };
	struct zcb_turns turns = { 0 };
	struct zcb_results *results = NULL;
	struct zcb_error err = { "" };

	if (zcb_results_read(request->output, &results, &err) ||
	    zcb_turns_make(results, &options, &turns, &err))
		fprintf(stderr, "zcbench: %s\n", err.text);
	zcb_turns_print(stdout, &turns);
	zcb_turns_finish(&turns);
	zcb_results_free(results);
}

int zcb_command_run(int argc, char **argv)
{
	ZCB_CLEANUP(zcb_conducted_finish) struct zcb_conducted conducted = { 0 };
	struct zcb_request request;
	int ret;

	zcb_request_init(&request, false);
	ret = zcb_request_take(argc, argv, &request, usage);
	if (!ret)
		ret = zcb_request_conduct(&request, argc, argv, &zcb_progress, &conducted);
	if (ret || request.needs)
		return ret;
	zcb_print_totals(&request, &conducted);
	print_turns(&request);
	zcb_print_report(&request);
	return (int)conducted.totals.exit_code;
}
