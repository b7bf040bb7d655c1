// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define MAX_LINE (1U << 20)
#define MAX_PAYLOAD (256U << 20)
#define FEW_BYTES (64U << 10) /* that are copied rather than written by a call of their own */

int zcb_wire_send(int fd, json_t *message, const void *payload, size_t n)
{
	ZCB_FREE char *line = NULL, *whole = NULL;
	size_t length, with;
	int ret;

	if (n)
		json_object_set_new(message, "bytes", json_integer((json_int_t)n));
	line = json_dumps(message, JSON_COMPACT);
	json_decref(message);
	length = line ? strlen(line) : 0;
	with = n < FEW_BYTES ? n : 0;
	whole = line ? malloc(length + 1 + with) : NULL;
	if (!whole)
		return -ENOMEM;
	memcpy(whole, line, length);
	whole[length] = '\n';
	if (with)
		memcpy(whole + length + 1, payload, with);
	ret = zcb_write_all(fd, whole, length + 1 + with);
	return !ret && n > with ? zcb_write_all(fd, payload, n) : ret;
}

static int make_room(struct zcb_wire *wire)
{
	char *grown;

	if (wire->taken) {
		memmove(wire->bytes, wire->bytes + wire->taken, wire->n - wire->taken);
		wire->n -= wire->taken;
		wire->taken = 0;
	}
	if (wire->room - wire->n >= 65536)
		return 0;
	grown = realloc(wire->bytes, wire->room * 2 + 131072);
	if (!grown)
		return -ENOMEM;
	wire->bytes = grown;
	wire->room = wire->room * 2 + 131072;
	return 0;
}

ssize_t zcb_wire_receive(struct zcb_wire *wire, int fd)
{
	ssize_t done;

	if (make_room(wire))
		return -ENOMEM;
	do
		done = read(fd, wire->bytes + wire->n, wire->room - wire->n);
	while (done < 0 && errno == EINTR);
	if (done < 0)
		return -errno;
	wire->n += (size_t)done;
	return done;
}

static int parse_line(const char *line, size_t n, struct zcb_wire_message *ret_message)
{
	json_t *json = json_loadb(line, n, 0, NULL);
	const char *type = json_string_value(json_object_get(json, "type"));
	json_t *size = json_object_get(json, "bytes");
	json_int_t bytes = json_integer_value(size);

	if (!type || (size && !json_is_integer(size)) || bytes < 0 || bytes > MAX_PAYLOAD) {
		json_decref(json);
		return -EPROTO;
	}
	*ret_message = (struct zcb_wire_message){ .json = json, .type = type,
						  .payload_n = (size_t)bytes };
	return 0;
}

int zcb_wire_next(struct zcb_wire *wire, struct zcb_wire_message *ret_message)
{
	size_t left = wire->n - wire->taken;
	const char *start = left ? wire->bytes + wire->taken : NULL;
	const char *end = left ? memchr(start, '\n', left) : NULL;
	struct zcb_wire_message message;
	size_t line;

	if (!end)
		return left > MAX_LINE ? -EPROTO : 0;
	line = (size_t)(end - start) + 1;
	if (line > MAX_LINE || parse_line(start, line - 1, &message))
		return -EPROTO;
	if (left - line < message.payload_n) {
		json_decref(message.json);
		return 0;
	}
	message.payload = start + line;
	message.whole = start;
	message.whole_n = line + message.payload_n;
	wire->taken += line + message.payload_n;
	*ret_message = message;
	return 1;
}

void zcb_wire_finish(struct zcb_wire *wire)
{
	free(wire->bytes);
	memset(wire, 0, sizeof(*wire));
}
