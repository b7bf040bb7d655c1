// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/host.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/error.h"
#include "bench/base/io.h"
#include "bench/results/wire.h"
#include "bench/target/accel.h"
#include "bench/target/target.h"

/* Each scene and each step of it is much shorter, but for leaks by the ten thousand. */
#define SILENCE_NS (900 * 1000000000ULL)

/* Who oopses may take a lock with it: nothing more comes then. */
#define SILENCE_AFTER_FAULT_NS (120 * 1000000000ULL)

/*
 * Two nodes to move pages between. Two pages of 1 GiB, which only a boot finds for sure: in the
 * second node, which has four of which the first and the last GiB are not whole.
 */
#define CMDLINE "numa=fake=2 hugepagesz=1G hugepages=1:2"
#define MEMORY_BYTES (7ULL << 30)

struct host {
	const char *kernel, *images, *accel, *only, *variant, *memory, *boot_dir;
	unsigned int seconds, cycles;
	uint64_t seed;
	struct zcb_target *target;
	struct zcb_wire wire;
	unsigned int scenes, failed;
	json_t *failures; /* told once more at the end: of a long log only that is shown */
	bool said_goodbye;
};

static int usage(void)
{
	fprintf(stderr,
		"usage: stress --kernel NAME|PATH --images DIR [--accel auto|kvm|tcg]\n"
		"         [--seconds N] [--cycles N] [--seed N] [--boot-dir DIR]\n"
		"         [--only SCENARIO[,...]] [--variant NAME[,...]] [--memory NAME[,...]]\n");
	return 2;
}

static int skip(const char *reason)
{
	printf("skipped: %s\n", reason);
	return ZCB_EXIT_NOTHING_RAN;
}

/* -- what the host under test says */

static void print_line(json_t *json)
{
	ZCB_FREE char *text =
		json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(4));

	puts(text ? text : "?");
	fflush(stdout);
}

static const char *word(json_t *json, const char *key)
{
	const char *value = json_string_value(json_object_get(json, key));

	return value ? value : "?";
}

static int give_order(struct host *host)
{
	return zcb_wire_send(zcb_target_channel(host->target),
			     json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I}", "type", "go", "only",
				       host->only, "variant", host->variant, "memory", host->memory,
				       "seed", (json_int_t)host->seed, "seconds",
				       (json_int_t)host->seconds, "cycles",
				       (json_int_t)host->cycles),
			     NULL, 0);
}

static void note_scene(struct host *host, json_t *json)
{
	host->scenes++;
	if (json_is_true(json_object_get(json, "ok")))
		return;
	host->failed++;
	json_array_append(host->failures, json);
}

static int deal_with(struct host *host, const struct zcb_wire_message *message)
{
	json_t *json = message->json;

	if (!strcmp(message->type, "begin")) {
		fprintf(stderr, "%s %s %s\n", word(json, "scenario"), word(json, "variant"),
			word(json, "memory"));
		return 0;
	}
	print_line(json);
	if (!strcmp(message->type, "hello"))
		return give_order(host);
	if (!strcmp(message->type, "scene"))
		note_scene(host, json);
	if (!strcmp(message->type, "bye"))
		host->said_goodbye = true;
	return 0;
}

static int take_messages(struct host *host)
{
	struct zcb_wire_message message;
	int ret;

	while ((ret = zcb_wire_next(&host->wire, &message)) > 0) {
		ret = deal_with(host, &message);
		json_decref(message.json);
		if (ret)
			return ret;
	}
	return ret;
}

/* Returns 1 at the end of the channel. */
static int wait_and_receive(struct host *host, uint64_t *heard_ns)
{
	struct pollfd fds[] = {
		{.fd = zcb_target_channel(host->target), .events = POLLIN},
		{.fd = zcb_target_event_fd(host->target), .events = POLLIN},
	};
	ssize_t n;

	if (poll(fds, 2, 500) <= 0)
		return 0;
	if (fds[1].revents)
		zcb_target_pump(host->target);
	if (!fds[0].revents)
		return 0;
	n = zcb_wire_receive(&host->wire, fds[0].fd);
	*heard_ns = zcb_now_ns();
	return n <= 0 && n != -EAGAIN;
}

static uint64_t silence_limit_ns(const struct host *host)
{
	size_t n;

	zcb_target_faults(host->target, &n);
	return n ? SILENCE_AFTER_FAULT_NS : SILENCE_NS;
}

static enum zcb_outcome listen_to_end(struct host *host)
{
	uint64_t heard_ns = zcb_now_ns();

	while (!host->said_goodbye) {
		if (take_messages(host) < 0)
			return zcb_target_stop(host->target, ZCB_OUTCOME_LOST);
		if (zcb_now_ns() - heard_ns > silence_limit_ns(host))
			return zcb_target_stop(host->target, ZCB_OUTCOME_HANG);
		if (!host->said_goodbye && wait_and_receive(host, &heard_ns))
			return zcb_target_stop(host->target, ZCB_OUTCOME_LOST);
	}
	zcb_target_expect_end(host->target);
	return zcb_target_stop(host->target, ZCB_OUTCOME_HANG);
}

/* -- the verdict */

static unsigned int tell_faults(struct host *host)
{
	size_t n;
	const char *const *faults = zcb_target_faults(host->target, &n);

	for (size_t i = 0; i < n; i++)
		printf("FAILED kernel: %s\n", faults[i]);
	return (unsigned int)n;
}

static void tell_failures(const struct host *host)
{
	json_t *scene, *problem;
	size_t i, k;

	json_array_foreach(host->failures, i, scene)
		json_array_foreach(json_object_get(scene, "problems"), k, problem)
			fprintf(stderr, "FAILED %s %s %s: %s\n", word(scene, "scenario"),
				word(scene, "variant"), word(scene, "memory"),
				json_string_value(problem));
}

static int judge(struct host *host, enum zcb_outcome outcome)
{
	unsigned int faults = tell_faults(host);
	bool is_sound = outcome == ZCB_OUTCOME_CLEAN && host->said_goodbye;

	if (!is_sound)
		printf("FAILED the boot ended as %s: %s\n", zcb_outcome_name(outcome),
		       zcb_target_reason(host->target));
	tell_failures(host);
	if (!host->scenes)
		printf("FAILED no scene was run\n");
	printf("%u scenes, %u failed, %u kernel faults, seed %llu, kernel %s\n", host->scenes,
	       host->failed, faults, (unsigned long long)host->seed, host->kernel);
	return faults || !is_sound || !host->scenes || host->failed ? 1 : 0;
}

/* -- the boot */

static int choose_accel(const struct host *host, struct zcb_target_config *config,
			struct zcb_error *err)
{
	struct zcb_accel_choice choice;
	int ret;

	if (strcmp(host->accel, "auto") != 0) {
		config->accel = !strcmp(host->accel, "kvm") ? ZCB_ACCEL_KVM : ZCB_ACCEL_TCG;
		return 0;
	}
	ret = zcb_accel_choose(config, false, &choice, err);
	if (!ret)
		config->accel = choice.accel;
	return ret;
}

static int boot(struct host *host, struct zcb_error *err)
{
	ZCB_FREE char *program = realpath("/proc/self/exe", NULL);
	struct zcb_target_config config = {
		.images = host->images,
		.program = program,
		.kernel = host->kernel,
		.cmdline = CMDLINE,
		.boot_dir = host->boot_dir,
		.seed = host->seed,
		.cpus = 2,
		.memory_bytes = MEMORY_BYTES,
	};
	int ret = choose_accel(host, &config, err);

	if (!ret)
		ret = zcb_target_vm_start(&config, &host->target, err);
	if (!ret)
		fprintf(stderr, "booting %s by %s, seed %llu\n", host->kernel,
			zcb_accel_name(config.accel), (unsigned long long)host->seed);
	return ret;
}

static int run(struct host *host)
{
	struct zcb_error err = {""};
	int ret = boot(host, &err);

	if (ret == -ENOENT)
		return skip(err.text);
	if (ret) {
		printf("FAILED %s\n", err.text);
		return 1;
	}
	ret = judge(host, listen_to_end(host));
	zcb_target_destroy(host->target);
	zcb_wire_finish(&host->wire);
	json_decref(host->failures);
	return ret;
}

/* A log that says why is worth keeping, any other is not. */
static int run_with_log(struct host *host)
{
	char folder[] = "/tmp/stress-boot.XXXXXX";
	ZCB_FREE char *log = NULL, *output = NULL;
	int ret;

	if (host->boot_dir)
		return run(host);
	host->boot_dir = mkdtemp(folder);
	if (!host->boot_dir || asprintf(&log, "%s/console.log", folder) < 0 ||
	    asprintf(&output, "%s/qemu.log", folder) < 0)
		return 1;
	ret = run(host);
	if (ret == 1) {
		printf("the console's log is %s\n", log);
		return ret;
	}
	unlink(log);
	unlink(output);
	rmdir(folder);
	return ret;
}

static const struct option options[] = {
	{"kernel", required_argument, NULL, 'k'},
	{"images", required_argument, NULL, 'i'},
	{"accel", required_argument, NULL, 'a'},
	{"seconds", required_argument, NULL, 's'},
	{"cycles", required_argument, NULL, 'c'},
	{"seed", required_argument, NULL, 'r'},
	{"only", required_argument, NULL, 'o'},
	{"variant", required_argument, NULL, 'v'},
	{"memory", required_argument, NULL, 'm'},
	{"boot-dir", required_argument, NULL, 'b'},
	{0},
};

static int take_option(struct host *host, int option)
{
	switch (option) {
	case 'k':
		host->kernel = optarg;
		return 0;
	case 'i':
		host->images = optarg;
		return 0;
	case 'a':
		host->accel = optarg;
		return 0;
	case 's':
		host->seconds = (unsigned int)strtoul(optarg, NULL, 0);
		return 0;
	case 'c':
		host->cycles = (unsigned int)strtoul(optarg, NULL, 0);
		return 0;
	case 'r':
		host->seed = strtoull(optarg, NULL, 0);
		return 0;
	case 'o':
		host->only = optarg;
		return 0;
	case 'v':
		host->variant = optarg;
		return 0;
	case 'm':
		host->memory = optarg;
		return 0;
	case 'b':
		host->boot_dir = optarg;
		return 0;
	default:
		return -EINVAL;
	}
}

int host_main(int argc, char **argv)
{
	struct host host = {.failures = json_array(),
			    .accel = "auto",
			    .only = "",
			    .variant = "",
			    .memory = "",
			    .seconds = 3,
			    .cycles = 10000,
			    .seed = 1};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (take_option(&host, option))
			return usage();
	if (!host.kernel || !host.images || !host.seconds || !host.cycles)
		return usage();
	signal(SIGPIPE, SIG_IGN);
	return run_with_log(&host);
}
