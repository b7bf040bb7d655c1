// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench ab`: two kernels or two variants of one, by turns, until the difference is settled. */
#include <stdio.h>

#include "bench/commands/command.h"
#include "bench/commands/conduct.h"
#include "bench/commands/progress.h"

static void usage(void)
{
	printf("usage: zcbench ab A B [options] [-o DIR]\n\n"
	       "Compares B with A by turns: each cell as A, as B and as A once more, all in the same\n"
	       "boot where the two differ in the variant alone, else in boots by turns. Ends when the\n"
	       "difference is settled, or after all boots; prints the verdict and writes the report.\n\n"
	       "  A, B                 KERNEL[:VARIANT]; KERNEL is stock, variants, debug, the path of an\n"
	       "                       image, or the name of a Debian package linux-image-…, and native with\n"
	       "                       --target native; VARIANT is of `zcbench list variants`   [stock]\n"
	       "  --metrics LIST       what the verdict is about\n"
	       "  --margin PERCENT     differences within it are none\n"
	       "  --json               print the comparison as JSON\n");
	zcb_request_print_options();
	printf("\nExit codes: 0 nothing is worse, 2 usage, 10 B is worse, 11 B shows a frame wrong where\n"
	       "its declaration says right, 12 inconclusive or interrupted, 13 boot, disk or QEMU failed,\n"
	       "14 a kernel fault in the host under test, 77 nothing could run here.\n");
}

int zcb_command_ab(int argc, char **argv)
{
	struct zcb_run_watcher watcher = zcb_progress;
	struct zcb_run_totals totals = { 0 };
	struct zcb_request request;
	int ret;

	zcb_request_init(&request, true);
	ret = zcb_request_take(argc, argv, &request, usage);
	if (!ret)
		ret = zcb_request_conduct(&request, argc, argv, &watcher, &totals);
	if (ret || request.needs)
		return ret;
	zcb_print_totals(&request, &totals);
	zcb_print_report(&request);
	return (int)totals.exit_code;
}
