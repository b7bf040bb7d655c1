// SPDX-License-Identifier: GPL-2.0-or-later
/* What a micro guest needs no KVM for: its pages, its image, its mailbox, the link to its VMM. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/guest/micro/abi.h"
#include "bench/guest/micro/image.h"
#include "bench/guest/micro/link.h"
#include "bench/guest/micro/mailbox.h"
#include "bench/guest/micro/pages.h"
#include "bench/guest/micro/tsc.h"
#include "bench/vmm/vmm.h"

#define MIB (UINT64_C(1) << 20)
#define PAGE UINT64_C(4096)

static void expect(int ret, int wanted, const struct zcb_error *err, const char *words)
{
	if (ret != wanted || !strstr(err->text, words))
		fail_msg("%d: %s; wanted %d with \"%s\"", ret, err->text, wanted, words);
}

/* -- pages */

static const struct zcb_micro_frame *make(struct zcb_micro_frames *frames, uint32_t number,
					  uint32_t pages, uint32_t blocks, uint64_t seed)
{
	struct zcb_frame_request request = {
		.frame = number, .pages = pages, .blocks = blocks, .seed = seed, .key = 5};
	struct zcb_error err = {""};

	if (zcb_micro_frames_make(frames, &request, &err))
		fail_msg("%s", err.text);
	return zcb_micro_frames_find(frames, number);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* All pages of all frames: where they may be, and none of them twice. */
static void expect_apart(const struct zcb_micro_frames *frames)
{
	uint64_t *all = calloc(ZCB_ABI_MAX_FRAMES * (size_t)ZCB_ABI_MAX_PAGES, sizeof(*all));
	size_t n = 0;

	assert_non_null(all);
	for (uint32_t i = 0; i < ZCB_ABI_MAX_FRAMES; i++)
		for (uint32_t j = 0; j < frames->frame[i].pages; j++)
			all[n++] = frames->frame[i].page[j].gpa;
	qsort(all, n, sizeof(*all), compare);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(all[i] % PAGE, 0);
		assert_in_range(all[i], ZCB_MICRO_RESERVED, frames->bytes - PAGE);
		assert_true(i == 0 || all[i] != all[i - 1]);
	}
	free(all);
}

static void frames_have_no_page_in_common(void **state)
{
	struct zcb_micro_frames frames = {.bytes = 192 * MIB};

	for (uint32_t i = 0; i < 40; i++) {
		make(&frames, i % 7, 1 + i * 37 % 900, i % 3 == 0 ? 3 : 0, i);
		expect_apart(&frames);
	}
	zcb_micro_frames_finish(&frames);
}

static void the_seed_decides_which_pages(void **state)
{
	struct zcb_micro_frames a = {.bytes = 192 * MIB}, b = a, c = a;
	size_t n = 64 * sizeof(zcb_gpa);

	assert_memory_equal(make(&a, 3, 64, 0, 9)->page, make(&b, 3, 64, 0, 9)->page, n);
	assert_memory_not_equal(make(&c, 3, 64, 0, 10)->page, b.frame[3].page, n);
	zcb_micro_frames_finish(&a);
	zcb_micro_frames_finish(&b);
	zcb_micro_frames_finish(&c);
}

static void pages_are_scattered(void **state)
{
	struct zcb_micro_frames frames = {.bytes = 192 * MIB};
	const struct zcb_micro_frame *frame = make(&frames, 0, 256, 0, 1);
	unsigned int neighbours = 0;

	assert_int_equal(frame->pool_bytes, 4 * 256 * PAGE);
	for (uint32_t i = 1; i < frame->pages; i++)
		neighbours += frame->page[i].gpa == frame->page[i - 1].gpa + PAGE;
	assert_in_range(neighbours, 0, 5);
	zcb_micro_frames_finish(&frames);
}

static void blocks_are_whole_and_of_one_frame(void **state)
{
	struct zcb_micro_frames frames = {.bytes = 192 * MIB};
	const struct zcb_micro_frame *single = make(&frames, 0, 3, 0, 1);
	const struct zcb_micro_frame *frame = make(&frames, 1, 2048, 4, 1);

	assert_int_equal(frame->pool.gpa % (2 * MIB), 0);
	assert_int_equal(frame->pool_bytes, 8 * MIB);
	assert_true(single->pool.gpa / (2 * MIB) < frame->pool.gpa / (2 * MIB));
	expect_apart(&frames); /* 2048 different pages: all that there are */
	zcb_micro_frames_finish(&frames);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct zcb_micro_frames frames = {.bytes = 16 * MIB};
	struct zcb_frame_request request = {.pages = 897};
	struct zcb_error err = {""};

	expect(zcb_micro_frames_make(&frames, &request, &err), -ENOMEM, &err,
	       "of 16 MiB has no room for a frame of 897 pages");
	assert_null(zcb_micro_frames_find(&frames, 0));
	make(&frames, 0, 896, 0, 1); /* all there is */
	make(&frames, 0, 896, 0, 2); /* in its place */
	request = (struct zcb_frame_request){.frame = 1, .pages = 1};
	expect(zcb_micro_frames_make(&frames, &request, &err), -ENOMEM, &err, "no room");
	assert_int_equal(zcb_micro_frames_drop(&frames, 0, &err), 0);
	assert_int_equal(zcb_micro_frames_make(&frames, &request, &err), 0);
	expect(zcb_micro_frames_drop(&frames, 0, &err), -EINVAL, &err, "has no frame 0");
	request.frame = ZCB_ABI_MAX_FRAMES;
	expect(zcb_micro_frames_make(&frames, &request, &err), -EINVAL, &err, "frames 0 to 63");
	request = (struct zcb_frame_request){.pages = ZCB_ABI_MAX_PAGES + 1};
	expect(zcb_micro_frames_make(&frames, &request, &err), -EINVAL, &err, "1 to 16384 pages");
	request = (struct zcb_frame_request){.pages = 513, .blocks = 1};
	expect(zcb_micro_frames_make(&frames, &request, &err), -EINVAL, &err, "1 huge pages");
	zcb_micro_frames_finish(&frames);
}

/* -- the image */

static uint64_t entry(const char *ram, uint64_t table, uint64_t index)
{
	uint64_t value;

	memcpy(&value, ram + (table & ~(PAGE - 1)) + index * 8, 8);
	return value;
}

/* As a processor walks; UINT64_MAX where nothing is mapped. */
static uint64_t walk(const char *ram, uint64_t address)
{
	uint64_t e = ZCB_MICRO_TABLES;

	for (int shift = 39; shift >= 21; shift -= 9) {
		e = entry(ram, e, address >> shift & 511);
		if ((e & 3) != 3)
			return UINT64_MAX;
	}
	assert_true(e & 0x80);
	return (e & ~(2 * MIB - 1)) + address % (2 * MIB);
}

static void ram_and_nothing_else_is_mapped_to_itself(void **state)
{
	static const uint64_t sizes[] = {128 * MIB, 1024 * MIB, 1026 * MIB, ZCB_MICRO_MAX_RAM};
	char *ram = calloc(1, ZCB_MICRO_USED);

	assert_non_null(ram);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		zcb_micro_image_load(ram, sizes[i]);
		for (uint64_t at = 0; at < 4096 * MIB; at += 2 * MIB)
			assert_int_equal(walk(ram, at + 8), at < sizes[i] ? at + 8 : UINT64_MAX);
		assert_int_equal(walk(ram, UINT64_C(1) << 39), UINT64_MAX);
	}
	free(ram);
}

static void the_payload_fits_and_is_there(void **state)
{
	size_t n = zcb_embedded_micro_payload_bin_size;
	char *ram = calloc(1, ZCB_MICRO_USED);

	assert_non_null(ram);
	assert_in_range(n, 100, ZCB_MICRO_STACK - ZCB_MICRO_PAYLOAD);
	assert_true(ZCB_MICRO_TABLES + 6 * PAGE <= ZCB_MICRO_CONTROL);
	assert_true(sizeof(struct zcb_abi_control) <= PAGE &&
		    sizeof(struct zcb_micro_mailbox) <= PAGE);
	assert_true(ZCB_MICRO_PAGES + 8 * ZCB_ABI_MAX_PAGES <= ZCB_MICRO_TICKS);
	assert_true(ZCB_MICRO_TICKS + 8 * ZCB_ABI_MAX_PAGES <= ZCB_MICRO_USED);
	zcb_micro_image_load(ram, 128 * MIB);
	assert_memory_equal(ram + ZCB_MICRO_PAYLOAD, zcb_embedded_micro_payload_bin, n);
	free(ram);
}

/* -- the mailbox */

static char *with_answer(const struct zcb_micro_answer *answer)
{
	char *ram = calloc(1, ZCB_MICRO_USED);

	assert_non_null(ram);
	memcpy(ram + ZCB_MICRO_MAILBOX + offsetof(struct zcb_micro_mailbox, answer), answer,
	       sizeof(*answer));
	return ram;
}

static int check_answer(struct zcb_micro_answer answer, struct zcb_error *err)
{
	const struct zcb_micro_request request = {
		.command = ZCB_MICRO_DRAW, .serial = 7, .frame = 2, .pages = 64, .sequence = 11};
	char *ram = with_answer(&answer);
	int ret = zcb_micro_mailbox_check(ram, &request, err);

	free(ram);
	return ret;
}

static void an_answer_must_be_the_one_that_is_due(void **state)
{
	const struct zcb_micro_answer good = {ZCB_MICRO_DRAW, 7, 2, 64, 11};
	struct zcb_micro_answer wrong[] = {good, good, good, good, good};
	struct zcb_error err = {""};

	assert_int_equal(check_answer(good, &err), 0);
	wrong[0].command = ZCB_MICRO_READ;
	wrong[1].serial = 6;
	wrong[2].frame = 3;
	wrong[3].pages = 63;
	wrong[4].sequence = 12;
	for (size_t i = 0; i < 5; i++)
		expect(check_answer(wrong[i], &err), -EPROTO, &err,
		       i < 2 ? "is due" : "it touched");
}

static int check_times(const uint64_t *ticks, uint32_t n, zcb_ns ran, zcb_ns *ret_took,
		       struct zcb_error *err)
{
	char *ram = calloc(1, ZCB_MICRO_USED);
	int ret;

	assert_non_null(ram);
	memcpy(ram + ZCB_MICRO_TICKS, ticks, n * sizeof(*ticks));
	ret = zcb_micro_mailbox_times(ram, n, 2500000, ran, ret_took, err);
	free(ram);
	return ret;
}

static void ticks_become_nanoseconds(void **state)
{
	const uint64_t ticks[] = {0, 2500, 25000, 2500001};
	struct zcb_error err = {""};
	zcb_ns took[4];

	assert_int_equal(check_times(ticks, 4, (zcb_ns){1100000}, took, &err), 0);
	assert_int_equal(took[0].ns, 0);
	assert_int_equal(took[1].ns, 1000);
	assert_int_equal(took[2].ns, 10000);
	assert_int_equal(took[3].ns, 1000000);
}

static void touches_cannot_take_longer_than_the_run(void **state)
{
	const uint64_t together[] = {2500000, 2500000, 2500000, 2500000}, absurd[] = {UINT64_MAX};
	const uint64_t near[] = {UINT64_MAX / 1000000};
	struct zcb_error err = {""};
	zcb_ns took[4];

	assert_int_equal(check_times(together, 4, (zcb_ns){1500000}, took, &err), 0);
	expect(check_times(together, 4, (zcb_ns){1000000}, took, &err), -EPROTO, &err,
	       "ran for 1000000");
	expect(check_times(absurd, 1, (zcb_ns){1000000}, took, &err), -EPROTO, &err,
	       "its touches took");
	expect(check_times(near, 1, (zcb_ns){1000000}, took, &err), -EPROTO, &err,
	       "its touches took");
}

/* -- the link */

struct pair {
	struct zcb_micro_link link;
	int other;
};

static struct pair link_pair(int timeout_ms)
{
	struct pair pair = {.link = {.timeout_ms = timeout_ms}};

	assert_int_equal(zcb_vmm_sockets(&pair.link.fd, &pair.other), 0);
	return pair;
}

static void close_pair(struct pair *pair)
{
	close(pair->link.fd);
	if (pair->other >= 0)
		close(pair->other);
}

static void a_dead_vmm_is_told_at_once(void **state)
{
	struct zcb_micro_packet request = {.type = ZCB_MICRO_READS};
	struct pair pair = link_pair(20000);
	struct zcb_error err = {""};
	pid_t vmm = zcb_fork();

	if (vmm == 0)
		for (;;)
			pause();
	close(pair.other); /* the process alone has it now */
	pair.other = -1;
	zcb_child_end(vmm, 0);
	expect(zcb_micro_link_ask(&pair.link, &request, 0, NULL, &err), -ENOTCONN, &err,
	       "guest: the micro guest's VMM is gone");
	expect(zcb_micro_link_started(&pair.link, &err), -ENOTCONN, &err, "is gone");
	close_pair(&pair);
}

static void a_vmm_that_dies_over_a_request_is_told(void **state)
{
	struct zcb_micro_packet request = {.type = ZCB_MICRO_DRAWS};
	struct pair pair = link_pair(20000);
	struct zcb_error err = {""};
	pid_t vmm = zcb_fork();

	if (vmm == 0) {
		struct zcb_micro_packet got;

		_exit(recv(pair.other, &got, sizeof(got), 0) == sizeof(got) ? 0 : 1);
	}
	close(pair.other);
	pair.other = -1;
	expect(zcb_micro_link_ask(&pair.link, &request, 0, NULL, &err), -ENOTCONN, &err, "is gone");
	zcb_child_end(vmm, 1000);
	close_pair(&pair);
}

static void a_vmm_that_is_silent_is_not_waited_for(void **state)
{
	struct zcb_micro_packet request = {.type = ZCB_MICRO_READS}, late;
	struct pair pair = link_pair(50);
	struct zcb_error err = {""};

	expect(zcb_micro_link_ask(&pair.link, &request, 0, NULL, &err), -ETIMEDOUT, &err,
	       "did not answer in 50 ms");
	/* Its late reply is not taken for that to the next request. */
	assert_int_equal(recv(pair.other, &late, sizeof(late), 0), sizeof(late));
	assert_int_equal(send(pair.other, &late, sizeof(late), 0), sizeof(late));
	expect(zcb_micro_link_ask(&pair.link, &request, 0, NULL, &err), -ETIMEDOUT, &err, "50 ms");
	close_pair(&pair);
}

static int started_by(struct zcb_micro_packet packet, size_t n, struct zcb_error *err)
{
	struct pair pair = link_pair(20000);
	int ret;

	assert_int_equal(send(pair.other, &packet, n, 0), n);
	ret = zcb_micro_link_started(&pair.link, err);
	close_pair(&pair);
	return ret;
}

static void what_the_vmm_says_is_checked(void **state)
{
	struct zcb_micro_packet packet = {0};
	struct zcb_error err = {""};

	assert_int_equal(started_by(packet, sizeof(packet), &err), 0);
	expect(started_by(packet, sizeof(packet) - 1, &err), -EPROTO, &err, "bytes of garbage");
	packet.n = 1;
	expect(started_by(packet, sizeof(packet), &err), -EPROTO, &err, "bytes of garbage");
	packet.n = UINT32_MAX;
	expect(started_by(packet, sizeof(packet), &err), -EPROTO, &err, "bytes of garbage");
	packet = (struct zcb_micro_packet){.code = -ENODEV, .text = {"kernel: none"}};
	expect(started_by(packet, sizeof(packet), &err), -ENODEV, &err, "kernel: none");
	memset(packet.text.text, 'x', sizeof(packet.text.text)); /* without an end */
	expect(started_by(packet, sizeof(packet), &err), -ENODEV, &err, "xxx");
}

static void too_much_ram_is_refused(void **state)
{
	struct zcb_guest_config config = {.ram_bytes = ZCB_MICRO_MAX_RAM + 2 * MIB};
	struct zcb_guest *guest = NULL;
	struct zcb_error err = {""};

	expect(zcb_guest_micro.start(&config, &guest, &err), -EINVAL, &err,
	       "usage: a micro guest has at most 3072 MiB of RAM");
	assert_null(guest);
}

/* -- clocks */

/* A TSC of 2.5 GHz that was 0 at 1 s of the host's clock; each run takes 200 us. */
static void read_tsc(struct zcb_micro_tsc *tsc, uint64_t at_ns, uint64_t before_ns, uint64_t after_ns)
{
	struct zcb_micro_reading reading = {.ticks = (at_ns - 1000000000) * 5 / 2,
					    .before_ns = at_ns - before_ns,
					    .after_ns = at_ns + after_ns};

	zcb_micro_tsc_add(tsc, &reading);
}

static void bounds_hold_the_rate_and_the_distance(void **state)
{
	struct zcb_micro_tsc tsc = {0};
	struct zcb_guest_clock clock;

	assert_false(zcb_micro_tsc_measure(&tsc, 2500000, &clock));
	read_tsc(&tsc, 2000000000, 150000, 50000);
	assert_false(zcb_micro_tsc_measure(&tsc, 2500000, &clock));
	read_tsc(&tsc, 2500000000, 1000, 2000);
	read_tsc(&tsc, 3000000000, 10, 199990);
	assert_true(zcb_micro_tsc_measure(&tsc, 2500000, &clock));
	assert_in_range(clock.khz_low, 2498500, 2500000);
	assert_in_range(clock.khz_high, 2500000, 2500200);
	assert_int_equal(clock.apart_low_ns, 1000000000 - 1000);
	assert_int_equal(clock.apart_high_ns, 1000000000 + 2000);
	assert_false(zcb_micro_tsc_contradicts(&clock));
	/* What a kernel says that was calibrated on a busy emulator. */
	assert_true(zcb_micro_tsc_measure(&tsc, 2600000, &clock));
	assert_true(zcb_micro_tsc_contradicts(&clock));
	assert_true(zcb_micro_tsc_measure(&tsc, 2400000, &clock));
	assert_true(zcb_micro_tsc_contradicts(&clock));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_have_no_page_in_common),
		cmocka_unit_test(the_seed_decides_which_pages),
		cmocka_unit_test(pages_are_scattered),
		cmocka_unit_test(blocks_are_whole_and_of_one_frame),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(ram_and_nothing_else_is_mapped_to_itself),
		cmocka_unit_test(the_payload_fits_and_is_there),
		cmocka_unit_test(an_answer_must_be_the_one_that_is_due),
		cmocka_unit_test(ticks_become_nanoseconds),
		cmocka_unit_test(touches_cannot_take_longer_than_the_run),
		cmocka_unit_test(bounds_hold_the_rate_and_the_distance),
		cmocka_unit_test(a_dead_vmm_is_told_at_once),
		cmocka_unit_test(a_vmm_that_dies_over_a_request_is_told),
		cmocka_unit_test(a_vmm_that_is_silent_is_not_waited_for),
		cmocka_unit_test(what_the_vmm_says_is_checked),
		cmocka_unit_test(too_much_ram_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
