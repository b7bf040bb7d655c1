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
#include <string.h>

#include "bench/base/io.h"
#include "bench/executor/buffer.h"
#include "bench/executor/draw.h"
#include "bench/executor/hits.h"
#include "bench/executor/look.h"
#include "bench/executor/refill.h"

/* On the screen the frame is another one in each round: it was exported when it was made. */
static int show(struct zcb_running *run, struct zcb_error *err)
{
	run->request.seed = zcb_random_next(&run->random);
	return ZCB_METERED(&run->meter, run->guest->ops->show(run->guest, &run->request, &run->geometry,
							      run->page, err));
}

static int prepare(struct zcb_running *run, struct zcb_error *err)
{
	if (!run->workload->prepare)
		return 0;
	return ZCB_METERED(&run->meter, run->workload->prepare(&run->cell->params.workload, &run->victim, err));
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
	zcb_hits_number(run);
	for (uint32_t i = 0; i < run->spec.pages; i++)
		if (zcb_hit_clears(run->damage.hit[i]))
			run->want[i] = 0;
	return zcb_hits_any(run) ? zcb_look(run, ZCB_PHASE_STRUCK, &fresh, err) : 0;
}

static int give_back(struct zcb_running *run, struct zcb_error *err)
{
	if (!run->workload->give_back)
		return 0;
	return ZCB_METERED(&run->meter, run->workload->give_back(&run->cell->params.workload, &run->victim,
								 err));
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
		ret = zcb_hits_note_touches(run, err);
	return ret ? ret : zcb_look(run, ZCB_PHASE_REFILLED, &fresh, err);
}

static void note_refill(struct zcb_running *run, uint64_t operation, uint32_t frame,
			uint64_t published, bool fresh, bool *seen)
{
	zcb_recorder_add(&run->recorder, "frame.stale", "pages", frame, run->read_end_ns,
			 run->observation.stale_in_frame);
	if (fresh && !*seen)
		zcb_running_sample(&run->recorder, "coherence.fresh", operation, (zcb_ns){published},
				   (zcb_ns){run->read_end_ns - published});
	*seen |= fresh;
}

/*
 * The guest draws while the reader already waits. The look can only be of the new frame: if a reader
 * did not wait, it saw the last one, or parts of both.
 */
static int look_at_fenced_draw(struct zcb_running *run, bool *ret_fresh, struct zcb_error *err)
{
	struct zcb_fenced_draw draw;
	int ret = zcb_draw_begin(run, &draw, err), drawn;

	if (ret)
		return ret;
	ret = zcb_look(run, ZCB_PHASE_REFILLED, ret_fresh, err);
	drawn = zcb_draw_end(run, &draw, ret ? NULL : err);
	return ret ? ret : drawn;
}

/* The guest draws, and nobody waits. */
static int look_at_storm(struct zcb_running *run, struct zcb_error *err)
{
	uint64_t last;
	int ret = ZCB_METERED(&run->meter, run->guest->ops->storm(run->guest, run->frame,
								  run->spec.published + 1, err)), calmed;

	if (ret)
		return ret;
	for (uint32_t i = 0; i < run->cell->params.frames && !ret; i++)
		ret = zcb_look_unfenced(run, err);
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
	int ret = draws && !fenced ? zcb_draw(run, err) : 0;

	*first_published = frame ? *first_published : zcb_now_ns();
	if (!ret)
		ret = fenced ? look_at_fenced_draw(run, &fresh, err) :
			       zcb_look(run, ZCB_PHASE_REFILLED, &fresh, err);
	if (!ret && touch == ZCB_TOUCH_WRITE && frame == 0)
		ret = zcb_hits_note_touches(run, err);
	if (!ret && draws && frame == 0)
		ret = zcb_hits_prove_refill(run, err);
	if (!ret && run->consumer.reading != ZCB_READS_NOTHING)
		note_refill(run, operation, frame + 1, *first_published, fresh, seen);
	return ret;
}

/* Draws and looks; how long it took until a reader saw what guest RAM holds, or never. */
static int refill(struct zcb_running *run, struct zcb_error *err)
{
	uint64_t operation = zcb_hits_first(run), first_published = 0;
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

static int end_probes(struct zcb_running *run, struct zcb_error *err)
{
	struct zcb_probes_scene scene = { .page = run->page, .pages = run->spec.pages,
					  .operation = run->victim.struck_by, .buffer = run->buffer, .struck_ns = run->struck_ns,
					  .next = &run->victim.operation };

	return zcb_probes_end(run->probes, &scene, &run->recorder, err);
}

/* Nothing is hit yet, and the workload has what it needs. */
static int make_ready(struct zcb_running *run, struct zcb_error *err)
{
	int ret;

	memset(run->damage.hit, 0, run->spec.pages * sizeof(*run->damage.hit));
	memset(run->victim.struck_by, 0, run->spec.pages * sizeof(*run->victim.struck_by));
	ret = run->consumer.display ? show(run, err) : 0;
	return ret ? ret : prepare(run, err);
}

static void restore(struct zcb_running *run)
{
	zcb_meter_enter(&run->meter);
	if (run->workload->restore)
		run->workload->restore(&run->victim);
	zcb_meter_leave(&run->meter);
}

int zcb_round_play(struct zcb_running *run, struct zcb_error *err)
{
	bool fresh;
	int ret = make_ready(run, err), probed;

	zcb_probes_begin(run->probes);
	if (!ret)
		ret = zcb_draw(run, err);
	if (!ret)
		ret = zcb_buffer_open(run, err);
	if (!ret)
		ret = zcb_look(run, ZCB_PHASE_BASELINE, &fresh, err);
	if (!ret)
		ret = strike(run, err);
	if (!ret)
		ret = refill(run, err);
	zcb_buffer_close(run);
	probed = end_probes(run, ret ? NULL : err);
	restore(run);
	return ret ? ret : probed;
}
