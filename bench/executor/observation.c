// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/observation.h"

#include <string.h>

static bool makes_sense(const struct zcb_page_verdict *page, enum zcb_phase phase)
{
	switch (page->verdict) {
	case ZCB_VERDICT_FRESH:
	case ZCB_VERDICT_STALE:
		return true;
	case ZCB_VERDICT_ZERO: /* a hole that the reader went on to see: stale, if it was punched */
		return phase == ZCB_PHASE_REFILLED;
	case ZCB_VERDICT_TORN:
	case ZCB_VERDICT_FOREIGN:
	case ZCB_VERDICT_CORRUPT:
	case ZCB_VERDICT_COUNT:
		break;
	}
	return false;
}

static void add_hit(struct zcb_observation *o, enum zcb_phase phase, enum zcb_hit hit, bool right)
{
	o->hits++;
	o->zeroed_hits += hit == ZCB_HIT_ZEROED;
	o->refused_hits += hit == ZCB_HIT_REFUSED;
	if (phase == ZCB_PHASE_STRUCK)
		*(right ? &o->struck_right : &o->struck_stale) += 1;
	else
		*(right ? &o->refill_right : &o->refill_stale) += 1;
}

void zcb_observation_add(struct zcb_observation *o, enum zcb_phase phase, const enum zcb_hit *hit,
			 const struct zcb_page_verdict *page, uint32_t pages,
			 const struct zcb_frame_tally *tally)
{
	o->stale_in_frame = 0;
	for (uint32_t i = 0; i < pages; i++) {
		bool right = page[i].verdict == ZCB_VERDICT_FRESH;

		o->nonsense += !makes_sense(&page[i], phase);
		o->stale_in_frame += page[i].verdict == ZCB_VERDICT_STALE;
		if (hit[i] == ZCB_HIT_NONE)
			o->bystanders_wrong += !right;
		else
			add_hit(o, phase, hit[i], right);
	}
	o->frames_checked++;
	o->frames_fresh += zcb_frame_good(tally);
	zcb_frame_tally_add(&o->tally, tally);
}

void zcb_observation_add_unfenced(struct zcb_observation *o, const struct zcb_frame_tally *tally)
{
	/* A line of sequences too far apart to be told is corrupt to the checker: here it is torn. */
	o->nonsense += tally->pages[ZCB_VERDICT_FOREIGN];
	o->unfenced++;
	o->unfenced_torn += !zcb_frame_good(tally);
	o->frames_checked++;
	o->frames_fresh += zcb_frame_good(tally);
	zcb_frame_tally_add(&o->tally, tally);
}

void zcb_observation_merge(struct zcb_observation *sum, const struct zcb_observation *one)
{
	zcb_frame_tally_add(&sum->tally, &one->tally);
	sum->frames_checked += one->frames_checked;
	sum->frames_fresh += one->frames_fresh;
	sum->hits += one->hits;
	sum->zeroed_hits += one->zeroed_hits;
	sum->refused_hits += one->refused_hits;
	sum->struck_right += one->struck_right;
	sum->struck_stale += one->struck_stale;
	sum->refill_right += one->refill_right;
	sum->refill_stale += one->refill_stale;
	sum->bystanders_wrong += one->bystanders_wrong;
	sum->nonsense += one->nonsense;
	sum->unfenced += one->unfenced;
	sum->unfenced_torn += one->unfenced_torn;
}

const char *zcb_observation_word(const struct zcb_observation *o, bool reads_memfd)
{
	if (o->nonsense)
		return "wrong";
	if (o->bystanders_wrong)
		return "mixed";
	if (o->unfenced_torn)
		return "torn";
	if (!o->hits || (reads_memfd && !o->struck_stale && !o->refill_stale))
		return "fresh";
	if ((o->struck_right && o->struck_stale) || (o->refill_right && o->refill_stale) ||
	    (o->refused_hits && o->refused_hits != o->hits))
		return "mixed";
	if (o->refill_stale)
		return "stale";
	if (o->struck_stale)
		return "stale-until-refill";
	if (o->refused_hits)
		return "refused";
	return o->zeroed_hits == o->hits ? "zero-in-place" : "lookup";
}

uint64_t zcb_observation_unexplained(const struct zcb_observation *o, const char *expected)
{
	bool declared_stale = expected && !strcmp(expected, "stale");

	return o->bystanders_wrong + (declared_stale ? o->refill_right + o->struck_right : 0);
}

json_t *zcb_observation_pages(const struct zcb_observation *o)
{
	json_t *json = json_object();
	uint64_t checked = 0;

	for (int v = 0; v < ZCB_VERDICT_COUNT; v++) {
		json_object_set_new(json, zcb_verdict_name((enum zcb_verdict)v),
				    json_integer((json_int_t)o->tally.pages[v]));
		checked += o->tally.pages[v];
	}
	json_object_set_new(json, "checked", json_integer((json_int_t)checked));
	return json;
}

json_t *zcb_observation_frames(const struct zcb_observation *o)
{
	return json_pack("{s:I, s:I, s:I}", "checked", (json_int_t)o->frames_checked, "fresh",
			 (json_int_t)o->frames_fresh, "bad",
			 (json_int_t)(o->frames_checked - o->frames_fresh));
}
