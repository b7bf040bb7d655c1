// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench ab`: two kernels or two variants of one, by turns, until the difference is settled. */
#include <stdio.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/commands/command.h"
#include "bench/commands/conduct.h"
#include "bench/commands/progress.h"
#include "reports/analysis/comparison.h"

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

/* Looks at a run that grows are counted in rounds, in each of which every arm had its turns. */
static void count_looks(const struct zcb_plan *plan, uint32_t boots, struct zcb_comparison_options *options)
{
	uint32_t planned = plan->boots_planned ? plan->boots_planned : plan->boots;
	uint32_t each = zcb_plan_round_boots(plan);

	options->looks = planned / each;
	options->look = boots / each;
	if (options->looks <= 1 || options->look == 0)
		options->look = 0;
}

/** What a comparison is made of; the results must outlive it. */
struct compared {
	struct zcb_results *results;
	struct zcb_comparison *comparison;
};

static void finish(struct compared *c)
{
	zcb_comparison_free(c->comparison);
	zcb_results_free(c->results);
}

/* Of what the run directory holds now. Nothing to compare yet is an error as any. */
static int compare(const struct zcb_request *request, const struct zcb_plan *plan, uint32_t boots,
		   struct compared *c, struct zcb_error *err)
{
	struct zcb_comparison_options options = {
		.metrics = request->metrics, .margin = request->margin / 100, .seed = plan->seed,
	};
	int ret = zcb_results_read(request->output, &c->results, err);

	count_looks(plan, boots, &options);
	return ret ? ret : zcb_comparison_of_run(c->results, &options, &c->comparison, err);
}

static bool is_settled(void *opaque, uint32_t boots)
{
	ZCB_CLEANUP(finish) struct compared c = { 0 };
	const struct zcb_request *request = opaque;
	const struct zcb_plan *plan = request->running;
	struct zcb_error err = { "" };

	/* A shard plays its part to the end: what is enough, all shards together would have to say. */
	if (plan->shard.of || boots % zcb_plan_round_boots(plan) != 0 || compare(request, plan, boots, &c, &err) ||
	    !zcb_comparison_settled(c.comparison))
		return false;
	fprintf(stderr, "zcbench: settled after %u of %u boots\n", boots, plan->boots);
	return true;
}

static int print(const struct zcb_request *request, const struct zcb_comparison *c)
{
	struct zcb_print_options options = { .colours = isatty(STDOUT_FILENO) };
	ZCB_FREE char *text = NULL;

	if (!request->json)
		zcb_comparison_print(stdout, c, &options);
	else if (zcb_comparison_to_json(c, &text))
		return zcb_complain(ZCB_EXIT_INFRASTRUCTURE, "host set-up: no memory for the comparison");
	else
		puts(text);
	return 0;
}

/* The verdict on what was measured, be it all of the plan or not; its exit code. */
static enum zcb_exit conclude(const struct zcb_request *request, const struct zcb_conducted *conducted)
{
	ZCB_CLEANUP(finish) struct compared c = { 0 };
	struct zcb_error err = { "" };

	if (conducted->totals.exit_code == ZCB_EXIT_NOTHING_RAN)
		return ZCB_EXIT_NOTHING_RAN;
	if (conducted->plan.shard.of) {
		fprintf(stderr, "zcbench: one shard is no comparison: `zcbench compare` what `zcbench merge` joins\n");
		return ZCB_EXIT_CLEAN;
	}
	if (compare(request, &conducted->plan, conducted->totals.boots, &c, &err))
		return (enum zcb_exit)zcb_complain(ZCB_EXIT_INCONCLUSIVE, err.text);
	if (print(request, c.comparison))
		return ZCB_EXIT_INFRASTRUCTURE;
	return (enum zcb_exit)zcb_comparison_exit_code(c.comparison);
}

int zcb_command_ab(int argc, char **argv)
{
	ZCB_CLEANUP(zcb_conducted_finish) struct zcb_conducted conducted = { 0 };
	struct zcb_run_watcher watcher = zcb_progress;
	struct zcb_request request;
	enum zcb_exit verdict;
	int ret;

	zcb_request_init(&request, true);
	watcher.enough = is_settled;
	watcher.opaque = &request;
	ret = zcb_request_take(argc, argv, &request, usage);
	if (!ret)
		ret = zcb_request_conduct(&request, argc, argv, &watcher, &conducted);
	if (ret || request.needs)
		return ret;
	verdict = conclude(&request, &conducted);
	zcb_print_totals(&request, &conducted);
	zcb_print_report(&request);
	return (int)zcb_exit_worse(conducted.totals.exit_code, verdict);
}
