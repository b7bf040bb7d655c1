// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/cell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench/guest/abi.h"

static const char *const patterns[] = {
	[ZCB_PATTERN_SINGLE] = "single",
	[ZCB_PATTERN_STRIDE] = "stride",
	[ZCB_PATTERN_RUNS] = "runs",
	[ZCB_PATTERN_RANDOM] = "random",
	[ZCB_PATTERN_FRAME] = "frame",
};
static const char *const units[] = { [ZCB_UNIT_PAGE] = "page", [ZCB_UNIT_HUGE] = "huge" };
static const char *const backings[] = { [ZCB_BACKING_GIVEN] = "given", [ZCB_BACKING_THP] = "thp" };
static const char *const refills[] = {
	[ZCB_REFILL_NONE] = "none",   [ZCB_REFILL_FALLOCATE] = "fallocate",
	[ZCB_REFILL_WRITE] = "write", [ZCB_REFILL_OTHER] = "other",
	[ZCB_REFILL_VMM] = "vmm",     [ZCB_REFILL_UFFD_COPY] = "uffd-copy",
	[ZCB_REFILL_UFFD_CONTINUE] = "uffd-continue",
};
static const char *const touches[] = {
	[ZCB_TOUCH_WRITE] = "write",
	[ZCB_TOUCH_READ] = "read",
	[ZCB_TOUCH_NONE] = "none",
};

static const char *const imports[] = { [ZCB_IMPORT_ONCE] = "once", [ZCB_IMPORT_EACH] = "each" };

static const char *const evidences[] = {
	[ZCB_EVIDENCE_WRONG] = "wrong",
	[ZCB_EVIDENCE_UNDECLARED] = "undeclared",
};

static const char *const fences[] = {
	[ZCB_FENCE_HANDSHAKE] = "handshake",
	[ZCB_FENCE_SYNC_FILE] = "sync-file",
	[ZCB_FENCE_NONE] = "none",
};

static const char *const switches[] = { [ZCB_OFF] = "off", [ZCB_ON] = "on" };

/* The words among the parameters: one row each, as for the numbers below. */
struct word {
	const char *name;
	size_t offset; /* of an enum, which is an unsigned int to the compiler */
	const char *const *values;
	unsigned int n;
};

#define WORD_AT(name, member, values) \
	{ name, offsetof(struct zcb_cell_params, member), values, sizeof(values) / sizeof((values)[0]) }
#define WORD(member, values) WORD_AT(#member, workload.member, values)

static const struct word words[] = {
	WORD(pattern, patterns),
	WORD(unit, units),
	WORD(backing, backings),
	WORD(refill, refills),
	WORD(touch, touches),
	WORD_AT("format", geometry.format, zcb_format_names),
	WORD_AT("import", import, imports),
	WORD_AT("fence", fence, fences),
	WORD_AT("evidence", evidence, evidences),
	WORD_AT("probes", probes, switches),
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static unsigned int *word_in(const struct word *word, const struct zcb_cell_params *params)
{
	return (unsigned int *)((char *)(uintptr_t)params + word->offset);
}

const char *zcb_pattern_name(enum zcb_pattern pattern)
{
	return patterns[pattern];
}

void zcb_cell_key(const struct zcb_cell *cell, char *ret_key, size_t room)
{
	snprintf(ret_key, room, "%s/%s/%s/%s/%s", cell->variant, zcb_memory_name(cell->memory),
		 cell->guest, cell->workload, cell->consumer);
}

/* Names of other parts among the parameters; whether there is one, who uses it says. */
struct name {
	const char *name;
	size_t offset, room;
};

static const struct name names[] = {
	{ "under", offsetof(struct zcb_cell_params, workload.under),
	  sizeof(((struct zcb_cell_params *)NULL)->workload.under) },
	{ "delay", offsetof(struct zcb_cell_params, delay), sizeof(((struct zcb_cell_params *)NULL)->delay) },
};

#define NAMES (sizeof(names) / sizeof(names[0]))

static char *name_in(const struct name *name, const struct zcb_cell_params *params)
{
	return (char *)(uintptr_t)params + name->offset;
}

/* The numbers among the parameters: one row each, for reading, writing and refusing. */
struct number {
	const char *name;
	size_t offset;
	uint32_t min, max;
};

#define NUMBER(member, min, max) { #member, offsetof(struct zcb_cell_params, member), min, max }

static const struct number numbers[] = {
	NUMBER(pages, 1, ZCB_ABI_MAX_PAGES),
	NUMBER(blocks, 0, 16),
	NUMBER(rounds, 1, 100000),
	NUMBER(frames, 1, 1000),
	NUMBER(ram_mib, 128, 1U << 20),
	NUMBER(seconds, 0, 86400),
	NUMBER(udmabufs, 0, 512),
	NUMBER(udmabuf_pages, 0, ZCB_ABI_MAX_PAGES),
	NUMBER(subscribers, 0, 256),
	NUMBER(fault_around, 0, 2U << 20),
	{ "stride", offsetof(struct zcb_cell_params, workload.stride), 1, ZCB_ABI_MAX_PAGES },
	{ "run", offsetof(struct zcb_cell_params, workload.run), 1, ZCB_ABI_MAX_PAGES },
	{ "count", offsetof(struct zcb_cell_params, workload.count), 1, ZCB_ABI_MAX_PAGES },
	{ "rate", offsetof(struct zcb_cell_params, workload.rate), 0, 1000000 },
	{ "burst", offsetof(struct zcb_cell_params, workload.burst), 1, ZCB_ABI_MAX_PAGES },
	{ "width", offsetof(struct zcb_cell_params, geometry.width), 0, ZCB_GEOMETRY_MAX },
	{ "height", offsetof(struct zcb_cell_params, geometry.height), 0, ZCB_GEOMETRY_MAX },
	/* "stride" is how a workload chooses pages. */
	{ "row_stride", offsetof(struct zcb_cell_params, geometry.stride), 0, 1U << 20 },
	{ "offset", offsetof(struct zcb_cell_params, geometry.offset), 0, 4095 },
	NUMBER(show, 0, 1),
	NUMBER(plant, 0, ZCB_ABI_MAX_PAGES),
	NUMBER(probes_kib, 0, 1U << 20),
	NUMBER(delay_by, 0, 1000000000),
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static uint32_t *number_in(const struct number *number, const struct zcb_cell_params *params)
{
	return (uint32_t *)((char *)(uintptr_t)params + number->offset);
}

/* With or without those that are 0. */
static json_t *params_json(const struct zcb_cell_params *params, bool zeros)
{
	json_t *json = json_object();

	for (size_t i = 0; i < WORDS; i++)
		if (zeros || *word_in(&words[i], params))
			json_object_set_new(json, words[i].name,
					    json_string(words[i].values[*word_in(&words[i], params)]));
	for (size_t i = 0; i < NAMES; i++)
		if (zeros || *name_in(&names[i], params))
			json_object_set_new(json, names[i].name, json_string(name_in(&names[i], params)));
	for (size_t i = 0; i < NUMBERS; i++)
		if (zeros || *number_in(&numbers[i], params))
			json_object_set_new(json, numbers[i].name,
					    json_integer(*number_in(&numbers[i], params)));
	return json;
}

json_t *zcb_cell_params_to_json(const struct zcb_cell_params *params)
{
	return params_json(params, true);
}

static int read_word(const struct word *word, json_t *value, struct zcb_cell_params *params,
		     struct zcb_error *err)
{
	const char *given = json_string_value(value);

	for (unsigned int i = 0; given && i < word->n; i++) {
		if (!strcmp(word->values[i], given)) {
			*word_in(word, params) = i;
			return 0;
		}
	}
	return zcb_fail(err, -EINVAL, "usage: the plan's \"%s\" cannot be %s%.60s%s", word->name,
			given ? "\"" : "", given ? given : "anything but a word", given ? "\"" : "");
}

static int read_name(const struct name *name, json_t *value, struct zcb_cell_params *params,
		     struct zcb_error *err)
{
	const char *given = json_string_value(value);

	if (!given || strlen(given) >= name->room)
		return zcb_fail(err, -EINVAL, "usage: the plan's \"%s\" must be a name of at most %zu "
				"characters", name->name, name->room - 1);
	memcpy(name_in(name, params), given, strlen(given) + 1);
	return 0;
}

static int read_number(const char *key, json_t *value, struct zcb_cell_params *params,
		       struct zcb_error *err)
{
	for (size_t i = 0; i < NUMBERS; i++) {
		json_int_t given = json_integer_value(value);

		if (strcmp(numbers[i].name, key) != 0)
			continue;
		if (!json_is_integer(value) || given < numbers[i].min || given > numbers[i].max)
			return zcb_fail(err, -EINVAL,
					"usage: the plan's \"%s\" must be a number from %u to %u", key,
					numbers[i].min, numbers[i].max);
		*number_in(&numbers[i], params) = (uint32_t)given;
		return 0;
	}
	return zcb_fail(err, -EINVAL, "usage: the plan has a parameter \"%.60s\" that is none", key);
}

int zcb_cell_params_check(const struct zcb_cell_params *params, struct zcb_error *err)
{
	struct zcb_geometry geometry = params->geometry;

	if (params->workload.touch == ZCB_TOUCH_NONE && params->workload.refill == ZCB_REFILL_NONE)
		return zcb_fail(err, -EINVAL, "usage: \"touch\":\"none\" needs a \"refill\": if nobody "
				"brings the pages back there is nothing to look at");
	if (*params->workload.under && !zcb_workload_find(params->workload.under))
		return zcb_fail(err, -EINVAL, "usage: the plan's \"under\" is \"%s\", and there is no "
				"such workload: see zcbench list workloads", params->workload.under);
	if (params->workload.pattern == ZCB_PATTERN_RUNS &&
	    params->workload.run > params->workload.stride)
		return zcb_fail(err, -EINVAL, "usage: \"run\":%u is more than \"stride\":%u",
				params->workload.run, params->workload.stride);
	if (params->fault_around && params->fault_around % 4096)
		return zcb_fail(err, -EINVAL, "usage: \"fault_around\" must be a multiple of 4096");
	if (params->ram_mib % 2)
		return zcb_fail(err, -EINVAL, "usage: \"ram_mib\" must be even: RAM is made of 2 MiB");
	if (params->workload.unit == ZCB_UNIT_HUGE && !params->blocks)
		return zcb_fail(err, -EINVAL, "usage: \"unit\":\"huge\" needs \"blocks\": a frame drawn "
				"from huge pages of its own, or the punch takes other guest memory");
	if (params->workload.backing == ZCB_BACKING_THP && !params->blocks)
		return zcb_fail(err, -EINVAL, "usage: \"backing\":\"thp\" needs \"blocks\": a frame drawn from "
				"whole blocks of the guest's");
	if (params->blocks && params->pages > params->blocks * ZCB_ABI_BLOCK_PAGES)
		return zcb_fail(err, -EINVAL, "usage: %u pages do not fit in %u huge pages",
				params->pages, params->blocks);
	if ((uint64_t)params->pages * 4 * 4096 > ((uint64_t)params->ram_mib << 20) / 4)
		return zcb_fail(err, -EINVAL, "usage: frames of %u pages need more than \"ram_mib\":%u",
				params->pages, params->ram_mib);
	if (params->udmabufs && (uint64_t)params->udmabuf_pages * 4096 > ((uint64_t)params->ram_mib << 20) / 2)
		return zcb_fail(err, -EINVAL, "usage: \"udmabuf_pages\":%u are more than half of \"ram_mib\":%u",
				params->udmabuf_pages, params->ram_mib);
	if (params->plant > params->pages)
		return zcb_fail(err, -EINVAL, "usage: \"plant\":%u is no page of a frame of %u", params->plant,
				params->pages);
	return zcb_geometry_settle(&geometry, params->pages, err);
}

static int read_param(const char *key, json_t *value, struct zcb_cell_params *params,
		      struct zcb_error *err)
{
	for (size_t i = 0; i < WORDS; i++)
		if (!strcmp(words[i].name, key))
			return read_word(&words[i], value, params, err);
	for (size_t i = 0; i < NAMES; i++)
		if (!strcmp(names[i].name, key))
			return read_name(&names[i], value, params, err);
	return read_number(key, value, params, err);
}

int zcb_cell_params_from_json(json_t *json, struct zcb_cell_params *params, struct zcb_error *err)
{
	const char *key;
	json_t *value;

	if (!json_is_object(json))
		return zcb_fail(err, -EINVAL, "usage: the plan's \"params\" is not an object");
	json_object_foreach(json, key, value) {
		int ret = read_param(key, value, params, err);

		if (ret)
			return ret;
	}
	return zcb_cell_params_check(params, err);
}

json_t *zcb_cell_to_json(const struct zcb_cell *cell)
{
	char key[5 * ZCB_NAME_SIZE], arm[2] = { cell->arm, '\0' };
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	const char *expected = zcb_cell_expected(cell);

	zcb_cell_key(cell, key, sizeof(key));
	return json_pack("{s:i, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s?, s:s?, s:I}",
			 "index", (int)cell->index, "boot", (int)cell->boot, "kernel", cell->kernel,
			 "arm", arm, "block", (int)cell->block, "cell", key, "variant", cell->variant, "memory",
			 zcb_memory_name(cell->memory), "guest", cell->guest, "workload",
			 cell->workload, "consumer", cell->consumer, "params",
			 zcb_cell_params_to_json(&cell->params), "event",
			 zcb_event_name(zcb_cell_event(cell)), "reading",
			 consumer ? zcb_reading_name(consumer->reading) : NULL, "expected", expected, "seed",
			 (json_int_t)cell->seed);
}

json_t *zcb_cell_to_request(const struct zcb_cell *cell)
{
	char arm[2] = { cell->arm, '\0' };

	return json_pack("{s:i, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "index", (int)cell->index,
			 "boot", (int)cell->boot, "kernel", cell->kernel, "arm", arm, "block", (int)cell->block,
			 "variant", cell->variant, "memory", zcb_memory_name(cell->memory), "guest", cell->guest,
			 "workload", cell->workload, "consumer", cell->consumer, "params",
			 params_json(&cell->params, false), "seed", (json_int_t)cell->seed);
}

static void copy_name(char *to, size_t room, const char *from)
{
	snprintf(to, room, "%s", from);
}

int zcb_cell_from_json(json_t *json, struct zcb_cell *ret_cell, struct zcb_error *err)
{
	const char *kernel, *arm, *variant, *memory, *guest, *workload, *consumer;
	struct zcb_cell cell = { 0 };
	json_error_t problem;
	json_int_t seed;
	json_t *params;
	int index, boot, block = 0;

	if (json_unpack_ex(json, &problem, 0,
			   "{s:i, s:i, s:s, s:s, s?i, s:s, s:s, s:s, s:s, s:s, s:o, s:I}", "index", &index,
			   "boot", &boot, "kernel", &kernel, "arm", &arm, "block", &block, "variant", &variant,
			   "memory", &memory, "guest", &guest, "workload", &workload, "consumer",
			   &consumer, "params", &params, "seed", &seed))
		return zcb_fail(err, -EINVAL, "zcbench bug: a cell that is none: %s", problem.text);
	cell.index = (uint32_t)index;
	cell.boot = (uint32_t)boot;
	cell.arm = arm[0];
	cell.block = (uint32_t)block;
	cell.seed = (uint64_t)seed;
	copy_name(cell.kernel, sizeof(cell.kernel), kernel);
	copy_name(cell.variant, sizeof(cell.variant), variant);
	copy_name(cell.guest, sizeof(cell.guest), guest);
	copy_name(cell.workload, sizeof(cell.workload), workload);
	copy_name(cell.consumer, sizeof(cell.consumer), consumer);
	if (zcb_memory_parse(memory, &cell.memory))
		return zcb_fail(err, -EINVAL, "zcbench bug: a cell on \"%.60s\" memory", memory);
	if (zcb_cell_params_from_json(params, &cell.params, err))
		return -EINVAL;
	*ret_cell = cell;
	return 0;
}

unsigned int zcb_cell_devices(const struct zcb_cell *cell)
{
	const struct zcb_workload_ops *workload = zcb_workload_find(cell->workload);
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	unsigned int devices = consumer && consumer->display ? ZCB_GUEST_DISPLAY : 0;

	if (workload && cell->memory == ZCB_MEMORY_SHMEM)
		devices |= zcb_workload_devices(workload, cell->params.workload.under);
	return devices;
}
