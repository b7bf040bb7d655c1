// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The experiment itself:
 *
 *   a round:  the workload makes ready what it needs
 *             the guest draws ── export ── open consumer ── look (all must be fresh)
 *             strike: the workload takes pages away
 *             look: before any refill, guest RAM reads zero where it was hit
 *             the workload gives back what the guest had to give for the strike
 *             refill: somebody else may bring the pages back; the guest may read them ── look
 *             `frames` times: the guest draws its next frame ── look
 *             close consumer ── close the dma-buf
 *
 * "Look" judges every byte. Guest and reader take turns: the guest publishes a frame and waits for
 * the next request (the handshake fence), so that nothing may be torn. With the fence sync-file the
 * last of these looks begin before their draws do, and wait; with none the guest draws all the time.
 */
#include "bench/executor/round.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/executor/fence.h"
#include "bench/executor/refill.h"
#include "bench/executor/show.h"
#include "bench/results/wire.h"

void zcb_round_sample(void *recorder, const char *metric, uint64_t operation, zcb_ns at,
		      zcb_ns value)
{
	zcb_recorder_add(recorder, metric, "ns", operation, at.ns, value.ns);
}

static void sample_since(struct zcb_running *run, const char *metric, uint64_t operation,
			 uint64_t start)
{
	zcb_round_sample(&run->recorder, metric, operation, (zcb_ns){start},
			 (zcb_ns){zcb_now_ns() - start});
}

/* The whole frame is of the next sequence now, or will be when its fence is signalled. */
static void note_drawn(struct zcb_running *run)
{
	run->spec.published++;
	for (uint32_t i = 0; i < run->spec.pages; i++)
		run->want[i] = run->spec.published;
}

/*
 * Spoils a word in the middle of a page, behind everybody's back: for tests, which demand of each
 * consumer that it shows that page, and no other, to be corrupt. It is a check word of line 32.
 */
static int plant(struct zcb_running *run, struct zcb_error *err)
{
	zcb_memfd_off at = run->page[run->cell->params.plant - 1];
	zcb_ns took;

	at.off += 2048 + 3 * sizeof(uint64_t);
	return run->guest->ops->touch(run->guest, at, true, UINT64_C(0x5ca1ab1e0ddba11), &took, err);
}

static int draw(struct zcb_running *run, struct zcb_error *err)
{
	int ret = ZCB_METERED(&run->meter, run->guest->ops->draw(run->guest, run->frame,
								  run->spec.published + 1, err));

	if (!ret && run->opened && run->consumer.await)
		ret = ZCB_METERED(&run->meter, run->consumer.await(run->state, err));
	if (ret)
		return ret;
	note_drawn(run);
	return run->cell->params.plant ? plant(run, err) : 0;
}

static void report_first_frame(struct zcb_running *run)
{
	if (!run->saw_first_frame && run->observation.frames_fresh)
		zcb_wire_send(run->out,
			      json_pack("{s:s, s:s, s:I}", "type", "event", "name", "first-frame",
					"hut_ns", (json_int_t)zcb_now_ns()),
			      NULL, 0);
	run->saw_first_frame |= run->observation.frames_fresh > 0;
}

/* Takes note of a checked frame; nothing in here belongs to a time that is measured. */
static void take_note(struct zcb_running *run, enum zcb_phase phase, const void *bytes,
		      const struct zcb_frame_tally *tally)
{
	zcb_observation_add(&run->observation, phase, run->damage.hit, run->verdict,
			    run->spec.pages, tally);
	report_first_frame(run);
	if (run->cell->params.show)
		zcb_show_add(&run->clip, &run->geometry, &run->spec, bytes, run->verdict);
	if (!zcb_frame_good(tally))
		zcb_evidence_keep(&run->evidence, run->round, phase, &run->spec, run->want, bytes,
				  run->verdict, run->damage.hit);
}

static bool was_hit(const struct zcb_running *run)
{
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (run->damage.hit[i])
			return true;
	return false;
}

/*
 * A frame that was never struck is the same work for every variant. Later ones are not: whether a
 * mapping was zapped, and whether there is a wrong page to judge line by line, is the variant's doing.
 */
static void sample_reading(struct zcb_running *run, enum zcb_phase phase, uint64_t start, bool good)
{
	bool struck = phase != ZCB_PHASE_BASELINE && was_hit(run);

	if (good)
		zcb_round_sample(&run->recorder, struck ? "frame.reread" : "frame.read", run->victim.operation,
				 (zcb_ns){start}, (zcb_ns){run->read_end_ns - start});
}

/* The copy comes right after the check: what frame.read is held against. */
static int judge(struct zcb_running *run, enum zcb_phase phase, const void *bytes, uint64_t start,
		 struct zcb_error *err)
{
	struct zcb_frame_tally tally;
	int ret = zcb_frame_check(&run->spec, run->want, bytes, run->verdict, &tally);

	run->read_end_ns = zcb_now_ns();
	if (ret)
		return zcb_fail(err, ret, "zcbench bug: the checker refused its own frame");
	sample_reading(run, phase, start, zcb_frame_good(&tally));
	start = zcb_now_ns();
	memcpy(run->copy, bytes, (size_t)run->spec.pages * 4096);
	sample_since(run, "frame.copy", run->victim.operation, start);
	zcb_meter_leave(&run->meter);
	if (!zcb_frame_good(&tally))
		zcb_frame_complete(&run->spec, run->want, run->copy);
	take_note(run, phase, run->copy, &tally);
	return 0;
}

/* Mappings wait by themselves, in DMA_BUF_IOCTL_SYNC or in the driver; others are made to. */
static int wait_for_writer(struct zcb_running *run, struct zcb_error *err)
{
	enum zcb_reading reading = run->consumer.reading;

	if (run->timeline < 0 || reading == ZCB_READS_MAPPING || reading == ZCB_READS_VMAP)
		return 0;
	return zcb_fence_wait(run->dmabuf, err);
}

/* Reads a whole frame and judges it. *ret_fresh says whether all of it was as guest RAM is. */
static int look(struct zcb_running *run, enum zcb_phase phase, bool *ret_fresh,
		struct zcb_error *err)
{
	uint64_t fresh_before = run->observation.frames_fresh, start;
	const void *bytes = NULL;
	int ret, released;

	zcb_meter_enter(&run->meter);
	start = zcb_now_ns();
	ret = wait_for_writer(run, err);
	if (!ret)
		ret = run->consumer.acquire(run->state, &bytes, err);
	if (ret)
		return ret;
	if (run->timeline >= 0) {
		sample_since(run, "fence.wait", run->victim.operation, start);
		start = zcb_now_ns();
	}
	if (bytes)
		ret = judge(run, phase, bytes, start, err);
	zcb_meter_leave(&run->meter);
	released = ZCB_METERED(&run->meter, run->consumer.release(run->state, ret ? NULL : err));
	*ret_fresh = run->observation.frames_fresh > fresh_before;
	return ret ? ret : released;
}

/* The guest's write must really have brought the pages back: guest RAM itself is asked. */
static int prove_refill(struct zcb_running *run, struct zcb_error *err)
{
	char bytes[4096];

	for (uint32_t i = 0; i < run->spec.pages; i++) {
		struct zcb_page_verdict verdict;
		int ret;

		if (!zcb_hit_clears(run->damage.hit[i]))
			continue;
		ret = zcb_memfd_read(run->guest->memfd, run->page[i], bytes, sizeof(bytes));
		if (ret)
			return zcb_fail(err, ret, "kernel: reading a refilled page: %s",
					strerror(-ret));
		zcb_page_judge(&run->spec, run->spec.published, i, bytes, &verdict);
		if (verdict.verdict != ZCB_VERDICT_FRESH)
			return zcb_fail(err, -EIO,
					"guest: it drew over the hole at page %u, and its RAM "
					"is %s there",
					i, zcb_verdict_name(verdict.verdict));
		run->refilled++;
	}
	return 0;
}

/* Pages that one operation hit without saying so share an id. */
static void number_hits(struct zcb_running *run)
{
	uint64_t operation = 0;

	for (uint32_t i = 0; i < run->spec.pages; i++) {
		if (!run->damage.hit[i] || run->victim.struck_by[i])
			continue;
		if (!operation)
			operation = run->victim.operation++;
		run->victim.struck_by[i] = operation;
	}
}

static int strike(struct zcb_running *run, struct zcb_error *err)
{
	uint64_t work_before = run->damage.work;
	bool fresh;
	int ret;

	run->struck_ns = zcb_now_ns();
	ret = ZCB_METERED(&run->meter, run->workload->strike(&run->cell->params.workload, &run->victim,
							      &run->damage, err));
	if (ret)
		return ret;
	if (!run->workload->control && run->damage.work == work_before)
		return zcb_fail(err, -EIO, "zcbench bug: the workload %s did nothing",
				run->workload->name);
	number_hits(run);
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (zcb_hit_clears(run->damage.hit[i]))
			run->want[i] = 0;
	return was_hit(run) ? look(run, ZCB_PHASE_STRUCK, &fresh, err) : 0;
}

/* Hugetlb has one page, and one fault, for many pages of the frame: the first of them pays. */
static bool is_first_of_its_page(const struct zcb_running *run, uint32_t page)
{
	uint64_t size = zcb_memory_page_size(run->guest->memory), at = run->page[page].off / size;

	for (uint32_t i = page; i > 0; i--)
		if (run->page[i - 1].off / size == at)
			return false;
	return true;
}

/* What the guest's first touch after the strike cost it, page by page, where it can tell. */
static int note_touches(struct zcb_running *run, struct zcb_error *err)
{
	zcb_ns at = { zcb_now_ns() };
	ZCB_FREE zcb_ns *took = NULL;
	int ret;

	if (!run->guest->ops->touch_times || !was_hit(run))
		return 0;
	took = calloc(run->spec.pages, sizeof(*took));
	if (!took)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for times of touches");
	ret = ZCB_METERED(&run->meter, run->guest->ops->touch_times(run->guest, run->frame, run->spec.pages,
								    took, err));
	if (ret)
		return ret == -EOPNOTSUPP ? 0 : ret;
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (run->damage.hit[i] && is_first_of_its_page(run, i))
			zcb_round_sample(&run->recorder, "fault.guest", run->victim.struck_by[i], at,
					 took[i]);
	return 0;
}

/* Somebody else brings the pages back, and the guest may have read them before it draws. */
static int refill_elsewhere(struct zcb_running *run, struct zcb_error *err)
{
	const struct zcb_workload_params *params = &run->cell->params.workload;
	bool fresh;
	int ret = ZCB_METERED(&run->meter, zcb_refill(params->refill, run->guest, &run->victim,
						      run->damage.hit, &run->spec, run->want, err));

	if (ret || params->touch == ZCB_TOUCH_WRITE)
		return ret;
	if (params->touch == ZCB_TOUCH_READ)
		ret = ZCB_METERED(&run->meter, run->guest->ops->read(run->guest, run->frame, err));
	if (!ret && params->touch == ZCB_TOUCH_READ)
		ret = note_touches(run, err);
	return ret ? ret : look(run, ZCB_PHASE_REFILLED, &fresh, err);
}

static int give_back(struct zcb_running *run, struct zcb_error *err)
{
	if (!run->workload->give_back)
		return 0;
	return ZCB_METERED(&run->meter, run->workload->give_back(&run->cell->params.workload, &run->victim,
								 err));
}

static void note_refill(struct zcb_running *run, uint64_t operation, uint32_t frame,
			uint64_t published, bool fresh, bool *seen)
{
	zcb_recorder_add(&run->recorder, "frame.stale", "pages", frame, run->read_end_ns,
			 run->observation.stale_in_frame);
	if (fresh && !*seen)
		zcb_round_sample(&run->recorder, "coherence.fresh", operation, (zcb_ns){published},
				 (zcb_ns){run->read_end_ns - published});
	*seen |= fresh;
}

/*
 * The guest draws while the reader already waits. The look can only be of the new frame: if a reader
 * did not wait, it saw the last one, or parts of both.
 */
static int look_at_fenced_draw(struct zcb_running *run, bool *ret_fresh, struct zcb_error *err)
{
	struct zcb_fenced_draw draw = { .guest = run->guest, .frame = run->frame,
					.sequence = run->spec.published + 1, .timeline = run->timeline, .point = ++run->point };
	int ret = ZCB_METERED(&run->meter, zcb_fence_draw(&draw, run->dmabuf, err)), drawn;

	if (ret)
		return ret;
	note_drawn(run);
	ret = look(run, ZCB_PHASE_REFILLED, ret_fresh, err);
	drawn = ZCB_METERED(&run->meter, zcb_fence_end(&draw, ret ? NULL : err));
	return ret ? ret : drawn;
}

/*
 * The guest draws, and nobody waits. A frame is whole if all of it is of one sequence, which its first
 * line tells: all others are held against that.
 */
static int look_unfenced(struct zcb_running *run, struct zcb_error *err)
{
	struct zcb_frame_spec spec = run->spec;
	struct zcb_frame_tally tally;
	const void *bytes = NULL;
	int ret, released;

	zcb_meter_enter(&run->meter);
	ret = run->consumer.acquire(run->state, &bytes, err);
	if (ret)
		return ret;
	if (bytes) {
		memcpy(&spec.published, bytes, sizeof(spec.published));
		spec.unfenced = true;
		ret = zcb_frame_check(&spec, NULL, bytes, run->verdict, &tally);
		run->read_end_ns = zcb_now_ns();
		zcb_meter_leave(&run->meter);
		if (!ret)
			zcb_observation_add_unfenced(&run->observation, &tally);
	}
	released = ZCB_METERED(&run->meter, run->consumer.release(run->state, ret ? NULL : err));
	if (ret)
		return zcb_fail(err, ret, "zcbench bug: the checker refused an unfenced frame");
	return released;
}

static int look_at_storm(struct zcb_running *run, struct zcb_error *err)
{
	uint64_t last;
	int ret = ZCB_METERED(&run->meter, run->guest->ops->storm(run->guest, run->frame,
								  run->spec.published + 1, err)), calmed;

	if (ret)
		return ret;
	for (uint32_t i = 0; i < run->cell->params.frames && !ret; i++)
		ret = look_unfenced(run, err);
	calmed = ZCB_METERED(&run->meter, run->guest->ops->calm(run->guest, run->frame, &last,
								ret ? NULL : err));
	if (!ret && !calmed)
		run->spec.published = last;
	return ret ? ret : calmed;
}

/* One more frame, or where the guest does not touch it, one more look at the same. */
static int next_frame(struct zcb_running *run, uint64_t operation, uint32_t frame,
		      uint64_t *first_published, bool *seen, struct zcb_error *err)
{
	enum zcb_touch touch = run->cell->params.workload.touch;
	bool draws = touch != ZCB_TOUCH_NONE, fresh;
	bool fenced = draws && run->timeline >= 0;
	int ret = draws && !fenced ? draw(run, err) : 0;

	*first_published = frame ? *first_published : zcb_now_ns();
	if (!ret)
		ret = fenced ? look_at_fenced_draw(run, &fresh, err) :
			       look(run, ZCB_PHASE_REFILLED, &fresh, err);
	if (!ret && touch == ZCB_TOUCH_WRITE && frame == 0)
		ret = note_touches(run, err);
	if (!ret && draws && frame == 0)
		ret = prove_refill(run, err);
	if (!ret && run->consumer.reading != ZCB_READS_NOTHING)
		note_refill(run, operation, frame + 1, *first_published, fresh, seen);
	return ret;
}

/* A frame is fresh when all of its pages are: it goes by the first one that was hit. */
static uint64_t frame_operation(struct zcb_running *run)
{
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (run->damage.hit[i])
			return run->victim.struck_by[i];
	return run->victim.operation++;
}

/* Draws and looks; how long it took until a reader saw what guest RAM holds, or never. */
static int refill(struct zcb_running *run, struct zcb_error *err)
{
	uint64_t operation = frame_operation(run), first_published = 0;
	bool seen = run->consumer.reading == ZCB_READS_NOTHING;
	int ret = give_back(run, err);

	if (!ret && run->cell->params.fence == ZCB_FENCE_NONE)
		return look_at_storm(run, err);
	if (!ret)
		ret = refill_elsewhere(run, err);
	for (uint32_t i = 0; i < run->cell->params.frames && !ret; i++)
		ret = next_frame(run, operation, i, &first_published, &seen, err);
	if (!ret && !seen)
		zcb_recorder_add(&run->recorder, "coherence.fresh", "ns", operation,
				 first_published, ZCB_CENSORED);
	return ret;
}

/* To count what it holds the kernel looks up each page, which is most of what a short round costs. */
#define ROUNDS_A_CHECK 16

/*
 * The kernel must really have made a udmabuf of this variant, and one that is told of each page:
 * else the cell would measure something else under its name.
 */
static int check_variant(const struct zcb_running *run, struct zcb_error *err)
{
	const char *variant = run->cell->variant;
	struct zcb_udmabuf_counters counters;
	int ret = zcb_udmabuf_counters(run->dmabuf, &counters);

	if (ret == -ENOENT && !strcmp(variant, "stock"))
		return 0;
	if (ret)
		return zcb_fail(err, ret,
				"kernel: the udmabuf's counters: %s (debugfs must be mounted)",
				strerror(-ret));
	if (strcmp(counters.variant, variant) != 0)
		return zcb_fail(err, -EIO, "kernel: it made a udmabuf of the variant %s, not %s",
				counters.variant, variant);
	if (strcmp(variant, "stock") != 0 && counters.mapped != run->spec.pages)
		return zcb_fail(err, -EIO,
				"zcbench bug: only %" PRIu64 " of %u pages are mapped by the "
				"process that made the udmabuf",
				counters.mapped, run->spec.pages);
	return 0;
}

static int prepare(struct zcb_running *run, struct zcb_error *err)
{
	if (!run->workload->prepare)
		return 0;
	return ZCB_METERED(&run->meter, run->workload->prepare(&run->cell->params.workload, &run->victim, err));
}

/* On the screen the frame is another one in each round: it was exported when it was made. */
static int show(struct zcb_running *run, struct zcb_error *err)
{
	run->request.seed = zcb_random_next(&run->random);
	return ZCB_METERED(&run->meter, run->guest->ops->show(run->guest, &run->request, &run->geometry,
							      run->page, err));
}

static int export(struct zcb_running *run, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	zcb_ns took;
	int ret = ZCB_METERED(&run->meter, run->guest->ops->export(run->guest, run->page, run->spec.pages,
								   &run->dmabuf, &took, err));

	if (!ret)
		zcb_round_sample(&run->recorder, "export.create", run->victim.operation++,
				 (zcb_ns){ start }, took);
	return ret;
}

static int open_display(struct zcb_running *run, struct zcb_error *err)
{
	int ret = run->display < 0 ? run->guest->ops->look(run->guest, &run->display, err) : 0, dmabuf;

	run->view.display = run->display;
	if (!ret)
		ret = run->consumer.open(&run->view, &run->state, err);
	if (ret)
		return ret;
	run->opened = true;
	dmabuf = fcntl(run->consumer.dmabuf(run->state), F_DUPFD_CLOEXEC, 0);
	if (dmabuf < 0)
		return zcb_fail(err, -errno, "host set-up: no file for the dma-buf: %m");
	run->dmabuf = dmabuf;
	return 0;
}

static int open_consumer(struct zcb_running *run, struct zcb_error *err)
{
	int ret;

	if (run->consumer.display)
		return open_display(run, err);
	ret = run->consumer.open(&run->view, &run->state, err);
	run->opened = ret == 0;
	return ret;
}

/* What the kernel's trace calls the dma-buf. */
static void note_buffer(struct zcb_running *run)
{
	struct stat file;

	run->buffer = run->dmabuf >= 0 && fstat(run->dmabuf, &file) == 0 ? file.st_ino : 0;
}

static int open_round(struct zcb_running *run, struct zcb_error *err)
{
	int ret = draw(run, err);

	if (!ret && !run->consumer.display)
		ret = export(run, err);
	if (ret)
		return ret;
	note_buffer(run);
	run->view = (struct zcb_view){.dmabuf = run->dmabuf,
				      .display = -1,
				      .memfd = run->guest->memfd,
				      .page = run->page,
				      .pages = run->spec.pages,
				      .geometry = run->geometry,
				      .import_each = run->cell->params.import == ZCB_IMPORT_EACH};
	ret = ZCB_METERED(&run->meter, open_consumer(run, err));
	return ret || run->round % ROUNDS_A_CHECK ? ret : check_variant(run, err);
}

static void close_round(struct zcb_running *run)
{
	struct zcb_udmabuf_counters counters;
	uint64_t start;

	zcb_meter_enter(&run->meter);
	if (run->opened)
		run->consumer.close(run->state);
	zcb_meter_leave(&run->meter);
	run->opened = false;
	if (run->dmabuf < 0)
		return;
	if (!zcb_udmabuf_counters(run->dmabuf, &counters))
		zcb_udmabuf_counters_add(&run->counters, &counters);
	zcb_meter_enter(&run->meter);
	start = zcb_now_ns();
	close(run->dmabuf);
	sample_since(run, "export.close", run->victim.operation++, start);
	zcb_meter_leave(&run->meter);
	run->dmabuf = -1;
}

static int end_probes(struct zcb_running *run, struct zcb_error *err)
{
	struct zcb_probes_scene scene = { .page = run->page, .pages = run->spec.pages,
					  .operation = run->victim.struck_by, .buffer = run->buffer, .struck_ns = run->struck_ns,
					  .next = &run->victim.operation };

	return zcb_probes_end(run->probes, &scene, &run->recorder, err);
}

int zcb_round_play(struct zcb_running *run, struct zcb_error *err)
{
	bool fresh;
	int ret, probed;

	memset(run->damage.hit, 0, run->spec.pages * sizeof(*run->damage.hit));
	memset(run->victim.struck_by, 0, run->spec.pages * sizeof(*run->victim.struck_by));
	ret = run->consumer.display ? show(run, err) : 0;
	if (!ret)
		ret = prepare(run, err);
	zcb_probes_begin(run->probes);
	if (!ret)
		ret = open_round(run, err);
	if (!ret)
		ret = look(run, ZCB_PHASE_BASELINE, &fresh, err);
	if (!ret)
		ret = strike(run, err);
	if (!ret)
		ret = refill(run, err);
	close_round(run);
	probed = end_probes(run, ret ? NULL : err);
	zcb_meter_enter(&run->meter);
	if (run->workload->restore)
		run->workload->restore(&run->victim);
	zcb_meter_leave(&run->meter);
	return ret ? ret : probed;
}
