// SPDX-License-Identifier: GPL-2.0-or-later
/* Spans and samples out of traces: recorded ones, and the same with faults planted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/probes/join.h"
#include "bench/probes/lost.h"
#include "tests/unit/probe-traces.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define VMM_THREAD 49
#define BUFFER 7

/** A trace that is played: a copy, into which faults can be planted. */
struct play {
	struct zcb_probe_event event[256];
	size_t n;
	uint64_t struck_ns;
	struct zcb_spans spans;
	struct zcb_recorder recorder;
	uint64_t next; /* operation */
	bool nobody_is_vmm;
};

static void load(struct play *play, const struct zcb_probe_event *event, size_t n, uint64_t struck_ns)
{
	assert_true(n <= COUNT(play->event));
	memset(play, 0, sizeof(*play));
	memcpy(play->event, event, n * sizeof(*event));
	play->n = n;
	play->struck_ns = struck_ns;
}

static void load_update(struct play *play)
{
	load(play, trace_update, COUNT(trace_update), TRACE_UPDATE_STRUCK);
}

static void load_invalidate(struct play *play)
{
	load(play, trace_invalidate, COUNT(trace_invalidate), TRACE_INVALIDATE_STRUCK);
}

static bool is_vmm_thread(const struct zcb_mapped_ram *ram, pid_t thread)
{
	return thread == VMM_THREAD;
}

static void run(struct play *play)
{
	static const zcb_memfd_off page[] = TRACE_PAGES;
	static const uint64_t operation[] = { 2, 0, 0, 0 };
	struct zcb_probes_scene scene = { .page = page, .pages = COUNT(page), .operation = operation,
					  .buffer = BUFFER, .struck_ns = play->struck_ns, .next = &play->next };
	struct zcb_mapped_ram ram = { .n = 1, .range = { { TRACE_RAM, TRACE_RAM + TRACE_RAM_BYTES, { 0 } } } };
	struct zcb_join join = { .scene = &scene, .ram = &ram, .ram_below_4g = TRACE_RAM_BYTES,
				 .is_vmm = is_vmm_thread };

	play->next = 100;
	assert_int_equal(zcb_spans_make(play->event, play->n, &play->spans), 0);
	for (const struct zcb_probe_metric *metric = zcb_probe_metrics; metric->name; metric++)
		assert_int_equal(zcb_join(&join, metric, &play->spans, &play->recorder), 0);
}

static void end(struct play *play)
{
	zcb_recorder_finish(&play->recorder);
	zcb_spans_finish(&play->spans);
}

static const struct zcb_series *series(const struct play *play, const char *metric)
{
	for (uint32_t i = 0; i < play->recorder.n; i++)
		if (!strcmp(play->recorder.series[i].metric, metric))
			return &play->recorder.series[i];
	return NULL;
}

/** A metric of a round that has one sample of it, under the punch's id. */
struct figure {
	const char *metric;
	uint64_t ns;
};

static void expect_figures(const struct play *play, const struct figure *figure, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct zcb_series *s = series(play, figure[i].metric);

		if (!s)
			fail_msg("no %s", figure[i].metric);
		if (s->n != 1 || s->sample[0].value != figure[i].ns || s->sample[0].operation != 2)
			fail_msg("%s: %" PRIu64 " samples, the first %" PRIu64 " ns of operation %" PRIu64,
				 figure[i].metric, s->n, s->sample[0].value, s->sample[0].operation);
	}
	assert_int_equal(play->recorder.n, n); /* and nothing else */
}

/* By hand, from the trace's times. */
static const struct figure update_figures[] = {
	{ "notifier.update", 10894817574 - 10894260111 },
	{ "notifier.dispatch", 10878837291 - 10877785528 },
	{ "notifier.dispatch.own", 10878837291 - 10877785528 },
	{ "notifier.came", 10894841971 - 10894043717 },
	{ "notifier.came.own", (10894841971 - 10894043717) - (10894817574 - 10894260111) },
	{ "udmabuf.zap", 10895778892 - 10895376350 },
	{ "fault.kvm", 10897192086 - 10893715125 },
	{ "fault.consumer", 93570 },
};
static const struct figure invalidate_figures[] = {
	{ "notifier.invalidate", 14845890853 - 14845562702 },
	{ "notifier.dispatch", 14846024753 - 14845269543 },
	{ "notifier.dispatch.own", (14846024753 - 14845269543) - (14845890853 - 14845562702) },
	{ "udmabuf.zap", 14845789882 - 14845729922 },
	{ "udmabuf.lookup", 14852491787 - 14846614605 },
	{ "fault.kvm", 14853847795 - 14853685242 },
	{ "fault.consumer", 6746702 },
};

static void test_recorded(void **state)
{
	struct play play;

	load_update(&play);
	run(&play);
	expect_figures(&play, update_figures, COUNT(update_figures));
	end(&play);
	load_invalidate(&play);
	run(&play);
	expect_figures(&play, invalidate_figures, COUNT(invalidate_figures));
	end(&play);
}

/* CPUs are read one after the other, and a task may have run on both: here, on each other event. */
static void test_cpus_out_of_order(void **state)
{
	struct zcb_probe_event event[256];
	struct play play;
	size_t n = 0;

	load_update(&play);
	for (size_t cpu = 0; cpu < 2; cpu++)
		for (size_t i = cpu; i < play.n; i += 2)
			event[n++] = play.event[i];
	memcpy(play.event, event, n * sizeof(event[0]));
	run(&play);
	expect_figures(&play, update_figures, COUNT(update_figures));
	end(&play);
}

static size_t find(const struct play *play, uint8_t source, bool ends)
{
	for (size_t i = 0; i < play->n; i++)
		if (play->event[i].source == source && play->event[i].ends == ends)
			return i;
	fail_msg("no such event in the trace");
	return 0;
}

static void take_out(struct play *play, uint8_t source, bool ends)
{
	size_t i = find(play, source, ends);

	memmove(&play->event[i], &play->event[i + 1], (--play->n - i) * sizeof(play->event[0]));
}

/* Its own metric is gone; what it is inside of, and all else, stays. */
static void test_end_is_missing(void **state)
{
	struct play play;

	load_update(&play);
	take_out(&play, ZCB_PROBE_UPDATE, true);
	run(&play);
	assert_null(series(&play, "notifier.update"));
	assert_int_equal(play.spans.unended[ZCB_PROBE_UPDATE], 1);
	assert_int_equal(series(&play, "notifier.came")->sample[0].value, 10894841971 - 10894043717);
	assert_int_equal(series(&play, "fault.kvm")->sample[0].value, 10897192086 - 10893715125);
	end(&play);
}

static void test_begin_is_missing(void **state)
{
	struct play play;

	load_invalidate(&play);
	take_out(&play, ZCB_PROBE_INVALIDATE, false);
	run(&play);
	assert_null(series(&play, "notifier.invalidate"));
	assert_int_equal(play.spans.unbegun[ZCB_PROBE_INVALIDATE], 1);
	assert_int_equal(series(&play, "notifier.dispatch")->sample[0].value, 14846024753 - 14845269543);
	end(&play);
}

/* A vCPU is entered again and again: that none of those is preceded by a fault means nothing. */
static void test_entries_without_a_fault(void **state)
{
	struct play play;

	load_update(&play);
	run(&play);
	assert_int_equal(play.spans.unbegun[ZCB_PROBE_VCPU_FAULT], 0);
	end(&play);
}

static const struct zcb_probe_event nested[] = {
	{ 10, 5, ZCB_PROBE_WALK, false }, { 20, 5, ZCB_PROBE_WALK, false },
	{ 25, 6, ZCB_PROBE_WALK, false }, /* of another task, and of no concern */
	{ 50, 5, ZCB_PROBE_WALK, true },  { 90, 6, ZCB_PROBE_WALK, true },
	{ 100, 5, ZCB_PROBE_WALK, true },
};

static void test_two_nested(void **state)
{
	struct play play;

	load(&play, nested, COUNT(nested), 0);
	assert_int_equal(zcb_spans_make(play.event, play.n, &play.spans), 0);
	assert_int_equal(play.spans.n, 3);
	assert_int_equal(play.spans.span[0].end_ns, 100);
	assert_int_equal(play.spans.span[0].inner_ns, 30);
	assert_int_equal(play.spans.span[1].end_ns, 50);
	assert_int_equal(play.spans.span[1].around, 0);
	assert_int_equal(play.spans.span[2].end_ns, 90);
	assert_int_equal(play.spans.span[2].around, ZCB_NO_SPAN);
	end(&play);
}

/* What has the same time stays in order: a span of no length, and one that follows another at once. */
static void test_same_time(void **state)
{
	static const struct zcb_probe_event event[] = {
		{ 10, 5, ZCB_PROBE_ZAP, false }, { 10, 5, ZCB_PROBE_ZAP, true },
		{ 10, 5, ZCB_PROBE_LOOKUP, false }, { 20, 5, ZCB_PROBE_LOOKUP, true },
		{ 20, 5, ZCB_PROBE_ZAP, false }, { 30, 5, ZCB_PROBE_ZAP, true },
	};
	struct play play;

	load(&play, event, COUNT(event), 0);
	assert_int_equal(zcb_spans_make(play.event, play.n, &play.spans), 0);
	assert_int_equal(play.spans.n, 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(play.spans.span[i].around, ZCB_NO_SPAN);
		assert_true(play.spans.span[i].end_ns > 0);
	}
	assert_int_equal(play.spans.unended[ZCB_PROBE_ZAP] + play.spans.unbegun[ZCB_PROBE_ZAP], 0);
	end(&play);
}

/* Only the last fault before an entry is answered by it. */
static void test_vcpu_faults_twice(void **state)
{
	static const struct zcb_probe_event event[] = {
		{ 10, VMM_THREAD, ZCB_PROBE_VCPU_FAULT, false, .value = { 0x204000 } },
		{ 20, VMM_THREAD, ZCB_PROBE_VCPU_FAULT, false, .value = { 0x205000 } },
		{ 50, VMM_THREAD, ZCB_PROBE_VCPU_FAULT, true },
	};
	static const struct figure figures[] = { { "fault.kvm", 30 } };
	struct play play;

	load(&play, event, COUNT(event), 0);
	run(&play);
	expect_figures(&play, figures, 1);
	assert_int_equal(play.spans.unended[ZCB_PROBE_VCPU_FAULT], 1);
	end(&play);
}

#define RETRY 0x400
#define FROM_USER 0x40

/* A fault that the kernel tried again is one; the page's own address decides, and who faulted. */
static void test_fault_tried_again(void **state)
{
	static const struct zcb_probe_event event[] = {
		{ 10, VMM_THREAD, ZCB_PROBE_FAULT, false, .value = { TRACE_RAM + 0x205010, FROM_USER } },
		{ 20, VMM_THREAD, ZCB_PROBE_FAULT, true, .value = { RETRY } },
		{ 30, VMM_THREAD, ZCB_PROBE_FAULT, false, .value = { TRACE_RAM + 0x205010, FROM_USER } },
		{ 70, VMM_THREAD, ZCB_PROBE_FAULT, true },
		/* The cell's mapping is at the same address; and this is KVM's own. */
		{ 80, 52, ZCB_PROBE_FAULT, false, .value = { TRACE_RAM + 0x205010, FROM_USER } },
		{ 85, 52, ZCB_PROBE_FAULT, true },
		{ 90, VMM_THREAD, ZCB_PROBE_FAULT, false, .value = { TRACE_RAM + 0x205010 } },
		{ 95, VMM_THREAD, ZCB_PROBE_FAULT, true },
	};
	static const struct figure figures[] = { { "fault.vmm.kernel", 60 } };
	struct play play;

	load(&play, event, COUNT(event), 0);
	run(&play);
	expect_figures(&play, figures, 1);
	end(&play);
	load(&play, event, COUNT(event), 0);
	play.event[2].value[0] = TRACE_RAM + 0x204010;
	run(&play);
	assert_int_equal(series(&play, "fault.vmm.kernel")->sample[0].value, 10);
	end(&play);
}

/* Of a huge page the pages of the frame that it has share one operation; others have ids of their own. */
static void test_ranges(void **state)
{
	static const struct zcb_probe_event event[] = {
		{ 10, 5, ZCB_PROBE_WALK, false, .value = { TRACE_RAM + 0x200000, TRACE_RAM + 0x400000 } },
		{ 30, 5, ZCB_PROBE_WALK, true },
		{ 40, 5, ZCB_PROBE_WALK, false, .value = { TRACE_RAM + 0x208000, TRACE_RAM + 0x209000 } },
		{ 50, 5, ZCB_PROBE_WALK, true },
		{ 60, 5, ZCB_PROBE_WALK, false, .value = { 0x1000, 0x2000 } },
		{ 70, 5, ZCB_PROBE_WALK, true },
	};
	const struct zcb_series *s;
	struct play play;

	load(&play, event, COUNT(event), 0);
	run(&play);
	s = series(&play, "notifier.dispatch");
	assert_int_equal(s->n, 2);
	assert_int_equal(s->sample[0].operation, 2);
	assert_true(s->sample[1].operation >= 100);
	end(&play);
}

/* Other udmabufs of the VMM are told of the same page, and their slots are not the frame's. */
static void test_other_buffers(void **state)
{
	static const struct zcb_probe_event event[] = {
		{ .at_ns = 10, .source = ZCB_PROBE_WALK_UPDATE, .value = { TRACE_RAM + 0x205000, 1 } },
		{ .at_ns = 20, .source = ZCB_PROBE_UPDATE, .value = { TRACE_RAM + 0x205000, 1 }, .buffer = 6 },
		{ .at_ns = 30, .source = ZCB_PROBE_UPDATE, .ends = true },
		{ .at_ns = 40, .source = ZCB_PROBE_UPDATE, .value = { TRACE_RAM + 0x205000, 1 }, .buffer = BUFFER },
		{ .at_ns = 70, .source = ZCB_PROBE_UPDATE, .ends = true },
		{ .at_ns = 90, .source = ZCB_PROBE_WALK_UPDATE, .ends = true },
		{ .at_ns = 100, .source = ZCB_PROBE_ZAP, .value = { 0, 1 }, .buffer = 6 },
		{ .at_ns = 110, .source = ZCB_PROBE_ZAP, .ends = true },
	};
	static const struct figure figures[] = {
		{ "notifier.update", 30 }, { "notifier.came", 80 }, { "notifier.came.own", 40 },
	};
	struct play play;

	load(&play, event, COUNT(event), 0);
	run(&play);
	expect_figures(&play, figures, COUNT(figures));
	end(&play);
}

static void test_lost_events(void **state)
{
	static const struct zcb_probes_seen sound = { .by = "a", .unended = 1 }, lossy = { .by = "a", .lost = 3 },
					    none = { .lacks = "kernel: no" };
	static const char sound_stats[] = "entries: 9\noverrun: 0\ncommit overrun: 0\nbytes: 5\n"
					  "oldest event ts: 1.0\nnow ts: 2.0\ndropped events: 0\nread events: 7\n";
	static const char lossy_stats[] = "entries: 9\noverrun: 1\ncommit overrun: 20\nbytes: 5\n"
					  "oldest event ts: 1.0\nnow ts: 2.0\ndropped events: 300\nread events: 7\n";
	char profile[] = "  handle_mm_fault      12      0\n  handle_mm_fault_return     12     4\n"
			 "  of_somebody_else     12      9\n";
	struct play play;
	json_t *json;

	assert_int_equal(zcb_lost_in_stats(sound_stats), 0);
	assert_int_equal(zcb_lost_in_stats(lossy_stats), 321);
	assert_int_equal(zcb_lost_in_profile(profile), 4);
	load_update(&play);
	run(&play);
	json = zcb_probes_judge(&zcb_probe_metrics[1], &sound, &play.recorder);
	assert_string_equal(json_string_value(json_object_get(json, "state")), "measured");
	assert_non_null(series(&play, "notifier.update"));
	json_decref(json);
	json = zcb_probes_judge(&zcb_probe_metrics[1], &lossy, &play.recorder);
	assert_string_equal(json_string_value(json_object_get(json, "state")), "invalid");
	assert_int_equal(json_integer_value(json_object_get(json, "lost")), 3);
	assert_null(series(&play, "notifier.update"));
	expect_figures(&play, update_figures + 1, COUNT(update_figures) - 1);
	json_decref(json);
	json = zcb_probes_judge(&zcb_probe_metrics[1], &none, &play.recorder);
	assert_string_equal(json_string_value(json_object_get(json, "state")), "unavailable");
	json_decref(json);
	end(&play);
}

/* Each metric has a source that can be seen, and a name that fits its file. */
static void test_rows(void **state)
{
	for (const struct zcb_probe_metric *metric = zcb_probe_metrics; metric->name; metric++) {
		assert_true(strlen(metric->name) < sizeof(((struct zcb_series *)NULL)->metric));
		assert_true(metric->source < ZCB_PROBE_SOURCES);
		assert_int_equal(strncmp(metric->summary, "ns: ", 4), 0);
	}
	for (int s = 0; s < ZCB_PROBE_SOURCES; s++) {
		assert_non_null(zcb_probe_sources[s].lacks);
		assert_true(zcb_probe_sources[s].way[0].function || zcb_probe_sources[s].way[0].begin);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_cpus_out_of_order),
		cmocka_unit_test(test_end_is_missing),
		cmocka_unit_test(test_begin_is_missing),
		cmocka_unit_test(test_entries_without_a_fault),
		cmocka_unit_test(test_two_nested),
		cmocka_unit_test(test_same_time),
		cmocka_unit_test(test_vcpu_faults_twice),
		cmocka_unit_test(test_fault_tried_again),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_other_buffers),
		cmocka_unit_test(test_lost_events),
		cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
