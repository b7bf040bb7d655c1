// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The experiment itself:
 *
 *   a round:  the guest draws ── export ── open consumer ── look (all must be fresh)
 *             strike: the workload takes pages away
 *             look: before any refill, guest RAM reads zero where it was hit
 *             `frames` times: the guest draws its next frame ── look
 *             close consumer ── close the dma-buf
 *
 * "Look" judges every byte. Guest and reader take turns: the guest publishes a frame and waits for
 * the next request (the handshake fence), so that nothing may be torn.
 */
#include "bench/executor/cell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/consumers/consumer.h"
#include "bench/executor/evidence.h"
#include "bench/executor/observation.h"
#include "bench/exporter/udmabuf.h"
#include "bench/results/recorder.h"
#include "bench/results/wire.h"

/** A cell while it runs. */
struct running {
	const struct zcb_cell *cell;
	const struct zcb_workload_ops *workload;
	const struct zcb_consumer_ops *consumer;
	struct zcb_guest *guest;
	int out;
	uint32_t frame;     /* the number of the guest's frame */
	zcb_memfd_off *page;
	struct zcb_page_verdict *verdict;
	uint64_t *want;
	char *copy;         /* as large as the frame: a plain copy is timed beside each check */
	struct zcb_frame_spec spec;
	struct zcb_victim victim;
	struct zcb_damage damage;
	uint64_t random, refilled, round;
	int dmabuf;
	void *state;        /* of the consumer */
	bool opened, saw_first_frame;
	uint64_t read_end_ns; /* of the last frame: read and checked */
	struct zcb_view view;
	struct zcb_observation observation;
	struct zcb_evidence evidence;
	struct zcb_recorder recorder;
};

static void sample(void *recorder, const char *metric, uint64_t operation, zcb_ns at, zcb_ns value)
{
	zcb_recorder_add(recorder, metric, "ns", operation, at.ns, value.ns);
}

static void sample_since(struct running *run, const char *metric, uint64_t operation, uint64_t start)
{
	sample(&run->recorder, metric, operation, (zcb_ns){ start },
	       (zcb_ns){ zcb_now_ns() - start });
}

static int draw(struct running *run, struct zcb_error *err)
{
	int ret = run->guest->ops->draw(run->guest, run->frame, run->spec.published + 1, err);

	if (!ret)
		run->spec.published++;
	return ret;
}

/* What guest RAM holds now: the last sequence, or zeros where the workload struck since. */
static void set_want(struct running *run, enum zcb_phase phase)
{
	for (uint32_t i = 0; i < run->spec.pages; i++)
		run->want[i] = phase == ZCB_PHASE_STRUCK && run->damage.hit[i] ? 0 :
			       run->spec.published;
}

static void report_first_frame(struct running *run)
{
	if (!run->saw_first_frame && run->observation.frames_fresh)
		zcb_wire_send(run->out, json_pack("{s:s, s:s, s:I}", "type", "event", "name",
						  "first-frame", "hut_ns", (json_int_t)zcb_now_ns()),
			      NULL, 0);
	run->saw_first_frame |= run->observation.frames_fresh > 0;
}

/* Takes note of a checked frame; nothing in here belongs to a time that is measured. */
static void take_note(struct running *run, enum zcb_phase phase, const void *bytes,
		      const struct zcb_frame_tally *tally)
{
	zcb_observation_add(&run->observation, phase, run->damage.hit, run->verdict,
			    run->spec.pages, tally);
	report_first_frame(run);
	if (!zcb_frame_good(tally))
		zcb_evidence_keep(&run->evidence, run->round, phase, &run->spec, run->want, bytes,
				  run->verdict, run->damage.hit);
}

/* The copy comes right after the check: what frame.read is held against. */
static int judge(struct running *run, enum zcb_phase phase, const void *bytes, uint64_t start,
		 struct zcb_error *err)
{
	struct zcb_frame_tally tally;
	int ret = zcb_frame_check(&run->spec, run->want, bytes, run->verdict, &tally);

	run->read_end_ns = zcb_now_ns();
	if (ret)
		return zcb_fail(err, ret, "zcbench bug: the checker refused its own frame");
	sample(&run->recorder, "frame.read", run->victim.operation, (zcb_ns){ start },
	       (zcb_ns){ run->read_end_ns - start });
	start = zcb_now_ns();
	memcpy(run->copy, bytes, (size_t)run->spec.pages * 4096);
	sample_since(run, "frame.copy", run->victim.operation, start);
	take_note(run, phase, bytes, &tally);
	return 0;
}

/* Reads a whole frame and judges it. *ret_fresh says whether all of it was as guest RAM is. */
static int look(struct running *run, enum zcb_phase phase, bool *ret_fresh, struct zcb_error *err)
{
	uint64_t fresh_before = run->observation.frames_fresh, start;
	const void *bytes = NULL;
	int ret, released;

	set_want(run, phase);
	start = zcb_now_ns();
	ret = run->consumer->acquire(run->state, &bytes, err);
	if (ret)
		return ret;
	if (bytes)
		ret = judge(run, phase, bytes, start, err);
	released = run->consumer->release(run->state, ret ? NULL : err);
	*ret_fresh = run->observation.frames_fresh > fresh_before;
	return ret ? ret : released;
}

/* The guest's write must really have brought the pages back: guest RAM itself is asked. */
static int prove_refill(struct running *run, struct zcb_error *err)
{
	char bytes[4096];

	for (uint32_t i = 0; i < run->spec.pages; i++) {
		struct zcb_page_verdict verdict;
		int ret;

		if (!run->damage.hit[i])
			continue;
		ret = zcb_memfd_read(run->guest->memfd, run->page[i], bytes, sizeof(bytes));
		if (ret)
			return zcb_fail(err, ret, "kernel: reading a refilled page: %s", strerror(-ret));
		zcb_page_judge(&run->spec, run->spec.published, i, bytes, &verdict);
		if (verdict.verdict != ZCB_VERDICT_FRESH)
			return zcb_fail(err, -EIO, "guest: it drew over the hole at page %u, and its RAM "
					"is %s there", i, zcb_verdict_name(verdict.verdict));
		run->refilled++;
	}
	return 0;
}

static bool was_hit(const struct running *run)
{
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (run->damage.hit[i])
			return true;
	return false;
}

static int strike(struct running *run, struct zcb_error *err)
{
	bool fresh;
	int ret = run->workload->strike(&run->cell->params.workload, &run->victim, &run->damage, err);

	if (ret)
		return ret;
	if (!run->workload->control && !was_hit(run))
		return zcb_fail(err, -EIO, "zcbench bug: the workload %s did nothing",
				run->workload->name);
	return was_hit(run) ? look(run, ZCB_PHASE_STRUCK, &fresh, err) : 0;
}

static int draw_timed(struct running *run, uint64_t operation, bool first, uint64_t *ret_published,
		      struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	int ret = draw(run, err);

	*ret_published = zcb_now_ns();
	if (!ret && first)
		sample(&run->recorder, "refill", operation, (zcb_ns){ start },
		       (zcb_ns){ *ret_published - start });
	return ret;
}

static void note_refill(struct running *run, uint64_t operation, uint32_t frame, uint64_t published,
			bool fresh, bool *seen)
{
	zcb_recorder_add(&run->recorder, "frame.stale", "pages", frame, run->read_end_ns,
			 run->observation.stale_in_frame);
	if (fresh && !*seen)
		sample(&run->recorder, "coherence.fresh", operation, (zcb_ns){ published },
		       (zcb_ns){ run->read_end_ns - published });
	*seen |= fresh;
}

/* Draws and looks; how long it took until a reader saw what guest RAM holds, or never. */
static int refill(struct running *run, struct zcb_error *err)
{
	uint64_t operation = run->victim.operation++, published = 0, first_published = 0;
	bool fresh, seen = run->consumer->reads_nothing;

	for (uint32_t i = 0; i < run->cell->params.frames; i++) {
		int ret = draw_timed(run, operation, i == 0, &published, err);

		first_published = i ? first_published : published;
		if (!ret)
			ret = look(run, ZCB_PHASE_REFILLED, &fresh, err);
		if (!ret && i == 0)
			ret = prove_refill(run, err);
		if (ret)
			return ret;
		if (!run->consumer->reads_nothing)
			note_refill(run, operation, i + 1, first_published, fresh, &seen);
	}
	if (!seen)
		zcb_recorder_add(&run->recorder, "coherence.fresh", "ns", operation, first_published,
				 ZCB_CENSORED);
	return 0;
}

static int open_round(struct running *run, struct zcb_error *err)
{
	uint64_t start;
	int ret = draw(run, err);

	if (ret)
		return ret;
	start = zcb_now_ns();
	ret = zcb_udmabuf_create(run->guest->memfd, run->page, run->spec.pages, &run->dmabuf, err);
	if (ret)
		return ret;
	sample_since(run, "export.create", run->victim.operation++, start);
	run->view = (struct zcb_view){ .dmabuf = run->dmabuf, .memfd = run->guest->memfd,
				       .page = run->page, .pages = run->spec.pages };
	ret = run->consumer->open(&run->view, &run->state, err);
	run->opened = ret == 0;
	return ret;
}

static void close_round(struct running *run)
{
	uint64_t start;

	if (run->opened)
		run->consumer->close(run->state);
	run->opened = false;
	if (run->dmabuf < 0)
		return;
	start = zcb_now_ns();
	close(run->dmabuf);
	sample_since(run, "export.close", run->victim.operation++, start);
	run->dmabuf = -1;
}

static int play_round(struct running *run, struct zcb_error *err)
{
	bool fresh;
	int ret;

	memset(run->damage.hit, 0, run->spec.pages * sizeof(*run->damage.hit));
	ret = open_round(run, err);
	if (!ret)
		ret = look(run, ZCB_PHASE_BASELINE, &fresh, err);
	if (!ret)
		ret = strike(run, err);
	if (!ret)
		ret = refill(run, err);
	close_round(run);
	return ret;
}

static int prepare(struct running *run, struct zcb_error *err)
{
	const struct zcb_cell_params *params = &run->cell->params;
	struct zcb_frame_request request = { .frame = run->frame, .pages = params->pages,
					     .blocks = params->blocks };
	size_t n = params->pages;

	run->page = calloc(n, sizeof(*run->page));
	run->verdict = calloc(n, sizeof(*run->verdict));
	run->want = calloc(n, sizeof(*run->want));
	run->damage.hit = calloc(n, sizeof(*run->damage.hit));
	run->copy = calloc(n, 4096);
	if (!run->page || !run->verdict || !run->want || !run->damage.hit || !run->copy)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a frame of %zu pages", n);
	memset(run->copy, 1, n * 4096); /* its page faults are not the copy's cost */
	run->random = run->cell->seed;
	request.seed = zcb_random_next(&run->random);
	request.key = zcb_random_next(&run->random);
	run->spec = (struct zcb_frame_spec){ .key = request.key, .frame = run->frame,
					     .pages = params->pages };
	run->victim = (struct zcb_victim){
		.memfd = run->guest->memfd, .memory = run->guest->memory, .page = run->page,
		.pages = params->pages, .random = &run->random, .sample = sample,
		.recorder = &run->recorder, .operation = 1,
	};
	run->recorder.start_ns = zcb_now_ns();
	return run->guest->ops->alloc(run->guest, &request, run->page, err);
}

static bool is_over(const struct running *run)
{
	uint64_t passed = zcb_now_ns() - run->recorder.start_ns;

	return run->round >= run->cell->params.rounds &&
	       passed >= run->cell->params.seconds * 1000000000ULL;
}

static int play(struct running *run, struct zcb_error *err)
{
	const struct zcb_cell *cell = run->cell;
	int ret = run->workload->check(&cell->params.workload, cell->memory, err);

	if (!ret)
		ret = prepare(run, err);
	for (run->round = 0; !ret && !is_over(run); run->round++)
		ret = play_round(run, err);
	return ret ? ret : run->guest->ops->release(run->guest, run->frame, err);
}

static void finish(struct running *run)
{
	free(run->page);
	free(run->verdict);
	free(run->want);
	free(run->damage.hit);
	free(run->copy);
	zcb_recorder_finish(&run->recorder);
	zcb_evidence_finish(&run->evidence);
}

/* The verdict of the cell, in the words of the journal. */
static const char *status_of(const struct running *run, int ret, const char *observed,
			     uint64_t unexplained, struct zcb_error *err)
{
	const char *expected = zcb_cell_expected(run->cell);

	if (ret)
		return ret == -EOPNOTSUPP ? "skip" : "error";
	if (run->recorder.dropped) {
		zcb_fail(err, 0, "host set-up: no memory for %" PRIu64 " samples", run->recorder.dropped);
		return "error";
	}
	if (!expected)
		return "pass";
	if (!observed) {
		zcb_fail(err, 0, "zcbench bug: the consumer %s gave no frame to look at",
			 run->consumer->name);
		return "error";
	}
	if (strcmp(expected, observed) != 0) {
		zcb_fail(err, 0, "declared %s, observed %s", expected, observed);
		return "fail";
	}
	if (unexplained) {
		zcb_fail(err, 0, "%" PRIu64 " pages are not as they should be: the stale pages are not "
			 "just the pages that were taken away", unexplained);
		return "fail";
	}
	return "pass";
}

/* Where RAM is split around the PCI hole, a frame proves that both sides of it are mapped right. */
static uint64_t pages_above_4g(const struct running *run)
{
	uint64_t n = 0;

	for (uint32_t i = 0; run->page && i < run->spec.pages; i++)
		n += run->page[i].off >= run->guest->ram_below_4g;
	return n;
}

static json_t *result_json(const struct running *run, int ret, struct zcb_error *err)
{
	const struct zcb_observation *o = &run->observation;
	const char *expected = zcb_cell_expected(run->cell);
	const char *observed = o->frames_checked ? zcb_observation_word(o, run->consumer->reads_memfd) :
						   NULL;
	uint64_t unexplained = zcb_observation_unexplained(o, expected);
	const char *status = status_of(run, ret, observed, unexplained, err);

	return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:o}",
			 "type", "result", "status", status, "reason", err->text, "expected", expected,
			 "observed", observed, "pages", zcb_observation_pages(o), "frames",
			 zcb_observation_frames(o), "events", "punched",
			 (json_int_t)run->damage.punched, "refilled", (json_int_t)run->refilled,
			 "migrate_ok", (json_int_t)0, "migrate_failed", (json_int_t)0, "pages_held",
			 (json_int_t)run->damage.pages_held, "stale_not_punched",
			 (json_int_t)unexplained, "pages_above_4g",
			 (json_int_t)pages_above_4g(run), "metrics", zcb_recorder_summary(&run->recorder));
}

static int send_samples(const struct running *run)
{
	int ret = 0;

	for (uint32_t i = 0; i < run->recorder.n && !ret; i++) {
		const struct zcb_series *series = &run->recorder.series[i];
		struct zcb_samples_header header = { .version = ZCB_SAMPLES_VERSION,
						     .record_size = sizeof(struct zcb_sample) };
		size_t n = sizeof(header) + series->n * sizeof(struct zcb_sample);
		ZCB_FREE char *bytes = malloc(n);

		if (!bytes)
			return -ENOMEM;
		memcpy(header.magic, ZCB_SAMPLES_MAGIC, sizeof(header.magic));
		memcpy(bytes, &header, sizeof(header));
		memcpy(bytes + sizeof(header), series->sample, n - sizeof(header));
		ret = zcb_wire_send(run->out, json_pack("{s:s, s:s, s:s}", "type", "file", "kind",
							"samples", "name", series->metric), bytes, n);
	}
	return ret;
}

int zcb_cell_run(const struct zcb_cell *cell, struct zcb_guest *guest, int out)
{
	ZCB_CLEANUP(finish) struct running run = {
		.cell = cell,
		.workload = zcb_workload_find(cell->workload),
		.consumer = zcb_consumer_find(cell->consumer),
		.guest = guest,
		.out = out,
		.dmabuf = -1,
	};
	struct zcb_error err = { "" };
	int ret, sent;

	if (!run.workload || !run.consumer)
		return zcb_wire_send(out, json_pack("{s:s, s:s, s:s}", "type", "result", "status",
						    "error", "reason", "zcbench bug: a cell of an unknown "
						    "workload or consumer"), NULL, 0);
	ret = play(&run, &err);
	sent = send_samples(&run);
	if (!sent)
		sent = zcb_evidence_send(&run.evidence, out);
	return sent ? sent : zcb_wire_send(out, result_json(&run, ret, &err), NULL, 0);
}
