// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/probes/probes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/probes/join.h"
#include "bench/probes/trace.h"

struct zcb_probes {
	struct zcb_trace *trace; /* NULL: this kernel has none, and why says so */
	struct zcb_error why;
	struct zcb_mapped_ram ram;
	uint64_t ram_below_4g;
	uint64_t unended[ZCB_PROBE_SOURCES], unbegun[ZCB_PROBE_SOURCES];
};

int zcb_probes_open(const struct zcb_guest *guest, uint32_t kib, struct zcb_probes **ret_probes,
		    struct zcb_error *err)
{
	struct zcb_probes *probes = calloc(1, sizeof(*probes));
	int ret;

	if (!probes)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for probes");
	probes->ram_below_4g = guest->ram_below_4g;
	ret = zcb_mapped_ram_find(guest->memfd, &probes->ram);
	if (ret)
		zcb_fail(&probes->why, ret, "host set-up: no process maps the guest's RAM: %s", strerror(-ret));
	else
		zcb_trace_open(kib, &probes->trace, &probes->why);
	*ret_probes = probes;
	return 0;
}

void zcb_probes_begin(struct zcb_probes *probes)
{
	if (probes && probes->trace)
		zcb_trace_record(probes->trace, true);
}

static int join_all(struct zcb_probes *probes, const struct zcb_probes_scene *scene,
		    const struct zcb_spans *spans, struct zcb_recorder *recorder)
{
	struct zcb_join join = { .scene = scene, .ram = &probes->ram, .ram_below_4g = probes->ram_below_4g,
				 .is_vmm = zcb_mapped_ram_has_thread };
	int ret = 0;

	for (int s = 0; s < ZCB_PROBE_SOURCES; s++) {
		probes->unended[s] += spans->unended[s];
		probes->unbegun[s] += spans->unbegun[s];
	}
	for (const struct zcb_probe_metric *metric = zcb_probe_metrics; metric->name && !ret; metric++)
		ret = zcb_join(&join, metric, spans, recorder);
	return ret;
}

int zcb_probes_end(struct zcb_probes *probes, const struct zcb_probes_scene *scene,
		   struct zcb_recorder *recorder, struct zcb_error *err)
{
	ZCB_FREE struct zcb_probe_event *event = NULL;
	ZCB_CLEANUP(zcb_spans_finish) struct zcb_spans spans = { 0 };
	size_t n = 0;
	int ret;

	if (!probes || !probes->trace)
		return 0;
	zcb_trace_record(probes->trace, false);
	ret = zcb_trace_take(probes->trace, &event, &n);
	if (!ret)
		ret = zcb_spans_make(event, n, &spans);
	if (!ret)
		ret = join_all(probes, scene, &spans, recorder);
	return ret ? zcb_fail(err, ret, "host set-up: no memory for the events of a round") : 0;
}

/* The source that a metric needs beside its own, where it is not there. */
static const struct zcb_trace_source *missing(const struct zcb_probes *probes,
					      const struct zcb_probe_metric *metric)
{
	const struct zcb_trace_source *own = zcb_trace_source(probes->trace, metric->source);
	const struct zcb_trace_source *fault = zcb_trace_source(probes->trace, ZCB_PROBE_FAULT);

	if (!own->there)
		return own;
	return metric->take == ZCB_TAKE_AROUND && !fault->there ? fault : NULL;
}

json_t *zcb_probes_judge(const struct zcb_probe_metric *metric, const struct zcb_probes_seen *seen,
			 struct zcb_recorder *recorder)
{
	if (seen->lacks)
		return json_pack("{s:s, s:s}", "state", "unavailable", "reason", seen->lacks);
	if (seen->lost)
		zcb_recorder_forget(recorder, metric->name);
	return json_pack("{s:s, s:s, s:I, s:I, s:I}", "state", seen->lost ? "invalid" : "measured", "by",
			 seen->by, "lost", (json_int_t)seen->lost, "unended", (json_int_t)seen->unended,
			 "unbegun", (json_int_t)seen->unbegun);
}

static json_t *report_one(const struct zcb_probes *probes, const struct zcb_probe_metric *metric, uint64_t lost,
			  struct zcb_recorder *recorder)
{
	const struct zcb_trace_source *lacks = probes->trace ? missing(probes, metric) : NULL;
	struct zcb_probes_seen seen = { .lost = lost, .unended = probes->unended[metric->source],
					.unbegun = probes->unbegun[metric->source] };
	char reason[sizeof(lacks->reason) + 16];

	if (lacks)
		snprintf(reason, sizeof(reason), "kernel: %s", lacks->reason);
	if (probes->trace && !lacks)
		seen.by = zcb_trace_source(probes->trace, metric->source)->by;
	else
		seen.lacks = lacks ? reason : probes->why.text;
	return zcb_probes_judge(metric, &seen, recorder);
}

json_t *zcb_probes_report(struct zcb_probes *probes, struct zcb_recorder *recorder)
{
	json_t *json;
	uint64_t lost;

	if (!probes)
		return NULL;
	json = json_object();
	lost = probes->trace ? zcb_trace_lost(probes->trace) : 0;
	for (const struct zcb_probe_metric *metric = zcb_probe_metrics; metric->name; metric++)
		json_object_set_new(json, metric->name, report_one(probes, metric, lost, recorder));
	return json;
}

void zcb_probes_close(struct zcb_probes *probes)
{
	if (!probes)
		return;
	zcb_trace_close(probes->trace);
	free(probes);
}

void zcb_probes_sweep(void)
{
	zcb_trace_sweep();
}

void zcb_probes_hold(struct zcb_trace **held)
{
	if (!*held)
		zcb_trace_hold(held, NULL);
}

void zcb_probes_let_go(struct zcb_trace *held)
{
	zcb_trace_close(held);
}
