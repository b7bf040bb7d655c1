// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One page is taken away, comes back, and is read through the dma-buf, with the tracepoints of the
 * patches on: each must be there, end what it begins, and carry the number of the one operation.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "tests/kernel/export.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/reap.h"
#include "tests/kernel/scene.h"
#include "tests/kernel/stage.h"

#define TRACING "/sys/kernel/tracing/"
#define TRACE_MAX (4U << 20)

enum { SLOTS = 8, EVENTS = 9 };

/* What a variant must trace of one operation; pairs are named by what they enclose. */
static const struct expectation {
	const char *variant;
	const char *dispatch; /* the op that mm calls, NULL: mm tells nothing new */
	const char *event[EVENTS];
} expectations[] = {
	{"stock", NULL, {NULL}},
	{"update-nolock", "update_mapping", {"update_begin", "replace", "zap_begin", "zap_end",
					     "update_end"}},
	{"update-ptl", "update_mapping_ptl", {"update_begin", "replace", "update_end", "zap_begin",
					      "zap_end"}},
	{"change-pte", "change_pte", {"update_begin", "replace", "update_end", "zap_begin", "zap_end"}},
	{"update-lookup", "lookup_mapping", {"update_begin", "lookup_begin", "lookup_end", "replace",
					     "zap_begin", "zap_end", "update_end"}},
	{"update-seq", "update_mapping_seq", {"update_begin", "replace", "zap_begin", "zap_end",
					      "update_end"}},
	{"invalidate", NULL, {"invalidate_begin", "replace", "zap_begin", "zap_end",
			      "invalidate_end", "lookup_begin", "lookup_end"}},
};

static const struct expectation *expectation_of(const char *variant)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
		if (!strcmp(expectations[i].variant, variant))
			return &expectations[i];
	return NULL;
}

/* -- the trace */

static void trace(bool on)
{
	const char *text = on ? "1" : "0";

	if (zcb_write_text(TRACING "events/udmabuf/enable", text) ||
	    zcb_write_text(TRACING "events/mmu_notifier/enable", text))
		stage_problem("the kernel has no events of udmabuf and mmu_notifier");
}

/* What opens it to be overwritten has emptied it: tracing_open() in kernel/trace/trace.c. */
static int clear_trace(void)
{
	ZCB_CLOSE int fd = open(TRACING "trace", O_WRONLY | O_TRUNC | O_CLOEXEC);

	return fd < 0 ? -1 : 0;
}

/* The operation of the first line that tells of this event: "udmabuf_NAME: … op=N"; 0: none. */
static uint64_t first_op(const char *text, const char *event)
{
	char name[64];
	const char *line, *op;

	snprintf(name, sizeof(name), " udmabuf_%s: ", event);
	line = strstr(text, name);
	op = line ? strstr(line, " op=") : NULL;
	return op ? strtoull(op + 4, NULL, 10) : 0;
}

static bool has(const char *text, const char *event, uint64_t op)
{
	char name[64];
	size_t n = (size_t)snprintf(name, sizeof(name), " udmabuf_%s: ", event);

	for (const char *line = strstr(text, name); line; line = strstr(line + n, name)) {
		const char *found = strstr(line, " op=");

		if (found && strtoull(found + 4, NULL, 10) == op)
			return true;
	}
	return false;
}

static bool tells_dispatch(const char *text, const char *op, const char *edge)
{
	char words[96];

	snprintf(words, sizeof(words), " mmu_notifier_update_%s: %s mm=", edge, op);
	return strstr(text, words) != NULL;
}

/* What the trace lacks, or NULL. */
static const char *lack(const char *text, const struct expectation *wanted)
{
	uint64_t op = first_op(text, "replace");

	if (!wanted->event[0])
		return strstr(text, " udmabuf_") ? "no silence" : NULL;
	if (wanted->dispatch && (!tells_dispatch(text, wanted->dispatch, "begin") ||
				 !tells_dispatch(text, wanted->dispatch, "end")))
		return wanted->dispatch;
	for (int i = 0; i < EVENTS && wanted->event[i]; i++)
		if (!op || !has(text, wanted->event[i], op))
			return wanted->event[i];
	return NULL;
}

/* -- the checks, each of which a trace that lacks it must fail */

static void drop_event(char *text, const char *event)
{
	char name[64];
	char *at;

	snprintf(name, sizeof(name), " udmabuf_%s: ", event);
	while ((at = strstr(text, name)))
		at[1] = 'x';
}

static void plant(const char *text, const struct expectation *wanted)
{
	for (int i = 0; i < EVENTS && wanted->event[i]; i++) {
		ZCB_FREE char *doctored = strdup(text);

		if (!doctored)
			return stage_problem("no memory for a copy of the trace");
		drop_event(doctored, wanted->event[i]);
		if (!lack(doctored, wanted))
			stage_problem("a trace without udmabuf_%s is not found out", wanted->event[i]);
	}
}

static void check(const struct expectation *wanted)
{
	ZCB_FREE char *text = NULL;
	const char *missing;

	if (zcb_read_file(AT_FDCWD, TRACING "trace", TRACE_MAX, &text, NULL))
		return stage_problem("the trace cannot be read");
	missing = lack(text, wanted);
	if (missing)
		return stage_problem("the trace of an operation lacks %s", missing);
	plant(text, wanted);
	tally(TALLY_steps);
}

/* -- what is traced */

static uint64_t sum(char *map)
{
	uint64_t word = 0, all = 0;

	for (uint32_t i = 0; i < SLOTS; i++)
		if (guard_read(stamp_in(map, i, false), &word))
			all += word;
	return all;
}

static void take_and_bring_back(struct ram *ram, const struct export *export, char *map)
{
	uint32_t unit = ram->memory->unit_pages, first = export->page[0] / unit * unit;

	if (ram_punch(ram, (struct range){first, unit}))
		stage_problem("no hole could be punched: %m");
	guard_write(stamp_in(ram->map, export->page[0], false), stamp_of(export->page[0], 1));
	export_sync(export->fd, false);
	sum(map);
	export_sync(export->fd, true);
}

static void trace_one(const struct scene *scene, struct ram *ram, struct export *export)
{
	char *map = mmap(NULL, SLOTS * RAM_PAGE, PROT_READ, MAP_SHARED, export->fd, 0);

	if (map == MAP_FAILED)
		return stage_problem("the dma-buf cannot be mapped: %m");
	sum(map);
	if (clear_trace())
		return stage_problem("the trace cannot be cleared: %m");
	trace(true);
	take_and_bring_back(ram, export, map);
	trace(false);
	munmap(map, SLOTS * RAM_PAGE);
	check(expectation_of(scene->variant));
}

static void play(struct scene *scene)
{
	struct export export = {.n = SLOTS};
	struct ram ram;

	guard_install();
	if (ram_open(scene->memory, &ram))
		_exit(1);
	for (uint32_t i = 0; i < SLOTS; i++) {
		export.page[i] = 2 * i + 1;
		guard_write(stamp_in(ram.map, export.page[i], false), stamp_of(export.page[i], 0));
	}
	if (export_pages(&ram, &export))
		stage_problem("no udmabuf: %m");
	else
		trace_one(scene, &ram, &export);
	_exit(0);
}

void scene_trace(struct scene *scene)
{
	static const enum tally wanted[] = {TALLY_steps, TALLIES};
	pid_t vmm;

	if (!expectation_of(scene->variant))
		return stage_problem("nothing is declared of the variant %s", scene->variant);
	vmm = zcb_fork();
	if (!vmm)
		play(scene);
	reap_sound(vmm, "the VMM");
	stage_demand(wanted);
}
