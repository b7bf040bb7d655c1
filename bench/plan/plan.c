// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/consumers/consumer.h"
#include "bench/guest/guest.h"
#include "bench/plan/variants.h"

static void source_finish(struct source *source)
{
	json_decref(source->root);
	json_decref(source->kernels);
	json_decref(source->variants);
	json_decref(source->memory);
	json_decref(source->guests);
	json_decref(source->workloads);
	json_decref(source->consumers);
}

static int load(const char *name, json_t **ret_root, struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	json_error_t problem;
	int ret;

	for (const struct zcb_builtin_plan *plan = zcb_builtin_plans; plan->name; plan++) {
		if (!strcmp(plan->name, name)) {
			*ret_root = json_loads(plan->json, JSON_REJECT_DUPLICATES, &problem);
			return *ret_root ? 0 : zcb_fail(err, -EINVAL, "zcbench bug: plan %s: %s", name,
							problem.text);
		}
	}
	ret = zcb_read_file(AT_FDCWD, name, 1U << 20, &text, NULL);
	if (ret)
		return zcb_fail(err, -EINVAL, "usage: \"%s\" is neither a plan of `zcbench list plans` nor "
				"a readable file: %s", name, strerror(-ret));
	*ret_root = json_loads(text, JSON_REJECT_DUPLICATES, &problem);
	if (!*ret_root)
		return zcb_fail(err, -EINVAL, "usage: plan %s, line %d: %s", name, problem.line,
				problem.text);
	return 0;
}

/*
 * A plan may be another with some members of its own: "extends" names it. Objects among them are laid
 * over the other's member by member, all else takes its place.
 */
static int load_extended(const char *name, json_t **ret_root, struct zcb_error *err)
{
	json_t *own = NULL, *base = NULL, *extends;
	int ret = load(name, &own, err);

	if (ret)
		return ret;
	extends = json_object_get(own, "extends");
	if (!extends) {
		*ret_root = own;
		return 0;
	}
	ret = json_is_string(extends) ? load(json_string_value(extends), &base, err) :
					zcb_fail(err, -EINVAL, "usage: \"extends\" of plan %s is no name of a "
						 "plan", name);
	if (!ret && json_object_get(base, "extends"))
		ret = zcb_fail(err, -EINVAL, "usage: plan %s extends one that extends another", name);
	if (!ret && json_object_update_recursive(base, own))
		ret = zcb_fail(err, -ENOMEM, "host set-up: no memory for a plan");
	json_decref(own);
	if (ret)
		json_decref(base);
	else
		*ret_root = base;
	return ret;
}

static json_t *split(const char *list)
{
	json_t *words = json_array();

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");

		if (n)
			json_array_append_new(words, json_stringn(p, n));
		p += n + (p[n] == ',');
	}
	return words;
}

/* A list of words: the option's, or the plan's, or NULL where neither has one. */
static int take_list(json_t *root, const char *key, const char *option, json_t **ret_list,
		     struct zcb_error *err)
{
	json_t *list = option ? split(option) : json_incref(json_object_get(root, key));
	size_t i;
	json_t *word;

	if (list && (!json_is_array(list) || json_array_size(list) == 0)) {
		json_decref(list);
		return zcb_fail(err, -EINVAL, "usage: \"%s\" must be a list of at least one word", key);
	}
	json_array_foreach(list, i, word) {
		if (!json_is_string(word) || json_string_length(word) > 200) {
			json_decref(list);
			return zcb_fail(err, -EINVAL, "usage: \"%s\" holds something that is no word",
					key);
		}
	}
	*ret_list = list;
	return 0;
}

static bool variant_exists(const char *name)
{
	return zcb_variant_find(name) != NULL;
}

static bool memory_exists(const char *name)
{
	enum zcb_memory memory;

	return zcb_memory_parse(name, &memory) == 0;
}

static bool guest_exists(const char *name)
{
	return zcb_guest_find(name) != NULL;
}

static bool workload_exists(const char *name)
{
	return zcb_workload_find(name) != NULL;
}

static bool consumer_exists(const char *name)
{
	return zcb_consumer_find(name) != NULL;
}

static int check_words(json_t *list, bool (*exists)(const char *), const char *what, const char *mend,
		       struct zcb_error *err)
{
	size_t i;
	json_t *word;

	json_array_foreach(list, i, word)
		if (!exists(json_string_value(word)))
			return zcb_fail(err, -EINVAL, "usage: there is no %s \"%s\": %s", what,
					json_string_value(word), mend);
	return 0;
}

/* A member that nothing reads is a slip of the pen, and a plan that runs without it would lie. */
static int check_members(json_t *object, const char *const *known, const char *where,
			 struct zcb_error *err)
{
	const char *key;
	json_t *value;

	json_object_foreach(object, key, value) {
		size_t i = 0;

		while (known[i] && strcmp(known[i], key) != 0)
			i++;
		if (!known[i])
			return zcb_fail(err, -EINVAL, "usage: %s has a member \"%.60s\" that is none",
					where, key);
	}
	return 0;
}

#define SEE_KERNELS "see `zcbench list kernels`, or name the path of a kernel image"
#define SEE_GUESTS "see `zcbench list guests`"
#define SEE_WORKLOADS "see `zcbench list workloads`"
#define SEE_CONSUMERS "see `zcbench list consumers`"
#define SAY_MEMORY "say shmem, hugetlb, or both"

/* "all" of the variants is a word of the command line, and of plans. */
static void spell_out_all(json_t *list)
{
	if (json_array_size(list) != 1 || strcmp(json_string_value(json_array_get(list, 0)), "all") != 0)
		return;
	json_array_clear(list);
	for (const struct zcb_variant *v = zcb_variants; v->name; v++)
		json_array_append_new(list, json_string(v->name));
}

static int take_lists(struct source *s, const struct zcb_plan_options *o, struct zcb_error *err)
{
	const struct {
		const char *key, *option, *what, *mend;
		json_t **list;
		bool (*exists)(const char *);
		bool optional; /* of a plan */
	} lists[] = {
		{ "kernels", o->kernels, "kernel", SEE_KERNELS,
		  &s->kernels, zcb_kernel_exists },
		{ "variants", o->variants, "variant", "see `zcbench list variants`, or say all", &s->variants,
		  variant_exists },
		{ "memory", o->memory, "memory", SAY_MEMORY, &s->memory, memory_exists },
		{ "guests", o->guests, "guest", SEE_GUESTS, &s->guests, guest_exists },
		{ "workloads", o->workloads, "workload", SEE_WORKLOADS, &s->workloads,
		  workload_exists, true },
		{ "consumers", o->consumers, "consumer", SEE_CONSUMERS, &s->consumers,
		  consumer_exists, true },
	};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		int ret = take_list(s->root, lists[i].key, lists[i].option, lists[i].list, err);

		if (!ret && lists[i].list == &s->variants && s->variants)
			spell_out_all(s->variants);
		if (!ret && !*lists[i].list && !lists[i].optional)
			ret = zcb_fail(err, -EINVAL, "usage: the plan lacks a list \"%s\", and no option gives one: %s",
				       lists[i].key, lists[i].mend);
		if (!ret)
			ret = check_words(*lists[i].list, lists[i].exists, lists[i].what,
					  lists[i].mend, err);
		if (ret)
			return ret;
	}
	return 0;
}

static int take_numbers(struct source *s, const struct zcb_plan_options *o, struct zcb_error *err)
{
	json_t *params = json_object_get(s->root, "params");
	json_t *json = json_object_get(s->root, "boots");
	json_int_t boots = o->boots ? (json_int_t)o->boots : json ? json_integer_value(json) : 1;

	if (boots < 1 || boots > 10000)
		return zcb_fail(err, -EINVAL, "usage: \"boots\" must be a number from 1 to 10000");
	s->boots = (uint32_t)boots;
	s->seconds = o->seconds;
	s->show = o->show;
	s->fence = o->fence;
	s->arms = o->arms;
	s->defaults = (struct zcb_cell_params){ .workload = { .stride = 4, .run = 2, .count = 8, .burst = 1 }, .pages = 64,
						.rounds = 4, .frames = 4, .ram_mib = 192 };
	return params ? zcb_cell_params_from_json(params, &s->defaults, err) : 0;
}

static int check_row(json_t *row, struct zcb_error *err)
{
	static const char *const known[] = { "workload", "consumers", "memory", "params", NULL };
	const char *workload = json_string_value(json_object_get(row, "workload"));
	json_t *list = NULL;
	int ret;

	if (!json_is_object(row) || !workload)
		return zcb_fail(err, -EINVAL, "usage: each of the plan's \"cells\" is an object with a "
				"\"workload\" and \"consumers\"");
	if (!workload_exists(workload))
		return zcb_fail(err, -EINVAL, "usage: there is no workload \"%.60s\": " SEE_WORKLOADS,
				workload);
	ret = check_members(row, known, "a cell of the plan", err);
	if (!ret)
		ret = take_list(row, "memory", NULL, &list, err);
	if (!ret)
		ret = check_words(list, memory_exists, "memory", SAY_MEMORY, err);
	json_decref(list);
	list = NULL;
	if (!ret)
		ret = take_list(row, "consumers", NULL, &list, err);
	if (!ret && !list)
		ret = zcb_fail(err, -EINVAL, "usage: a cell of the plan has no \"consumers\"");
	if (!ret)
		ret = check_words(list, consumer_exists, "consumer", SEE_CONSUMERS, err);
	json_decref(list);
	return ret;
}

static int check_rows(json_t *root, struct zcb_error *err)
{
	json_t *rows = json_object_get(root, "cells"), *row;
	size_t i;
	int ret = 0;

	if (!json_is_array(rows))
		return zcb_fail(err, -EINVAL, "usage: the plan has no list of \"cells\"");
	json_array_foreach(rows, i, row)
		ret = ret ? ret : check_row(row, err);
	return ret;
}

static int take_turns_lists(struct source *t, const struct source *s, const struct zcb_plan_options *o,
			    struct zcb_error *err)
{
	int ret = take_list(t->root, "guests", o->guests, &t->guests, err);

	if (!ret)
		ret = check_words(t->guests, guest_exists, "guest", SEE_GUESTS, err);
	if (!ret && !t->guests)
		t->guests = json_incref(s->guests);
	t->variants = json_incref(s->variants);
	t->memory = json_incref(s->memory);
	t->workloads = json_incref(s->workloads);
	t->consumers = json_incref(s->consumers);
	return ret;
}

/*
 * The plan's boots that hold all variants by turns, to compare what they cost. They are left out where
 * the options leave nothing to compare: another kernel, or one variant.
 */
static int add_turns(struct zcb_plan *plan, const struct source *s, const struct zcb_plan_options *o,
		     struct zcb_error *err)
{
	static const char *const known[] = { "kernel", "guests", "boots", "params", "cells", NULL };
	ZCB_CLEANUP(source_finish) struct source t = { .by_turns = true };
	const char *kernel;
	int ret;

	t.root = json_incref(json_object_get(s->root, "turns"));
	kernel = json_string_value(json_object_get(t.root, "kernel"));
	if (!t.root)
		return 0;
	ret = check_members(t.root, known, "\"turns\"", err);
	if (!ret && (!kernel || !zcb_kernel_exists(kernel)))
		ret = zcb_fail(err, -EINVAL, "usage: \"turns\" has no \"kernel\" of ours: " SEE_KERNELS);
	if (!ret)
		ret = check_rows(t.root, err);
	if (!ret)
		ret = take_turns_lists(&t, s, o, err);
	if (!ret)
		ret = take_numbers(&t, &(struct zcb_plan_options){ .fence = o->fence }, err);
	if (ret || o->arms || json_array_size(t.variants) < 2 || !zcb_plan_has_word(s->kernels, kernel))
		return ret;
	t.kernels = json_pack("[s]", kernel);
	return zcb_plan_expand(plan, &t, err);
}

int zcb_plan_make(const char *name, const struct zcb_plan_options *options,
		  struct zcb_plan *ret_plan, struct zcb_error *err)
{
	static const char *const known[] = {
		"schema", "name", "summary", "kernels", "variants", "memory", "guests", "workloads",
		"consumers", "boots", "params", "cells", "turns", "extends", NULL,
	};
	ZCB_CLEANUP(source_finish) struct source source = { 0 };
	struct zcb_plan plan = { .seed = options->seed };
	const char *own_name;
	int ret = load_extended(name, &source.root, err);

	if (!ret && json_integer_value(json_object_get(source.root, "schema")) != 1)
		ret = zcb_fail(err, -EINVAL, "usage: plan %s has no \"schema\":1", name);
	if (!ret)
		ret = check_members(source.root, known, "the plan", err);
	if (!ret)
		ret = take_lists(&source, options, err);
	if (!ret)
		ret = check_rows(source.root, err);
	if (!ret)
		ret = take_numbers(&source, options, err);
	if (!ret)
		ret = zcb_plan_expand(&plan, &source, err);
	if (!ret)
		ret = add_turns(&plan, &source, options, err);
	if (ret) {
		zcb_plan_finish(&plan);
		return ret;
	}
	plan.compares = options->arms != NULL;
	if (plan.compares)
		plan.arms = *options->arms;
	ret = zcb_plan_take_shard(&plan, options->shard, err);
	if (ret) {
		zcb_plan_finish(&plan);
		return ret;
	}
	own_name = json_string_value(json_object_get(source.root, "name"));
	snprintf(plan.name, sizeof(plan.name), "%s", own_name ? own_name : name);
	*ret_plan = plan;
	return 0;
}

uint32_t zcb_plan_round_boots(const struct zcb_plan *plan)
{
	return plan->compares && !zcb_arms_share_kernel(&plan->arms) ? ZCB_PLAN_ARMS : 1;
}

void zcb_plan_finish(struct zcb_plan *plan)
{
	free(plan->cell);
	free(plan->elsewhere);
	memset(plan, 0, sizeof(*plan));
}
