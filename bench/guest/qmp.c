// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/qmp.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define LINE_MAX_BYTES 65536 /* of one message; what we ask for has a few hundred */

static void decref_p(json_t **json)
{
	json_decref(*json);
}

#define JSON_DECREF ZCB_CLEANUP(decref_p)

static int fail_gone(struct zcb_error *err)
{
	return zcb_fail(err, -ENOTCONN, "qemu: it is gone (its control socket is closed)");
}

static int wait_for_bytes(const struct zcb_qmp *qmp, uint64_t deadline, struct zcb_error *err)
{
	for (;;) {
		struct pollfd ready = { .fd = qmp->fd, .events = POLLIN };
		uint64_t now = zcb_now_ns();

		if (now >= deadline)
			return zcb_fail(err, -ETIMEDOUT, "qemu: it did not answer on its control "
					"socket in %d ms", qmp->timeout_ms);
		if (poll(&ready, 1, (int)((deadline - now) / 1000000U) + 1) > 0)
			return 0;
	}
}

/*
 * Takes what is there of the line, and no byte behind it: those are the next command's, which may be
 * another process's. Returns how many bytes were taken, or -errno.
 */
static ssize_t take_part(int fd, char *bytes, size_t room)
{
	ssize_t there = recv(fd, bytes, room, MSG_PEEK | MSG_DONTWAIT);
	char *end = there > 0 ? memchr(bytes, '\n', (size_t)there) : NULL;

	if (there == 0)
		return -ENOTCONN;
	if (there < 0)
		return errno == ECONNRESET ? -ENOTCONN : -errno;
	there = recv(fd, bytes, end ? (size_t)(end + 1 - bytes) : (size_t)there, MSG_DONTWAIT);
	return there < 0 ? -errno : there;
}

static int read_line(const struct zcb_qmp *qmp, uint64_t deadline, char *ret_line,
		     struct zcb_error *err)
{
	size_t used = 0;

	while (!used || ret_line[used - 1] != '\n') {
		int ret = wait_for_bytes(qmp, deadline, err);
		ssize_t n;

		if (ret)
			return ret;
		if (used == LINE_MAX_BYTES)
			return zcb_fail(err, -EPROTO, "qemu: a message of more than %d bytes on its "
					"control socket", LINE_MAX_BYTES);
		n = take_part(qmp->fd, ret_line + used, LINE_MAX_BYTES - used);
		if (n == -ENOTCONN)
			return fail_gone(err);
		if (n < 0 && n != -EAGAIN && n != -EINTR)
			return zcb_fail(err, (int)n, "zcbench bug: QEMU's control socket: %s",
					strerror((int)-n));
		used += n > 0 ? (size_t)n : 0;
	}
	ret_line[used] = '\0';
	return 0;
}

/* One message, a new reference. */
static int receive(const struct zcb_qmp *qmp, uint64_t deadline, json_t **ret_message,
		   struct zcb_error *err)
{
	ZCB_FREE char *line = malloc(LINE_MAX_BYTES + 1);
	JSON_DECREF json_t *message = NULL;
	int ret;

	if (!line)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a message of QEMU's");
	ret = read_line(qmp, deadline, line, err);
	if (ret)
		return ret;
	message = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(message))
		return zcb_fail(err, -EPROTO, "qemu: what came on its control socket is no QMP");
	*ret_message = zcb_steal_ptr(&message);
	return 0;
}

/* Sends what it can; a descriptor (-1: none) goes with the first byte. */
static ssize_t send_part(int socket, const char *bytes, size_t n, int fd)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec part = { (void *)(uintptr_t)bytes, n };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };

	if (fd >= 0) {
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof(int)),
						   .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
	}
	return sendmsg(socket, &message, MSG_NOSIGNAL);
}

static int transmit(const struct zcb_qmp *qmp, const char *bytes, int fd, struct zcb_error *err)
{
	size_t left = strlen(bytes);

	while (left > 0) {
		ssize_t done = send_part(qmp->fd, bytes, left, fd);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return fail_gone(err);
		bytes += done;
		left -= (size_t)done;
		fd = -1;
	}
	return 0;
}

/* The id is a time: no two commands have the same, of whichever fork they are. */
static int send_command(const struct zcb_qmp *qmp, const char *command, json_t *arguments, int fd,
			json_int_t id, struct zcb_error *err)
{
	JSON_DECREF json_t *message = json_pack("{s:s, s:o*, s:I}", "execute", command, "arguments",
						arguments, "id", id);
	ZCB_FREE char *text = message ? json_dumps(message, JSON_COMPACT) : NULL;
	int ret;

	if (!text)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a command to QEMU");
	ret = transmit(qmp, text, fd, err);
	return ret ? ret : transmit(qmp, "\n", -1, err);
}

/* What it says is shown to people: printable ASCII alone goes through. */
static int fail_as_it_says(const char *command, const json_t *error, struct zcb_error *err)
{
	const char *class = json_string_value(json_object_get(error, "class"));
	const char *words = json_string_value(json_object_get(error, "desc"));
	bool missing = class && (!strcmp(class, "DeviceNotActive") || !strcmp(class, "DeviceNotFound"));
	char text[200];
	size_t n = 0;

	for (const char *p = words ? words : "no reason"; *p && n + 1 < sizeof(text); p++)
		text[n++] = *p < ' ' || *p > '~' ? '?' : *p;
	text[n] = '\0';
	return zcb_fail(err, missing ? -ENODEV : -EREMOTEIO, "qemu: %s: %s", command, text);
}

static int execute(const struct zcb_qmp *qmp, const char *command, json_t *arguments, int fd,
		   json_t **ret_value, struct zcb_error *err)
{
	uint64_t now = zcb_now_ns(), deadline = now + (uint64_t)qmp->timeout_ms * 1000000U;
	int ret = send_command(qmp, command, arguments, fd, (json_int_t)now, err);

	while (!ret) {
		JSON_DECREF json_t *message = NULL;
		json_t *value, *error;

		ret = receive(qmp, deadline, &message, err);
		if (ret || json_integer_value(json_object_get(message, "id")) != (json_int_t)now)
			continue;
		error = json_object_get(message, "error");
		value = json_object_get(message, "return");
		if (error)
			return fail_as_it_says(command, error, err);
		if (!value)
			return zcb_fail(err, -EPROTO, "qemu: its answer to %s is none", command);
		if (ret_value)
			*ret_value = json_incref(value);
		return 0;
	}
	return ret;
}

int zcb_qmp_execute(const struct zcb_qmp *qmp, const char *command, json_t *arguments,
		    json_t **ret_value, struct zcb_error *err)
{
	return execute(qmp, command, arguments, -1, ret_value, err);
}

int zcb_qmp_give_fd(const struct zcb_qmp *qmp, int fd, const char *name, struct zcb_error *err)
{
	return execute(qmp, "getfd", json_pack("{s:s}", "fdname", name), fd, NULL, err);
}

int zcb_qmp_begin(const struct zcb_qmp *qmp, struct zcb_error *err)
{
	uint64_t deadline = zcb_now_ns() + (uint64_t)qmp->timeout_ms * 1000000U;
	JSON_DECREF json_t *greeting = NULL;
	int ret = receive(qmp, deadline, &greeting, err);

	if (ret)
		return ret;
	if (!json_is_object(json_object_get(greeting, "QMP")))
		return zcb_fail(err, -EPROTO, "qemu: its control socket does not greet as QMP does");
	return zcb_qmp_execute(qmp, "qmp_capabilities", NULL, NULL, err);
}
