// SPDX-License-Identifier: GPL-2.0-or-later
/* Conversations over the guest link. The guest is a fake: a thread that answers as it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/guest/link.h"

#define PAGES 4
#define PATIENCE_MS 20000

static const struct zcb_ram_map ram = { .below_4g = 192ULL << 20 };
static const struct zcb_abi_alloc alloc = { .frame = 2, .pages = PAGES, .block_pages = 1,
					    .seed = 5, .key = 7 };

/** The fake guest's answer: what is not 0 replaces the right value in its header. */
struct answer {
	uint16_t type;
	uint32_t magic, length;
	uint16_t version;
	uint32_t serial_off; /* by how much the serial is wrong */
	const void *payload;
	uint32_t n;
	uint32_t piece;   /* bytes at a time; 0: all at once */
	bool silent;      /* says nothing and waits */
	uint32_t cut;     /* hangs up after so many bytes of the answer, where `hang_up` */
	bool hang_up;
};

struct talk {
	struct zcb_link link;
	int guest; /* the fake's end */
	pthread_t thread;
	struct answer answer;
	struct zcb_abi_header asked; /* what the fake was asked last */
	char asked_payload[sizeof(struct zcb_abi_some)];
	bool greets; /* it begins by itself */
};

static struct zcb_abi_header header_of(const struct answer *answer, uint32_t serial)
{
	return (struct zcb_abi_header){
		.magic = answer->magic ? answer->magic : ZCB_ABI_MAGIC,
		.version = answer->version ? answer->version : ZCB_ABI_VERSION,
		.type = answer->type,
		.serial = serial + answer->serial_off,
		.length = answer->length ? answer->length : answer->n,
	};
}

static void say(struct talk *talk)
{
	const struct answer *answer = &talk->answer;
	struct zcb_abi_header header = header_of(answer, talk->asked.serial);
	size_t n = sizeof(header) + answer->n, piece = answer->piece ? answer->piece : n;
	char *bytes = malloc(n);

	memcpy(bytes, &header, sizeof(header));
	if (answer->n)
		memcpy(bytes + sizeof(header), answer->payload, answer->n);
	if (answer->hang_up)
		n = answer->cut;
	for (size_t at = 0; at < n; at += piece)
		if (send(talk->guest, bytes + at, piece < n - at ? piece : n - at, MSG_NOSIGNAL) < 0)
			break;
	free(bytes);
}

static void *fake_guest(void *opaque)
{
	struct talk *talk = opaque;
	char byte;

	if (!talk->greets) {
		if (zcb_read_all(talk->guest, &talk->asked, sizeof(talk->asked)) ||
		    talk->asked.length > sizeof(talk->asked_payload) ||
		    zcb_read_all(talk->guest, talk->asked_payload, talk->asked.length))
			return NULL;
	}
	if (!talk->answer.silent)
		say(talk);
	if (talk->answer.hang_up)
		shutdown(talk->guest, SHUT_RDWR);
	else
		while (read(talk->guest, &byte, 1) > 0) /* until the host has had enough */
			;
	return NULL;
}

static void begin(struct talk *talk, const struct answer *answer, bool greets)
{
	int fds[2];

	memset(talk, 0, sizeof(*talk));
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), errno);
	talk->link = (struct zcb_link){ .fd = fds[0], .serial = 41, .timeout_ms = PATIENCE_MS };
	talk->guest = fds[1];
	talk->answer = *answer;
	talk->greets = greets;
	if (answer->silent)
		talk->link.timeout_ms = 100;
	assert_int_equal(pthread_create(&talk->thread, NULL, fake_guest, talk), 0);
}

static void end(struct talk *talk)
{
	shutdown(talk->link.fd, SHUT_RDWR);
	pthread_join(talk->thread, NULL);
	close(talk->link.fd);
	close(talk->guest);
}

/* One whole conversation: a frame is asked for, and the fake answers. */
static int ask_for_frame(struct talk *talk, const struct answer *answer, zcb_memfd_off *ret_offsets,
			 struct zcb_error *err)
{
	int ret;

	begin(talk, answer, false);
	ret = zcb_link_alloc(&talk->link, &alloc, &ram, ret_offsets, err);
	end(talk);
	return ret;
}

struct page_list {
	struct zcb_abi_pages head;
	uint64_t gfn[PAGES];
};

static const struct page_list good_pages = { { .frame = 2, .pages = PAGES }, { 9, 4, 77, 5 } };

#define GOOD .type = ZCB_ABI_PAGES, .payload = &good_pages, .n = sizeof(good_pages)

static void expect(const struct answer *answer, int code, const char *word)
{
	zcb_memfd_off offset[PAGES];
	struct zcb_error err = { "" };
	struct talk talk;

	assert_int_equal(ask_for_frame(&talk, answer, offset, &err), code);
	if (strncmp(err.text, "guest: ", 7) != 0 || !strstr(err.text, word))
		fail_msg("\"%s\" does not say \"%s\" of the guest", err.text, word);
}

static void good_answer(void **state)
{
	static const uint32_t pieces[] = { 0, 1, 3, 16 };

	for (size_t p = 0; p < sizeof(pieces) / sizeof(pieces[0]); p++) {
		struct answer answer = { GOOD, .piece = pieces[p] };
		zcb_memfd_off offset[PAGES];
		struct zcb_error err = { "" };
		struct talk talk;

		assert_int_equal(ask_for_frame(&talk, &answer, offset, &err), 0);
		for (size_t i = 0; i < PAGES; i++)
			assert_int_equal(offset[i].off, good_pages.gfn[i] * 4096);
		assert_int_equal(talk.asked.magic, ZCB_ABI_MAGIC);
		assert_int_equal(talk.asked.version, ZCB_ABI_VERSION);
		assert_int_equal(talk.asked.type, ZCB_ABI_ALLOC);
		assert_int_equal(talk.asked.serial, 42);
		assert_int_equal(talk.asked.length, sizeof(alloc));
		assert_memory_equal(talk.asked_payload, &alloc, sizeof(alloc));
	}
}

static void wrong_magic(void **state)
{
	expect(&(struct answer){ GOOD, .magic = 0x2b62637b }, -EPROTO, "starts with 0x2b62637b");
}

static void wrong_version(void **state)
{
	expect(&(struct answer){ GOOD, .version = 77 }, -EPROTO, "version 77");
	expect(&(struct answer){ GOOD, .version = 77 }, -EPROTO, "./scripts/setup image");
}

static void wrong_serial(void **state)
{
	expect(&(struct answer){ GOOD, .serial_off = 1 }, -EPROTO, "serial 43 where");
	expect(&(struct answer){ GOOD, .serial_off = UINT32_MAX }, -EPROTO, "serial 41 where");
}

static void wrong_type(void **state)
{
	static const uint16_t types[] = { 0, ZCB_ABI_HELLO, ZCB_ABI_ALLOC, ZCB_ABI_DRAWN,
					  ZCB_ABI_FREED, 11, 0xffff };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct answer answer = { GOOD };

		answer.type = types[i];
		expect(&answer, -EPROTO, "is due");
	}
}

static void too_long(void **state)
{
	expect(&(struct answer){ GOOD, .length = ZCB_ABI_MAX_LENGTH + 1 }, -EPROTO,
	       "is longer than any");
	expect(&(struct answer){ GOOD, .length = UINT32_MAX }, -EPROTO, "is longer than any");
}

static void hostile_pages(void **state)
{
	struct page_list pages = good_pages;
	struct answer answer = { .type = ZCB_ABI_PAGES, .payload = &pages, .n = sizeof(pages) };

	pages.gfn[3] = UINT64_MAX;
	expect(&answer, -EPROTO, "is not in its memory");
}

static void agent_says_why_not(void **state)
{
	struct zcb_abi_error error = { "the guest has no memory left" };

	expect(&(struct answer){ .type = ZCB_ABI_ERROR, .payload = &error, .n = sizeof(error) },
	       -EREMOTEIO, "the agent says \"the guest has no memory left\"");
}

/* A terminal would act on these bytes: none may come through. */
static void error_text_is_made_harmless(void **state)
{
	struct zcb_abi_error error = { "a\033[2Jb\nc\td\x7f\x80\xff" "e" };

	expect(&(struct answer){ .type = ZCB_ABI_ERROR, .payload = &error, .n = sizeof(error) },
	       -EREMOTEIO, "\"a?[2Jb?c?d???e\"");
}

static void error_text_without_end(void **state)
{
	char text[4096], wanted[160];

	memset(text, 'w', sizeof(text));
	snprintf(wanted, sizeof(wanted), "\"%.*s\"", (int)sizeof(struct zcb_abi_error) - 1, text);
	expect(&(struct answer){ .type = ZCB_ABI_ERROR, .payload = text, .n = sizeof(text) },
	       -EREMOTEIO, wanted);
	expect(&(struct answer){ .type = ZCB_ABI_ERROR, .payload = text, .n = 3 }, -EREMOTEIO,
	       "\"www\"");
	expect(&(struct answer){ .type = ZCB_ABI_ERROR }, -EREMOTEIO, "\"\"");
}

static void error_of_another_request(void **state)
{
	struct zcb_abi_error error = { "late" };

	expect(&(struct answer){ .type = ZCB_ABI_ERROR, .payload = &error, .n = sizeof(error),
				 .serial_off = UINT32_MAX }, -EPROTO, "is due");
}

static void silence(void **state)
{
	expect(&(struct answer){ .silent = true }, -ETIMEDOUT, "did not answer");
}

static void promise_that_is_not_kept(void **state)
{
	zcb_memfd_off offset[PAGES];
	struct answer answer = { GOOD, .length = sizeof(good_pages) + 8 };
	struct zcb_error err = { "" };
	struct talk talk;
	int ret;

	begin(&talk, &answer, false);
	talk.link.timeout_ms = 200;
	ret = zcb_link_alloc(&talk.link, &alloc, &ram, offset, &err);
	end(&talk);
	assert_int_equal(ret, -ETIMEDOUT);
}

static void hang_up_at_every_byte(void **state)
{
	for (uint32_t cut = 0; cut < sizeof(struct zcb_abi_header) + sizeof(good_pages); cut++)
		expect(&(struct answer){ GOOD, .hang_up = true, .cut = cut }, -ENOTCONN, "it is gone");
}

/* The guest was gone before it was asked: the write itself fails, and must not kill the writer. */
static void request_to_one_that_is_gone(void **state)
{
	zcb_memfd_off offset[PAGES];
	struct zcb_error err = { "" };
	int fds[2];
	struct zcb_link link = { .timeout_ms = PATIENCE_MS };

	signal(SIGPIPE, SIG_DFL);
	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), errno);
	link.fd = fds[0];
	close(fds[1]);
	assert_int_equal(zcb_link_alloc(&link, &alloc, &ram, offset, &err), -ENOTCONN);
	assert_non_null(strstr(err.text, "guest: it is gone"));
	close(fds[0]);
}

static void impossible_request_is_not_sent(void **state)
{
	struct zcb_abi_alloc request = alloc;
	struct zcb_link link = { .fd = -1, .serial = 3 };
	struct zcb_error err;

	request.pages = 0;
	assert_int_equal(zcb_link_alloc(&link, &request, &ram, NULL, &err), -EINVAL);
	request.pages = ZCB_ABI_MAX_PAGES + 1;
	assert_int_equal(zcb_link_alloc(&link, &request, &ram, NULL, &err), -EINVAL);
	assert_int_equal(link.serial, 3);
}

static int greet(const struct answer *answer, struct zcb_abi_hello *ret_hello, struct zcb_error *err)
{
	struct talk talk;
	int ret;

	begin(&talk, answer, true);
	ret = zcb_link_hello(&talk.link, ret_hello, err);
	end(&talk);
	return ret;
}

static void greeting(void **state)
{
	struct zcb_abi_hello said = { .nonce = 11, .control_gpa = 4096, .memory_bytes = 1 }, heard;
	struct answer answer = { .type = ZCB_ABI_HELLO, .payload = &said, .n = sizeof(said) };
	struct zcb_error err = { "" };

	assert_int_equal(greet(&answer, &heard, &err), 0);
	assert_memory_equal(&heard, &said, sizeof(said));
	answer.n--;
	assert_int_equal(greet(&answer, &heard, &err), -EPROTO);
	assert_non_null(strstr(err.text, "its greeting has 23 bytes, not 24"));
	answer.n++;
	answer.type = ZCB_ABI_PAGES;
	assert_int_equal(greet(&answer, &heard, &err), -EPROTO);
}

static int storm(struct zcb_abi_drawn drawn, struct zcb_error *err)
{
	struct answer answer = { .type = ZCB_ABI_DRAWN, .payload = &drawn, .n = sizeof(drawn) };
	struct talk talk;
	int ret;

	begin(&talk, &answer, false);
	ret = zcb_link_storm(&talk.link, 2, 99, err);
	end(&talk);
	assert_int_equal(talk.asked.type, ZCB_ABI_STORM);
	return ret;
}

static int calm(struct zcb_abi_drawn drawn, uint64_t *ret_last, struct zcb_error *err)
{
	struct answer answer = { .type = ZCB_ABI_DRAWN, .payload = &drawn, .n = sizeof(drawn) };
	struct talk talk;
	int ret;

	begin(&talk, &answer, false);
	ret = zcb_link_calm(&talk.link, 2, 99, ret_last, err);
	end(&talk);
	assert_int_equal(talk.asked.type, ZCB_ABI_CALM);
	return ret;
}

static void storms(void **state)
{
	struct zcb_abi_drawn drawn = { .frame = 2, .sequence = 99 };
	struct zcb_error err = { "" };
	uint64_t last = 7;

	assert_int_equal(storm(drawn, &err), 0);
	drawn.sequence = 98;
	assert_int_equal(storm(drawn, &err), -EPROTO);
	assert_int_equal(calm(drawn, &last, &err), -EPROTO);
	assert_non_null(strstr(err.text, "ended with sequence 98, and it began with 99"));
	assert_int_equal(last, 7);
	drawn.sequence = 1234;
	assert_int_equal(calm(drawn, &last, &err), 0);
	assert_int_equal(last, 1234);
	drawn.frame = 3;
	assert_int_equal(calm(drawn, &last, &err), -EPROTO);
}

static int draw(const void *payload, uint32_t n, struct talk *talk, struct zcb_error *err)
{
	struct answer answer = { .type = ZCB_ABI_DRAWN, .payload = payload, .n = n };
	int ret;

	begin(talk, &answer, false);
	ret = zcb_link_draw(&talk->link, 2, 99, err);
	end(talk);
	return ret;
}

static void drawing(void **state)
{
	struct zcb_abi_drawn drawn = { .frame = 2, .sequence = 99 };
	struct zcb_error err = { "" };
	struct talk talk;

	assert_int_equal(draw(&drawn, sizeof(drawn), &talk, &err), 0);
	assert_int_equal(talk.asked.type, ZCB_ABI_DRAW);
	assert_memory_equal(talk.asked_payload, &drawn, sizeof(drawn));
	assert_int_equal(draw(&drawn, sizeof(drawn) - 1, &talk, &err), -EPROTO);
	drawn.sequence = 98;
	assert_int_equal(draw(&drawn, sizeof(drawn), &talk, &err), -EPROTO);
	assert_non_null(strstr(err.text, "another frame"));
	drawn.sequence = 99;
	drawn.frame = 3;
	assert_int_equal(draw(&drawn, sizeof(drawn), &talk, &err), -EPROTO);
}

static int read_pages(const void *payload, uint32_t n, struct talk *talk, struct zcb_error *err)
{
	struct answer answer = { .type = ZCB_ABI_WAS_READ, .payload = payload, .n = n };
	int ret;

	begin(talk, &answer, false);
	ret = zcb_link_read(&talk->link, 2, err);
	end(talk);
	return ret;
}

static void reading(void **state)
{
	struct zcb_abi_read was_read = { .frame = 2 };
	struct zcb_error err = { "" };
	struct talk talk;

	assert_int_equal(read_pages(&was_read, sizeof(was_read), &talk, &err), 0);
	assert_int_equal(talk.asked.type, ZCB_ABI_READ);
	assert_memory_equal(talk.asked_payload, &was_read, sizeof(was_read));
	assert_int_equal(read_pages(&was_read, sizeof(was_read) - 1, &talk, &err), -EPROTO);
	was_read.frame = 3;
	assert_int_equal(read_pages(&was_read, sizeof(was_read), &talk, &err), -EPROTO);
	assert_non_null(strstr(err.text, "another frame"));
}

typedef int some_fn(struct zcb_link *link, uint32_t frame, const uint32_t *page, uint32_t n,
		    struct zcb_error *err);

static const uint32_t some_pages[] = { 3, 64, ZCB_ABI_MAX_PAGES - 1 };

static int about_some(some_fn *fn, uint16_t type, const void *payload, uint32_t n, struct talk *talk,
		      struct zcb_error *err)
{
	struct answer answer = { .type = type, .payload = payload, .n = n };
	int ret;

	begin(talk, &answer, false);
	ret = fn(&talk->link, 2, some_pages, 3, err);
	end(talk);
	return ret;
}

static void check_some(some_fn *fn, uint16_t type)
{
	struct zcb_abi_some wanted = { .frame = 2, .pages = 3 };
	struct zcb_abi_some_done done = { .frame = 2, .pages = 3 };
	struct zcb_error err = { "" };
	struct talk talk;

	wanted.bits[0] = 8;
	wanted.bits[1] = 1;
	wanted.bits[ZCB_ABI_MAX_PAGES / 64 - 1] = 1ULL << 63;
	assert_int_equal(about_some(fn, type + 1, &done, sizeof(done), &talk, &err), 0);
	assert_int_equal(talk.asked.type, type);
	assert_int_equal(talk.asked.length, sizeof(wanted));
	assert_memory_equal(talk.asked_payload, &wanted, sizeof(wanted));
	assert_int_equal(about_some(fn, type + 1, &done, sizeof(done) - 1, &talk, &err), -EPROTO);
	assert_int_equal(about_some(fn, ZCB_ABI_FREED, &done, sizeof(done), &talk, &err), -EPROTO);
	done.pages = 2;
	assert_int_equal(about_some(fn, type + 1, &done, sizeof(done), &talk, &err), -EPROTO);
	assert_non_null(strstr(err.text, "guest: it gave or got other pages"));
	done.pages = 3;
	done.frame = 1;
	assert_int_equal(about_some(fn, type + 1, &done, sizeof(done), &talk, &err), -EPROTO);
}

static void giving_and_regaining(void **state)
{
	check_some(zcb_link_give, ZCB_ABI_GIVE);
	check_some(zcb_link_regain, ZCB_ABI_REGAIN);
}

static void pages_that_cannot_be_asked_about(void **state)
{
	struct zcb_link link = { .fd = -1 };
	struct zcb_error err = { "" };

	assert_int_equal(zcb_link_give(&link, 0, (uint32_t[]){ 5, 5 }, 2, &err), -EINVAL);
	assert_int_equal(zcb_link_give(&link, 0, (uint32_t[]){ ZCB_ABI_MAX_PAGES }, 1, &err), -EINVAL);
	assert_non_null(strstr(err.text, "zcbench bug: page 16384"));
}

static void freeing(void **state)
{
	struct zcb_abi_free freed = { .frame = 2 };
	struct answer answer = { .type = ZCB_ABI_FREED, .payload = &freed, .n = sizeof(freed) };
	struct zcb_error err = { "" };
	struct talk talk;

	begin(&talk, &answer, false);
	assert_int_equal(zcb_link_free(&talk.link, 2, &err), 0);
	end(&talk);
	assert_int_equal(talk.asked.type, ZCB_ABI_FREE);
	assert_memory_equal(talk.asked_payload, &freed, sizeof(freed));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_answer),
		cmocka_unit_test(wrong_magic),
		cmocka_unit_test(wrong_version),
		cmocka_unit_test(wrong_serial),
		cmocka_unit_test(wrong_type),
		cmocka_unit_test(too_long),
		cmocka_unit_test(hostile_pages),
		cmocka_unit_test(agent_says_why_not),
		cmocka_unit_test(error_text_is_made_harmless),
		cmocka_unit_test(error_text_without_end),
		cmocka_unit_test(error_of_another_request),
		cmocka_unit_test(silence),
		cmocka_unit_test(promise_that_is_not_kept),
		cmocka_unit_test(hang_up_at_every_byte),
		cmocka_unit_test(request_to_one_that_is_gone),
		cmocka_unit_test(impossible_request_is_not_sent),
		cmocka_unit_test(greeting),
		cmocka_unit_test(drawing),
		cmocka_unit_test(storms),
		cmocka_unit_test(reading),
		cmocka_unit_test(giving_and_regaining),
		cmocka_unit_test(pages_that_cannot_be_asked_about),
		cmocka_unit_test(freeing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
