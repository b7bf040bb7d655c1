// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of what a cell's rounds saw: its status, in the words of the journal, and its counts. */
#include "bench/executor/outcome.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* What is wrong on a kernel that nobody here built is that kernel's own; on ours it is mended, or should be. */
static const char *known_bug(const struct zcb_running *run, const char *observed)
{
	bool ours = *run->counters.variant;

	return ours || !observed || strcmp(observed, "wrong") != 0 ? NULL : zcb_cell_known_bug(run->cell);
}

/* Without a declaration everything would pass: then nothing may have been looked at. */
static const char *status_undeclared(const struct zcb_running *run, const char *observed, struct zcb_error *err)
{
	if (!observed)
		return "pass";
	zcb_fail(err, 0, "zcbench bug: the consumer %s gave frames, observed %s, and %s", run->consumer.name, observed,
		 run->consumer.reading == ZCB_READS_NOTHING ?
			 "its .reading says that it reads nothing (bench/consumers/)" :
			 "nothing is declared of them (bench/plan/variants.c)");
	return "error";
}

/* The verdict of the cell, in the words of the journal. */
static const char *status_of(const struct zcb_running *run, int ret, const char *observed,
			     uint64_t unexplained, struct zcb_error *err)
{
	const char *expected = zcb_cell_expected(run->cell), *bug;

	if (ret)
		return ret == -EOPNOTSUPP ? "skip" : "error";
	if (run->recorder.dropped) {
		zcb_fail(err, 0, "host set-up: no memory for %" PRIu64 " samples", run->recorder.dropped);
		return "error";
	}
	if (!expected)
		return status_undeclared(run, observed, err);
	if (!observed) {
		zcb_fail(err, 0, "zcbench bug: the consumer %s gave no frame to look at",
			 run->consumer.name);
		return "error";
	}
	if (strcmp(expected, observed) != 0) {
		bug = known_bug(run, observed);
		zcb_fail(err, 0, "declared %s, observed %s%s%s", expected, observed,
			 bug ? ": a known bug of this kernel; " : "", bug ? bug : "");
		return bug ? "pass" : "fail";
	}
	if (unexplained) {
		zcb_fail(err, 0, "%" PRIu64 " pages are not as they should be: the stale pages are not "
			 "just the pages that were taken away", unexplained);
		return "fail";
	}
	return "pass";
}

/* Where RAM is split around the PCI hole, a frame proves that both sides of it are mapped right. */
static uint64_t pages_above_4g(const struct zcb_running *run)
{
	uint64_t n = 0;

	for (uint32_t i = 0; run->page && i < run->spec.pages; i++)
		n += run->page[i].off >= run->guest->ram_below_4g;
	return n;
}

/* What the kernel counted over all rounds, or NULL where it counts nothing. */
static json_t *counters_json(const struct zcb_udmabuf_counters *counters)
{
	if (!*counters->variant)
		return NULL;
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "held",
			 (json_int_t)counters->held, "stale", (json_int_t)counters->stale, "updates",
			 (json_int_t)counters->updates, "same", (json_int_t)counters->same, "misses",
			 (json_int_t)counters->misses, "dropped", (json_int_t)counters->dropped,
			 "retries", (json_int_t)counters->retries, "zaps", (json_int_t)counters->zaps,
			 "lookups", (json_int_t)counters->lookups);
}

/* Of a mix each round was held to its own declaration. */
static const char *observed_word(const struct zcb_running *run, const struct zcb_mix *mix,
				 const char *expected)
{
	const struct zcb_observation *o = &run->observation;

	if (!o->frames_checked)
		return NULL;
	if (run->workload->event == ZCB_EVENT_MIX)
		return mix->wrong ? "undeclared" : expected;
	return zcb_observation_word(o, run->consumer.reading == ZCB_READS_MEMFD);
}

/* By what clock the guest told its times. */
static void add_guest_clock(json_t *result, struct zcb_running *run)
{
	struct zcb_guest_clock clock;
	struct zcb_error why;

	if (!run->guest->ops->clock ||
	    ZCB_METERED(&run->meter, run->guest->ops->clock(run->guest, &clock, &why)))
		return;
	json_object_set_new(result, "guest_clock",
			    json_pack("{s:I, s:I, s:I, s:I, s:I}", "tsc_khz", (json_int_t)clock.khz,
				      "khz_low", (json_int_t)clock.khz_low, "khz_high", (json_int_t)clock.khz_high,
				      "apart_low_ns", (json_int_t)clock.apart_low_ns, "apart_high_ns",
				      (json_int_t)clock.apart_high_ns));
}

static void add_mix(json_t *result, const struct zcb_mix *mix, struct zcb_error *err)
{
	json_t *events = json_object_get(result, "events");

	if (!mix->rounds)
		return;
	json_object_set_new(events, "rounds", json_integer((json_int_t)mix->rounds));
	json_object_set_new(events, "rounds_wrong", json_integer((json_int_t)mix->wrong));
	json_object_set_new(events, "rss_kib_settled", json_integer((json_int_t)mix->rss_kib[0]));
	json_object_set_new(events, "rss_kib_end", json_integer((json_int_t)mix->rss_kib[1]));
	if (mix->wrong)
		json_object_set_new(result, "reason", json_sprintf("%.300s (%s)", mix->first.text, err->text));
}

json_t *zcb_outcome_json(struct zcb_running *run, const struct zcb_mix *mix, int ret, json_t *probes,
			 struct zcb_error *err)
{
	const struct zcb_observation *o = &run->observation;
	const char *expected = zcb_cell_expected(run->cell);
	const char *observed = observed_word(run, mix, expected);
	bool mixed = run->workload->event == ZCB_EVENT_MIX;
	uint64_t unexplained = mixed ? 0 : zcb_observation_unexplained(o, expected);
	const char *status = status_of(run, ret, observed, unexplained, err);
	json_t *result;

	result = json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:o, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}, s:o*}",
			 "type", "result", "status", status, "reason", err->text, "expected", expected,
			 "observed", observed, "pages", zcb_observation_pages(o), "frames",
			 zcb_observation_frames(o), "events", "operations", (json_int_t)run->damage.work, "punched",
			 (json_int_t)run->damage.punched, "refilled", (json_int_t)run->refilled,
			 "migrate_ok", (json_int_t)run->damage.moved, "migrate_failed",
			 (json_int_t)run->damage.refused, "pages_held",
			 (json_int_t)run->damage.pages_held, "stale_not_punched",
			 (json_int_t)unexplained, "pages_above_4g",
			 (json_int_t)pages_above_4g(run), "udmabuf", counters_json(&run->counters));
	if (probes)
		json_object_set_new(result, "probes", probes);
	if (!ret && !strcmp(status, "pass") && known_bug(run, observed))
		json_object_set_new(result, "known_bug", json_string(known_bug(run, observed)));
	if (!ret)
		add_guest_clock(result, run);
	add_mix(result, mix, err);
	return result;
}
