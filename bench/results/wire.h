/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_WIRE_H
#define ZCB_RESULTS_WIRE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How results travel from a cell's process to the runner, and from the runner to whoever holds the
 * run directory: a line of JSON with a "type", followed by as many bytes as its "bytes" says.
 *
 *   hello, event, file, kmsg, result, bye    towards the run directory
 *   account                                  from the cell to the runner, behind its result
 *   cell, end                                towards the runner
 */

/** Sends one message with its payload; takes the reference of `message`. Returns 0 or -errno. */
int zcb_wire_send(int fd, json_t *message, const void *payload, size_t n);

/**
 * From now on messages to this descriptor are collected, as long as they are not many bytes: each write wakes
 * who reads. zcb_wire_uncork() writes what is left, and ends that. Returns 0 or -errno.
 */
void zcb_wire_cork(int fd);
int zcb_wire_uncork(void);

/** What has been received and not yet taken. Zero-initialized is empty. */
struct zcb_wire {
	char *bytes;
	size_t n, room;
	size_t taken; /* bytes of messages that were handed out already */
};

/**
 * One message. `payload`, and `whole` with its line, point into the wire and are good until more is
 * received; what follows is right behind it.
 */
struct zcb_wire_message {
	json_t *json; /* owned: json_decref() it */
	const char *type;
	const char *payload;
	size_t payload_n;
	const char *whole;
	size_t whole_n;
};

/**
 * Reads what is there. Returns the number of bytes, 0 at the end of the stream, -EAGAIN where a
 * non-blocking descriptor has nothing, or another -errno.
 */
ssize_t zcb_wire_receive(struct zcb_wire *wire, int fd);

/** Takes a whole message. Returns 1, 0 where there is none yet, or -EPROTO where it cannot be one. */
int zcb_wire_next(struct zcb_wire *wire, struct zcb_wire_message *ret_message);

/** Room for the type of a message, with its end. */
#define ZCB_WIRE_TYPE 16

/**
 * The same for whoever only passes a message on: its line is looked at, and not parsed. It is as
 * zcb_wire_send() made it: one object, the type (which is copied) first, the bytes last, no control
 * characters. What is between them its receiver finds out. `json` and `type` of the message are NULL.
 */
int zcb_wire_next_unread(struct zcb_wire *wire, char ret_type[ZCB_WIRE_TYPE],
			 struct zcb_wire_message *ret_message);

void zcb_wire_finish(struct zcb_wire *wire);

#endif
