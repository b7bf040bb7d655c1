// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/reader-internal.h"

static const char *const status_names[] = {
	[ZCB_RESULT_PASS] = "pass",   [ZCB_RESULT_KNOWN_BUG] = "known bug", [ZCB_RESULT_FAIL] = "fail",
	[ZCB_RESULT_CRASH] = "crash", [ZCB_RESULT_ERROR] = "error",	    [ZCB_RESULT_SKIP] = "skip",
	[ZCB_RESULT_NOT_RUN] = "not run",
};

static const char *const verdict_names[] = {"fresh", "stale", "zero", "torn", "foreign", "corrupt"};
static const char verdict_letters[] = "FSZTXC";

const char *zcb_result_status_name(enum zcb_result_status status)
{
	return status_names[status];
}

bool zcb_result_is_whole(enum zcb_result_status status)
{
	return status == ZCB_RESULT_PASS || status == ZCB_RESULT_KNOWN_BUG || status == ZCB_RESULT_FAIL;
}

const char *zcb_result_verdict_name(enum zcb_result_verdict verdict)
{
	return verdict_names[verdict];
}

int zcb_result_verdict_of_letter(char letter)
{
	const char *at = letter ? strchr(verdict_letters, letter) : NULL;

	return at ? (int)(at - verdict_letters) : -1;
}

/* "kernels/HASH.config", as a run names it; anything else is not followed. */
static const char *config_path(const char *path)
{
	static const char folder[] = "kernels/", end[] = ".config";
	size_t n = strlen(path), plain;

	if (strncmp(path, folder, sizeof(folder) - 1) != 0)
		return "";
	plain = strspn(path + sizeof(folder) - 1, "0123456789abcdefghijklmnopqrstuvwxyz-") + sizeof(folder) - 1;
	return plain > sizeof(folder) - 1 && n < 120 && strcmp(path + plain, end) == 0 ? path : "";
}

static void read_kernels(const struct zcb_place *place, const json_t *metadata)
{
	const json_t *array = zcb_member_array(place, metadata, "kernels");
	struct zcb_results *r = place->results;
	size_t n = json_array_size(array);

	if (n)
		r->kernels = zcb_results_alloc(r, n * sizeof(*r->kernels));
	for (size_t i = 0; r->kernels && i < n; i++) {
		const json_t *kernel = json_array_get(array, i);

		r->kernels[r->n_kernels++] = (struct zcb_result_kernel){
			.name = zcb_member_string(place, kernel, "name"),
			.release = zcb_member_string(place, kernel, "release"),
			.package = zcb_member_string(place, kernel, "package"),
			.config = zcb_member_string(place, kernel, "config_sha256"),
			.config_path = config_path(zcb_member_string(place, kernel, "config")),
		};
	}
}

static void read_host(const struct zcb_place *place, const json_t *metadata)
{
	const json_t *host = zcb_member_object(place, metadata, "host");
	const json_t *qemu = zcb_member_object(place, metadata, "qemu");
	const json_t *zcbench = zcb_member_object(place, metadata, "zcbench");
	struct zcb_results *r = place->results;

	r->version = zcb_member_string(place, zcbench, "version");
	r->git = zcb_member_string(place, zcbench, "git");
	r->qemu_version = zcb_member_string(place, qemu, "version");
	r->host_kernel = zcb_member_string(place, host, "kernel");
	r->host_cpu = zcb_member_string(place, host, "cpu");
	r->host_topology = zcb_member_string(place, host, "topology");
	r->host_topology_xml = zcb_member_string(place, host, "topology_xml");
	r->host_cpus = zcb_member_count(place, host, "cpus");
	r->host_memory_bytes = zcb_member_count(place, host, "memory_bytes");
}

static void read_merged(const struct zcb_place *place, const json_t *metadata)
{
	const json_t *array = zcb_member_array(place, metadata, "shards");
	struct zcb_results *r = place->results;
	size_t n = json_array_size(array);

	if (n)
		r->merged = zcb_results_alloc(r, n * sizeof(*r->merged));
	for (size_t i = 0; r->merged && i < n; i++) {
		const json_t *shard = json_array_get(array, i);
		const json_t *host = zcb_member_object(place, shard, "host");

		r->merged[r->n_merged++] = (struct zcb_result_merged){
			.number = zcb_member_count(place, shard, "number"),
			.of = zcb_member_count(place, shard, "of"),
			.started = zcb_member_string(place, shard, "started"),
			.ended = zcb_member_string(place, shard, "ended"),
			.state = zcb_member_string(place, shard, "state"),
			.host_cpu = zcb_member_string(place, host, "cpu"),
			.host_kernel = zcb_member_string(place, host, "kernel"),
		};
	}
}

static void read_times(const struct zcb_place *place, const json_t *metadata)
{
	const json_t *seconds = zcb_member_object(place, metadata, "seconds");
	struct zcb_results *r = place->results;

	r->started = zcb_member_string(place, metadata, "started");
	r->ended = zcb_member_string(place, metadata, "ended");
	r->seconds_first_boot = zcb_member_real(place, seconds, "first_boot");
	r->seconds_first_frame = zcb_member_real(place, seconds, "first_frame");
	r->seconds_past_first_boot = zcb_member_real(place, seconds, "past_first_boot");
	r->seconds_total = zcb_member_real(place, seconds, "total");
}

/* With metadata == NULL all members get their defaults: no string is NULL afterwards. */
static void read_members(struct zcb_results *r, const json_t *metadata)
{
	const struct zcb_place place = {r, "metadata.json"};

	r->plan = zcb_member_string(&place, metadata, "plan");
	r->seed = zcb_member_seed(&place, metadata, "seed");
	r->target = zcb_member_string(&place, metadata, "target");
	r->accel = zcb_member_string(&place, metadata, "accel");
	r->accel_reason = zcb_member_string(&place, metadata, "accel_reason");
	r->clock = zcb_member_string(&place, metadata, "clock");
	r->state = zcb_member_string(&place, metadata, "state");
	r->reason = zcb_member_string(&place, metadata, "reason");
	r->exit_code = json_object_get(metadata, "exit_code")
			       ? (int)zcb_member_count(&place, metadata, "exit_code")
			       : -1;
	r->command = zcb_member_strings(&place, metadata, "command");
	read_host(&place, metadata);
	read_times(&place, metadata);
	read_kernels(&place, metadata);
	read_merged(&place, metadata);
	r->shard_boots = "";
}

/* An unknown schema is the one thing of metadata.json that cannot be lived with. */
static int read_metadata(struct zcb_results *r, struct zcb_error *err)
{
	json_t *metadata = NULL;
	const char *why = "";
	int result = zcb_results_load(r, "metadata.json", &metadata, &why);

	if (result == -EPROTO)
		return zcb_fail(err, -EBADMSG, "%s/metadata.json: %s", r->dir, why);
	if (result)
		zcb_results_note(
			r,
			"metadata.json cannot be used: %s. What was run, where and when is "
			"therefore not said.",
			why);
	r->has_metadata = !result;
	read_members(r, metadata);
	return 0;
}

static int not_a_run_directory(const char *dir, struct zcb_error *err)
{
	return zcb_fail(err, -ENOTDIR,
			"usage: %s is not a run directory: it has no metadata.json, plan.json or "
			"cells.jsonl. Name the DIR that was given to `zcbench run -o DIR`",
			dir);
}

static bool looks_like_one(int dirfd)
{
	static const char *const files[] = {"metadata.json", "plan.json", "cells.jsonl"};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (faccessat(dirfd, files[i], F_OK, AT_SYMLINK_NOFOLLOW) == 0)
			return true;
	}
	return false;
}

static int read_parts(struct zcb_results *r, struct zcb_error *err)
{
	bool any_cell = false;
	int result = read_metadata(r, err);

	if (result)
		return result;
	result = zcb_results_read_boots(r);
	if (!result)
		result = zcb_results_read_cells(r, &any_cell);
	if (!result)
		result = zcb_results_read_samples_list(r);
	if (!result)
		result = zcb_results_read_frames(r);
	if (result)
		return zcb_fail(err, result, "host set-up: %s: %s", r->dir, strerror(-result));
	if (!r->has_metadata && !any_cell)
		return zcb_fail(err, -EBADMSG,
				"%s is damaged beyond use: none of metadata.json, plan.json and "
				"cells.jsonl can be read. Run the plan again",
				r->dir);
	return 0;
}

int zcb_results_read(const char *dir, struct zcb_results **ret_results, struct zcb_error *err)
{
	ZCB_RESULTS_FREE struct zcb_results *r = calloc(1, sizeof(*r));
	int result;

	if (!r)
		return zcb_fail(err, -ENOMEM, "host set-up: memory is short");
	r->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->dirfd < 0)
		return zcb_fail(err, -ENOTDIR, "usage: %s is not a run directory: %s", dir,
				strerror(errno));
	if (!looks_like_one(r->dirfd))
		return not_a_run_directory(dir, err);
	r->dir = zcb_results_string(r, "%s", dir);
	result = read_parts(r, err);
	if (result)
		return result;
	*ret_results = zcb_steal_ptr(&r);
	return 0;
}

static int by_index(const void *key, const void *item)
{
	uint64_t wanted = *(const uint64_t *)key;
	uint64_t found = ((const struct zcb_result_cell *)item)->index;

	return wanted < found ? -1 : wanted > found;
}

size_t zcb_results_samples(const struct zcb_results *r, uint64_t index)
{
	size_t low = 0, high = r->n_samples;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->samples[middle].index < index)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct zcb_result_cell *zcb_results_cell(const struct zcb_results *r, uint64_t index)
{
	if (!r->n_cells)
		return NULL;
	return bsearch(&index, r->cells, r->n_cells, sizeof(*r->cells), by_index);
}
