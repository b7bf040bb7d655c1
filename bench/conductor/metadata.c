// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <hwloc.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "git.h"
#include "bench/conductor/internal.h"
#include "bench/executor/hut.h"

static void now_text(char *ret_text, size_t room)
{
	time_t now = time(NULL);
	struct tm tm;

	strftime(ret_text, room, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
}

/* What the maker of an image wrote down; an empty object where it did not. */
static json_t *read_manifest(const struct conduct *run, const char *image)
{
	ZCB_FREE char *path = NULL, *text = NULL;
	json_t *json = NULL;

	if (asprintf(&path, "%s/%s/manifest.json", run->config->images, image) >= 0 &&
	    zcb_read_file(AT_FDCWD, path, 65536, &text, NULL) == 0)
		json = json_loads(text, 0, NULL);
	if (json_is_object(json))
		return json;
	json_decref(json);
	return json_object();
}

/* What is known of a kernel: what its image's maker wrote down, and what it said itself. */
static json_t *describe_kernel(struct conduct *run, const char *kernel)
{
	json_t *json = read_manifest(run, kernel);

	json_object_set_new(json, "name", json_string(kernel));
	if (run->boot.hello)
		json_object_set(json, "release", json_object_get(run->boot.hello, "release"));
	return json;
}

static int collect_kernels(struct conduct *run)
{
	size_t i;
	json_t *known, *kernel;
	int ret;

	if (!run->boot.kernel)
		return 0;
	kernel = describe_kernel(run, run->boot.kernel);
	ret = zcb_keep_config(run, run->boot.kernel, kernel);
	json_array_foreach(run->kernels, i, known)
		if (!strcmp(json_string_value(json_object_get(known, "name")), run->boot.kernel)) {
			json_array_set_new(run->kernels, i, kernel);
			return ret;
		}
	json_array_append_new(run->kernels, kernel);
	return ret;
}

static json_t *describe_host(void)
{
	hwloc_topology_t topology = NULL;
	json_t *json;

	zcb_topology_load(NULL, &topology);
	json = zcb_hut_describe(topology, NULL);
	if (topology)
		hwloc_topology_destroy(topology);
	json_object_set(json, "kernel", json_object_get(json, "release"));
	json_object_del(json, "type");
	json_object_del(json, "schema");
	json_object_del(json, "cmdline");
	return json;
}

/* A run that goes on keeps its beginning: start, command, kernels, and a taint that was seen. */
int zcb_read_earlier(struct conduct *run)
{
	ZCB_FREE char *text = NULL;
	const char *started;
	json_t *kernels;

	if (zcb_read_file(run->dir->fd, "metadata.json", 1U << 24, &text, NULL))
		return 0; /* a run that begins */
	run->earlier = json_loads(text, 0, NULL);
	started = json_string_value(json_object_get(run->earlier, "started"));
	kernels = json_object_get(run->earlier, "kernels");
	if (!started || !json_is_array(kernels))
		return zcb_fail(run->err, -EINVAL, "usage: metadata.json of %s is damaged: the run cannot "
				"be resumed", run->dir->path);
	snprintf(run->started, sizeof(run->started), "%s", started);
	json_decref(run->kernels);
	run->kernels = json_deep_copy(kernels);
	if (json_integer_value(json_object_get(run->earlier, "exit_code")) == ZCB_EXIT_KERNEL_FAULT)
		run->totals->tainted_boots++;
	return 0;
}

/* The command that began the run, whoever went on with it. */
static json_t *first_command(const struct conduct *run)
{
	json_t *command = json_object_get(run->earlier, "command");

	return json_is_array(command) ? command : run->config->command;
}

static json_t *seconds_json(struct conduct *run)
{
	const struct zcb_run_totals *t = run->totals;
	uint64_t now = zcb_now_ns();

	run->totals->seconds_past_first_boot =
		run->first_up_ns ? (double)(now - run->first_up_ns) / 1e9 : 0;
	return json_pack("{s:f, s:f, s:f, s:f}", "first_boot", t->seconds_first_boot, "first_frame",
			 t->seconds_first_frame, "past_first_boot", t->seconds_past_first_boot, "total",
			 (double)(now - run->started_ns) / 1e9);
}

/* The images that every boot has beside its kernel, by their makers' hashes: the root file system, and the
 * guests' kernel. */
static json_t *describe_images(const struct conduct *run)
{
	static const char *const names[][2] = { { "rootfs", "rootfs" }, { "guest", "stock" } };
	json_t *json = json_object();

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !run->config->native; i++) {
		json_t *manifest = read_manifest(run, names[i][1]);

		json_object_set(json, names[i][0], json_object_get(manifest, "hash"));
		json_decref(manifest);
	}
	return json;
}

static json_t *describe_shard(const struct zcb_shard *shard)
{
	return json_pack("{s:i, s:i}", "number", (int)shard->number, "of", (int)shard->of);
}

static void add_end(struct conduct *run, json_t *json, const char *state, const char *reason)
{
	char now[32];

	json_object_set_new(json, "state", json_string(state));
	if (reason && *reason)
		json_object_set_new(json, "reason", json_string(reason));
	if (!strcmp(state, "running"))
		return;
	now_text(now, sizeof(now));
	json_object_set_new(json, "ended", json_string(now));
	json_object_set_new(json, "exit_code", json_integer(run->totals->exit_code));
}

int zcb_write_metadata(struct conduct *run, const char *state, const char *reason)
{
	const struct zcb_run_config *c = run->config;
	json_t *json;
	int ret;

	if (!*run->started)
		now_text(run->started, sizeof(run->started));
	if (!run->host)
		run->host = describe_host();
	ret = collect_kernels(run);
	if (ret)
		return ret;
	json = json_pack("{s:i, s:{s:s, s:s}, s:O, s:s, s:I, s:s, s:s, s:s, s:s, s:b, s:O, s:O, s:s, s:o}",
			 "schema", 1, "zcbench", "version", ZCB_VERSION, "git", ZCB_GIT, "command",
			 first_command(run), "plan", run->plan->name, "seed", (json_int_t)run->plan->seed, "target",
			 c->native ? "native" : "vm", "accel", c->accel == ZCB_ACCEL_KVM ? "kvm" : "tcg",
			 "accel_reason", c->accel_reason, "clock",
			 c->accel == ZCB_ACCEL_ICOUNT ? "icount" : "wall", "emulated",
			 c->accel != ZCB_ACCEL_KVM, "kernels", run->kernels, "host", run->host, "started",
			 run->started, "seconds", seconds_json(run));
	json_object_set_new(json, "hut", json_pack("{s:i, s:I, s:s}", "cpus", (int)c->cpus,
						   "memory_bytes", (json_int_t)c->memory_bytes, "cmdline",
						   c->cmdline));
	json_object_set_new(json, "qemu", json_pack("{s:s}", "version", c->qemu_version));
	json_object_set_new(json, "images", describe_images(run));
	if (run->plan->shard.of)
		json_object_set_new(json, "shard", describe_shard(&run->plan->shard));
	add_end(run, json, state, reason);
	return zcb_rundir_put_json(run->dir, "metadata.json", json, run->err);
}
