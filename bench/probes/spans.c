// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/probes/spans.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define VM_FAULT_RETRY 0x400U /* include/linux/mm_types.h */

/* Spans that are open, of all tasks, in the order of their begins. */
struct open {
	uint32_t *span;
	uint32_t n;
};

/* CPUs may be read one after the other. What has the same time stays as it came. */
static int compare(const void *a, const void *b)
{
	const struct zcb_probe_event *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void drop_open(struct open *open, uint32_t i)
{
	memmove(open->span + i, open->span + i + 1, (open->n - i - 1) * sizeof(*open->span));
	open->n--;
}

/* Where among the open ones the last of a task is, of one source or of any (-1). -1: nowhere. */
static int64_t last_open(const struct zcb_spans *spans, const struct open *open, int32_t task, int source)
{
	for (int64_t i = (int64_t)open->n - 1; i >= 0; i--) {
		const struct zcb_span *span = &spans->span[open->span[i]];

		if (span->task == task && (source < 0 || span->source == source))
			return i;
	}
	return -1;
}

static void give_up(struct zcb_spans *spans, struct open *open, int64_t i)
{
	spans->unended[spans->span[open->span[i]].source]++;
	drop_open(open, (uint32_t)i);
}

static void begin(struct zcb_spans *spans, struct open *open, const struct zcb_probe_event *event)
{
	int64_t around;

	/* A vCPU that faults again before it was entered: only the last one is answered by that entry. */
	if (zcb_probe_sources[event->source].loose) {
		int64_t same = last_open(spans, open, event->task, event->source);

		if (same >= 0)
			give_up(spans, open, same);
	}
	around = last_open(spans, open, event->task, -1);
	open->span[open->n++] = spans->n;
	spans->span[spans->n++] = (struct zcb_span){
		.start_ns = event->at_ns, .value = { event->value[0], event->value[1] },
		.buffer = event->buffer, .task = event->task, .source = event->source,
		.around = around < 0 ? ZCB_NO_SPAN : open->span[around],
	};
}

static void end(struct zcb_spans *spans, struct open *open, const struct zcb_probe_event *event)
{
	int64_t mine = last_open(spans, open, event->task, event->source), inside;
	struct zcb_span *span;

	if (mine < 0) {
		spans->unbegun[event->source] += !zcb_probe_sources[event->source].loose;
		return;
	}
	while ((inside = last_open(spans, open, event->task, -1)) != mine)
		give_up(spans, open, inside);
	span = &spans->span[open->span[mine]];
	span->end_ns = event->at_ns;
	span->result = event->value[0];
	if (span->around != ZCB_NO_SPAN)
		spans->span[span->around].inner_ns += span->end_ns - span->start_ns;
	drop_open(open, (uint32_t)mine);
}

/* The first attempt becomes a part of the next one of its task, if that is of the same address. */
static void join_retries(struct zcb_spans *spans)
{
	for (uint32_t i = 0; i < spans->n; i++) {
		struct zcb_span *first = &spans->span[i], *again = NULL;

		if (first->source != ZCB_PROBE_FAULT || !first->end_ns || !(first->result & VM_FAULT_RETRY))
			continue;
		for (uint32_t k = i + 1; k < spans->n && !again; k++)
			if (spans->span[k].source == ZCB_PROBE_FAULT && spans->span[k].task == first->task)
				again = &spans->span[k];
		if (!again || again->value[0] != first->value[0])
			continue;
		again->start_ns = first->start_ns;
		again->inner_ns += first->inner_ns;
		first->end_ns = 0;
	}
}

int zcb_spans_make(struct zcb_probe_event *event, size_t n, struct zcb_spans *ret_spans)
{
	struct zcb_spans spans = { .span = calloc(n + 1, sizeof(*spans.span)) };
	struct open open = { .span = calloc(n + 1, sizeof(*open.span)) };

	if (!spans.span || !open.span) {
		free(spans.span);
		free(open.span);
		return -ENOMEM;
	}
	for (size_t i = 0; i < n; i++)
		event[i].order = (uint32_t)i;
	qsort(event, n, sizeof(*event), compare);
	for (size_t i = 0; i < n; i++)
		(event[i].ends ? end : begin)(&spans, &open, &event[i]);
	while (open.n)
		give_up(&spans, &open, open.n - 1);
	join_retries(&spans);
	free(open.span);
	*ret_spans = spans;
	return 0;
}

void zcb_spans_finish(struct zcb_spans *spans)
{
	free(spans->span);
	memset(spans, 0, sizeof(*spans));
}
