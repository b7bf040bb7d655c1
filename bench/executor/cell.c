// SPDX-License-Identifier: GPL-2.0-or-later
/* A cell: what it needs before its rounds, and where what they saw goes. */
#include "bench/executor/cell.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/executor/company.h"
#include "bench/executor/delay.h"
#include "bench/executor/fault-around.h"
#include "bench/executor/fence.h"
#include "bench/executor/mix.h"
#include "bench/executor/outcome.h"
#include "bench/executor/refill.h"
#include "bench/executor/round.h"
#include "bench/executor/show.h"
#include "bench/results/wire.h"

/* Where frames are copied to. It is shared with the cells to come, which overwrite it before they read it. */
static struct {
	char *bytes;
	size_t n;
} room;

int zcb_cell_make_room(const struct zcb_cell *cell)
{
	size_t n = (size_t)cell->params.pages * 4096;
	void *bytes;

	if (n <= room.n)
		return 0;
	bytes = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	if (room.n)
		munmap(room.bytes, room.n);
	memset(bytes, 1, n);
	room.bytes = bytes;
	room.n = n;
	return 0;
}

/*
 * Page faults are not the copy's cost. The pages are there, and a read maps as many of them as
 * fault-around takes, writable, as the mapping is shared; a write would map one.
 */
static char *take_room(size_t n)
{
	volatile char *page = room.bytes;

	if (n > room.n)
		return NULL;
	for (size_t i = 0; i < n; i += 4096)
		(void)page[i];
	for (size_t i = 0; i < n; i += 4096)
		page[i] = 1; /* dirty, from here on */
	return room.bytes;
}

static int prepare(struct zcb_running *run, struct zcb_error *err)
{
	const struct zcb_cell_params *params = &run->cell->params;
	size_t n = params->pages;

	run->page = calloc(n, sizeof(*run->page));
	run->verdict = calloc(n, sizeof(*run->verdict));
	run->want = calloc(n, sizeof(*run->want));
	run->damage.hit = calloc(n, sizeof(*run->damage.hit));
	run->copy = take_room(n * 4096);
	run->victim.struck_by = calloc(n, sizeof(*run->victim.struck_by));
	if (!run->page || !run->verdict || !run->want || !run->damage.hit || !run->copy || !run->victim.struck_by)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a frame of %zu pages", n);
	run->random = run->cell->seed;
	run->request = (struct zcb_frame_request){ .frame = run->frame, .pages = params->pages,
						   .blocks = params->blocks,
						   .plugged = run->workload->plugged };
	run->request.seed = zcb_random_next(&run->random);
	run->request.key = zcb_random_next(&run->random);
	run->spec = (struct zcb_frame_spec){ .key = run->request.key, .frame = run->frame,
					     .pages = params->pages };
	if (run->consumer.carries) {
		zcb_frame_mask_init(&run->mask, &run->geometry, run->consumer.carries(&run->geometry));
		run->spec.mask = &run->mask;
	}
	run->victim = (struct zcb_victim){
		.guest = run->guest, .frame = run->frame, .memfd = run->guest->memfd,
		.memory = run->guest->memory, .page = run->page, .pages = params->pages,
		.params = &params->workload, .random = &run->random, .sample = zcb_running_sample,
		.recorder = &run->recorder, .operation = 1, .struck_by = run->victim.struck_by,
	};
	run->recorder.start_ns = zcb_now_ns();
	/* What is on the screen is made anew in each round. */
	if (run->consumer.display)
		return 0;
	return ZCB_METERED(&run->meter, run->guest->ops->alloc(run->guest, &run->request, run->page, err));
}

/*
 * Pages of the screen are the driver's, and wrapped by the VMM from the moment that they are there:
 * nobody can choose them, lay them out before, or give them away.
 */
static int check_display(const struct zcb_cell *cell, const struct zcb_workload_ops *workload,
			 const struct zcb_guest *guest, struct zcb_error *err)
{
	const struct zcb_cell_params *params = &cell->params;

	if (!guest->ops->show)
		return zcb_fail(err, -EOPNOTSUPP, "usage: a guest of the kind %s has no screen for %s to look "
				"at: run this with --guests linux", cell->guest, cell->consumer);
	if (params->blocks || workload->plugged || params->workload.backing != ZCB_BACKING_GIVEN)
		return zcb_fail(err, -EOPNOTSUPP, "usage: the pages of the guest's screen are where its driver "
				"finds them: \"blocks\", \"backing\" and plugged memory are for other consumers "
				"than %s", cell->consumer);
	if (zcb_workload_devices(workload, params->workload.under))
		return zcb_fail(err, -EOPNOTSUPP, "usage: a guest cannot give away pages of its screen, as %s "
				"demands: use another consumer than %s", cell->workload, cell->consumer);
	if (params->geometry.format != ZCB_FORMAT_XRGB8888)
		return zcb_fail(err, -EOPNOTSUPP, "usage: virtio-gpu's screen is xrgb8888 and no other \"format\"");
	return 0;
}

static int check(const struct zcb_cell *cell, const struct zcb_workload_ops *workload,
		 const struct zcb_guest *guest, struct zcb_error *err)
{
	const struct zcb_workload_params *params = &cell->params.workload;
	int ret = workload->check(params, guest, err);

	if (!ret)
		ret = zcb_refill_check(params->refill, cell->memory, err);
	return ret;
}

/* The runner puts fault-around and delays back, whatever becomes of the cell. */
static int set_kernel(const struct zcb_cell *cell, struct zcb_error *err)
{
	int ret = zcb_variant_select(cell->variant, err);

	if (!ret && cell->params.fault_around)
		ret = zcb_fault_around_set(cell->params.fault_around, err);
	if (!ret && *cell->params.delay)
		ret = zcb_delay_set(cell->params.delay, cell->params.delay_by, err);
	return ret;
}

static bool is_over(const struct zcb_running *run)
{
	uint64_t passed = zcb_now_ns() - run->recorder.start_ns;

	return run->round >= run->cell->params.rounds &&
	       passed >= run->cell->params.seconds * 1000000000ULL;
}

/* A guest survives a skip, and gets its frame back. */
static int play_rounds(struct zcb_running *run, struct zcb_mix *mix, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_company_finish) struct zcb_company company = { .recorder = &run->recorder };
	bool mixed = run->workload->event == ZCB_EVENT_MIX;
	int released, ret = prepare(run, err);

	if (!ret)
		ret = ZCB_METERED(&run->meter, zcb_company_hold(&run->cell->params, run->guest, run->page,
								&company, err));
	for (run->round = 0; !ret && !is_over(run); run->round++)
		ret = mixed ? zcb_mix_play(mix, run, err) : zcb_round_play(run, err);
	if (ret && ret != -EOPNOTSUPP)
		return ret;
	released = ZCB_METERED(&run->meter, run->guest->ops->release(run->guest, run->frame, ret ? NULL : err));
	return released ? released : ret;
}

/* A page that is struck makes some 30 events, of which a processor may have to hold all. */
static uint32_t probes_room(const struct zcb_cell_params *params)
{
	return params->probes_kib ? params->probes_kib : 4096 + 2 * params->pages;
}

static int play(struct zcb_running *run, struct zcb_mix *mix, struct zcb_error *err)
{
	const struct zcb_cell *cell = run->cell;
	int ret;

	run->geometry = cell->params.geometry;
	ret = zcb_geometry_settle(&run->geometry, cell->params.pages, err);
	if (!ret && run->consumer.display)
		ret = check_display(cell, run->workload, run->guest, err);
	if (!ret)
		ret = ZCB_METERED(&run->meter, check(cell, run->workload, run->guest, err));
	if (!ret && cell->params.fence == ZCB_FENCE_SYNC_FILE)
		ret = zcb_fence_timeline(&run->timeline, err);
	if (!ret)
		ret = set_kernel(cell, err);
	if (!ret && cell->params.probes == ZCB_ON)
		ret = zcb_probes_open(run->guest, probes_room(&cell->params), &run->probes, err);
	return ret ? ret : play_rounds(run, mix, err);
}

static void finish(struct zcb_running *run)
{
	free(run->page);
	free(run->verdict);
	free(run->want);
	free(run->damage.hit);
	free(run->victim.struck_by);
	zcb_probes_close(run->probes);
	zcb_close_fd_p(&run->display);
	zcb_recorder_finish(&run->recorder);
	zcb_evidence_finish(&run->evidence);
	zcb_clip_finish(&run->clip);
}

static bool is_evidence_wanted(const struct zcb_cell *cell, json_t *result)
{
	const char *status = json_string_value(json_object_get(result, "status"));

	return cell->params.evidence == ZCB_EVIDENCE_WRONG || !status || strcmp(status, "pass") != 0 ||
	       json_object_get(result, "known_bug");
}

/* After anything but a clean end, nobody knows what state the guest is in. */
static bool is_sound(json_t *result)
{
	const char *status = json_string_value(json_object_get(result, "status"));

	return status && (!strcmp(status, "pass") || !strcmp(status, "fail") || !strcmp(status, "skip"));
}

/* What this process takes from here to its end, the executor adds. */
static int send_account(const struct zcb_running *run, bool sound)
{
	json_t *account = json_pack("{s:s, s:b, s:b, s:f, s:f}", "type", "account", "sound", sound, "fresh",
				    run->observation.frames_fresh > 0, "own", zcb_meter_own_s(&run->meter),
				    "so_far", zcb_meter_family_s());

	int ret = zcb_wire_send(run->out, account, NULL, 0), written = zcb_wire_uncork();

	return ret ? ret : written;
}

int zcb_cell_run(const struct zcb_cell *cell, struct zcb_guest *guest, int out)
{
	ZCB_CLEANUP(finish) struct zcb_running run = {
		.cell = cell,
		.workload = zcb_workload_find(cell->workload),
		.guest = guest,
		.out = out,
		.dmabuf = -1,
		.timeline = -1,
		.display = -1,
	};
	ZCB_CLEANUP(zcb_mix_finish) struct zcb_mix mix = { 0 };
	const struct zcb_consumer_ops *consumer = zcb_consumer_find(cell->consumer);
	struct zcb_error err = { "" };
	json_t *probes, *result;
	bool sound;
	int ret, sent;

	if (!run.workload || !consumer) {
		sent = zcb_wire_send(out, json_pack("{s:s, s:s, s:s}", "type", "result", "status", "error",
						    "reason", "zcbench bug: a cell of an unknown workload or consumer"),
				     NULL, 0);
		return sent ? sent : send_account(&run, false);
	}
	/* If it cannot, times are less steady, and no less true. */
	zcb_topology_keep(&guest->placement, ZCB_ROLE_CELL, 0);
	ret = ZCB_METERED(&run.meter, zcb_consumer_load(consumer, &run.consumer, &err));
	if (!ret)
		ret = play(&run, &mix, &err);
	probes = zcb_probes_report(run.probes, &run.recorder);
	result = zcb_outcome_json(&run, &mix, ret, probes, &err);
	zcb_wire_cork(out);
	sent = zcb_recorder_send(&run.recorder, out);
	if (!sent && is_evidence_wanted(cell, result))
		sent = zcb_evidence_send(&run.evidence, out);
	if (!sent)
		sent = zcb_show_send(&run.clip, out);
	if (!sent)
		sent = zcb_mix_send(&mix, out);
	sound = is_sound(result);
	if (!sent)
		sent = zcb_wire_send(out, result, NULL, 0);
	return sent ? sent : send_account(&run, sound);
}
