// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/median.h"

/* An operation of ours has a few dozen; each is held against all others of it. */
#define MAX_SPANS_OF_ONE 2000U

#define IN(stage) (1U << ZCB_STAGE_##stage)
#define NOT_PLACED (IN(GUEST) | IN(VMM))
/* What a worker's zap interrupts. */
#define ANYTHING (IN(CALL) | IN(DISPATCH) | IN(REFILL) | IN(VMM_KERNEL) | IN(KVM) | IN(CAME) | IN(CONSUMER))

/* The stages, what each may be inside of, and of which stages of its operation it is the rest. */
static const struct {
	const char *metric, *words;
	unsigned int inside, holds;
} stages[ZCB_STAGES] = {
	[ZCB_STAGE_CALL] = {"the call", "the strike itself: punch, migrate…", 0, 0},
	[ZCB_STAGE_DISPATCH] = {"notifier.dispatch", "telling subscribers that pages leave",
				IN(CALL) | IN(REFILL) | IN(VMM_KERNEL) | IN(KVM), 0},
	[ZCB_STAGE_INVALIDATE] = {"notifier.invalidate", "udmabuf’s callback that they leave", IN(DISPATCH), 0},
	[ZCB_STAGE_REFILL] = {"refill", "a refill by another than the guest", 0, IN(VMM)},
	[ZCB_STAGE_VMM] = {"fault.vmm", "the VMM’s touch, outside of the kernel’s fault", 0, IN(VMM_KERNEL)},
	[ZCB_STAGE_VMM_KERNEL] = {"fault.vmm.kernel", "the kernel’s fault for the VMM", 0, 0},
	[ZCB_STAGE_GUEST] = {"fault.guest", "the guest’s touch, outside of KVM’s fault", 0, IN(KVM)},
	[ZCB_STAGE_KVM] = {"fault.kvm", "KVM’s fault for the guest", 0, 0},
	[ZCB_STAGE_CAME] = {"notifier.came", "telling subscribers that a page came",
			    IN(REFILL) | IN(VMM_KERNEL) | IN(KVM), 0},
	[ZCB_STAGE_UPDATE] = {"notifier.update", "udmabuf’s callback that it came", IN(CAME), 0},
	[ZCB_STAGE_ZAP] = {"udmabuf.zap", "zapping the consumers’ mappings", IN(INVALIDATE) | IN(UPDATE), 0},
	[ZCB_STAGE_LOOKUP] = {"udmabuf.lookup", "looking the page up in the memfd",
			      IN(INVALIDATE) | IN(UPDATE) | IN(ZAP) | IN(CONSUMER), 0},
	[ZCB_STAGE_CONSUMER] = {"fault.consumer", "the consumer’s fault", 0, 0},
	[ZCB_STAGE_FRESH] = {"coherence.fresh", "until the whole frame was seen fresh, the consumers’ faults aside",
			     0, 0},
};

const char *const zcb_stage_calls[] = {"punch", "migrate", "vmm.take", "thp.collapse", "thp.split", "swap.out", NULL};

const char *zcb_stage_metric(enum zcb_stage stage)
{
	return stages[stage].metric;
}

const char *zcb_stage_words(enum zcb_stage stage)
{
	return stages[stage].words;
}

static int stage_of(const char *metric)
{
	for (size_t i = 0; zcb_stage_calls[i]; i++) {
		if (strcmp(metric, zcb_stage_calls[i]) == 0)
			return ZCB_STAGE_CALL;
	}
	for (int i = ZCB_STAGE_DISPATCH; i < ZCB_STAGES; i++) {
		if (strcmp(metric, stages[i].metric) == 0)
			return i;
	}
	return -1;
}

static uint64_t end_of(const struct zcb_stage_span *span)
{
	return span->start_ns + span->value;
}

static int by_operation(const void *a, const void *b)
{
	const struct zcb_stage_span *left = a, *right = b;

	if (left->operation != right->operation)
		return left->operation < right->operation ? -1 : 1;
	if (left->start_ns != right->start_ns)
		return left->start_ns < right->start_ns ? -1 : 1;
	return (int)left->stage - (int)right->stage;
}

static void take_away(uint64_t *from, uint64_t what)
{
	*from -= what < *from ? what : *from;
}

/* The shortest of those that it may be inside of, and that were there from its begin to its end. */
static struct zcb_stage_span *around(struct zcb_stage_span *first, size_t n, const struct zcb_stage_span *inner,
				     unsigned int may)
{
	struct zcb_stage_span *best = NULL;

	for (size_t i = 0; i < n; i++) {
		struct zcb_stage_span *span = &first[i];

		if (span == inner || !(may & 1U << span->stage) || !span->placed ||
		    span->start_ns > inner->start_ns || end_of(span) < end_of(inner))
			continue;
		if (!best || span->value <= best->value)
			best = span;
	}
	return best;
}

static uint64_t total(const struct zcb_stage_span *first, size_t n, unsigned int which)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += which & 1U << first[i].stage ? first[i].value : 0;
	return sum;
}

/* Of several spans of one stage the first ones give way first. */
static void take_held(struct zcb_stage_span *first, size_t n)
{
	for (int stage = 0; stage < ZCB_STAGES; stage++) {
		uint64_t held = stages[stage].holds ? total(first, n, stages[stage].holds) : 0;

		for (size_t i = 0; i < n && held; i++) {
			uint64_t part = held < first[i].own ? held : first[i].own;

			if ((int)first[i].stage != stage)
				continue;
			first[i].own -= part;
			held -= part;
		}
	}
}

static void nest_operation(struct zcb_stage_span *first, size_t n, bool one_cpu)
{
	for (size_t i = 0; i < n; i++) {
		bool zaps = first[i].stage == ZCB_STAGE_ZAP && one_cpu;
		struct zcb_stage_span *outer =
			around(first, n, &first[i], stages[first[i].stage].inside | (zaps ? ANYTHING : 0));

		if (outer)
			take_away(&outer->own, first[i].value);
	}
	take_held(first, n);
}

/* The consumers' faults by their begins, each with the sum of those up to it. */
struct fault {
	uint64_t start_ns, sum;
};

static int by_start(const void *a, const void *b)
{
	const struct fault *left = a, *right = b;

	return left->start_ns < right->start_ns ? -1 : left->start_ns > right->start_ns;
}

/* The sum of those that began before. */
static uint64_t sum_before(const struct fault *faults, size_t n, uint64_t start_ns)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (faults[middle].start_ns < start_ns)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? faults[low - 1].sum : 0;
}

/* A frame's wait has the faults of all of its pages in it, whatever operation they are of. */
static int take_faults(struct zcb_stage_spans *spans)
{
	ZCB_FREE struct fault *faults = calloc(spans->n + 1, sizeof(*faults));
	size_t n = 0;

	if (!faults)
		return -ENOMEM;
	for (size_t i = 0; i < spans->n; i++) {
		if (spans->span[i].stage == ZCB_STAGE_CONSUMER)
			faults[n++] = (struct fault){spans->span[i].start_ns, spans->span[i].value};
	}
	qsort(faults, n, sizeof(*faults), by_start);
	for (size_t i = 1; i < n; i++)
		faults[i].sum += faults[i - 1].sum;
	for (size_t i = 0; i < spans->n; i++) {
		struct zcb_stage_span *span = &spans->span[i];

		if (span->stage == ZCB_STAGE_FRESH)
			take_away(&span->own, sum_before(faults, n, end_of(span)) -
						      sum_before(faults, n, span->start_ns));
	}
	return 0;
}

int zcb_stages_nest(struct zcb_stage_spans *spans, bool one_cpu)
{
	size_t next;

	if (spans->n)
		qsort(spans->span, spans->n, sizeof(*spans->span), by_operation);
	for (size_t i = 0; i < spans->n; i++) {
		spans->span[i].own = spans->span[i].value;
		spans->span[i].placed = !(NOT_PLACED & 1U << spans->span[i].stage);
	}
	for (size_t i = 0; i < spans->n; i = next) {
		for (next = i + 1; next < spans->n && spans->span[next].operation == spans->span[i].operation;)
			next++;
		if (next - i <= MAX_SPANS_OF_ONE)
			nest_operation(&spans->span[i], next - i, one_cpu);
	}
	return take_faults(spans);
}

/* A time that ends after the clock does is a broken file's. */
static int add_samples(struct zcb_stage_spans *spans, enum zcb_stage stage,
		       const struct zcb_result_sample *samples, size_t n)
{
	struct zcb_stage_span *grown = reallocarray(spans->span, spans->n + n + 1, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	spans->span = grown;
	for (size_t i = 0; i < n; i++) {
		if (samples[i].value == ZCB_SAMPLE_CENSORED || samples[i].value > UINT64_MAX - samples[i].start_ns)
			continue;
		spans->span[spans->n++] = (struct zcb_stage_span){
			.operation = samples[i].operation,
			.start_ns = samples[i].start_ns,
			.value = samples[i].value,
			.stage = stage,
		};
	}
	return 0;
}

static int read_one(const struct zcb_results *results, const struct zcb_result_samples *file,
		    struct zcb_stage_spans *spans)
{
	ZCB_FREE struct zcb_result_sample *samples = NULL;
	int stage = stage_of(file->metric);
	bool cut;
	size_t n = 0;

	if (stage < 0 || zcb_samples_read(results, file->path, &samples, &n, &cut))
		return 0;
	return add_samples(spans, stage, samples, n);
}

static bool has_one_cpu(const struct zcb_results *results, const struct zcb_result_cell *cell)
{
	for (size_t i = 0; i < results->n_boots; i++) {
		if (results->boots[i].number == cell->boot)
			return results->boots[i].hut_cpus == 1;
	}
	return false;
}

int zcb_stages_read(const struct zcb_results *results, const struct zcb_result_cell *cell,
		    struct zcb_stage_spans *ret_spans)
{
	struct zcb_stage_spans spans = {0};

	for (size_t i = zcb_results_samples(results, cell->index);
	     i < results->n_samples && results->samples[i].index == cell->index; i++) {
		if (read_one(results, &results->samples[i], &spans)) {
			zcb_stages_finish(&spans);
			return -ENOMEM;
		}
	}
	if (zcb_stages_nest(&spans, has_one_cpu(results, cell))) {
		zcb_stages_finish(&spans);
		return -ENOMEM;
	}
	*ret_spans = spans;
	return 0;
}

void zcb_stages_finish(struct zcb_stage_spans *spans)
{
	free(spans->span);
	*spans = (struct zcb_stage_spans){0};
}

/* One number for each operation, or frame. */
struct tally {
	double *value[ZCB_STAGES];
	size_t operations, frames;
};

/* An operation is one that struck: exporting and reading have ids, too. */
static void add_operation(struct tally *t, struct zcb_stage_medians *m, const struct zcb_stage_span *first, size_t n)
{
	uint64_t own[ZCB_STAGES] = {0};
	bool has[ZCB_STAGES] = {false};

	for (size_t i = 0; i < n; i++) {
		own[first[i].stage] += first[i].own;
		has[first[i].stage] = true;
	}
	if (has[ZCB_STAGE_FRESH])
		t->value[ZCB_STAGE_FRESH][t->frames++] = (double)own[ZCB_STAGE_FRESH];
	if (!has[ZCB_STAGE_CALL])
		return;
	for (int stage = 0; stage < ZCB_STAGE_FRESH; stage++) {
		t->value[stage][t->operations] = (double)own[stage];
		m->seen[stage] += has[stage];
	}
	t->operations++;
}

static void add_cell(struct tally *t, struct zcb_stage_medians *m, const struct zcb_stage_spans *spans)
{
	size_t next;

	for (size_t i = 0; i < spans->n; i = next) {
		for (next = i + 1; next < spans->n && spans->span[next].operation == spans->span[i].operation;)
			next++;
		add_operation(t, m, &spans->span[i], next - i);
	}
}

int zcb_stages_summarize(const struct zcb_stage_spans *spans, size_t n, struct zcb_stage_medians *ret_medians)
{
	struct zcb_stage_medians m = {0};
	struct tally t = {0};
	size_t most = 1;
	ZCB_FREE double *room = NULL;

	for (size_t i = 0; i < n; i++)
		most += spans[i].n;
	room = calloc(most * ZCB_STAGES, sizeof(*room));
	if (!room)
		return -ENOMEM;
	for (int stage = 0; stage < ZCB_STAGES; stage++)
		t.value[stage] = room + (size_t)stage * most;
	for (size_t i = 0; i < n; i++)
		add_cell(&t, &m, &spans[i]);
	m.operations = t.operations;
	m.frames = m.seen[ZCB_STAGE_FRESH] = t.frames;
	for (int stage = 0; stage < ZCB_STAGES; stage++) {
		size_t of = stage == ZCB_STAGE_FRESH ? t.frames : t.operations;

		m.median[stage] = of ? zcb_median(t.value[stage], of) : 0;
	}
	*ret_medians = m;
	return 0;
}
