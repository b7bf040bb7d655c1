// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/plan/plan.h"

static char file[64]; /* holds the plan of the test that runs */

static int set_up(void **state)
{
	int fd;

	strcpy(file, "/tmp/zcb-test-plan.XXXXXX");
	fd = mkstemp(file);
	assert_return_code(fd, errno);
	close(fd);
	return 0;
}

static int tear_down(void **state)
{
	return unlink(file);
}

static void make(const char *name, const struct zcb_plan_options *options, struct zcb_plan *ret_plan)
{
	struct zcb_error err = { "" };

	if (zcb_plan_make(name, options, ret_plan, &err))
		fail_msg("%s: %s", name, err.text);
}

static void write_plan(const char *text)
{
	assert_int_equal(zcb_replace_file(AT_FDCWD, file, text, strlen(text)), 0);
}

#define HEAD "\"schema\":1,\"kernels\":[\"stock\"],\"variants\":[\"stock\"],\"guests\":[\"linux\"]"
#define SHMEM ",\"memory\":[\"shmem\"]"
#define CELL "{\"workload\":\"punch\",\"consumers\":[\"mmap\"]}"

static void expect_refused_with(const struct zcb_plan_options *options, const char *name,
				const char *culprit)
{
	struct zcb_plan plan = { .n = 77 };
	struct zcb_error err = { "" };

	assert_int_equal(zcb_plan_make(name, options, &plan, &err), -EINVAL);
	if (strncmp(err.text, "usage: ", 7) != 0 || !strstr(err.text, culprit))
		fail_msg("\"%s\" does not name %s", err.text, culprit);
	assert_int_equal(plan.n, 77);
}

static void expect_refused(const char *text, const char *culprit)
{
	write_plan(text);
	expect_refused_with(&(struct zcb_plan_options){ 0 }, file, culprit);
}

static void expect_option_refused(struct zcb_plan_options options, const char *culprit)
{
	expect_refused_with(&options, "smoke", culprit);
}

static bool has_cell(const struct zcb_plan *plan, const char *key)
{
	for (uint32_t i = 0; i < plan->n; i++) {
		char have[5 * ZCB_NAME_SIZE];

		zcb_cell_key(&plan->cell[i], have, sizeof(have));
		if (!strcmp(have, key))
			return true;
	}
	return false;
}

/* Whether two cells of a boot are the same but for the variant. */
static bool differ_in_variant(const struct zcb_cell *a, const struct zcb_cell *b)
{
	return strcmp(a->variant, b->variant) != 0 && a->memory == b->memory &&
	       !strcmp(a->workload, b->workload) && !strcmp(a->consumer, b->consumer) &&
	       !memcmp(&a->params, &b->params, sizeof(a->params));
}

/* A comparison is one of the same holes; another boot of the same kernel has others. */
static void variants_share_seeds(void **state)
{
	struct zcb_plan plan;
	uint32_t pairs = 0, variants = 0;

	make("smoke", &(struct zcb_plan_options){ .kernels = "variants", .variants = "all" }, &plan);
	for (uint32_t i = 0; i < plan.n; i++)
		for (uint32_t j = 0; j < i; j++) {
			bool same = differ_in_variant(&plan.cell[i], &plan.cell[j]);

			assert_int_equal(same, plan.cell[i].seed == plan.cell[j].seed);
			pairs += same;
		}
	while (zcb_variants[variants].name)
		variants++;
	assert_int_equal(pairs, plan.n * (variants - 1) / 2);
	zcb_plan_finish(&plan);
}

/* A guest with a balloon is another one than a guest without: all variants have their turn in one. */
static void guests_change_least(void **state)
{
	static const char *const wanted[] = { "stock/punch", "invalidate/punch", "stock/balloon",
					      "invalidate/balloon", "stock/virtio-mem", "invalidate/virtio-mem" };
	struct zcb_plan plan;

	write_plan("{\"schema\":1,\"kernels\":[\"variants\"],\"variants\":[\"stock\",\"invalidate\"],"
		   "\"guests\":[\"linux\"]" SHMEM ",\"cells\":[{\"workload\":\"virtio-mem\",\"consumers\":"
		   "[\"mmap\"]},{\"workload\":\"balloon\",\"consumers\":[\"mmap\"]}," CELL "]}");
	make(file, &(struct zcb_plan_options){ 0 }, &plan);
	assert_int_equal(plan.n, sizeof(wanted) / sizeof(wanted[0]));
	for (uint32_t i = 0; i < plan.n; i++) {
		char name[2 * ZCB_NAME_SIZE + 2];

		snprintf(name, sizeof(name), "%s/%s", plan.cell[i].variant, plan.cell[i].workload);
		assert_string_equal(name, wanted[i]);
		assert_int_equal(plan.cell[i].index, i);
	}
	zcb_plan_finish(&plan);
}

static void kernels_share_seeds(void **state)
{
	struct zcb_plan plan;
	uint32_t n;

	make("smoke", &(struct zcb_plan_options){ .kernels = "stock,variants", .variants = "stock",
						  .boots = 2 }, &plan);
	n = plan.n / 4;
	for (uint32_t i = 0; i < n; i++) {
		assert_int_equal(plan.cell[i].seed, plan.cell[i + n].seed);
		assert_true(plan.cell[i].seed != plan.cell[i + 2 * n].seed);
	}
	zcb_plan_finish(&plan);
}

static void built_in_plans_expand(void **state)
{
	for (const struct zcb_builtin_plan *b = zcb_builtin_plans; b->name; b++) {
		struct zcb_plan plan;

		make(b->name, &(struct zcb_plan_options){ .seed = 3 }, &plan);
		assert_string_equal(plan.name, b->name);
		assert_int_equal(plan.seed, 3);
		assert_true(plan.n > 0 && plan.boots > 0);
		for (uint32_t i = 0; i < plan.n; i++) {
			assert_int_equal(plan.cell[i].index, i);
			assert_in_range(plan.cell[i].boot, 1, plan.boots);
			assert_true(plan.cell[i].seed < 1ULL << 53);
			for (uint32_t j = 0; j < i; j++)
				assert_true(plan.cell[j].boot != plan.cell[i].boot ||
					    plan.cell[j].block != plan.cell[i].block ||
					    plan.cell[j].seed != plan.cell[i].seed ||
					    strcmp(plan.cell[j].variant, plan.cell[i].variant) != 0);
		}
		zcb_plan_finish(&plan);
	}
}

static void smoke_looks_at_both_memories(void **state)
{
	struct zcb_plan plan;

	make("smoke", &(struct zcb_plan_options){ 0 }, &plan);
	assert_true(has_cell(&plan, "stock/shmem/linux/punch/mmap"));
	assert_true(has_cell(&plan, "stock/shmem/linux/idle/oracle"));
	assert_true(has_cell(&plan, "stock/hugetlb/linux/punch/mmap"));
	zcb_plan_finish(&plan);
}

#define TURNS \
	"\"turns\":{\"kernel\":\"variants\",\"guests\":[\"micro\"],\"boots\":2,\"cells\":[" CELL "," CELL "]}"

/* In each boot each cell comes twice of each variant and of the first one's twin, there and back. */
static void all_variants_have_turns(void **state)
{
	const char text[] = "{\"schema\":1,\"kernels\":[\"stock\",\"variants\"],\"variants\":[\"stock\","
			    "\"update-ptl\",\"invalidate\"],\"guests\":[\"linux\"]" SHMEM ",\"cells\":[" CELL "],"
			    TURNS "}";
	struct zcb_plan plan;
	uint32_t usual = 1 + 3, plays = 2 * (3 + 1), twins = 0, orders = 0;

	write_plan(text);
	make(file, &(struct zcb_plan_options){ .seed = 5 }, &plan);
	assert_int_equal(plan.boots, 2 + 2);
	assert_int_equal(plan.n, usual + 2 * 2 * plays);
	for (uint32_t i = usual; i < plan.n; i++) {
		uint32_t block = (i - usual) % plays, first = i - block;
		const struct zcb_cell *cell = &plan.cell[i], *mirror = &plan.cell[first + plays - 1 - block];

		assert_int_equal(cell->block, block);
		assert_int_equal(cell->boot, 3 + (i - usual) / (2 * plays));
		assert_string_equal(cell->guest, "micro");
		assert_string_equal(cell->kernel, "variants");
		assert_int_equal(cell->arm, mirror->arm);
		assert_string_equal(cell->variant, mirror->variant);
		assert_int_equal(cell->seed, plan.cell[first].seed);
		assert_int_equal(cell->arm != 'B', !strcmp(cell->variant, "stock"));
		twins += cell->arm == 'Z';
		orders += i >= usual + plays && cell->arm != plan.cell[i - plays].arm;
	}
	assert_int_equal(twins, 2 * 2 * 2);
	assert_true(orders > 0);
	zcb_plan_finish(&plan);
}

/* Members take the place of the other plan's; of objects, theirs do. */
static void plans_extend_others(void **state)
{
	struct zcb_plan plan, base;

	write_plan("{\"schema\":1,\"name\":\"more\",\"extends\":\"smoke\",\"memory\":[\"shmem\"],"
		   "\"params\":{\"pages\":32}}");
	make(file, &(struct zcb_plan_options){ 0 }, &plan);
	make("smoke", &(struct zcb_plan_options){ .memory = "shmem" }, &base);
	assert_string_equal(plan.name, "more");
	assert_int_equal(plan.n, base.n);
	assert_int_equal(plan.cell[0].params.pages, 32);
	assert_int_equal(plan.cell[0].params.frames, base.cell[0].params.frames);
	zcb_plan_finish(&plan);
	zcb_plan_finish(&base);
	expect_refused("{\"schema\":1,\"extends\":\"nosuch\"}", "nosuch");
	expect_refused("{\"schema\":1,\"extends\":7}", "extends");
	expect_refused("{\"schema\":1,\"extends\":\"nightly\"}", "extends one that extends");
}

/* Nothing to compare: no turns. */
static void turns_need_two_variants(void **state)
{
	struct zcb_plan plan;

	make("default", &(struct zcb_plan_options){ .kernels = "stock" }, &plan);
	assert_int_equal(plan.boots, 1);
	zcb_plan_finish(&plan);
	make("default", &(struct zcb_plan_options){ .variants = "invalidate" }, &plan);
	for (uint32_t i = 0; i < plan.n; i++)
		assert_int_equal(plan.cell[i].arm, 'A');
	zcb_plan_finish(&plan);
}

/* A guest is kept from cell to cell: within a boot each memory is one run of cells. */
static void memories_do_not_alternate(void **state)
{
	struct zcb_plan plan;
	uint32_t changes = 0;

	make("smoke", &(struct zcb_plan_options){ .kernels = "stock,variants", .boots = 2 }, &plan);
	assert_int_equal(plan.boots, 4); /* two of each kernel */
	for (uint32_t i = 1; i < plan.n; i++) {
		assert_true(plan.cell[i].boot >= plan.cell[i - 1].boot);
		changes += plan.cell[i].boot == plan.cell[i - 1].boot &&
			   plan.cell[i].memory != plan.cell[i - 1].memory;
	}
	assert_int_equal(changes, plan.boots);
	zcb_plan_finish(&plan);
}

static void same_seed_same_plan(void **state)
{
	struct zcb_plan one, two, other;

	make("default", &(struct zcb_plan_options){ .seed = 3 }, &one);
	make("default", &(struct zcb_plan_options){ .seed = 3 }, &two);
	make("default", &(struct zcb_plan_options){ .seed = 4 }, &other);
	assert_int_equal(one.n, two.n);
	for (uint32_t i = 0; i < one.n; i++) {
		assert_int_equal(one.cell[i].seed, two.cell[i].seed);
		assert_true(one.cell[i].seed != other.cell[i].seed);
	}
	zcb_plan_finish(&one);
	zcb_plan_finish(&two);
	zcb_plan_finish(&other);
}

static void options_filter(void **state)
{
	struct zcb_plan_options options = { .kernels = "stock", .memory = "hugetlb",
					    .workloads = "punch", .consumers = "oracle,mmap",
					    .boots = 3, .seconds = 9 };
	struct zcb_plan all, plan;

	make("default", &(struct zcb_plan_options){ .boots = 3 }, &all);
	make("default", &options, &plan);
	assert_int_equal(plan.boots, 3);
	assert_in_range(plan.n, 1, all.n - 1);
	for (uint32_t i = 0; i < plan.n; i++) {
		const struct zcb_cell *cell = &plan.cell[i];

		assert_string_equal(cell->kernel, "stock");
		assert_int_equal(cell->memory, ZCB_MEMORY_HUGETLB);
		assert_string_equal(cell->workload, "punch");
		assert_true(!strcmp(cell->consumer, "oracle") || !strcmp(cell->consumer, "mmap"));
		assert_int_equal(cell->params.seconds, 9);
	}
	zcb_plan_finish(&all);
	zcb_plan_finish(&plan);
}

static void params_of_a_cell_go_over_those_of_the_plan(void **state)
{
	struct zcb_plan plan;

	write_plan("{" HEAD SHMEM ",\"params\":{\"pages\":32,\"rounds\":5,\"pattern\":\"frame\"},"
		   "\"cells\":[" CELL ",{\"workload\":\"punch\",\"consumers\":[\"mmap\",\"null\"],"
		   "\"params\":{\"pages\":16,\"pattern\":\"random\",\"unit\":\"huge\",\"blocks\":2}}]}");
	make(file, &(struct zcb_plan_options){ 0 }, &plan);
	assert_int_equal(plan.n, 3);
	assert_int_equal(plan.cell[0].params.pages, 32);
	assert_int_equal(plan.cell[0].params.workload.pattern, ZCB_PATTERN_FRAME);
	assert_int_equal(plan.cell[0].params.workload.unit, ZCB_UNIT_PAGE);
	for (int i = 1; i < 3; i++) {
		assert_int_equal(plan.cell[i].params.pages, 16);
		assert_int_equal(plan.cell[i].params.rounds, 5);
		assert_int_equal(plan.cell[i].params.blocks, 2);
		assert_int_equal(plan.cell[i].params.workload.pattern, ZCB_PATTERN_RANDOM);
		assert_int_equal(plan.cell[i].params.workload.unit, ZCB_UNIT_HUGE);
	}
	zcb_plan_finish(&plan);
}

#define CELLS(cells) "{" HEAD SHMEM ",\"cells\":[" cells "]}"
#define PARAMS(params) "{" HEAD SHMEM ",\"params\":" params ",\"cells\":[" CELL "]}"

static void unknown_names_are_refused(void **state)
{
	expect_refused(CELLS("{\"workload\":\"pnuch\",\"consumers\":[\"mmap\"]}"), "\"pnuch\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[\"mmap\",\"mnap\"]}"), "\"mnap\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[\"mmap\"],\"memory\":[\"shmen\"]}"),
		       "\"shmen\"");
	expect_refused("{" HEAD ",\"memory\":[\"dax\"],\"cells\":[" CELL "]}", "\"dax\"");
	expect_refused("{\"schema\":1,\"kernels\":[\"stock\"],\"variants\":[\"magic\"],\"guests\":["
		       "\"linux\"]" SHMEM ",\"cells\":[" CELL "]}", "\"magic\"");
	expect_refused("{\"schema\":1,\"kernels\":[\"/no/such/kernel\"],\"variants\":[\"stock\"],"
		       "\"guests\":[\"linux\"]" SHMEM ",\"cells\":[" CELL "]}", "\"/no/such/kernel\"");
	expect_refused("{\"schema\":1,\"kernels\":[\"stock\"],\"variants\":[\"stock\"],\"guests\":["
		       "\"hurd\"]" SHMEM ",\"cells\":[" CELL "]}", "\"hurd\"");
}

static void unknown_members_are_refused(void **state)
{
	expect_refused(PARAMS("{\"pagges\":3}"), "\"pagges\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[\"mmap\"],\"parms\":{}}"),
		       "\"parms\"");
	expect_refused("{" HEAD SHMEM ",\"boot\":3,\"cells\":[" CELL "]}", "\"boot\"");
}

static void wrong_types_are_refused(void **state)
{
	expect_refused("{" HEAD ",\"cells\":[" CELL "]}", "lacks a list \"memory\"");
	expect_refused("{" HEAD ",\"memory\":\"shmem\",\"cells\":[" CELL "]}", "\"memory\"");
	expect_refused("{" HEAD ",\"memory\":[1],\"cells\":[" CELL "]}", "\"memory\"");
	expect_refused("{" HEAD ",\"memory\":[],\"cells\":[" CELL "]}", "\"memory\"");
	expect_refused("{" HEAD SHMEM ",\"cells\":{}}", "\"cells\"");
	expect_refused(CELLS("3"), "\"cells\"");
	expect_refused(CELLS("{\"workload\":3,\"consumers\":[\"mmap\"]}"), "\"workload\"");
	expect_refused(CELLS("{\"consumers\":[\"mmap\"]}"), "\"workload\"");
	expect_refused(CELLS("{\"workload\":\"punch\"}"), "\"consumers\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":\"mmap\"}"), "\"consumers\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[]}"), "\"consumers\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[null]}"), "\"consumers\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[\"mmap\"],\"memory\":\"shmem\"}"),
		       "\"memory\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[\"mmap\"],\"memory\":[1]}"),
		       "\"memory\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[\"mmap\"],\"params\":[]}"),
		       "\"params\"");
}

static void impossible_numbers_are_refused(void **state)
{
	expect_refused("{" HEAD SHMEM ",\"boots\":0,\"cells\":[" CELL "]}", "\"boots\"");
	expect_refused("{" HEAD SHMEM ",\"boots\":\"3\",\"cells\":[" CELL "]}", "\"boots\"");
	expect_refused("{" HEAD SHMEM ",\"boots\":-1,\"cells\":[" CELL "]}", "\"boots\"");
	expect_refused("{" HEAD SHMEM ",\"boots\":4294967297,\"cells\":[" CELL "]}", "\"boots\"");
	expect_refused(PARAMS("{\"pages\":0}"), "\"pages\"");
	expect_refused(PARAMS("{\"pages\":16385}"), "\"pages\"");
	expect_refused(PARAMS("{\"pages\":4294967297}"), "\"pages\"");
	expect_refused(PARAMS("{\"pages\":\"64\"}"), "\"pages\"");
	expect_refused(PARAMS("{\"pages\":6.4}"), "\"pages\"");
	expect_refused(PARAMS("{\"stride\":0}"), "\"stride\"");
	expect_refused(PARAMS("{\"pattern\":\"runs\",\"run\":5}"), "\"run\":5");
	expect_refused(PARAMS("{\"ram_mib\":193}"), "\"ram_mib\"");
	expect_refused(PARAMS("{\"ram_mib\":128,\"pages\":4096}"), "\"ram_mib\"");
	expect_refused(PARAMS("{\"pattern\":\"zigzag\"}"), "\"zigzag\"");
	expect_refused(PARAMS("{\"pattern\":7}"), "\"pattern\"");
	expect_refused(PARAMS("{\"unit\":\"byte\"}"), "\"byte\"");
	expect_refused(PARAMS("{\"unit\":\"huge\"}"), "\"blocks\"");
	expect_refused(PARAMS("{\"backing\":\"thp\"}"), "\"blocks\"");
	expect_refused(PARAMS("{\"blocks\":1,\"pages\":513}"), "513 pages");
}

static void plans_without_cells_are_refused(void **state)
{
	expect_refused("{" HEAD SHMEM ",\"cells\":[]}", "leave no cell");
	expect_refused("{" HEAD SHMEM "}", "\"cells\"");
	expect_refused(CELLS("{\"workload\":\"punch\",\"consumers\":[\"mmap\"],\"memory\":[\"hugetlb\"]}"),
		       "leave no cell");
	expect_option_refused((struct zcb_plan_options){ .consumers = "null" }, "leave no cell");
}

static void what_is_no_plan_is_refused(void **state)
{
	expect_refused("", file);
	expect_refused("stock", file);
	expect_refused("{\"schema\":1,", file);
	expect_refused("{\"schema\":1,\"schema\":1}", "duplicate");
	expect_refused("[]", "\"schema\"");
	expect_refused("{}", "\"schema\"");
	expect_refused("{\"schema\":2}", "\"schema\"");
	expect_refused("{\"schema\":1}", "\"kernels\"");
	expect_refused_with(&(struct zcb_plan_options){ 0 }, "/no/such/plan", "\"/no/such/plan\"");
	expect_refused_with(&(struct zcb_plan_options){ 0 }, "smok", "\"smok\"");
}

static void bad_options_are_refused(void **state)
{
	expect_option_refused((struct zcb_plan_options){ .workloads = "punch,pnuch" }, "\"pnuch\"");
	expect_option_refused((struct zcb_plan_options){ .consumers = "mnap" }, "\"mnap\"");
	expect_option_refused((struct zcb_plan_options){ .memory = "dax" }, "\"dax\"");
	expect_option_refused((struct zcb_plan_options){ .variants = "magic" }, "\"magic\"");
	expect_option_refused((struct zcb_plan_options){ .guests = "hurd" }, "\"hurd\"");
	expect_option_refused((struct zcb_plan_options){ .kernels = "" }, "\"kernels\"");
	expect_option_refused((struct zcb_plan_options){ .memory = "," }, "\"memory\"");
	expect_option_refused((struct zcb_plan_options){ .boots = 10001 }, "\"boots\"");
}

static void plan_survives_json(void **state)
{
	struct zcb_plan plan, again;
	struct zcb_error err = { "" };
	json_t *json, *second;
	char *text;

	make("default", &(struct zcb_plan_options){ .seed = 12345, .boots = 2 }, &plan);
	json = zcb_plan_to_json(&plan);
	text = json_dumps(json, 0); /* as it goes through the file */
	json_decref(json);
	json = json_loads(text, 0, NULL);
	free(text);
	if (zcb_plan_from_json(json, &again, &err))
		fail_msg("%s", err.text);
	assert_int_equal(again.n, plan.n);
	assert_int_equal(again.boots, plan.boots);
	assert_int_equal(again.seed, plan.seed);
	assert_string_equal(again.name, plan.name);
	second = zcb_plan_to_json(&again);
	assert_true(json_equal(json, second));
	for (uint32_t i = 0; i < plan.n; i++) {
		assert_int_equal(again.cell[i].seed, plan.cell[i].seed);
		assert_int_equal(again.cell[i].arm, plan.cell[i].arm);
		assert_memory_equal(&again.cell[i].params, &plan.cell[i].params,
				    sizeof(plan.cell[i].params));
	}
	json_decref(json);
	json_decref(second);
	zcb_plan_finish(&plan);
	zcb_plan_finish(&again);
}

/* Each member that is taken away, or made a list, must be missed; nothing may crash. */
static void damaged_cells_are_refused(void **state)
{
	static const char *const needed[] = { "index", "boot", "kernel", "arm", "variant", "memory",
					      "guest", "workload", "consumer", "params", "seed" };
	struct zcb_plan plan;

	make("smoke", &(struct zcb_plan_options){ 0 }, &plan);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		json_t *json = zcb_cell_to_json(&plan.cell[0]);
		struct zcb_cell cell;
		struct zcb_error err = { "" };

		assert_int_equal(zcb_cell_from_json(json, &cell, &err), 0);
		json_object_set_new(json, needed[i], json_array());
		assert_int_equal(zcb_cell_from_json(json, &cell, &err), -EINVAL);
		json_object_del(json, needed[i]);
		assert_int_equal(zcb_cell_from_json(json, &cell, &err), -EINVAL);
		assert_true(*err.text);
		json_decref(json);
	}
	zcb_plan_finish(&plan);
}

/* What is left out of a request is what a cell has without it. */
static void requests_are_the_cells(void **state)
{
	struct zcb_plan plan;

	make("nightly", &(struct zcb_plan_options){ 0 }, &plan);
	for (uint32_t i = 0; i < plan.n; i++) {
		json_t *request = zcb_cell_to_request(&plan.cell[i]), *before, *after;
		struct zcb_cell cell;
		struct zcb_error err = { "" };

		assert_int_equal(zcb_cell_from_json(request, &cell, &err), 0);
		assert_memory_equal(&cell.params, &plan.cell[i].params, sizeof(cell.params));
		before = zcb_cell_to_json(&plan.cell[i]);
		after = zcb_cell_to_json(&cell);
		assert_true(json_equal(before, after));
		json_decref(request);
		json_decref(before);
		json_decref(after);
	}
	zcb_plan_finish(&plan);
}

static void declared_expectations(void **state)
{
	struct zcb_cell cell = { .variant = "stock", .workload = "punch", .consumer = "mmap" };

	assert_string_equal(zcb_cell_expected(&cell), "stale");
	cell.memory = ZCB_MEMORY_HUGETLB;
	assert_string_equal(zcb_cell_expected(&cell), "zero-in-place");
	cell.params.workload.unit = ZCB_UNIT_HUGE;
	assert_string_equal(zcb_cell_expected(&cell), "stale");
	strcpy(cell.consumer, "oracle");
	assert_string_equal(zcb_cell_expected(&cell), "fresh");
	strcpy(cell.consumer, "null");
	assert_null(zcb_cell_expected(&cell));
	strcpy(cell.consumer, "mmap");
	strcpy(cell.workload, "idle");
	assert_string_equal(zcb_cell_expected(&cell), "fresh");
}

static void expect_event(const struct zcb_cell *cell, enum zcb_event event)
{
	assert_string_equal(zcb_event_name(zcb_cell_event(cell)), zcb_event_name(event));
}

/* The same params are another event on another memory, or without fault-around. */
static void events_follow_from_params(void **state)
{
	struct zcb_cell cell = { .variant = "update-nolock", .workload = "punch", .consumer = "mmap" };
	struct zcb_workload_params *params = &cell.params.workload;

	expect_event(&cell, ZCB_EVENT_FAULT);
	params->refill = ZCB_REFILL_VMM;
	expect_event(&cell, ZCB_EVENT_FAULT);
	params->refill = ZCB_REFILL_UFFD_COPY;
	expect_event(&cell, ZCB_EVENT_REFILL_UFFD);
	params->refill = ZCB_REFILL_UFFD_CONTINUE;
	expect_event(&cell, ZCB_EVENT_REFILL_UFFD);
	params->refill = ZCB_REFILL_OTHER;
	expect_event(&cell, ZCB_EVENT_REFILL_WRITE);
	params->touch = ZCB_TOUCH_READ;
	expect_event(&cell, ZCB_EVENT_REFILL_READ);
	assert_string_equal(zcb_cell_expected(&cell), "stale");
	cell.params.fault_around = 65536;
	expect_event(&cell, ZCB_EVENT_REFILL_READ);
	cell.params.fault_around = 4096;
	expect_event(&cell, ZCB_EVENT_REFILL_READ_FAULT);
	assert_string_equal(zcb_cell_expected(&cell), "stale-until-refill");
	cell.params.fault_around = 0;
	params->refill = ZCB_REFILL_FALLOCATE;
	expect_event(&cell, ZCB_EVENT_REFILL_READ_FAULT);
	params->touch = ZCB_TOUCH_NONE;
	expect_event(&cell, ZCB_EVENT_REFILL_ONLY);
	cell.memory = ZCB_MEMORY_HUGETLB;
	expect_event(&cell, ZCB_EVENT_ZEROED);
	params->unit = ZCB_UNIT_HUGE;
	params->touch = ZCB_TOUCH_READ;
	cell.params.fault_around = 0;
	expect_event(&cell, ZCB_EVENT_REFILL_READ_FAULT);
	strcpy(cell.workload, "idle");
	expect_event(&cell, ZCB_EVENT_NONE);
}

static void every_variant_declares_every_event(void **state)
{
	for (const struct zcb_variant *v = zcb_variants; v->name; v++)
		for (int event = 0; event < ZCB_EVENTS; event++) {
			assert_non_null(v->declares[event]);
			assert_non_null(zcb_event_name((enum zcb_event)event));
		}
}

static void expect_declared(const char *variant, enum zcb_reading reading, enum zcb_event event,
			    const char *word)
{
	assert_string_equal(zcb_variant_declares(zcb_variant_find(variant), reading, event), word);
}

static void what_is_kept_is_as_in_stock(void **state)
{
	expect_declared("update-ptl", ZCB_READS_MAPPING, ZCB_EVENT_FAULT, "stale-until-refill");
	expect_declared("update-ptl", ZCB_READS_TABLE, ZCB_EVENT_FAULT, "stale");
	expect_declared("update-ptl", ZCB_READS_DYNAMIC, ZCB_EVENT_FAULT, "stale");
	expect_declared("update-ptl", ZCB_READS_KEPT_VMAP, ZCB_EVENT_FAULT, "stale");
	expect_declared("invalidate", ZCB_READS_TABLE, ZCB_EVENT_FAULT, "stale");
	expect_declared("invalidate", ZCB_READS_DYNAMIC, ZCB_EVENT_FAULT, "lookup");
	expect_declared("invalidate", ZCB_READS_MAPPING, ZCB_EVENT_MIGRATE, "lookup");
	expect_declared("invalidate", ZCB_READS_KEPT_VMAP, ZCB_EVENT_MIGRATE, "refused");
	expect_declared("invalidate", ZCB_READS_KEPT_VMAP, ZCB_EVENT_ZEROED, "zero-in-place");
}

static void consumers_say_how_they_read(void **state)
{
	struct zcb_cell cell = { .variant = "invalidate", .workload = "punch", .consumer = "mmap" };

	assert_string_equal(zcb_cell_expected(&cell), "lookup");
	strcpy(cell.consumer, "attach-dynamic");
	assert_string_equal(zcb_cell_expected(&cell), "lookup");
	strcpy(cell.consumer, "attach");
	assert_string_equal(zcb_cell_expected(&cell), "stale");
	strcpy(cell.consumer, "attach-vmap");
	assert_string_equal(zcb_cell_expected(&cell), "stale");
	strcpy(cell.workload, "migrate-move-pages");
	assert_string_equal(zcb_cell_expected(&cell), "refused");
}

static void the_stock_kernel_has_one_variant(void **state)
{
	struct zcb_plan plan;

	make("smoke", &(struct zcb_plan_options){ .kernels = "stock,variants",
						  .variants = "stock,invalidate" }, &plan);
	for (uint32_t i = 0; i < plan.n; i++)
		if (!strcmp(plan.cell[i].kernel, "stock"))
			assert_string_equal(plan.cell[i].variant, "stock");
	zcb_plan_finish(&plan);
	expect_option_refused((struct zcb_plan_options){ .kernels = "stock", .variants = "invalidate" },
			      "--kernel variants");
}

#define PLAN_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(built_in_plans_expand),
		cmocka_unit_test(kernels_share_seeds),
		cmocka_unit_test_setup_teardown(guests_change_least, set_up, tear_down),
		cmocka_unit_test(variants_share_seeds),
		cmocka_unit_test(smoke_looks_at_both_memories),
		cmocka_unit_test(memories_do_not_alternate),
		cmocka_unit_test_setup_teardown(all_variants_have_turns, set_up, tear_down),
		cmocka_unit_test_setup_teardown(turns_need_two_variants, set_up, tear_down),
		cmocka_unit_test_setup_teardown(plans_extend_others, set_up, tear_down),
		cmocka_unit_test(same_seed_same_plan),
		cmocka_unit_test(options_filter),
		PLAN_TEST(params_of_a_cell_go_over_those_of_the_plan),
		PLAN_TEST(unknown_names_are_refused),
		PLAN_TEST(unknown_members_are_refused),
		PLAN_TEST(wrong_types_are_refused),
		PLAN_TEST(impossible_numbers_are_refused),
		PLAN_TEST(plans_without_cells_are_refused),
		PLAN_TEST(what_is_no_plan_is_refused),
		cmocka_unit_test(bad_options_are_refused),
		cmocka_unit_test(plan_survives_json),
		cmocka_unit_test(damaged_cells_are_refused),
		cmocka_unit_test(requests_are_the_cells),
		cmocka_unit_test(declared_expectations),
		cmocka_unit_test(events_follow_from_params),
		cmocka_unit_test(every_variant_declares_every_event),
		cmocka_unit_test(what_is_kept_is_as_in_stock),
		cmocka_unit_test(consumers_say_how_they_read),
		cmocka_unit_test(the_stock_kernel_has_one_variant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
