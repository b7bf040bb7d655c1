// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/probes/join.h"

#include <errno.h>
#include <stdlib.h>

#include "bench/base/cleanup.h"

#define PAGE 4096U
#define FOUR_GIB (1ULL << 32)
#define FAULT_FLAG_USER 0x40U /* include/linux/mm_types.h */
#define NO_PAGE UINT32_MAX

/** Bytes of the memfd, from and to. */
struct bytes {
	uint64_t from, to;
};

static bool hva_bytes(const struct zcb_join *join, uint64_t from, uint64_t to, struct bytes *ret)
{
	zcb_memfd_off off;

	for (unsigned int i = 0; i < join->ram->n; i++) {
		uint64_t start = join->ram->range[i].start, end = join->ram->range[i].end;
		uint64_t low = from > start ? from : start, high = to < end ? to : end;

		if (low >= high || !zcb_mapped_ram_offset(join->ram, low, &off))
			continue;
		*ret = (struct bytes){ off.off, off.off + (high - low) };
		return true;
	}
	return false;
}

/* RAM that is above the PCI hole for the guest follows in the memfd at once. */
static struct bytes gpa_bytes(const struct zcb_join *join, uint64_t gpa)
{
	uint64_t off = gpa < FOUR_GIB ? gpa : gpa - FOUR_GIB + join->ram_below_4g;

	off = off / PAGE * PAGE;
	return (struct bytes){ off, off + PAGE };
}

/* Of the pages that are meant the first that was struck, or where none was, the first. */
static uint32_t find_page(const struct zcb_join *join, const struct bytes *bytes)
{
	uint32_t found = NO_PAGE;

	for (uint32_t i = 0; i < join->scene->pages; i++) {
		uint64_t at = join->scene->page[i].off;

		if (at < bytes->from / PAGE * PAGE || at >= bytes->to)
			continue;
		if (join->scene->operation[i])
			return i;
		if (found == NO_PAGE)
			found = i;
	}
	return found;
}

static uint32_t find_slot(const struct zcb_join *join, uint64_t first, uint64_t n)
{
	for (uint64_t i = first; i < first + n && i < join->scene->pages; i++)
		if (join->scene->operation[i])
			return (uint32_t)i;
	return first < join->scene->pages ? (uint32_t)first : NO_PAGE;
}

/* The VMM may have other udmabufs, which are told of the same pages. */
static bool is_of_another(const struct zcb_join *join, const struct zcb_span *span)
{
	return join->scene->buffer && span->buffer && span->buffer != join->scene->buffer;
}

/* Which page of the frame a span is about. */
static uint32_t page_of(const struct zcb_join *join, const struct zcb_span *span)
{
	uint64_t first = span->value[0], second = span->value[1];
	struct bytes bytes;

	switch (zcb_probe_sources[span->source].place) {
	case ZCB_PLACE_SLOT:
		return find_slot(join, first, second ? second : 1);
	case ZCB_PLACE_GPA:
		bytes = gpa_bytes(join, first);
		return find_page(join, &bytes);
	case ZCB_PLACE_FAULT:
		second = first / PAGE * PAGE + PAGE;
		break;
	case ZCB_PLACE_HVA:
		second = first + (second ? second : 1) * PAGE;
		break;
	case ZCB_PLACE_RANGE:
		break;
	}
	return hva_bytes(join, first, second, &bytes) ? find_page(join, &bytes) : NO_PAGE;
}

/* A consumer's fault is seen where the driver serves it; what is timed is the kernel's fault around it. */
static const struct zcb_span *fault_around(const struct zcb_spans *spans, const struct zcb_span *span)
{
	while (span->around != ZCB_NO_SPAN) {
		span = &spans->span[span->around];
		if (span->source == ZCB_PROBE_FAULT)
			return span->end_ns ? span : NULL;
	}
	return NULL;
}

static const struct zcb_span *timed_span(const struct zcb_join *join, const struct zcb_probe_metric *metric,
					 const struct zcb_spans *spans, const struct zcb_span *span)
{
	if (metric->take == ZCB_TAKE_AROUND)
		return fault_around(spans, span);
	/* Forks of one process have their mappings at the same addresses. */
	if (metric->take == ZCB_TAKE_FROM_USER &&
	    (!(span->value[1] & FAULT_FLAG_USER) || (join->is_vmm && !join->is_vmm(join->ram, span->task))))
		return NULL;
	return span;
}

static uint64_t operation_of(const struct zcb_join *join, uint32_t page)
{
	uint64_t operation = join->scene->operation[page];

	return operation ? operation : (*join->scene->next)++;
}

int zcb_join(const struct zcb_join *join, const struct zcb_probe_metric *metric, const struct zcb_spans *spans,
	     struct zcb_recorder *recorder)
{
	ZCB_FREE bool *seen = calloc(join->scene->pages, sizeof(*seen));

	if (!seen)
		return -ENOMEM;
	for (uint32_t i = 0; i < spans->n; i++) {
		const struct zcb_span *span = &spans->span[i], *timed;
		uint32_t page;

		if (span->source != metric->source || !span->end_ns || is_of_another(join, span))
			continue;
		page = page_of(join, span);
		if (page == NO_PAGE)
			continue;
		if (metric->struck && (!join->scene->operation[page] || span->start_ns < join->scene->struck_ns))
			continue;
		if (metric->take == ZCB_TAKE_FIRST && seen[page])
			continue;
		timed = timed_span(join, metric, spans, span);
		if (!timed)
			continue;
		seen[page] = true;
		zcb_recorder_add(recorder, metric->name, "ns", operation_of(join, page), timed->start_ns,
				 timed->end_ns - timed->start_ns -
					 (metric->take == ZCB_TAKE_OWN ? timed->inner_ns : 0));
	}
	return 0;
}
