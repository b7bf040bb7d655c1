// SPDX-License-Identifier: GPL-2.0-or-later
/* A wrong frame travels as a message, and what arrives is drawn as if it had stayed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/results/exhibit.h"
#include "bench/results/wire.h"

#define PAGES_MAX 200U
#define PUBLISHED 7U

/* A frame with each kind of wrong page in it. */
struct scene {
	struct zcb_frame_spec spec;
	uint64_t want[PAGES_MAX];
	bool hit[PAGES_MAX];
	struct zcb_page_verdict verdict[PAGES_MAX];
	unsigned char bytes[PAGES_MAX * ZCB_STAMP_PAGE_SIZE];
};

static unsigned char *page_of(struct scene *scene, uint32_t page)
{
	return scene->bytes + (size_t)page * ZCB_STAMP_PAGE_SIZE;
}

static void spoil(struct scene *scene, uint32_t first)
{
	uint64_t key = scene->spec.key;

	zcb_stamp_fill(page_of(scene, first), key, PUBLISHED - 3, 2, first);
	memset(page_of(scene, first + 1), 0, ZCB_STAMP_PAGE_SIZE);
	zcb_stamp_fill(page_of(scene, first + 2), key, PUBLISHED, 2, first);
	page_of(scene, first + 3)[1000] ^= 1;
	memset(page_of(scene, first + 4), 0, 640);
	scene->hit[first] = true;
	scene->want[first + 5] = 0;
}

static void set_scene(struct scene *scene, uint32_t pages, uint32_t first)
{
	struct zcb_frame_tally tally;

	memset(scene, 0, sizeof(*scene));
	/* A key whose top bit is set, as half of all keys are. */
	scene->spec = (struct zcb_frame_spec){ .key = UINT64_C(0x89abcdef01234567), .frame = 2,
					       .pages = pages, .published = PUBLISHED };
	for (uint32_t i = 0; i < pages; i++) {
		scene->want[i] = PUBLISHED;
		zcb_stamp_fill(page_of(scene, i), scene->spec.key, PUBLISHED, 2, i);
	}
	spoil(scene, first);
	assert_int_equal(zcb_frame_check(&scene->spec, scene->want, scene->bytes, scene->verdict, &tally), 0);
	for (int v = 0; v < ZCB_VERDICT_COUNT; v++)
		assert_true(tally.pages[v] > 0);
}

/* What the conductor gets; the message is the caller's to release. */
struct arrival {
	struct zcb_wire wire;
	struct zcb_wire_message message;
};

static void travel(const struct scene *scene, struct arrival *ret_arrival)
{
	ZCB_CLOSE int fd = memfd_create("wire", MFD_CLOEXEC);
	ZCB_CLEANUP(zcb_exhibit_finish) struct zcb_exhibit exhibit = { .after = "refill", .round = 3 };

	assert_true(fd >= 0);
	zcb_exhibit_take(&exhibit, &scene->spec, scene->want, scene->verdict, scene->hit, scene->bytes);
	assert_int_equal(zcb_exhibit_send(&exhibit, 1, fd), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	*ret_arrival = (struct arrival){ 0 };
	while (zcb_wire_receive(&ret_arrival->wire, fd) > 0)
		;
	assert_int_equal(zcb_wire_next(&ret_arrival->wire, &ret_arrival->message), 1);
}

static void release(struct arrival *arrival)
{
	json_decref(arrival->message.json);
	zcb_wire_finish(&arrival->wire);
}

static int receive(const struct arrival *arrival, struct zcb_exhibit *ret_exhibit)
{
	const struct zcb_wire_message *message = &arrival->message;

	return zcb_exhibit_receive(message->json, message->payload, message->payload_n, ret_exhibit);
}

static void assert_drawn_alike(const struct scene *scene, const struct zcb_exhibit *exhibit)
{
	struct zcb_pictures here = { 0 }, there = { 0 };

	assert_int_equal(zcb_pictures_draw(&scene->spec, scene->want, scene->bytes, &here), 0);
	assert_int_equal(zcb_exhibit_draw(exhibit, &there), 0);
	for (int k = 0; k < ZCB_PICTURE_COUNT; k++) {
		assert_int_equal(here.kinds[k].size, there.kinds[k].size);
		assert_memory_equal(here.kinds[k].png, there.kinds[k].png, here.kinds[k].size);
	}
	zcb_pictures_finish(&here);
	zcb_pictures_finish(&there);
}

static void test_is_drawn_as_if_it_had_stayed(void **state)
{
	static const uint32_t sizes[][2] = { { 9, 1 }, { 64, 40 }, { PAGES_MAX, 150 } };
	static struct scene scene;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct zcb_exhibit exhibit = { 0 };
		struct arrival arrival;

		set_scene(&scene, sizes[i][0], sizes[i][1]);
		travel(&scene, &arrival);
		assert_int_equal(receive(&arrival, &exhibit), 0);
		assert_drawn_alike(&scene, &exhibit);
		zcb_exhibit_finish(&exhibit);
		release(&arrival);
	}
}

static void test_map(void **state)
{
	static struct scene scene;
	struct zcb_exhibit exhibit = { 0 };
	struct arrival arrival;
	json_t *map, *expected;

	set_scene(&scene, 9, 1);
	travel(&scene, &arrival);
	assert_int_equal(receive(&arrival, &exhibit), 0);
	map = zcb_exhibit_map(&exhibit);
	expected = json_pack("{s:i, s:i, s:i, s:s, s:i, s:s, s:[i,i,i,i,i,i,i,i,i], s:[i]}", "schema", 1,
			     "frame", 2, "published", PUBLISHED, "after", "refill", "round", 3, "map",
			     "FSZXCTSFF", "ages", 0, 3, 0, 0, 0, 0, 0, 0, 0, "punched", 1);
	assert_true(json_equal(map, expected));
	json_decref(map);
	json_decref(expected);
	zcb_exhibit_finish(&exhibit);
	release(&arrival);
}

static void test_memory_is_used_again(void **state)
{
	static struct scene scene;
	struct zcb_exhibit exhibit = { .after = "punch" };
	const unsigned char *payload;

	set_scene(&scene, 64, 3);
	zcb_exhibit_take(&exhibit, &scene.spec, scene.want, scene.verdict, scene.hit, scene.bytes);
	payload = exhibit.payload;
	set_scene(&scene, 64, 30);
	zcb_exhibit_take(&exhibit, &scene.spec, scene.want, scene.verdict, scene.hit, scene.bytes);
	assert_ptr_equal(exhibit.payload, payload);
	assert_drawn_alike(&scene, &exhibit);
	zcb_exhibit_finish(&exhibit);
}

/* What a HUT that has gone wrong may send. */
struct lie {
	const char *member; /* of the message; NULL: of the payload */
	json_int_t number;
	size_t at;    /* in the payload: this byte becomes `number` */
	int more;     /* bytes more than there are, or fewer */
};

static int tell(const struct arrival *honest, const struct lie *lie)
{
	struct zcb_exhibit exhibit = { 0 };
	size_t n = honest->message.payload_n + (size_t)lie->more;
	ZCB_FREE unsigned char *payload = calloc(1, n);
	json_t *message = json_deep_copy(honest->message.json);
	int ret;

	assert_non_null(payload);
	memcpy(payload, honest->message.payload, lie->more < 0 ? n : honest->message.payload_n);
	if (lie->member)
		json_object_set_new(message, lie->member, json_integer(lie->number));
	else if (!lie->more)
		payload[lie->at] = (unsigned char)lie->number;
	ret = zcb_exhibit_receive(message, payload, n, &exhibit);
	json_decref(message);
	zcb_exhibit_finish(&exhibit);
	return ret;
}

static void test_lies_are_refused(void **state)
{
	static const struct lie lies[] = {
		{ .member = "pages", .number = 0 },
		{ .member = "pages", .number = -1 },
		{ .member = "pages", .number = 1 << 30 },
		{ .member = "pages", .number = 63 },
		{ .member = "frame", .number = ZCB_STAMP_FRAME_MAX + 1 },
		{ .member = "after", .number = 1 },
		{ .member = "published", .number = 1 },
		{ .more = 1 },
		{ .more = -1 },
		{ .more = ZCB_STAMP_PAGE_SIZE },
		{ .at = offsetof(struct zcb_exhibit_page, want), .number = PUBLISHED + 1 },
		{ .at = offsetof(struct zcb_exhibit_page, verdict), .number = ZCB_VERDICT_COUNT },
		{ .at = offsetof(struct zcb_exhibit_page, verdict), .number = ZCB_VERDICT_STALE },
		{ .at = offsetof(struct zcb_exhibit_page, hit), .number = 2 },
	};
	static struct scene scene;
	struct arrival arrival;

	set_scene(&scene, 64, 3);
	travel(&scene, &arrival);
	assert_int_equal(tell(&arrival, &(struct lie){ .at = 8 }), 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++)
		if (tell(&arrival, &lies[i]) != -EPROTO)
			fail_msg("lie %zu was believed", i);
	release(&arrival);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_drawn_as_if_it_had_stayed),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_memory_is_used_again),
		cmocka_unit_test(test_lies_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
