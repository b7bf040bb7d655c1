// SPDX-License-Identifier: GPL-2.0-or-later
/* Whether run directories are the shards of one run, and what is missing of it. */
#include "bench/merge/internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/cleanup.h"

/* A value in few letters, for a sentence. */
static void show(const json_t *value, char *ret_text, size_t room)
{
	ZCB_FREE char *dump = json_is_string(value) ? NULL : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
	const char *text = json_is_string(value) ? json_string_value(value) : dump;

	snprintf(ret_text, room, "%.80s", text && *text ? text : "not known");
	for (char *c = ret_text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static int differ(const struct merge *merge, const struct merge_shard *a, const struct merge_shard *b,
		  const char *what, const json_t *of_a, const json_t *of_b)
{
	char text_a[88], text_b[88];

	show(of_a, text_a, sizeof(text_a));
	show(of_b, text_b, sizeof(text_b));
	return zcb_fail(merge->err, -EINVAL, "usage: %.90s and %.90s are not of one run: %.60s is %s in the first, and %s in "
			"the second", a->path, b->path, what, text_a, text_b);
}

/* The member of a cell in which two plans differ first. */
static int check_cell(const struct merge *merge, const struct merge_shard *a, const struct merge_shard *b, size_t i)
{
	json_t *of_a = json_array_get(json_object_get(a->plan, "cells"), i);
	json_t *of_b = json_array_get(json_object_get(b->plan, "cells"), i);
	const char *key;
	json_t *value;
	char what[100];

	if (json_equal(of_a, of_b))
		return 0;
	json_object_foreach(of_a, key, value)
		if (!json_equal(value, json_object_get(of_b, key))) {
			snprintf(what, sizeof(what), "%.30s of the plan's cell %zu", key, i);
			return differ(merge, a, b, what, value, json_object_get(of_b, key));
		}
	snprintf(what, sizeof(what), "the plan's cell %zu", i);
	return differ(merge, a, b, what, of_a, of_b);
}

static int check_plan(const struct merge *merge, const struct merge_shard *a, const struct merge_shard *b)
{
	static const char *const members[][2] = {
		{ "name", "the plan" }, { "seed", "the seed" }, { "boots", "the number of boots" },
		{ "arms", "what is compared" }, { "boots_planned", "the number of boots planned" },
	};
	int ret = 0;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const json_t *of_a = json_object_get(a->plan, members[i][0]);
		const json_t *of_b = json_object_get(b->plan, members[i][0]);

		if (!(of_a ? json_equal(of_a, of_b) : !of_b))
			return differ(merge, a, b, members[i][1], of_a, of_b);
	}
	if (a->n_cells != b->n_cells) {
		json_t *of_a = json_integer(a->n_cells), *of_b = json_integer(b->n_cells);

		ret = differ(merge, a, b, "the plan's number of cells", of_a, of_b);
		json_decref(of_a);
		json_decref(of_b);
	}
	for (size_t i = 0; i < a->n_cells && !ret; i++)
		ret = check_cell(merge, a, b, i);
	return ret;
}

static bool is_icount(const struct merge_shard *shard)
{
	const char *clock = json_string_value(json_object_get(shard->metadata, "clock"));

	return clock && !strcmp(clock, "icount");
}

/* Where and with what: members of metadata.json, or members of members. */
static int check_facts(const struct merge *merge, const struct merge_shard *a, const struct merge_shard *b)
{
	static const struct {
		const char *in, *name, *what;
	} facts[] = {
		{ "zcbench", "version", "zcbench's version" }, { "zcbench", "git", "zcbench's git id" },
		{ NULL, "target", "the target" }, { NULL, "accel", "the accelerator" }, { NULL, "clock", "the clock" },
		{ "hut", "cpus", "the host under test's number of CPUs" },
		{ "hut", "memory_bytes", "the host under test's memory" },
		{ "hut", "cmdline", "what --cmdline added" }, { "qemu", "version", "QEMU's version" },
		{ "images", "rootfs", "the root file system's hash" },
		{ "images", "guest", "the guests' kernel's hash" },
		{ "host", "cpu", "the machine's CPU" }, /* the last: instructions are the same on any */
	};
	size_t n = sizeof(facts) / sizeof(facts[0]) - is_icount(a);

	for (size_t i = 0; i < n; i++) {
		const json_t *in_a = facts[i].in ? json_object_get(a->metadata, facts[i].in) : a->metadata;
		const json_t *in_b = facts[i].in ? json_object_get(b->metadata, facts[i].in) : b->metadata;
		const json_t *of_a = json_object_get(in_a, facts[i].name), *of_b = json_object_get(in_b, facts[i].name);

		if (!(of_a ? json_equal(of_a, of_b) : !of_b))
			return differ(merge, a, b, facts[i].what, of_a, of_b);
	}
	return 0;
}

/* The kernels that both booted, by name. */
static int check_kernels(const struct merge *merge, const struct merge_shard *a, const struct merge_shard *b)
{
	static const char *const members[] = { "release", "package", "config_sha256", "hash" };
	size_t i, j;
	json_t *of_a, *of_b;
	char what[100];

	json_array_foreach(json_object_get(a->metadata, "kernels"), i, of_a)
		json_array_foreach(json_object_get(b->metadata, "kernels"), j, of_b) {
			json_t *name = json_object_get(of_a, "name");

			if (!json_equal(name, json_object_get(of_b, "name")))
				continue;
			for (size_t m = 0; m < sizeof(members) / sizeof(members[0]); m++) {
				json_t *x = json_object_get(of_a, members[m]), *y = json_object_get(of_b, members[m]);

				snprintf(what, sizeof(what), "%s of the kernel %.40s", members[m], json_string_value(name));
				if (!(x ? json_equal(x, y) : !y))
					return differ(merge, a, b, what, x, y);
			}
		}
	return 0;
}

static int check_parts(const struct merge *merge, const struct merge_shard *a, const struct merge_shard *b)
{
	if (a->of != b->of)
		return zcb_fail(merge->err, -EINVAL, "usage: %.150s is one of %u shards, and %.150s one of %u: they are not of "
				"one run", a->path, a->of, b->path, b->of);
	if (a->number == b->number && a->of == 1)
		return zcb_fail(merge->err, -EINVAL, "usage: %.150s and %.150s are both whole runs, not shards of one: "
				"`zcbench compare` takes two", a->path, b->path);
	if (a->number == b->number)
		return zcb_fail(merge->err, -EINVAL, "usage: %.150s and %.150s are both shard %u of %u: leave one out", a->path,
				b->path, a->number, a->of);
	for (uint32_t boot = 1; boot <= a->n_boots; boot++)
		if (a->plays[boot] && b->plays[boot])
			return zcb_fail(merge->err, -EINVAL, "usage: %.150s and %.150s both play boot %u of the plan: their "
					"plan.json were changed", a->path, b->path, boot);
	return 0;
}

int zcb_merge_check(const struct merge *merge)
{
	for (size_t i = 1; i < merge->n; i++) {
		const struct merge_shard *first = &merge->shard[0], *other = &merge->shard[i];
		int ret = check_plan(merge, first, other);

		if (!ret)
			ret = check_facts(merge, first, other);
		for (size_t j = 0; j < i && !ret; j++)
			ret = check_kernels(merge, &merge->shard[j], other);
		for (size_t j = 0; j < i && !ret; j++)
			ret = check_parts(merge, &merge->shard[j], other);
		if (ret)
			return ret;
	}
	return 0;
}

static void append(char *text, size_t room, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, room - used, format, args);
	va_end(args);
}

static bool is_there(const struct merge *merge, uint32_t number)
{
	for (size_t i = 0; i < merge->n; i++)
		if (merge->shard[i].number == number)
			return true;
	return false;
}

void zcb_merge_missing(const struct merge *merge, char *ret_text, size_t room)
{
	uint32_t of = merge->shard[0].of, missing = of - (uint32_t)merge->n, named = 0;

	*ret_text = '\0';
	if (missing)
		append(ret_text, room, "shard%s ", missing > 1 ? "s" : "");
	for (uint32_t number = 1; number <= of && missing; number++)
		if (!is_there(merge, number))
			append(ret_text, room, "%s%u", named++ ? ", " : "", number);
	if (missing)
		append(ret_text, room, " of %u", of);
	for (size_t i = 0; i < merge->n; i++) {
		const struct merge_shard *shard = &merge->shard[i];

		if (shard->n_done < shard->n_own)
			append(ret_text, room, "%s%u of %u cells of %.100s", *ret_text ? "; " : "",
			       shard->n_own - shard->n_done, shard->n_own, shard->path);
	}
}
