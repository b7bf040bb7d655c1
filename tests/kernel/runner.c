// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/results/wire.h"
#include "tests/kernel/knobs.h"
#include "tests/kernel/scene.h"
#include "tests/kernel/stage.h"

static const struct scenario {
	const char *name;
	void (*run)(struct scene *scene);
} scenarios[] = {
	{"coherent", scene_coherent}, {"attach", scene_attach}, {"hold", scene_hold},
	{"plant", scene_plant},	      {"leak", scene_leak},	{"storm", scene_storm},
	{"survivor", scene_survivor}, {"trace", scene_trace},
};

#define SCENARIOS (sizeof(scenarios) / sizeof(scenarios[0]))

struct run {
	int channel;
	const char *only, *variant, *memory; /* "": all */
	uint64_t seed;
	unsigned int seconds, cycles, scenes, failed;
};

static int say(struct run *run, json_t *message)
{
	return zcb_wire_send(run->channel, message, NULL, 0);
}

static int greet(struct run *run)
{
	char variants[KNOBS_VARIANTS][KNOBS_NAME];
	unsigned int n = knobs_variants(variants);
	struct utsname name = {0};
	json_t *array = json_array();

	for (unsigned int i = 0; i < n; i++)
		json_array_append_new(array, json_string(variants[i]));
	uname(&name);
	return say(run, json_pack("{s:s, s:s, s:s, s:o, s:b}", "type", "hello", "release",
				  name.release, "version", name.version, "variants", array,
				  "two_nodes", !access("/sys/devices/system/node/node1", F_OK)));
}

/* The same scene is the same again, whatever else is run. */
static uint64_t seed_of(const struct run *run, const struct scene *scene, const char *name)
{
	const char *const words[] = {name, scene->variant, scene->memory->name};
	uint64_t hash = 0xcbf29ce484222325ULL ^ run->seed;

	for (size_t i = 0; i < 3; i++)
		for (const char *c = words[i]; *c; c++)
			hash = (hash ^ (uint64_t)*c) * 0x100000001b3ULL;
	return hash;
}

static int tell_result(struct run *run, const struct scene *scene, uint64_t started_ns)
{
	json_t *line = scene->line;

	json_object_set_new(line, "ok", json_boolean(!stage->problems));
	json_object_set_new(line, "hut_seconds",
			    json_real((double)(zcb_now_ns() - started_ns) / 1e9));
	json_object_set_new(line, "counts", stage_counts());
	json_object_set_new(line, "problems", stage_problems());
	run->scenes++;
	run->failed += stage->problems > 0;
	return say(run, line);
}

static int run_scene(struct run *run, const struct scenario *scenario, const char *variant,
		     const struct memory *memory)
{
	unsigned int slower = memory_is_gigantic(memory) ? 4 : 1;
	struct scene scene = {.variant = variant,
			      .among = run->variant,
			      .memory = memory,
			      .cycles = run->cycles,
			      .seconds = run->seconds * slower};
	uint64_t started_ns = zcb_now_ns();
	int ret;

	scene.seed = seed_of(run, &scene, scenario->name);
	scene.line = json_pack("{s:s, s:s, s:s, s:s, s:o}", "type", "scene", "scenario",
			       scenario->name, "variant", variant, "memory", memory->name, "seed",
			       json_sprintf("%#llx", (unsigned long long)scene.seed));
	ret = say(run, json_pack("{s:s, s:s, s:s, s:s}", "type", "begin", "scenario",
				 scenario->name, "variant", variant, "memory", memory->name));
	if (ret)
		return ret;
	stage_clear();
	if (knobs_reset(variant))
		stage_problem("the variant cannot be selected");
	else
		scenario->run(&scene);
	return tell_result(run, &scene, started_ns);
}

/*
 * shmem with huge folios is for the storms: a hole in a folio that somebody holds is zeroed in
 * place, in one that nobody holds it is not, so what is right depends on who got there first. Shared
 * page tables need more memory than a crowd could fill. Pages of 1 GiB are not for what punches
 * many: under emulation one takes seconds to be cleared. And the plant is about the balance alone: a
 * variant that pins and one that does not are enough.
 */
static bool suits(const struct scenario *scenario, const char *variant, const struct memory *memory)
{
	bool counts = scenario->run == scene_leak || scenario->run == scene_plant ||
		      scenario->run == scene_attach || scenario->run == scene_hold;

	if (scenario->run == scene_trace && memory_is_gigantic(memory))
		return false;
	if ((scenario->run == scene_coherent || scenario->run == scene_trace) && memory->advise_huge)
		return false;
	if (scenario->run != scene_coherent && memory->shares_tables)
		return false;
	if (counts && (memory_is_gigantic(memory) || memory->advise_huge))
		return false;
	return scenario->run != scene_plant || !strcmp(variant, "stock") ||
	       !strcmp(variant, "invalidate");
}

static int run_scenarios(struct run *run, const char *variant, const struct memory *memory)
{
	for (size_t i = 0; i < SCENARIOS; i++) {
		int ret;

		if (!knobs_names(run->only, scenarios[i].name) ||
		    !suits(&scenarios[i], variant, memory))
			continue;
		ret = run_scene(run, &scenarios[i], variant, memory);
		if (ret)
			return ret;
	}
	return 0;
}

static int run_memory(struct run *run, const struct memory *memory)
{
	char variants[KNOBS_VARIANTS][KNOBS_NAME];
	unsigned int n = knobs_variants(variants);
	struct zcb_error err = {""};
	int ret = 0;

	if (memory_prepare(memory, &err))
		return say(run, json_pack("{s:s, s:s, s:s}", "type", "skip", "memory", memory->name,
					  "reason", err.text));
	for (unsigned int i = 0; i < n && !ret; i++)
		if (knobs_names(run->variant, variants[i]))
			ret = run_scenarios(run, variants[i], memory);
	return ret;
}

static int run_all(struct run *run)
{
	int ret = 0;

	for (unsigned int i = 0; i < n_memories && !ret; i++)
		if (knobs_names(run->memory, memories[i].name))
			ret = run_memory(run, &memories[i]);
	return ret;
}

static int listen_for(struct run *run, struct zcb_wire *wire, struct zcb_wire_message *ret_message)
{
	int ret;

	while ((ret = zcb_wire_next(wire, ret_message)) == 0) {
		ssize_t n = zcb_wire_receive(wire, run->channel);

		if (n <= 0)
			return n ? (int)n : -ECONNRESET;
	}
	return ret < 0 ? ret : 0;
}

static int take_order(struct run *run, json_t *order)
{
	json_int_t seed, seconds, cycles;

	if (json_unpack(order, "{s:s, s:s, s:s, s:I, s:I, s:I}", "only", &run->only, "variant",
			&run->variant, "memory", &run->memory, "seed", &seed, "seconds", &seconds,
			"cycles", &cycles))
		return -EPROTO;
	run->seed = (uint64_t)seed;
	run->seconds = (unsigned int)seconds;
	run->cycles = (unsigned int)cycles;
	return 0;
}

static int serve(struct run *run)
{
	struct zcb_wire wire = {0};
	struct zcb_wire_message message;
	int ret = greet(run);

	if (!ret)
		ret = listen_for(run, &wire, &message);
	if (ret)
		return ret;
	ret = take_order(run, message.json);
	if (!ret)
		ret = run_all(run);
	json_decref(message.json);
	zcb_wire_finish(&wire);
	return ret ? ret
		   : say(run, json_pack("{s:s, s:i, s:i}", "type", "bye", "scenes",
					(int)run->scenes, "failed", (int)run->failed));
}

int runner_main(int argc, char **argv)
{
	struct run run = {0};
	int ret;

	/* What a guest would need follows: there is none. */
	if (argc < 4 || strcmp(argv[2], "--channel") != 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	zcb_write_text("/proc/sys/kernel/hung_task_timeout_secs", "100");
	run.channel = open(argv[3], O_RDWR | O_CLOEXEC);
	ret = run.channel < 0 ? -errno : stage_open();
	if (!ret)
		ret = serve(&run);
	if (ret)
		fprintf(stderr, "stress: %s\n", strerror(-ret));
	return ret ? 1 : 0;
}
