// SPDX-License-Identifier: GPL-2.0-or-later
/* What the joined run says of itself. */
#include "bench/merge/internal.h"

#include <string.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static void count_line(const json_t *line, struct zcb_merged *m)
{
	const char *status = text_of(line, "status");

	if (!strcmp(status, "pass") && json_object_get(line, "known_bug"))
		m->known_bugs++;
	else if (!strcmp(status, "pass"))
		m->passed++;
	else if (!strcmp(status, "fail"))
		m->failed++;
	else if (!strcmp(status, "skip"))
		m->skipped++;
	else if (!strcmp(status, "crash"))
		m->crashed++;
	else
		m->errors++;
}

/*
 * The worst of the shards'. That nothing could run in one of them counts only where nothing could in
 * any, and one that never came to its end is not conclusive.
 */
static enum zcb_exit exit_code_of(const struct merge *merge, const struct zcb_merged *m)
{
	enum zcb_exit worst = ZCB_EXIT_CLEAN;
	bool any = false;

	for (size_t i = 0; i < merge->n; i++) {
		const json_t *code = json_object_get(merge->shard[i].metadata, "exit_code");
		enum zcb_exit one = code ? (enum zcb_exit)json_integer_value(code) : ZCB_EXIT_INCONCLUSIVE;

		any |= one != ZCB_EXIT_NOTHING_RAN;
		if (one != ZCB_EXIT_NOTHING_RAN)
			worst = zcb_exit_worse(worst, one);
	}
	if (!any)
		return ZCB_EXIT_NOTHING_RAN;
	return *m->missing ? zcb_exit_worse(worst, ZCB_EXIT_INCONCLUSIVE) : worst;
}

void zcb_merge_count(const struct merge *merge, struct zcb_merged *ret)
{
	*ret = (struct zcb_merged){ .shards = (uint32_t)merge->n, .of = merge->shard[0].of };
	for (size_t i = 0; i < merge->n; i++)
		for (uint32_t c = 0; c < merge->shard[i].n_cells; c++)
			if (merge->shard[i].line[c].json)
				count_line(merge->shard[i].line[c].json, ret);
	ret->not_run = merge->shard[0].n_cells - ret->passed - ret->known_bugs - ret->failed - ret->errors - ret->crashed -
		       ret->skipped;
	zcb_merge_missing(merge, ret->missing, sizeof(ret->missing));
	ret->exit_code = exit_code_of(merge, ret);
}

/* The command that the undivided run would have had. */
static json_t *command_of(const struct merge_shard *shard)
{
	json_t *words = json_object_get(shard->metadata, "command"), *word, *kept = json_array();
	bool value = false;
	size_t i;

	json_array_foreach(words, i, word) {
		const char *text = json_string_value(word);
		bool is_shard = text && !strcmp(text, "--shard");

		if (!value && !is_shard && !(text && !strncmp(text, "--shard=", 8)))
			json_array_append(kept, word);
		value = is_shard;
	}
	return kept;
}

/* In the order in which they were booted first; of one that no shard could boot, what there is. */
static json_t *kernels_of(const struct merge *merge)
{
	json_t *all = json_array(), *kernel, *known;
	size_t j, k;

	for (size_t i = 0; i < merge->n; i++)
		json_array_foreach(json_object_get(merge->shard[i].metadata, "kernels"), j, kernel) {
			bool there = false;

			json_array_foreach(all, k, known)
				there |= json_equal(json_object_get(known, "name"), json_object_get(kernel, "name"));
			if (!there)
				json_array_append(all, kernel);
		}
	return all;
}

static double seconds_of(const struct merge_shard *shard, const char *name)
{
	return json_number_value(json_object_get(json_object_get(shard->metadata, "seconds"), name));
}

/* As if one machine had played them one after the other. */
static json_t *seconds_json(const struct merge *merge)
{
	const struct merge_shard *first = &merge->shard[0];
	double total = 0;

	for (size_t i = 0; i < merge->n; i++)
		total += seconds_of(&merge->shard[i], "total");
	return json_pack("{s:f, s:f, s:f, s:f}", "first_boot", seconds_of(first, "first_boot"), "first_frame",
			 seconds_of(first, "first_frame"), "past_first_boot",
			 total - seconds_of(first, "total") + seconds_of(first, "past_first_boot"), "total", total);
}

/* Each shard in short, for whoever asks where and when a cell ran. */
static json_t *shards_json(const struct merge *merge)
{
	static const char *const kept[] = { "command", "started", "ended", "state", "reason", "exit_code", "seconds" };
	static const char *const of_host[] = { "cpu", "kernel", "cpus", "memory_bytes", "clocksource" };
	json_t *all = json_array();

	for (size_t i = 0; i < merge->n; i++) {
		const struct merge_shard *shard = &merge->shard[i];
		json_t *json = json_pack("{s:i, s:i}", "number", (int)shard->number, "of", (int)shard->of);
		json_t *host = json_object();

		for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++)
			json_object_set(json, kept[k], json_object_get(shard->metadata, kept[k]));
		for (size_t k = 0; k < sizeof(of_host) / sizeof(of_host[0]); k++)
			json_object_set(host, of_host[k], json_object_get(json_object_get(shard->metadata, "host"),
									  of_host[k]));
		json_object_set_new(json, "host", host);
		json_array_append_new(all, json);
	}
	return all;
}

/* Times of ISO 8601 in UTC sort as they are. */
static void add_times(const struct merge *merge, json_t *json)
{
	const char *started = text_of(merge->shard[0].metadata, "started"), *ended = "";

	for (size_t i = 0; i < merge->n; i++) {
		const char *from = text_of(merge->shard[i].metadata, "started");
		const char *to = text_of(merge->shard[i].metadata, "ended");

		started = strcmp(from, started) < 0 ? from : started;
		ended = strcmp(to, ended) > 0 ? to : ended;
	}
	json_object_set_new(json, "started", json_string(started));
	if (*ended)
		json_object_set_new(json, "ended", json_string(ended));
}

/* The first shard that is not complete has its say. */
static void add_state(const struct merge *merge, const struct zcb_merged *merged, json_t *json)
{
	const char *state = *merged->missing ? "interrupted" : "complete";
	char reason[500] = "";

	if (*merged->missing)
		snprintf(reason, sizeof(reason), "missing: %s", merged->missing);
	for (size_t i = 0; i < merge->n; i++) {
		const json_t *metadata = merge->shard[i].metadata;

		if (!strcmp(text_of(metadata, "state"), "complete") || !strcmp(text_of(metadata, "state"), "running"))
			continue;
		if (strcmp(state, "failed") != 0)
			state = text_of(metadata, "state");
		if (!*reason && *text_of(metadata, "reason"))
			snprintf(reason, sizeof(reason), "shard %u: %.400s", merge->shard[i].number,
				 text_of(metadata, "reason"));
	}
	json_object_set_new(json, "state", json_string(state));
	json_object_del(json, "reason");
	if (*reason)
		json_object_set_new(json, "reason", json_string(reason));
	json_object_set_new(json, "exit_code", json_integer(merged->exit_code));
}

json_t *zcb_merge_metadata(const struct merge *merge, const struct zcb_merged *merged)
{
	json_t *json = json_copy(merge->shard[0].metadata);

	if (!json || (merge->n == 1 && merge->shard[0].of == 1))
		return json;
	json_object_del(json, "shard");
	json_object_set_new(json, "command", command_of(&merge->shard[0]));
	json_object_set_new(json, "kernels", kernels_of(merge));
	json_object_set_new(json, "seconds", seconds_json(merge));
	json_object_set_new(json, "shards", shards_json(merge));
	json_object_del(json, "ended");
	add_times(merge, json);
	add_state(merge, merged, json);
	return json;
}

json_t *zcb_merge_plan(const struct merge *merge)
{
	json_t *json = json_copy(merge->shard[0].plan);

	json_object_del(json, "shard");
	return json;
}
