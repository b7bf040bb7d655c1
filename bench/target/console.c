// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/console.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define TAIL_FLUSH_NS 1000000000U

/*
 *   file:  | head ... | marker | tail |      marker and tail are rewritten in place, as the tail
 *          0       head_used                 moves on; without a drop there is no marker
 */
struct zcb_console {
	int fd;
	size_t head_max; /* shrinks to head_used when the disk refuses bytes */
	size_t head_used;
	char *tail; /* a ring */
	size_t tail_max;
	uint64_t tail_in; /* bytes that ever went into the ring */
	uint64_t flushed_in;
	uint64_t flushed_ns;
	bool told;
};

int zcb_console_open(int dirfd, const char *path, size_t head_bytes, size_t tail_bytes,
		     struct zcb_console **ret_console)
{
	ZCB_FREE struct zcb_console *console = calloc(1, sizeof(*console));
	ZCB_FREE char *tail = malloc(tail_bytes);

	if (!console || !tail)
		return -ENOMEM;
	console->fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (console->fd < 0)
		return -errno;
	console->head_max = head_bytes;
	console->tail_max = tail_bytes;
	console->tail = zcb_steal_ptr(&tail);
	*ret_console = zcb_steal_ptr(&console);
	return 0;
}

static int write_at(int fd, off_t at, const char *bytes, size_t n, size_t *ret_done)
{
	*ret_done = 0;
	while (*ret_done < n) {
		ssize_t done = pwrite(fd, bytes + *ret_done, n - *ret_done, at + (off_t)*ret_done);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			return -ENOSPC;
		*ret_done += (size_t)done;
	}
	return 0;
}

/** Writes what fits of the head; an error ends the head there. */
static int write_head(struct zcb_console *console, const char **bytes, size_t *n)
{
	size_t room = console->head_max - console->head_used;
	size_t want = *n < room ? *n : room;
	size_t done = 0;
	int err = 0;

	if (want > 0)
		err = write_at(console->fd, (off_t)console->head_used, *bytes, want, &done);
	console->head_used += done;
	if (err)
		console->head_max = console->head_used;
	*bytes += done;
	*n -= done;
	return err;
}

static void store_tail(struct zcb_console *console, const char *bytes, size_t n)
{
	size_t max = console->tail_max;

	if (n > max) {
		console->tail_in += n - max;
		bytes += n - max;
		n = max;
	}
	while (n > 0) {
		size_t at = (size_t)(console->tail_in % max);
		size_t part = n < max - at ? n : max - at;

		memcpy(console->tail + at, bytes, part);
		console->tail_in += part;
		bytes += part;
		n -= part;
	}
}

static int write_part(struct zcb_console *console, off_t *at, const char *bytes, size_t n)
{
	size_t done;
	int err = write_at(console->fd, *at, bytes, n, &done);

	*at += (off_t)done;
	return err;
}

static int flush_tail(struct zcb_console *console)
{
	size_t max = console->tail_max;
	size_t used = console->tail_in < max ? (size_t)console->tail_in : max;
	size_t first = (size_t)((console->tail_in - used) % max);
	size_t part = used < max - first ? used : max - first;
	uint64_t dropped = console->tail_in - used;
	off_t at = (off_t)console->head_used;
	char marker[80] = "";
	int err;

	if (console->flushed_in == console->tail_in)
		return 0;
	if (dropped > 0)
		snprintf(marker, sizeof(marker),
			 "\n[zcbench: truncated, %" PRIu64 " bytes dropped]\n", dropped);
	err = write_part(console, &at, marker, strlen(marker));
	if (!err)
		err = write_part(console, &at, console->tail + first, part);
	if (!err)
		err = write_part(console, &at, console->tail, used - part);
	if (!err)
		console->flushed_in = console->tail_in;
	return err;
}

int zcb_console_write(struct zcb_console *console, const char *bytes, size_t n)
{
	int err = write_head(console, &bytes, &n);
	uint64_t now = zcb_now_ns();

	store_tail(console, bytes, n);
	if (!err && now - console->flushed_ns >= TAIL_FLUSH_NS) {
		console->flushed_ns = now;
		err = flush_tail(console);
	}
	if (!err || console->told)
		return 0;
	console->told = true;
	return err;
}

int zcb_console_finish(struct zcb_console *console)
{
	return flush_tail(console);
}

void zcb_console_free(struct zcb_console *console)
{
	if (!console)
		return;
	flush_tail(console);
	close(console->fd);
	free(console->tail);
	free(console);
}
