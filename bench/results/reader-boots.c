// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader-internal.h"

#include <errno.h>
#include <stdlib.h>

/* "vcpu on CPU 1 of node 0, vmm on …", or "". */
static const char *describe_placement(const struct zcb_place *place, const json_t *hut)
{
	const char *words = "";
	const json_t *one;
	size_t i;

	json_array_foreach(zcb_member_array(place, hut, "placement"), i, one) {
		if (i == 16) /* no more roles, but a damaged file */
			break;
		words = zcb_results_string(place->results, "%s%s%s on CPU %llu of node %llu", words,
					   *words ? ", " : "", zcb_member_string(place, one, "role"),
					   (unsigned long long)zcb_member_count(place, one, "cpu"),
					   (unsigned long long)zcb_member_count(place, one, "node"));
	}
	return words;
}

/* What the runner found out about CLOCK_MONOTONIC, or "". */
static const char *describe_clock(const struct zcb_place *place, const json_t *hut)
{
	const json_t *clock = zcb_member_object(place, hut, "monotonic");

	if (!zcb_member_count(place, clock, "readings"))
		return "";
	return zcb_results_string(place->results, "a reading takes %llu ns, its resolution is %llu ns; "
				  "backwards in %llu of %llu readings",
				  (unsigned long long)zcb_member_count(place, clock, "reading_ns"),
				  (unsigned long long)zcb_member_count(place, clock, "resolution_ns"),
				  (unsigned long long)zcb_member_count(place, clock, "backwards"),
				  (unsigned long long)zcb_member_count(place, clock, "readings"));
}

static void read_hut(const struct zcb_place *place, const json_t *document,
		     struct zcb_result_boot *boot)
{
	const json_t *hut = zcb_member_object(place, document, "hut");

	boot->hut_release = zcb_member_string(place, hut, "release");
	boot->hut_cpu = zcb_member_string(place, hut, "cpu");
	boot->hut_topology = zcb_member_string(place, hut, "topology");
	boot->hut_topology_xml = zcb_member_string(place, hut, "topology_xml");
	boot->hut_placement = describe_placement(place, hut);
	boot->hut_config = zcb_member_string(place, hut, "config_sha256");
	boot->hut_clock = describe_clock(place, hut);
	boot->hut_cpus = zcb_member_count(place, hut, "cpus");
	boot->hut_memory_bytes = zcb_member_count(place, hut, "memory_bytes");
}

/* With document == NULL all members get their defaults. */
static void read_members(const struct zcb_place *place, const json_t *document,
			 struct zcb_result_boot *boot)
{
	const json_t *seconds = zcb_member_object(place, document, "seconds");
	const json_t *harness = zcb_member_object(place, document, "harness");

	boot->attempts = zcb_member_count(place, document, "attempts");
	boot->kernel = zcb_member_string(place, document, "kernel");
	boot->accel = zcb_member_string(place, document, "accel");
	boot->clock = zcb_member_string(place, document, "clock");
	boot->outcome = zcb_member_string(place, document, "outcome");
	boot->reason = zcb_member_string(place, document, "reason");
	boot->cmdline = zcb_member_string(place, document, "cmdline");
	boot->qemu = zcb_member_strings(place, document, "qemu");
	boot->kernel_faults = zcb_member_strings(place, document, "kernel_faults");
	boot->tainted = zcb_member_bool(place, document, "tainted") || boot->kernel_faults.n > 0;
	boot->began = zcb_member_real(place, document, "began");
	boot->seconds_up = zcb_member_real(place, seconds, "up");
	boot->seconds_first_frame = zcb_member_real(place, seconds, "first_frame");
	boot->seconds_total = zcb_member_real(place, seconds, "total");
	boot->harness_s = zcb_member_real(place, harness, "runner") +
			  zcb_member_real(place, harness, "conductor");
	read_hut(place, document, boot);
}

static void read_boot(struct zcb_results *r, const char *name)
{
	const struct zcb_place place = {r, zcb_results_string(r, "boots/%s/boot.json", name)};
	struct zcb_result_boot *boot = &r->boots[r->n_boots];
	json_t *document = NULL;
	const char *why = "";
	char *end;

	boot->number = strtoull(name, &end, 10);
	if (*end)
		return;
	if (zcb_results_load(r, place.name, &document, &why)) {
		zcb_results_note(r, "%s cannot be used: %s. How this boot ended is not known.",
				 place.name, why);
		document = NULL;
	}
	read_members(&place, document, boot);
	r->n_boots++;
}

int zcb_results_read_boots(struct zcb_results *r)
{
	struct zcb_result_strings names;
	int err = zcb_results_list(r, "boots", &names);

	if (err)
		return err;
	r->boots = zcb_results_alloc(r, (names.n + 1) * sizeof(*r->boots));
	if (!r->boots)
		return -ENOMEM;
	for (size_t i = 0; i < names.n; i++)
		read_boot(r, names.items[i]);
	return 0;
}
