// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/exhibit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "bench/results/wire.h"

#define PAGE ZCB_STAMP_PAGE_SIZE

static const char *const afters[] = { "baseline", "punch", "refill" };

static struct zcb_exhibit_page *records(const struct zcb_exhibit *exhibit)
{
	return (struct zcb_exhibit_page *)(void *)exhibit->payload;
}

static size_t records_size(const struct zcb_exhibit *exhibit)
{
	return exhibit->spec.pages * sizeof(struct zcb_exhibit_page);
}

static int make_room(struct zcb_exhibit *exhibit, size_t n)
{
	unsigned char *grown = n > exhibit->room ? realloc(exhibit->payload, n) : exhibit->payload;

	if (!grown)
		return -ENOMEM;
	exhibit->payload = grown;
	exhibit->room = n > exhibit->room ? n : exhibit->room;
	return 0;
}

void zcb_exhibit_take(struct zcb_exhibit *exhibit, const struct zcb_frame_spec *spec,
		      const uint64_t *want, const struct zcb_page_verdict *verdict, const bool *hit,
		      const void *bytes)
{
	struct zcb_picture_window window = zcb_picture_window(verdict, spec->pages);
	const unsigned char *at = (const unsigned char *)bytes + (size_t)window.first * PAGE;

	exhibit->spec = *spec;
	exhibit->spec.mask = NULL;
	exhibit->n = 0;
	/* The most that it can be: it is kept again and again, and so is the memory. */
	if (make_room(exhibit, records_size(exhibit) + window.pages * PAGE))
		return;
	for (uint32_t i = 0; i < spec->pages; i++)
		records(exhibit)[i] = (struct zcb_exhibit_page){ want[i], verdict[i].age,
								 verdict[i].verdict, hit[i] };
	exhibit->n = records_size(exhibit);
	for (uint32_t i = 0; i < window.pages; i++, at += PAGE) {
		if (verdict[window.first + i].verdict == ZCB_VERDICT_FRESH)
			continue;
		memcpy(exhibit->payload + exhibit->n, at, PAGE);
		exhibit->n += PAGE;
	}
}

int zcb_exhibit_send(const struct zcb_exhibit *exhibit, int number, int out)
{
	const struct zcb_frame_spec *spec = &exhibit->spec;

	return zcb_wire_send(out, json_pack("{s:s, s:s, s:i, s:s, s:I, s:I, s:I, s:I, s:I}", "type", "file",
					    "kind", "frame", "number", number, "after", exhibit->after,
					    "round", (json_int_t)exhibit->round, "key", (json_int_t)spec->key,
					    "frame", (json_int_t)spec->frame, "pages",
					    (json_int_t)spec->pages, "published",
					    (json_int_t)spec->published),
			     exhibit->payload, exhibit->n);
}

static uint64_t number_of(const json_t *message, const char *name)
{
	return (uint64_t)json_integer_value(json_object_get(message, name));
}

static const char *known_after(const json_t *message)
{
	const char *after = json_string_value(json_object_get(message, "after"));

	for (size_t i = 0; after && i < sizeof(afters) / sizeof(afters[0]); i++)
		if (!strcmp(afters[i], after))
			return afters[i];
	return NULL;
}

/* The verdicts as the pictures want them: NULL without memory. The caller's to free. */
static struct zcb_page_verdict *verdicts_of(const struct zcb_exhibit *exhibit)
{
	struct zcb_page_verdict *verdicts = calloc(exhibit->spec.pages, sizeof(*verdicts));

	for (uint32_t i = 0; verdicts && i < exhibit->spec.pages; i++)
		verdicts[i] = (struct zcb_page_verdict){
			.verdict = (enum zcb_verdict)records(exhibit)[i].verdict,
			.age = records(exhibit)[i].age,
		};
	return verdicts;
}

static bool records_make_sense(const struct zcb_exhibit *exhibit)
{
	for (uint32_t i = 0; i < exhibit->spec.pages; i++) {
		const struct zcb_exhibit_page *page = &records(exhibit)[i];

		if (page->verdict >= ZCB_VERDICT_COUNT || page->hit > 1 ||
		    page->want > exhibit->spec.published)
			return false;
	}
	return true;
}

/* As many bytes as the records say that there are. */
static int check_size(const struct zcb_exhibit *exhibit)
{
	ZCB_FREE struct zcb_page_verdict *verdicts = verdicts_of(exhibit);
	struct zcb_picture_window window;
	size_t n = records_size(exhibit);

	if (!verdicts)
		return -ENOMEM;
	window = zcb_picture_window(verdicts, exhibit->spec.pages);
	for (uint32_t i = 0; i < window.pages; i++)
		n += verdicts[window.first + i].verdict == ZCB_VERDICT_FRESH ? 0 : PAGE;
	return n == exhibit->n ? 0 : -EPROTO;
}

int zcb_exhibit_receive(const json_t *message, const void *payload, size_t n,
			struct zcb_exhibit *ret_exhibit)
{
	uint64_t pages = number_of(message, "pages"), frame = number_of(message, "frame");
	ZCB_CLEANUP(zcb_exhibit_finish) struct zcb_exhibit exhibit = {
		.after = known_after(message), .round = number_of(message, "round"),
	};
	int ret;

	if (!exhibit.after || pages == 0 || pages > n / sizeof(struct zcb_exhibit_page) ||
	    frame > ZCB_STAMP_FRAME_MAX)
		return -EPROTO;
	exhibit.spec = (struct zcb_frame_spec){ .key = number_of(message, "key"),
						.frame = (uint32_t)frame, .pages = (uint32_t)pages,
						.published = number_of(message, "published") };
	if (make_room(&exhibit, n))
		return -ENOMEM;
	memcpy(exhibit.payload, payload, n);
	exhibit.n = n;
	ret = records_make_sense(&exhibit) ? check_size(&exhibit) : -EPROTO;
	if (ret)
		return ret;
	*ret_exhibit = exhibit;
	exhibit = (struct zcb_exhibit){ 0 };
	return 0;
}

json_t *zcb_exhibit_map(const struct zcb_exhibit *exhibit)
{
	static const char letters[ZCB_VERDICT_COUNT + 1] = "FSZTXC";
	ZCB_FREE char *map = calloc(1, exhibit->spec.pages + 1);
	json_t *ages = json_array(), *punched = json_array();

	for (uint32_t i = 0; map && i < exhibit->spec.pages; i++) {
		const struct zcb_exhibit_page *page = &records(exhibit)[i];

		map[i] = letters[page->verdict];
		json_array_append_new(ages, json_integer((json_int_t)page->age));
		if (page->hit)
			json_array_append_new(punched, json_integer(i));
	}
	return json_pack("{s:i, s:i, s:I, s:s, s:I, s:s, s:o, s:o}", "schema", 1, "frame",
			 (int)exhibit->spec.frame, "published", (json_int_t)exhibit->spec.published,
			 "after", exhibit->after, "round", (json_int_t)exhibit->round, "map",
			 map ? map : "", "ages", ages, "punched", punched);
}

/* The window as it was seen: wrong pages as they came, and fresh ones as they must be. */
static void fill_window(const struct zcb_exhibit *exhibit, struct zcb_picture_window window,
			unsigned char *to)
{
	const unsigned char *wrong = exhibit->payload + records_size(exhibit);

	for (uint32_t i = window.first; i < window.first + window.pages; i++, to += PAGE) {
		const struct zcb_exhibit_page *page = &records(exhibit)[i];
		struct zcb_stamp_page pattern;

		if (page->verdict == ZCB_VERDICT_FRESH) {
			zcb_frame_pattern(&exhibit->spec, page->want, i, &pattern);
			zcb_stamp_write(&pattern, to);
			continue;
		}
		memcpy(to, wrong, PAGE);
		wrong += PAGE;
	}
}

int zcb_exhibit_draw(const struct zcb_exhibit *exhibit, struct zcb_pictures *ret_pictures)
{
	uint32_t pages = exhibit->spec.pages;
	ZCB_FREE struct zcb_page_verdict *verdicts = verdicts_of(exhibit);
	ZCB_FREE uint64_t *want = calloc(pages, sizeof(*want));
	ZCB_FREE unsigned char *bytes = malloc(ZCB_PICTURE_PAGES * PAGE);

	if (!verdicts || !want || !bytes)
		return -ENOMEM;
	for (uint32_t i = 0; i < pages; i++)
		want[i] = records(exhibit)[i].want;
	fill_window(exhibit, zcb_picture_window(verdicts, pages), bytes);
	return zcb_pictures_draw_window(&exhibit->spec, want, verdicts, bytes, ret_pictures);
}

void zcb_exhibit_finish(struct zcb_exhibit *exhibit)
{
	free(exhibit->payload);
	memset(exhibit, 0, sizeof(*exhibit));
}
