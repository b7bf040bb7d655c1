// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's tracefs: an instance, the events in it, and what they say. There is one trace at a time, so
 * its names are fixed, and whoever comes after a process that died finds what that has left.
 */
#include "bench/probes/trace.h"

#include <errno.h>
#include <event-parse.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/probes/lost.h"

#define NAME "zcbench"		 /* of the instance, and the group of probed functions */
#define HELD "zcbench-held"	 /* an instance that records nothing */
#define MAX_KINDS (2 * ZCB_PROBE_WAYS * ZCB_PROBE_SOURCES)

/** An event of the kernel that is recorded. */
struct kind {
	int id;
	uint8_t source;
	bool ends;
	struct tep_format_field *value[2], *buffer;
};

struct zcb_trace {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	struct zcb_trace_source source[ZCB_PROBE_SOURCES];
	struct kind kind[MAX_KINDS];
	unsigned int kinds;
	uint64_t missed_before; /* of probed functions, which may have been probed before this trace */
	/* While events are taken: */
	struct zcb_probe_event *event;
	size_t n, room;
	int error;
};

/* -- what there is */

static bool has_event(const char *system, const char *event)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/events/%s/%s/id", tracefs_tracing_dir(), system, event);
	return access(path, R_OK) == 0;
}

static const char *system_of(const struct zcb_probe_way *way)
{
	return way->function ? NAME : way->system;
}

/* A function that is inlined, or of another kernel, has no name in there. */
static unsigned int count_functions(const char *function)
{
	ZCB_FCLOSE FILE *f = fopen("/proc/kallsyms", "re");
	char line[512], name[256];
	unsigned int n = 0;

	while (f && fgets(line, sizeof(line), f))
		n += sscanf(line, "%*s %*s %255s", name) == 1 && !strcmp(name, function);
	return n;
}

static int probe_function(const struct zcb_probe_way *way, struct zcb_trace_source *source)
{
	char begin[128], end[128];
	unsigned int n = count_functions(way->function);

	if (n != 1) {
		snprintf(source->reason, sizeof(source->reason), n ? "%s() is there %u times" : "%s() is not there",
			 way->function, n);
		return -ENOENT;
	}
	zcb_probe_name_events(way, begin, end, sizeof(begin));
	if (has_event(NAME, begin) && has_event(NAME, end)) /* held */
		return 0;
	if (tracefs_kprobe_raw(NAME, begin, way->function, way->fetch) < 0 ||
	    tracefs_kretprobe_raw(NAME, end, way->function, "result=$retval:x64") < 0) {
		snprintf(source->reason, sizeof(source->reason), "%s() cannot be probed: %s", way->function,
			 strerror(errno));
		return -errno;
	}
	return 0;
}

static bool way_is_there(const struct zcb_probe_way *way, struct zcb_trace_source *source)
{
	if (way->function)
		return probe_function(way, source) == 0;
	return has_event(way->system, way->begin) && has_event(way->system, way->end);
}

static void say_how(const struct zcb_probe_way *way, struct zcb_trace_source *source)
{
	size_t n = strlen(source->by);
	const char *before = n ? ", " : "";

	if (way->function)
		snprintf(source->by + n, sizeof(source->by) - n, "%skprobe %s", before, way->function);
	else
		snprintf(source->by + n, sizeof(source->by) - n, "%s%s:%s", before, way->system, way->begin);
}

/* Calls a step for each way of each source. */
static void for_each_way(struct zcb_trace *trace,
			 void (*step)(struct zcb_trace *trace, uint8_t source, const struct zcb_probe_way *way))
{
	for (uint8_t s = 0; s < ZCB_PROBE_SOURCES; s++)
		for (unsigned int w = 0; w < ZCB_PROBE_WAYS; w++)
			if (zcb_probe_sources[s].way[w].function || zcb_probe_sources[s].way[w].begin)
				step(trace, s, &zcb_probe_sources[s].way[w]);
}

static void look_for(struct zcb_trace *trace, uint8_t s, const struct zcb_probe_way *way)
{
	struct zcb_trace_source *source = &trace->source[s];

	if (!way_is_there(way, source))
		return;
	source->there = true;
	say_how(way, source);
}

/* -- the events */

static void add_kind(struct zcb_trace *trace, uint8_t source, const struct zcb_probe_way *way,
		     const char *name, bool ends)
{
	struct tep_event *event = tep_find_event_by_name(trace->tep, system_of(way), name);
	struct kind *kind = &trace->kind[trace->kinds];

	if (!event || tracefs_event_enable(trace->instance, system_of(way), name) < 0)
		return;
	*kind = (struct kind){ .id = event->id, .source = source, .ends = ends };
	for (int i = 0; i < 2; i++) {
		const char *field = ends ? (i == 0 && way->function ? "result" : NULL) : way->value[i];

		if (field)
			kind->value[i] = tep_find_field(event, field);
	}
	if (!ends && way->buffer)
		kind->buffer = tep_find_field(event, way->buffer);
	trace->kinds++;
}

static void enable(struct zcb_trace *trace, uint8_t source, const struct zcb_probe_way *way)
{
	char begin[128], end[128];

	zcb_probe_name_events(way, begin, end, sizeof(begin));
	add_kind(trace, source, way, begin, false);
	add_kind(trace, source, way, end, true);
}

/* Both the begin and the end: one of them alone is of no use. */
static void check_enabled(struct zcb_trace *trace)
{
	for (uint8_t s = 0; s < ZCB_PROBE_SOURCES; s++) {
		struct zcb_trace_source *source = &trace->source[s];
		unsigned int begins = 0, ends = 0;

		for (unsigned int i = 0; i < trace->kinds; i++) {
			begins += trace->kind[i].source == s && !trace->kind[i].ends;
			ends += trace->kind[i].source == s && trace->kind[i].ends;
		}
		if (source->there && (begins != ends || !begins)) {
			source->there = false;
			snprintf(source->reason, sizeof(source->reason), "%s: its events cannot be enabled", source->by);
		}
		if (!source->there && !*source->reason)
			snprintf(source->reason, sizeof(source->reason), "%s", zcb_probe_sources[s].lacks);
	}
}

static int set_up(struct zcb_trace *trace, struct zcb_error *err)
{
	static const char *const systems[] = { NAME, "udmabuf", "mmu_notifier", "kvm", NULL };

	for_each_way(trace, look_for);
	trace->tep = tracefs_local_events_system(tracefs_tracing_dir(), systems);
	if (!trace->tep)
		return zcb_fail(err, -EIO, "kernel: the formats of its trace events cannot be read: %m");
	tracefs_trace_off(trace->instance);
	/* The clock of all other times of a cell (trace_clock, Documentation/trace/ftrace.rst). */
	if (tracefs_instance_file_write(trace->instance, "trace_clock", "mono") < 0)
		return zcb_fail(err, -EIO, "kernel: the trace's clock cannot be CLOCK_MONOTONIC: %m");
	for_each_way(trace, enable);
	check_enabled(trace);
	return 0;
}

static int open_instance(const char *name, struct zcb_trace **ret_trace, struct zcb_error *err)
{
	struct zcb_trace *trace;
	int ret;

	tracefs_set_loglevel(TEP_LOG_NONE);
	if (!tracefs_tracing_dir())
		return zcb_fail(err, -EOPNOTSUPP, "kernel: no tracefs: mount -t tracefs none /sys/kernel/tracing");
	zcb_trace_sweep();
	trace = calloc(1, sizeof(*trace));
	if (!trace)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a trace");
	trace->instance = tracefs_instance_create(name);
	ret = trace->instance ? set_up(trace, err) :
				zcb_fail(err, -EOPNOTSUPP, "kernel: no trace instance of our own: %m");
	if (ret) {
		zcb_trace_close(trace);
		return ret;
	}
	*ret_trace = trace;
	return 0;
}

int zcb_trace_open(uint32_t kib, struct zcb_trace **ret_trace, struct zcb_error *err)
{
	int ret = open_instance(NAME, ret_trace, err);

	if (ret)
		return ret;
	tracefs_instance_set_buffer_size((*ret_trace)->instance, kib, -1);
	(*ret_trace)->missed_before = zcb_lost_calls();
	return 0;
}

int zcb_trace_hold(struct zcb_trace **ret_held, struct zcb_error *err)
{
	return open_instance(HELD, ret_held, err);
}

const struct zcb_trace_source *zcb_trace_source(const struct zcb_trace *trace, enum zcb_probe_source source)
{
	return &trace->source[source];
}

void zcb_trace_record(struct zcb_trace *trace, bool on)
{
	if (on)
		tracefs_trace_on(trace->instance);
	else
		tracefs_trace_off(trace->instance);
}

/* -- what was recorded */

static const struct kind *find_kind(const struct zcb_trace *trace, int id)
{
	for (unsigned int i = 0; i < trace->kinds; i++)
		if (trace->kind[i].id == id)
			return &trace->kind[i];
	return NULL;
}

static int make_room(struct zcb_trace *trace)
{
	size_t room = trace->room ? trace->room * 2 : 4096;
	struct zcb_probe_event *grown;

	if (trace->n < trace->room)
		return 0;
	grown = reallocarray(trace->event, room, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	trace->event = grown;
	trace->room = room;
	return 0;
}

static uint64_t number_in(struct tep_format_field *field, const struct tep_record *record)
{
	unsigned long long value = 0;

	if (field)
		tep_read_number_field(field, record->data, &value);
	return value;
}

/* Called by libtracefs for each event. */
static int take_one(struct tep_event *event, struct tep_record *record, int cpu, void *opaque)
{
	struct zcb_trace *trace = opaque;
	const struct kind *kind = find_kind(trace, event->id);
	struct zcb_probe_event *taken;

	if (!kind)
		return 0;
	trace->error = make_room(trace);
	if (trace->error)
		return -1;
	taken = &trace->event[trace->n++];
	*taken = (struct zcb_probe_event){ .at_ns = record->ts, .task = tep_data_pid(trace->tep, record),
					   .source = kind->source, .ends = kind->ends };
	for (int i = 0; i < 2; i++)
		taken->value[i] = number_in(kind->value[i], record);
	taken->buffer = number_in(kind->buffer, record);
	return 0;
}

int zcb_trace_take(struct zcb_trace *trace, struct zcb_probe_event **ret_events, size_t *ret_n)
{
	trace->event = NULL;
	trace->n = trace->room = 0;
	trace->error = 0;
	/* It says -1 where there was nothing to read, too. */
	tracefs_iterate_raw_events(trace->tep, trace->instance, NULL, 0, take_one, trace);
	if (trace->error) {
		free(zcb_steal_ptr(&trace->event));
		return trace->error;
	}
	*ret_events = zcb_steal_ptr(&trace->event);
	*ret_n = trace->n;
	return 0;
}

uint64_t zcb_trace_lost(const struct zcb_trace *trace)
{
	return zcb_lost_events(trace->instance) + zcb_lost_calls() - trace->missed_before;
}

/* -- the end */

void zcb_trace_close(struct zcb_trace *trace)
{
	if (!trace)
		return;
	if (trace->instance) {
		tracefs_trace_off(trace->instance);
		tracefs_event_disable(trace->instance, NULL, NULL);
		tracefs_instance_destroy(trace->instance);
		tracefs_instance_free(trace->instance);
	}
	if (trace->tep)
		tep_free(trace->tep);
	free(trace);
	zcb_trace_sweep();
}

static void remove_probes(void)
{
	struct tracefs_dynevent **all = tracefs_dynevent_get_all(
		TRACEFS_DYNEVENT_KPROBE | TRACEFS_DYNEVENT_KRETPROBE, NAME);

	for (size_t i = 0; all && all[i]; i++)
		tracefs_dynevent_destroy(all[i], true);
	tracefs_dynevent_list_free(all);
}

void zcb_trace_sweep(void)
{
	tracefs_set_loglevel(TEP_LOG_NONE);
	if (!tracefs_tracing_dir())
		return;
	if (tracefs_instance_exists(NAME)) {
		struct tracefs_instance *left = tracefs_instance_create(NAME);

		tracefs_event_disable(left, NULL, NULL);
		tracefs_instance_destroy(left);
		tracefs_instance_free(left);
	}
	/* Those that are held are in use. */
	if (!tracefs_instance_exists(HELD))
		remove_probes();
}
