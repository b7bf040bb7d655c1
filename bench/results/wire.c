// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/wire.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define MAX_LINE (1U << 20)
#define MAX_PAYLOAD (256U << 20)
#define FEW_BYTES (64U << 10) /* that are copied rather than written by a call of their own */

/* What is collected for a descriptor, or for none (-1). */
static struct {
	int fd;
	char *bytes;
	size_t n;
} cork = { .fd = -1 };

void zcb_wire_cork(int fd)
{
	cork.bytes = malloc(FEW_BYTES);
	cork.fd = cork.bytes ? fd : -1;
	cork.n = 0;
}

static int write_collected(void)
{
	size_t n = cork.n;

	cork.n = 0;
	return n ? zcb_write_all(cork.fd, cork.bytes, n) : 0;
}

int zcb_wire_uncork(void)
{
	int ret = cork.fd < 0 ? 0 : write_collected();

	free(cork.bytes);
	cork.bytes = NULL;
	cork.fd = -1;
	return ret;
}

static int write_or_collect(int fd, const char *bytes, size_t n)
{
	int ret = fd == cork.fd && cork.n + n > FEW_BYTES ? write_collected() : 0;

	if (ret || fd != cork.fd || n > FEW_BYTES)
		return ret ? ret : zcb_write_all(fd, bytes, n);
	memcpy(cork.bytes + cork.n, bytes, n);
	cork.n += n;
	return 0;
}

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
	ret = write_or_collect(fd, whole, length + 1 + with);
	return !ret && n > with ? write_or_collect(fd, payload, n) : ret;
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

/* The line that comes next, with its newline: its bytes, 0 where it is not whole yet, or -EPROTO. */
static ssize_t next_line(const struct zcb_wire *wire)
{
	size_t left = wire->n - wire->taken;
	const char *start = left ? wire->bytes + wire->taken : NULL;
	const char *end = left ? memchr(start, '\n', left) : NULL;

	if (end && end - start < (ssize_t)MAX_LINE)
		return end - start + 1;
	return end || left > MAX_LINE ? -EPROTO : 0;
}

/* A message whose line was understood. Returns 1, or 0 where its payload is not there yet. */
static int take(struct zcb_wire *wire, size_t line, struct zcb_wire_message *message)
{
	if (wire->n - wire->taken - line < message->payload_n)
		return 0;
	message->whole = wire->bytes + wire->taken;
	message->payload = message->whole + line;
	message->whole_n = line + message->payload_n;
	wire->taken += message->whole_n;
	return 1;
}

int zcb_wire_next(struct zcb_wire *wire, struct zcb_wire_message *ret_message)
{
	ssize_t line = next_line(wire);
	struct zcb_wire_message message;

	if (line <= 0)
		return (int)line;
	if (parse_line(wire->bytes + wire->taken, (size_t)line - 1, &message))
		return -EPROTO;
	if (!take(wire, (size_t)line, &message)) {
		json_decref(message.json);
		return 0;
	}
	*ret_message = message;
	return 1;
}

static bool read_type(const char *line, size_t n, char *ret_type)
{
	static const char head[] = "{\"type\":\"";
	size_t at = sizeof(head) - 1, i = 0;

	if (n <= at || memcmp(line, head, at) != 0)
		return false;
	while (at < n && i < ZCB_WIRE_TYPE - 1 && line[at] >= 'a' && line[at] <= 'z')
		ret_type[i++] = line[at++];
	ret_type[i] = '\0';
	return i > 0 && at + 1 < n && line[at] == '"' && (line[at + 1] == ',' || line[at + 1] == '}');
}

/* In a string the quotes of `,"bytes":` would have backslashes. */
static bool read_bytes(const char *line, size_t n, size_t *ret_bytes)
{
	static const char name[] = ",\"bytes\":";
	size_t digits = n - 1, length = sizeof(name) - 1;

	*ret_bytes = 0;
	while (digits > 0 && line[digits - 1] >= '0' && line[digits - 1] <= '9')
		digits--;
	if (digits == n - 1 || digits < length || memcmp(line + digits - length, name, length) != 0)
		return true;
	for (size_t i = digits; i < n - 1 && *ret_bytes <= MAX_PAYLOAD; i++)
		*ret_bytes = *ret_bytes * 10 + (size_t)(line[i] - '0');
	return *ret_bytes <= MAX_PAYLOAD;
}

static bool has_control_characters(const char *line, size_t n)
{
	unsigned int found = 0;

	for (size_t i = 0; i < n; i++)
		found |= (unsigned char)line[i] < ' ';
	return found;
}

int zcb_wire_next_unread(struct zcb_wire *wire, char ret_type[ZCB_WIRE_TYPE],
			 struct zcb_wire_message *ret_message)
{
	const char *start = wire->bytes + wire->taken;
	struct zcb_wire_message message = { 0 };
	ssize_t line = next_line(wire);
	size_t n = (size_t)line - 1;

	if (line <= 0)
		return (int)line;
	if (!read_type(start, n, ret_type) || start[n - 1] != '}' || !read_bytes(start, n, &message.payload_n) ||
	    has_control_characters(start, n))
		return -EPROTO;
	if (!take(wire, (size_t)line, &message))
		return 0;
	*ret_message = message;
	return 1;
}

void zcb_wire_finish(struct zcb_wire *wire)
{
	free(wire->bytes);
	memset(wire, 0, sizeof(*wire));
}
