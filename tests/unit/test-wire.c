// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/results/wire.h"

/* A wire and the pipe it is fed through. */
struct line {
	struct zcb_wire wire;
	int in, out;
};

static int set_up(void **state)
{
	struct line *line = calloc(1, sizeof(*line));
	int fds[2];

	assert_non_null(line);
	assert_return_code(pipe2(fds, O_CLOEXEC | O_NONBLOCK), errno);
	line->in = fds[0];
	line->out = fds[1];
	*state = line;
	return 0;
}

static int tear_down(void **state)
{
	struct line *line = *state;

	zcb_wire_finish(&line->wire);
	close(line->in);
	if (line->out >= 0)
		close(line->out);
	free(line);
	return 0;
}

/* Everything goes through the pipe, in parts that fit into it. */
static void feed(struct line *line, const char *bytes, size_t n)
{
	while (n > 0) {
		size_t part = n < 32768 ? n : 32768;

		assert_int_equal(zcb_write_all(line->out, bytes, part), 0);
		for (size_t left = part; left > 0;) {
			ssize_t done = zcb_wire_receive(&line->wire, line->in);

			assert_true(done > 0);
			left -= (size_t)done;
		}
		bytes += part;
		n -= part;
	}
}

static void feed_text(struct line *line, const char *text)
{
	feed(line, text, strlen(text));
}

static void expect(struct line *line, const char *type, const void *payload, size_t n)
{
	struct zcb_wire_message message;

	assert_int_equal(zcb_wire_next(&line->wire, &message), 1);
	assert_string_equal(message.type, type);
	assert_int_equal(message.payload_n, n);
	if (n)
		assert_memory_equal(message.payload, payload, n);
	json_decref(message.json);
}

static void expect_nothing(struct line *line)
{
	struct zcb_wire_message message;

	assert_int_equal(zcb_wire_next(&line->wire, &message), 0);
}

static void expect_refusal(struct line *line)
{
	struct zcb_wire_message message;

	assert_int_equal(zcb_wire_next(&line->wire, &message), -EPROTO);
}

static const char stream[] = "{\"type\":\"hello\"}\n"
			     "{\"type\":\"file\",\"bytes\":17}\nfirst\n{\"type\":\n\n\0"
			     "{\"type\":\"bye\"}\n";
static const char payload[] = "first\n{\"type\":\n\n";

static void take_the_stream(struct line *line)
{
	expect(line, "hello", NULL, 0);
	expect(line, "file", payload, 17);
	expect(line, "bye", NULL, 0);
	expect_nothing(line);
}

static void split_at_every_byte(void **state)
{
	struct line *line = *state;
	size_t n = sizeof(stream) - 1;

	for (size_t cut = 0; cut <= n; cut++) {
		feed(line, stream, cut);
		feed(line, stream + cut, n - cut);
		take_the_stream(line);
	}
}

/* As before, but what is whole already is taken before the rest comes. */
static void taken_as_early_as_can_be(void **state)
{
	static const char *const types[] = { "hello", "file", "bye" };
	struct line *line = *state;
	size_t seen = 0;

	for (size_t i = 0; i < sizeof(stream) - 1; i++) {
		struct zcb_wire_message message;

		feed(line, stream + i, 1);
		if (zcb_wire_next(&line->wire, &message) == 0)
			continue;
		assert_true(seen < 3);
		assert_string_equal(message.type, types[seen++]);
		json_decref(message.json);
	}
	assert_int_equal(seen, 3);
}

static void expect_unread(struct line *line, const char *type, const char *whole, size_t payload_n)
{
	struct zcb_wire_message message;
	char seen[ZCB_WIRE_TYPE];

	assert_int_equal(zcb_wire_next_unread(&line->wire, seen, &message), 1);
	assert_string_equal(seen, type);
	assert_int_equal(message.payload_n, payload_n);
	assert_int_equal(message.whole_n, strlen(whole) + payload_n);
	assert_memory_equal(message.whole, whole, strlen(whole));
	assert_ptr_equal(message.payload, message.whole + strlen(whole));
	assert_null(message.json);
}

/* What only passes through is understood as far as it must be, and no further. */
static void unread_at_every_byte(void **state)
{
	struct zcb_wire_message message;
	struct line *line = *state;
	char type[ZCB_WIRE_TYPE];
	size_t n = sizeof(stream) - 1;

	for (size_t cut = 0; cut <= n; cut++) {
		feed(line, stream, cut);
		feed(line, stream + cut, n - cut);
		expect_unread(line, "hello", "{\"type\":\"hello\"}\n", 0);
		expect_unread(line, "file", "{\"type\":\"file\",\"bytes\":17}\n", 17);
		expect_unread(line, "bye", "{\"type\":\"bye\"}\n", 0);
		assert_int_equal(zcb_wire_next_unread(&line->wire, type, &message), 0);
	}
}

static void sent_is_passed_on_unread(void **state)
{
	static const char text[] = "{\"type\":\"result\",\"reason\":\"a\\nb,\\\"bytes\\\":7\"}\n";
	static const char nested[] = "{\"type\":\"file\",\"more\":{\"type\":\"x\",\"bytes\":7}}\n";
	struct line *line = *state;

	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s, s:s}", "type", "result", "reason",
							    "a\nb,\"bytes\":7"), NULL, 0), 0);
	assert_int_equal(zcb_write_all(line->out, nested, strlen(nested)), 0);
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "file"), "12345", 5), 0);
	while (zcb_wire_receive(&line->wire, line->in) > 0)
		;
	for (int again = 0; again < 2; again++) { /* and then read, by who receives it */
		line->wire.taken = 0;
		if (again) {
			expect(line, "result", NULL, 0);
			expect(line, "file", NULL, 0);
			expect(line, "file", "12345", 5);
			continue;
		}
		expect_unread(line, "result", text, 0);
		expect_unread(line, "file", nested, 0);
		expect_unread(line, "file", "{\"type\":\"file\",\"bytes\":5}\n", 5);
	}
}

/* One behind the other, what is large by itself, and all of it in order. */
static void collected_messages_come_at_once(void **state)
{
	static char large[100000], small[60000];
	struct line *line = *state;
	int other[2];

	assert_return_code(pipe2(other, O_CLOEXEC | O_NONBLOCK), errno);
	fcntl(line->out, F_SETPIPE_SZ, 1 << 20);
	memset(large, 'l', sizeof(large));
	memset(small, 's', sizeof(small));
	zcb_wire_cork(line->out);
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "first"), NULL, 0), 0);
	assert_int_equal(zcb_wire_receive(&line->wire, line->in), -EAGAIN);
	assert_int_equal(zcb_wire_send(other[1], json_pack("{s:s}", "type", "other"), NULL, 0), 0);
	assert_true(read(other[0], large, 8) == 8 && memcmp(large, "{\"type\":", 8) == 0);
	memset(large, 'l', sizeof(large));
	for (int i = 0; i < 3; i++)
		assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "file"), small, sizeof(small)), 0);
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "file"), large, sizeof(large)), 0);
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "last"), NULL, 0), 0);
	assert_int_equal(zcb_wire_uncork(), 0);
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "bye"), NULL, 0), 0);
	while (zcb_wire_receive(&line->wire, line->in) > 0)
		;
	expect(line, "first", NULL, 0);
	for (int i = 0; i < 3; i++)
		expect(line, "file", small, sizeof(small));
	expect(line, "file", large, sizeof(large));
	expect(line, "last", NULL, 0);
	expect(line, "bye", NULL, 0);
	expect_nothing(line);
	close(other[0]);
	close(other[1]);
}

static void garbage_is_not_passed_on(void **state)
{
	static const char *const garbage[] = {
		"hello\n", "\n", "{}\n", "[]\n", "null\n", "{\"type\":3}\n", "{\"type\":null}\n", "{\"type\":\"a\"\n",
		"{\"type\":\"\"}\n", "{\"type\":\"a\n", "{\"type\":\"averyveryverylongtype\"}\n", "{ \"type\":\"a\"}\n",
		"\xff\xfe\n", "{\"type\":\"a\",\"b\":\"\t\"}\n", "{\"type\":\"a\"b}\n",
		"{\"type\":\"file\",\"bytes\":268435457}\n", "{\"type\":\"file\",\"bytes\":9223372036854775807}\n",
		"{\"type\":\"file\",\"bytes\":99999999999999999999999999}\n",
	};

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct zcb_wire_message message;
		char type[ZCB_WIRE_TYPE];
		struct line *line;

		set_up((void **)&line);
		feed_text(line, garbage[i]);
		assert_int_equal(zcb_wire_next_unread(&line->wire, type, &message), -EPROTO);
		assert_int_equal(zcb_wire_next_unread(&line->wire, type, &message), -EPROTO);
		tear_down((void **)&line);
	}
}

static void sent_is_received(void **state)
{
	struct line *line = *state;
	char bytes[5000];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 3 ? i : '\n');
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s, s:s}", "type", "file", "name", "a\nb"),
				       bytes, sizeof(bytes)), 0);
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "bye"), NULL, 0), 0);
	while (zcb_wire_receive(&line->wire, line->in) > 0)
		;
	expect(line, "file", bytes, sizeof(bytes));
	expect(line, "bye", NULL, 0);
	expect_nothing(line);
}

static void payload_larger_than_any_room(void **state)
{
	struct line *line = *state;
	size_t n = 3U << 20;
	char *bytes = malloc(n);

	assert_non_null(bytes);
	memset(bytes, '\n', n);
	feed_text(line, "{\"type\":\"file\",\"bytes\":3145728}\n");
	expect_nothing(line);
	feed(line, bytes, n);
	expect(line, "file", bytes, n);
	expect_nothing(line);
	free(bytes);
}

static void garbage_is_refused(void **state)
{
	static const char *const garbage[] = {
		"hello\n", "\n", "{}\n", "[]\n", "null\n", "{\"type\":3}\n", "{\"type\":null}\n",
		"{\"type\":\"a\"\n", "{\"type\":\"a\"}}\n", "\xff\xfe\n",
		"{\"type\":\"file\",\"bytes\":-1}\n",
		"{\"type\":\"file\",\"bytes\":268435457}\n",
		"{\"type\":\"file\",\"bytes\":9223372036854775807}\n",
		"{\"type\":\"file\",\"bytes\":\"7\"}\n",
		"{\"type\":\"file\",\"bytes\":7.5}\n",
	};

	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct line *line;

		set_up((void **)&line);
		feed_text(line, garbage[i]);
		expect_refusal(line);
		expect_refusal(line); /* it does not get better */
		tear_down((void **)&line);
	}
}

static void garbage_behind_a_message(void **state)
{
	struct line *line = *state;

	feed_text(line, "{\"type\":\"hello\"}\nhello\n");
	expect(line, "hello", NULL, 0);
	expect_refusal(line);
}

static void line_without_end_is_refused(void **state)
{
	struct line *line = *state;
	size_t n = (1U << 20) + 1;
	char *bytes = malloc(n);

	assert_non_null(bytes);
	memset(bytes, ' ', n);
	feed(line, bytes, n - 1);
	expect_nothing(line);
	feed(line, bytes, 1);
	expect_refusal(line);
	free(bytes);
}

static void line_too_long_with_an_end_is_refused(void **state)
{
	struct line *line = *state;
	size_t n = (1U << 20) + 100;
	char *bytes = malloc(n);

	assert_non_null(bytes);
	memset(bytes, ' ', n);
	feed(line, bytes, n);
	feed_text(line, "{\"type\":\"hello\"}\n");
	expect_refusal(line);
	free(bytes);
}

static void end_and_nothing_are_told_apart(void **state)
{
	struct line *line = *state;

	expect_nothing(line);
	assert_int_equal(zcb_wire_receive(&line->wire, line->in), -EAGAIN);
	feed_text(line, "{\"type\":\"hel");
	close(line->out);
	line->out = -1;
	assert_int_equal(zcb_wire_receive(&line->wire, line->in), 0);
	expect_nothing(line);
}

static void sending_into_a_closed_pipe_is_an_error(void **state)
{
	struct line *line = *state;

	signal(SIGPIPE, SIG_IGN);
	close(line->in);
	line->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(zcb_wire_send(line->out, json_pack("{s:s}", "type", "bye"), NULL, 0), -EPIPE);
	signal(SIGPIPE, SIG_DFL);
}

#define WIRE_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		WIRE_TEST(split_at_every_byte),
		WIRE_TEST(taken_as_early_as_can_be),
		WIRE_TEST(unread_at_every_byte),
		WIRE_TEST(sent_is_passed_on_unread),
		WIRE_TEST(collected_messages_come_at_once),
		cmocka_unit_test(garbage_is_not_passed_on),
		WIRE_TEST(sent_is_received),
		WIRE_TEST(payload_larger_than_any_room),
		cmocka_unit_test(garbage_is_refused),
		WIRE_TEST(garbage_behind_a_message),
		WIRE_TEST(line_without_end_is_refused),
		WIRE_TEST(line_too_long_with_an_end_is_refused),
		WIRE_TEST(end_and_nothing_are_told_apart),
		WIRE_TEST(sending_into_a_closed_pipe_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
