// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sends the frame through a socket and takes what comes out, as a server of remote screens does. It is
 * the kernel that reads the mapping, and faults on it, in the middle of a system call.
 */
#include <errno.h>
#include <linux/dma-buf.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/io.h"
#include "bench/consumers/mapping.h"

enum { CHUNK = 64 << 10 };

struct send_state {
	int dmabuf;
	int ends[2];
	size_t size;
	char *mapped, *bytes;
};

static void send_close(void *opaque)
{
	struct send_state *state = opaque;

	if (state->mapped)
		munmap(state->mapped, state->size);
	for (int i = 0; i < 2; i++)
		if (state->ends[i] >= 0)
			close(state->ends[i]);
	free(state->bytes);
	free(state);
}

static int get_ready(struct send_state *state, struct zcb_error *err)
{
	void *mapped;
	int ret;

	state->bytes = malloc(state->size);
	if (!state->bytes)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, state->ends) < 0)
		return zcb_fail(err, -errno, "host set-up: no sockets for a consumer: %m");
	ret = zcb_dmabuf_map(state->dmabuf, 0, state->size, NULL, &mapped, err);
	if (!ret)
		state->mapped = mapped;
	return ret;
}

static int send_open(const struct zcb_view *view, void **ret_state, struct zcb_error *err)
{
	struct send_state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a consumer");
	*state = (struct send_state){ .dmabuf = view->dmabuf, .ends = { -1, -1 },
				      .size = (size_t)view->pages * 4096 };
	ret = get_ready(state, err);
	if (ret)
		send_close(state);
	else
		*ret_state = state;
	return ret;
}

/* No more at a time than the socket holds: nobody else would take it out. */
static int send_frame(const struct send_state *state, struct zcb_error *err)
{
	for (size_t at = 0; at < state->size;) {
		size_t rest = state->size - at;
		ssize_t n = send(state->ends[0], state->mapped + at, rest < CHUNK ? rest : CHUNK, MSG_DONTWAIT);

		if (n < 0)
			return zcb_fail(err, -errno, "kernel: sending the mapping of the dma-buf from byte %zu: %m", at);
		for (size_t end = at + (size_t)n; at < end;) {
			ssize_t got = recv(state->ends[1], state->bytes + at, end - at, 0);

			if (got <= 0)
				return zcb_fail(err, got ? -errno : -EIO, "kernel: receiving what was sent: %m");
			at += (size_t)got;
		}
	}
	return 0;
}

static int send_acquire(void *opaque, const void **ret_bytes, struct zcb_error *err)
{
	struct send_state *state = opaque;
	int ret = zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_START, err);

	if (ret)
		return ret;
	*ret_bytes = state->bytes;
	return send_frame(state, err);
}

static int send_release(void *opaque, struct zcb_error *err)
{
	struct send_state *state = opaque;

	return zcb_dmabuf_bracket(state->dmabuf, DMA_BUF_SYNC_END, err);
}

const struct zcb_consumer_ops zcb_consumer_send = {
	.name = "send",
	.summary = "sends the dma-buf from a mapping of it through a socket: the kernel reads, in a system call",
	.reading = ZCB_READS_MAPPING,
	.open = send_open,
	.acquire = send_acquire,
	.release = send_release,
	.close = send_close,
};
