// SPDX-License-Identifier: GPL-2.0-or-later
/* `zcbench doctor`: what this machine can run, and for each thing that it cannot: why, and the
 * mend. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/error.h"
#include "bench/base/kernels.h"
#include "bench/commands/command.h"
#include "bench/target/accel.h"
#include "bench/target/check.h"
#include "bench/target/images.h"
#include "bench/target/native.h"
#include "bench/target/qemu.h"

/** Of the HUT, unless `zcbench run` is told otherwise. */
#define HUT_BYTES ((size_t)2 << 30)

#define MAX_CHECKS 32

/** What was looked at, in the order in which it is told. */
struct findings {
	struct zcb_check checks[MAX_CHECKS];
	size_t n;
};

static struct zcb_check *add(struct findings *findings)
{
	static struct zcb_check dropped;

	return findings->n < MAX_CHECKS ? &findings->checks[findings->n++] : &dropped;
}

/** Splits "host set-up: what is wrong: run COMMAND" where it has a command. */
static void take_error(struct zcb_check *check, const char *text)
{
	const char *run = strstr(text, ": run ");
	size_t n = run ? (size_t)(run - text) : strlen(text);

	snprintf(check->found, sizeof(check->found), "%.*s", (int)n, text);
	snprintf(check->mend, sizeof(check->mend), "%s", run ? run + strlen(": run ") : "");
}

static bool check_kernel(const char *images, const struct zcb_kernel *kernel,
			 struct findings *findings)
{
	ZCB_CLEANUP(zcb_images_finish) struct zcb_images found = {0};
	struct zcb_target_config config = {.images = images, .kernel = kernel->name,
					   .program = "/proc/self/exe"};
	struct zcb_check *check = add(findings);
	struct zcb_error err;

	check->name = kernel->title;
	check->ok = zcb_images_find(&config, &found, &err) == 0;
	if (!check->ok)
		take_error(check, err.text);
	else
		snprintf(check->found, sizeof(check->found), "%s%s", found.kernel,
			 found.agent ? "" : " (no guest agent: no Linux guests)");
	return check->ok;
}

/** Returns whether there is one at all. */
static bool check_kernels(const char *images, struct findings *findings)
{
	bool any = false;

	for (const struct zcb_kernel *kernel = zcb_kernels; kernel->name; kernel++)
		any |= check_kernel(images, kernel, findings);
	return any;
}

static bool check_qemu(const char *images, struct findings *findings)
{
	struct zcb_check *check = add(findings);
	struct zcb_error err;
	char version[128];

	check->name = "qemu";
	check->ok = zcb_qemu_version(images, version, sizeof(version), &err) == 0;
	if (check->ok)
		snprintf(check->found, sizeof(check->found), "%s", version);
	else
		take_error(check, err.text);
	return check->ok;
}

static void say_target(struct findings *findings, const char *name, bool ok, const char *text)
{
	struct zcb_check *check = add(findings);

	check->name = name;
	check->ok = ok;
	if (ok)
		snprintf(check->found, sizeof(check->found), "%s", text);
	else
		take_error(check, text);
}

/** KVM is probed only where something can be booted: the probe boots it. */
static void find_vm_targets(const char *images, bool again, bool bootable, struct findings *targets)
{
	static const char missing[] = "host set-up: no kernel or QEMU to boot: run ./scripts/setup";
	struct zcb_target_config config = {.images = images, .kernel = "stock"};
	struct zcb_accel_choice choice = {.accel = ZCB_ACCEL_TCG};
	struct zcb_error err;
	char *fallback;

	if (!bootable)
		snprintf(choice.reason, sizeof(choice.reason), "%s", missing);
	else if (zcb_accel_choose(&config, again, &choice, &err))
		snprintf(choice.reason, sizeof(choice.reason), "%s", err.text);
	/* Nobody asked for KVM here, so nothing falls back from it. */
	fallback = strstr(choice.reason, ZCB_ACCEL_FALLING_BACK);
	if (fallback)
		memmove(fallback, fallback + strlen(ZCB_ACCEL_FALLING_BACK),
			strlen(fallback + strlen(ZCB_ACCEL_FALLING_BACK)) + 1);
	say_target(targets, "vm kvm", choice.accel == ZCB_ACCEL_KVM, choice.reason);
	say_target(targets, "vm tcg", bootable,
		   bootable ? "software emulation, wall clock" : missing);
	say_target(targets, "vm icount", bootable,
		   bootable ? "software emulation, counts instructions" : missing);
}

static void find_native_target(struct findings *targets)
{
	struct zcb_check *check = add(targets);

	if (zcb_native_check(check) == 0)
		snprintf(check->found, sizeof(check->found), "this machine's own kernel");
	check->name = "native";
}

static void look(const char *images, bool again, struct findings *targets, struct findings *things)
{
	bool any = check_kernels(images, things);
	bool qemu = check_qemu(images, things);

	zcb_check_kvm(add(things));
	zcb_check_udmabuf(add(things));
	zcb_check_root(add(things));
	zcb_check_hugetlb(add(things));
	zcb_check_memory(HUT_BYTES, add(things));
	zcb_check_disk(".", add(things));
	zcb_check_gnuplot(add(things));
	find_vm_targets(images, again, qemu && any, targets);
	find_native_target(targets);
}

static bool any_ok(const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->checks[i].ok)
			return true;
	return false;
}

static void print_findings(const char *title, const struct findings *findings)
{
	printf("%s\n", title);
	for (size_t i = 0; i < findings->n; i++) {
		const struct zcb_check *check = &findings->checks[i];

		printf("  %-4s %-16s %s\n", check->ok ? "yes" : "no", check->name, check->found);
		if (check->mend[0])
			printf("       %-16s mend: %s\n", "", check->mend);
	}
}

static json_t *json_of(const struct findings *findings)
{
	json_t *list = json_array();

	for (size_t i = 0; i < findings->n; i++) {
		const struct zcb_check *check = &findings->checks[i];

		json_array_append_new(list, json_pack("{s:s, s:b, s:s, s:s}", "name", check->name,
						      "ok", check->ok, "found", check->found,
						      "mend", check->mend));
	}
	return list;
}

static int print_json(const struct findings *targets, const struct findings *things)
{
	json_t *root = json_pack("{s:i, s:o, s:o}", "schema", 1, "targets", json_of(targets),
				 "checks", json_of(things));
	int err = root ? json_dumpf(root, stdout, JSON_INDENT(1)) : -1;

	json_decref(root);
	putchar('\n');
	return err;
}

static void usage(FILE *to)
{
	fprintf(to,
		"usage: zcbench doctor [--json] [--again] [--images DIR]\n\n"
		"Says what this machine can run, and for each thing that it cannot: why, and the\n"
		"command that mends it. It needs no privileges.\n\n"
		"  --json        the same as JSON\n"
		"  --again       probe KVM by booting a VM, even if that was done before\n"
		"  --images DIR  kernels and root file system      [images, beside the program]\n\n"
		"Exit codes: 0 something can run, 2 usage, 77 nothing can.\n");
}

const struct option zcb_options_doctor[] = {
	{"json", no_argument, NULL, 'j'},
	{"again", no_argument, NULL, 'a'},
	{"images", required_argument, NULL, 'i'},
	{"help", no_argument, NULL, 'h'},
	{0},
};

int zcb_command_doctor(int argc, char **argv)
{
	static struct findings targets, things;
	ZCB_FREE char *beside = zcb_images_default();
	const char *images = beside ? beside : "build/images";
	bool json = false, again = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", zcb_options_doctor, NULL)) != -1) {
		if (option == 'j')
			json = true;
		else if (option == 'a')
			again = true;
		else if (option == 'i')
			images = optarg;
		else {
			usage(option == 'h' ? stdout : stderr);
			return option == 'h' ? ZCB_EXIT_CLEAN : ZCB_EXIT_USAGE;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "zcbench: usage: doctor takes options only: see --help\n");
		return ZCB_EXIT_USAGE;
	}
	look(images, again, &targets, &things);
	if (json)
		print_json(&targets, &things);
	else {
		print_findings("targets", &targets);
		print_findings("things", &things);
	}
	return any_ok(&targets) ? ZCB_EXIT_CLEAN : ZCB_EXIT_NOTHING_RAN;
}
