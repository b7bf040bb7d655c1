// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench list`: what there is to choose from. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/error.h"
#include "bench/base/kernels.h"
#include "bench/commands/command.h"
#include "bench/consumers/consumer.h"
#include "bench/guest/guest.h"
#include "bench/plan/plan.h"
#include "bench/plan/variants.h"
#include "bench/probes/rows.h"
#include "workloads/workload.h"

static void add(json_t *array, const char *name, const char *summary)
{
	json_array_append_new(array, json_pack("{s:s, s:s}", "name", name, "summary", summary));
}

/* What a reader is to see after each event. */
static json_t *declarations(const struct zcb_variant *variant)
{
	json_t *json = json_object();

	for (int event = 0; event < ZCB_EVENTS; event++)
		json_object_set_new(json, zcb_event_name((enum zcb_event)event),
				    json_string(variant->declares[event]));
	return json;
}

static json_t *list_variants(void)
{
	json_t *array = json_array();

	for (const struct zcb_variant *v = zcb_variants; v->name; v++)
		json_array_append_new(array, json_pack("{s:s, s:s, s:o}", "name", v->name, "summary",
						       v->summary, "declares", declarations(v)));
	return array;
}

static json_t *list_workloads(void)
{
	json_t *array = json_array();

	for (size_t i = 0; zcb_workloads[i]; i++)
		json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s}", "name", zcb_workloads[i]->name,
						       "summary", zcb_workloads[i]->summary, "needs",
						       zcb_workloads[i]->needs, "effect",
						       zcb_workloads[i]->effect));
	return array;
}

static json_t *list_consumers(void)
{
	json_t *array = json_array();

	for (size_t i = 0; zcb_consumers[i]; i++) {
		struct zcb_consumer_ops loaded;
		struct zcb_error err = { "" };

		add(array, zcb_consumers[i]->name, zcb_consumers[i]->summary);
		if (zcb_consumer_load(zcb_consumers[i], &loaded, &err))
			json_object_set_new(json_array_get(array, i), "missing", json_string(err.text));
	}
	return array;
}

static json_t *list_guests(void)
{
	json_t *array = json_array();

	for (size_t i = 0; zcb_guests[i]; i++)
		add(array, zcb_guests[i]->name, zcb_guests[i]->summary);
	return array;
}

static json_t *list_metrics(void)
{
	static const char *const metrics[][2] = {
		{ "punch", "ns: one fallocate() or MADV_REMOVE that punches a hole, from its intended start" },
		{ "workload.late", "ns: from an operation's intended start, by the rate, to its own" },
		{ "thp.collapse", "ns: one MADV_COLLAPSE of 2 MiB, done or refused" },
		{ "thp.split", "ns: one write to split_huge_pages, done or refused" },
		{ "swap.out", "ns: one page reclaimed through the VMM's mapping, or kept" },
		{ "swap.reclaim", "ns: 4 MiB asked of memory.reclaim" },
		{ "ksm.merge", "ns: until ksmd has merged two pages, and has come round once more" },
		{ "migrate", "ns: one call that has the kernel move a page of the frame, moved or refused" },
		{ "compact", "ns: one compaction of a node" },
		{ "clear", "ns: one clearing of an area of CMA, or of a block of ZONE_MOVABLE" },
		{ "vmm.take", "ns: from the guest's giving its pages to their all being holes, by QEMU" },
		{ "refill", "ns: one page brought back by another way in than the guest's" },
		{ "fault.vmm", "ns: the VMM's first touch of a punched page, through its own mapping" },
		{ "fault.guest", "ns: the guest vCPU's first touch of a punched page, by its TSC (micro)" },
		{ "storm.frame", "ns: the guest draws one frame of a storm" },
		{ "churn", "ns: one udmabuf created, mapped, read, unmapped and closed" },
		{ "coherence.fresh", "ns: published after a refill to the first read that is all fresh; "
				     "never is censored" },
		{ "company.create", "ns: the udmabuf ioctl for one of those that a sweep has beside" },
		{ "company.close", "ns: close() of one of them" },
		{ "export.create", "ns: the udmabuf ioctl" },
		{ "export.close", "ns: close() of the last reference to the dma-buf" },
		{ "fence.wait", "ns: a reader waits for the frame's fence (sync-file)" },
		{ "frame.read", "ns: one whole frame read and verified, of pages that were never struck" },
		{ "frame.reread", "ns: the same of pages that were, and found right" },
		{ "frame.copy", "ns: a plain copy of the same memory, right after" },
		{ "frame.stale", "pages: stale pages of one frame, by frames since the hole" },
	};
	json_t *array = json_array();

	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		add(array, metrics[i][0], metrics[i][1]);
	for (const struct zcb_probe_metric *metric = zcb_probe_metrics; metric->name; metric++)
		add(array, metric->name, metric->summary);
	return array;
}

static json_t *list_plans(void)
{
	json_t *array = json_array();

	for (const struct zcb_builtin_plan *plan = zcb_builtin_plans; plan->name; plan++) {
		json_t *json = json_loads(plan->json, 0, NULL);
		const char *summary = json_string_value(json_object_get(json, "summary"));

		add(array, plan->name, summary ? summary : "");
		json_decref(json);
	}
	return array;
}

static json_t *list_kernels(void)
{
	json_t *array = json_array();

	for (const struct zcb_kernel *kernel = zcb_kernels; kernel->name; kernel++) {
		char path[256], missing[256];

		snprintf(path, sizeof(path), ZCB_SOURCE_IMAGES "/%s/vmlinuz", kernel->name);
		snprintf(missing, sizeof(missing), "missing: make it with %s", kernel->mend);
		add(array, kernel->name, access(path, R_OK) == 0 ? kernel->summary : missing);
	}
	return array;
}

static const struct {
	const char *name;
	json_t *(*list)(void);
} topics[] = {
	{ "variants", list_variants },	 { "workloads", list_workloads },
	{ "consumers", list_consumers }, { "guests", list_guests },
	{ "metrics", list_metrics },	 { "plans", list_plans },
	{ "kernels", list_kernels },
};

#define TOPICS (sizeof(topics) / sizeof(topics[0]))

const char *zcb_list_topic(size_t i)
{
	return i < TOPICS ? topics[i].name : NULL;
}

json_t *zcb_list_of(const char *topic)
{
	for (size_t i = 0; i < TOPICS; i++)
		if (!strcmp(topics[i].name, topic))
			return topics[i].list();
	return NULL;
}

static void print_topic(const char *name, json_t *array)
{
	json_t *item;
	size_t i;

	printf("%s\n", name);
	json_array_foreach(array, i, item) {
		const char *needs = json_string_value(json_object_get(item, "needs"));
		const char *effect = json_string_value(json_object_get(item, "effect"));
		const char *missing = json_string_value(json_object_get(item, "missing"));

		printf("  %-20s %s\n", json_string_value(json_object_get(item, "name")),
		       json_string_value(json_object_get(item, "summary")));
		if (needs)
			printf("  %-20s needs: %s\n", "", needs);
		if (effect)
			printf("  %-20s guest RAM: %s\n", "", effect);
		if (missing)
			printf("  %-20s missing here: %s\n", "", missing);
	}
}

static int print_lists(const char *wanted, bool as_json)
{
	json_t *all = json_object();
	int found = 0;

	for (size_t i = 0; i < TOPICS; i++) {
		if (wanted && strcmp(wanted, topics[i].name) != 0)
			continue;
		json_object_set_new(all, topics[i].name, topics[i].list());
		if (!as_json)
			print_topic(topics[i].name, json_object_get(all, topics[i].name));
		found++;
	}
	if (as_json && found) {
		json_dumpf(all, stdout, JSON_INDENT(1));
		printf("\n");
	}
	json_decref(all);
	return found;
}

const struct option zcb_options_list[] = {
	{ "json", no_argument, NULL, 'j' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

int zcb_command_list(int argc, char **argv)
{
	const char *wanted;
	bool as_json = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", zcb_options_list, NULL)) != -1) {
		if (option == 'h')
			printf("usage: zcbench list [variants|workloads|consumers|guests|metrics|plans|kernels]"
			       " [--json]\n\nLists what there is to choose from, of one kind or of all.\n");
		if (option != 'j')
			return option == 'h' ? ZCB_EXIT_CLEAN : ZCB_EXIT_USAGE;
		as_json = true;
	}
	if (argc - optind > 1) {
		fprintf(stderr, "zcbench: usage: zcbench list takes one kind, not \"%s\" besides\n",
			argv[optind + 1]);
		return ZCB_EXIT_USAGE;
	}
	wanted = optind < argc ? argv[optind] : NULL;
	if (!print_lists(wanted, as_json)) {
		fprintf(stderr, "zcbench: usage: there is no list of \"%s\": see zcbench list --help\n",
			wanted);
		return ZCB_EXIT_USAGE;
	}
	return ZCB_EXIT_CLEAN;
}
