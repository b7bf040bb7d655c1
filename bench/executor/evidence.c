// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/picture.h"
#include "bench/results/wire.h"

static void *copy_of(const void *bytes, size_t n)
{
	void *copy = malloc(n);

	return copy ? memcpy(copy, bytes, n) : NULL;
}

static void exhibit_finish(struct zcb_exhibit *exhibit)
{
	free(exhibit->want);
	free(exhibit->bytes);
	free(exhibit->page);
	free(exhibit->hit);
	memset(exhibit, 0, sizeof(*exhibit));
}

void zcb_evidence_keep(struct zcb_evidence *evidence, uint64_t round, enum zcb_phase phase,
		       const struct zcb_frame_spec *spec, const uint64_t *want, const void *bytes,
		       const struct zcb_page_verdict *page, const enum zcb_hit *hit)
{
	struct zcb_exhibit *exhibit = &evidence->exhibit[phase == ZCB_PHASE_REFILLED];
	size_t n = spec->pages;

	if (evidence->n && round != evidence->round)
		return;
	evidence->round = round;
	evidence->n++;
	exhibit_finish(exhibit);
	exhibit->phase = phase;
	exhibit->round = round;
	exhibit->spec = *spec;
	exhibit->want = copy_of(want, n * sizeof(*want));
	exhibit->bytes = copy_of(bytes, n * 4096);
	exhibit->page = copy_of(page, n * sizeof(*page));
	exhibit->hit = copy_of(hit, n * sizeof(*hit));
	if (!exhibit->want || !exhibit->bytes || !exhibit->page || !exhibit->hit)
		exhibit_finish(exhibit);
}

static json_t *page_map(const struct zcb_exhibit *exhibit)
{
	static const char letters[ZCB_VERDICT_COUNT + 1] = "FSZTXC";
	char *map = calloc(1, exhibit->spec.pages + 1);
	json_t *ages = json_array(), *punched = json_array(), *json;

	for (uint32_t i = 0; map && i < exhibit->spec.pages; i++) {
		map[i] = letters[exhibit->page[i].verdict];
		json_array_append_new(ages, json_integer((json_int_t)exhibit->page[i].age));
		if (exhibit->hit[i] != ZCB_HIT_NONE)
			json_array_append_new(punched, json_integer(i));
	}
	json = json_pack("{s:i, s:i, s:I, s:s, s:I, s:s, s:o, s:o}", "schema", 1, "frame",
			 (int)exhibit->spec.frame, "published", (json_int_t)exhibit->spec.published,
			 "after", exhibit->phase == ZCB_PHASE_REFILLED ? "refill" :
				  exhibit->phase == ZCB_PHASE_STRUCK ? "punch" : "baseline", "round",
			 (json_int_t)exhibit->round, "map", map ? map : "", "ages", ages, "punched",
			 punched);
	free(map);
	return json;
}

static int send_exhibit(const struct zcb_exhibit *exhibit, int number, int out)
{
	ZCB_CLEANUP(zcb_pictures_finish) struct zcb_pictures pictures = { 0 };
	int ret = zcb_pictures_draw(&exhibit->spec, exhibit->want, exhibit->bytes, &pictures);

	for (int k = 0; k < ZCB_PICTURE_COUNT && !ret; k++)
		ret = zcb_wire_send(out, json_pack("{s:s, s:s, s:i, s:s}", "type", "file", "kind", "frame",
						   "number", number, "part",
						   zcb_picture_name((enum zcb_picture_kind)k)),
				    pictures.kinds[k].png, pictures.kinds[k].size);
	/* The map comes last: it names the pictures, which are there by then. */
	return ret ? ret : zcb_wire_send(out, json_pack("{s:s, s:s, s:i, s:s, s:o}", "type", "file",
							"kind", "frame", "number", number, "part",
							"map", "map", page_map(exhibit)), NULL, 0);
}

int zcb_evidence_send(const struct zcb_evidence *evidence, int out)
{
	int number = 0, ret = 0;

	/* What a reader sees for good comes first, what it saw before the refill second. */
	for (int i = 1; i >= 0 && !ret; i--)
		if (evidence->exhibit[i].bytes)
			ret = send_exhibit(&evidence->exhibit[i], number++, out);
	return ret;
}

void zcb_evidence_finish(struct zcb_evidence *evidence)
{
	exhibit_finish(&evidence->exhibit[0]);
	exhibit_finish(&evidence->exhibit[1]);
}
