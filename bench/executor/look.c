// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a frame, judges every byte of it, and takes note of what it is. */
#include "bench/executor/look.h"

#include <string.h>

#include "bench/base/io.h"
#include "bench/executor/fence.h"
#include "bench/executor/hits.h"
#include "bench/executor/show.h"
#include "bench/results/wire.h"

static void report_first_frame(struct zcb_running *run)
{
	if (!run->guest->seen && run->observation.frames_fresh)
		zcb_wire_send(run->out,
			      json_pack("{s:s, s:s, s:I}", "type", "event", "name", "first-frame",
					"hut_ns", (json_int_t)zcb_now_ns()),
			      NULL, 0);
	run->guest->seen |= run->observation.frames_fresh > 0;
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

/*
 * A frame that was never struck is the same work for every variant. Later ones are not: whether a
 * mapping was zapped, and whether there is a wrong page to judge line by line, is the variant's doing.
 */
static void sample_reading(struct zcb_running *run, enum zcb_phase phase, uint64_t start, bool good)
{
	bool struck = phase != ZCB_PHASE_BASELINE && zcb_hits_any(run);

	if (good)
		zcb_running_sample(&run->recorder, struck ? "frame.reread" : "frame.read", run->victim.operation,
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
	zcb_running_sample_since(run, "frame.copy", run->victim.operation, start);
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

int zcb_look(struct zcb_running *run, enum zcb_phase phase, bool *ret_fresh, struct zcb_error *err)
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
		zcb_running_sample_since(run, "fence.wait", run->victim.operation, start);
		start = zcb_now_ns();
	}
	if (bytes)
		ret = judge(run, phase, bytes, start, err);
	zcb_meter_leave(&run->meter);
	released = ZCB_METERED(&run->meter, run->consumer.release(run->state, ret ? NULL : err));
	*ret_fresh = run->observation.frames_fresh > fresh_before;
	return ret ? ret : released;
}

/* A frame is whole if all of it is of one sequence, which its first line tells. */
int zcb_look_unfenced(struct zcb_running *run, struct zcb_error *err)
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
