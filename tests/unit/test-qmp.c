// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU's control socket. The server is a fake: a thread that says lines as it is told to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/guest/qmp.h"

#define PATIENCE_MS 20000
#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"

/** What the fake server does with a command: %lld of it becomes the command's id. */
struct fake_server {
	struct zcb_qmp qmp;
	int fd; /* the server's end */
	pthread_t thread;
	const char *greeting;
	const char *answer[4]; /* one per command; NULL: hangs up */
	bool by_the_byte;
	int given; /* the last descriptor that came with a byte */
	char asked[4][512];
	int commands;
};

static void say(struct fake_server *server, const char *text)
{
	size_t n = strlen(text), piece = server->by_the_byte ? 1 : n;

	for (size_t at = 0; at < n; at += piece)
		if (send(server->fd, text + at, piece, MSG_NOSIGNAL) < 0)
			return;
}

static bool hear_byte(struct fake_server *server, char *byte)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { byte, 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };

	if (recvmsg(server->fd, &message, MSG_CMSG_CLOEXEC) != 1)
		return false;
	if (message.msg_controllen && control.header.cmsg_type == SCM_RIGHTS)
		memcpy(&server->given, CMSG_DATA(&control.header), sizeof(int));
	return true;
}

static bool hear(struct fake_server *server, char *line, size_t room)
{
	size_t n = 0;

	while (n + 1 < room && hear_byte(server, line + n))
		if (line[n++] == '\n')
			break;
	line[n] = '\0';
	return n > 0;
}

static long long id_of(const char *line)
{
	const char *id = strstr(line, "\"id\":");

	return id ? atoll(id + 5) : -1;
}

static void *fake_server(void *opaque)
{
	struct fake_server *server = opaque;

	if (server->greeting)
		say(server, server->greeting);
	while (server->commands < 4 && hear(server, server->asked[server->commands], 512)) {
		const char *format = server->answer[server->commands];
		char text[1024];

		if (!format)
			break;
		/* Only our own formats come here. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), format, id_of(server->asked[server->commands++]));
#pragma GCC diagnostic pop
		say(server, text);
	}
	shutdown(server->fd, SHUT_WR);
	return NULL;
}

static void begin(struct fake_server *server)
{
	int fds[2];

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), errno);
	server->qmp.fd = fds[0];
	server->qmp.timeout_ms = server->qmp.timeout_ms ? server->qmp.timeout_ms : PATIENCE_MS;
	server->fd = fds[1];
	assert_int_equal(pthread_create(&server->thread, NULL, fake_server, server), 0);
}

static void end(struct fake_server *server)
{
	shutdown(server->qmp.fd, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->qmp.fd);
	close(server->fd);
}

#define FINE "{\"return\": {}, \"id\": %lld}\r\n"

static void good_replies(void **state)
{
	for (int by_the_byte = 0; by_the_byte < 2; by_the_byte++) {
		struct fake_server server = { .greeting = GREETING, .by_the_byte = by_the_byte,
			.answer = { FINE, "{\"return\": {\"actual\": 7}, \"id\": %lld}\r\n", FINE } };
		struct zcb_error err = { "" };
		json_t *value = NULL;

		begin(&server);
		assert_int_equal(zcb_qmp_begin(&server.qmp, &err), 0);
		assert_int_equal(zcb_qmp_execute(&server.qmp, "query-balloon", NULL, &value, &err), 0);
		assert_int_equal(json_integer_value(json_object_get(value, "actual")), 7);
		assert_int_equal(zcb_qmp_execute(&server.qmp, "balloon", json_pack("{s:i}", "value", 9),
						 NULL, &err), 0);
		end(&server);
		json_decref(value);
		assert_non_null(strstr(server.asked[0], "\"qmp_capabilities\""));
		assert_null(strstr(server.asked[1], "arguments"));
		assert_non_null(strstr(server.asked[2], "\"arguments\":{\"value\":9}"));
	}
}

/* The very file that was given comes with the command, under its name; other commands bring none. */
static void a_descriptor(void **state)
{
	struct fake_server server = { .answer = { FINE, FINE }, .given = -1 };
	struct zcb_error err = { "" };
	struct stat ours, theirs;
	int fds[2];

	assert_return_code(pipe(fds), errno);
	assert_return_code(fstat(fds[0], &ours), errno);
	begin(&server);
	assert_int_equal(zcb_qmp_execute(&server.qmp, "first", NULL, NULL, &err), 0);
	assert_int_equal(server.given, -1);
	assert_int_equal(zcb_qmp_give_fd(&server.qmp, fds[0], "display", &err), 0);
	end(&server);
	assert_non_null(strstr(server.asked[1], "\"getfd\",\"arguments\":{\"fdname\":\"display\"}"));
	assert_int_not_equal(server.given, fds[0]);
	assert_return_code(fstat(server.given, &theirs), errno);
	assert_int_equal(theirs.st_ino, ours.st_ino);
	close(server.given);
	close(fds[0]);
	close(fds[1]);
}

/* Events, and the answer to a command that was given up, are none to this one. */
static void what_comes_in_between(void **state)
{
	struct fake_server server = { .answer = {
		"{\"event\": \"BALLOON_CHANGE\", \"data\": {\"actual\": 1}}\r\n"
		"{\"return\": {\"of\": \"old\"}, \"id\": 3}\r\n{\"return\": 5, \"id\": %lld}\r\n"
		"{\"event\": \"STOP\"}\r\n", FINE } };
	struct zcb_error err = { "" };
	json_t *value = NULL;

	begin(&server);
	assert_int_equal(zcb_qmp_execute(&server.qmp, "first", NULL, &value, &err), 0);
	assert_int_equal(json_integer_value(value), 5);
	assert_int_equal(zcb_qmp_execute(&server.qmp, "second", NULL, NULL, &err), 0);
	end(&server);
	json_decref(value);
}

static void expect(const char *answer, int timeout_ms, int code, const char *sentence)
{
	struct fake_server server = { .answer = { answer }, .qmp.timeout_ms = timeout_ms };
	json_t *value = NULL;
	struct zcb_error err = { "" };

	begin(&server);
	assert_int_equal(zcb_qmp_execute(&server.qmp, "balloon", NULL, &value, &err), code);
	end(&server);
	assert_null(value);
	if (strncmp(err.text, "qemu: ", 6) != 0 || !strstr(err.text, sentence))
		fail_msg("\"%s\" does not say \"%s\" of qemu", err.text, sentence);
}

static void errors(void **state)
{
	expect("{\"error\": {\"class\": \"DeviceNotActive\", \"desc\": \"No balloon\"}, \"id\": %lld}\n", 0,
	       -ENODEV, "balloon: No balloon");
	expect("{\"error\": {\"class\": \"GenericError\", \"desc\": \"a\\u001bb\"}, \"id\": %lld}\n", 0,
	       -EREMOTEIO, "balloon: a?b");
	expect("{\"error\": 1, \"id\": %lld}\n", 0, -EREMOTEIO, "balloon: no reason");
}

static void garbage(void **state)
{
	expect("\x01\x02 hello %lld\n", 0, -EPROTO, "is no QMP");
	expect("[%lld]\n", 0, -EPROTO, "is no QMP");
	expect("{\"id\": %lld}\n", 0, -EPROTO, "is none");
	expect("{\"return\": 1, \"return\": 2, \"id\": %lld}\n", 0, -EPROTO, "is no QMP");
}

static void closed_socket(void **state)
{
	expect(NULL, 0, -ENOTCONN, "it is gone");
}

static void silence(void **state)
{
	expect("{\"event\": \"%lld\"}\n", 200, -ETIMEDOUT, "did not answer on its control socket in 200 ms");
	expect("{\"return\": 1, \"id\": %lld", 200, -ETIMEDOUT, "did not answer");
}

static void line_without_end(void **state)
{
	struct fake_server server = { .greeting = NULL };
	char *line = malloc(200001);
	struct zcb_error err = { "" };

	memset(line, ' ', 200000);
	line[200000] = '\0';
	server.greeting = line;
	begin(&server);
	assert_int_equal(zcb_qmp_begin(&server.qmp, &err), -EPROTO);
	assert_non_null(strstr(err.text, "qemu: a message of more than 65536 bytes"));
	end(&server);
	free(line);
}

static void wrong_greeting(void **state)
{
	struct fake_server server = { .greeting = "{\"SMTP\": {}}\n" };
	struct zcb_error err = { "" };

	begin(&server);
	assert_int_equal(zcb_qmp_begin(&server.qmp, &err), -EPROTO);
	end(&server);
	assert_non_null(strstr(err.text, "qemu: its control socket does not greet"));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_replies),
		cmocka_unit_test(a_descriptor),
		cmocka_unit_test(what_comes_in_between),
		cmocka_unit_test(errors),
		cmocka_unit_test(garbage),
		cmocka_unit_test(closed_socket),
		cmocka_unit_test(silence),
		cmocka_unit_test(line_without_end),
		cmocka_unit_test(wrong_greeting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
