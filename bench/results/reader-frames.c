// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader-internal.h"

#include <errno.h>
#include <string.h>

/* Frames are evidence, a few a cell; more than this no page shows. */
#define MAX_FRAMES 200U
#define MAX_PAGES 65536U

/* The pictures lie in frames/ itself. Anything else is somebody's try at another file. */
static const char *read_picture(const struct zcb_place *place, const json_t *object,
				const char *key)
{
	const char *path = zcb_member_string(place, object, key);
	static const char folder[] = "frames/";
	const char *name = path + strlen(folder);

	if (!*path)
		return "";
	if (strncmp(path, folder, strlen(folder)) == 0 && *name && *name != '.' &&
	    !strchr(name, '/'))
		return path;
	zcb_results_note(place->results,
			 "%s: the picture “%s” does not lie in frames/, and is not used.",
			 place->name, path);
	return "";
}

static void mark_punched(const struct zcb_place *place, const json_t *document,
			 struct zcb_result_frame *frame)
{
	const json_t *punched = zcb_member_array(place, document, "punched"), *page;
	size_t i;

	json_array_foreach(punched, i, page)
	{
		json_int_t at = json_is_integer(page) ? json_integer_value(page) : -1;

		if (at >= 0 && (size_t)at < frame->pages)
			frame->punched[at] = true;
		else
			zcb_results_note(place->results,
					 "%s: “punched” names a page that the map has not.",
					 place->name);
	}
}

static void read_ages(const struct zcb_place *place, const json_t *document,
		      struct zcb_result_frame *frame)
{
	const json_t *ages = zcb_member_array(place, document, "ages");

	for (size_t i = 0; i < frame->pages; i++) {
		const json_t *age = json_array_get(ages, i);

		frame->ages[i] = json_is_integer(age) ? json_integer_value(age) : -1;
	}
}

static int read_pages(const struct zcb_place *place, const json_t *document,
		      struct zcb_result_frame *frame)
{
	struct zcb_results *r = place->results;

	frame->map = zcb_member_string(place, document, "map");
	frame->pages = strlen(frame->map);
	if (frame->pages > MAX_PAGES) {
		zcb_results_note(r, "%s: only the first %u pages of the map are used.", place->name,
				 MAX_PAGES);
		frame->pages = MAX_PAGES;
	}
	frame->punched = zcb_results_alloc(r, (frame->pages + 1) * sizeof(*frame->punched));
	frame->ages = zcb_results_alloc(r, (frame->pages + 1) * sizeof(*frame->ages));
	if (!frame->punched || !frame->ages)
		return -ENOMEM;
	mark_punched(place, document, frame);
	read_ages(place, document, frame);
	return 0;
}

static int read_frame(struct zcb_results *r, const char *path)
{
	const struct zcb_place place = {r, path};
	struct zcb_result_frame *frame = &r->frames[r->n_frames];
	const json_t *png;
	json_t *document = NULL;
	const char *why = "";

	if (zcb_results_load(r, path, &document, &why)) {
		zcb_results_note(r, "%s is ignored: %s.", path, why);
		return 0;
	}
	png = zcb_member_object(&place, document, "png");
	frame->index = zcb_member_count(&place, document, "index");
	frame->frame = zcb_member_count(&place, document, "frame");
	frame->published = zcb_member_count(&place, document, "published");
	frame->round = zcb_member_count(&place, document, "round");
	frame->cell = zcb_member_string(&place, document, "cell");
	frame->after = zcb_member_string(&place, document, "after");
	frame->png_expected = read_picture(&place, png, "expected");
	frame->png_seen = read_picture(&place, png, "seen");
	frame->png_difference = read_picture(&place, png, "difference");
	r->n_frames++;
	return read_pages(&place, document, frame);
}

int zcb_results_read_frames(struct zcb_results *r)
{
	struct zcb_result_strings names;
	int err = zcb_results_list(r, "frames", &names);

	if (err)
		return err;
	r->frames = zcb_results_alloc(r, MAX_FRAMES * sizeof(*r->frames));
	if (!r->frames)
		return -ENOMEM;
	for (size_t i = 0; !err && i < names.n && r->n_frames < MAX_FRAMES; i++) {
		const char *dot = strrchr(names.items[i], '.');

		if (dot && strcmp(dot, ".json") == 0)
			err = read_frame(r, zcb_results_string(r, "frames/%s", names.items[i]));
	}
	return err;
}
