// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/micro/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

static int is_gone(int error, struct zcb_error *err)
{
	if (error == 0 || error == ECONNRESET || error == EPIPE || error == ENOTCONN)
		return zcb_fail(
			err, -ENOTCONN,
			"guest: the micro guest's VMM is gone (its process closed the link)");
	return zcb_fail(err, -error, "zcbench bug: the link to the micro guest's VMM: %s",
			strerror(error));
}

/* One packet. Returns its length or -errno. */
static ssize_t receive_packet(const struct zcb_micro_link *link, uint64_t deadline,
			      struct zcb_micro_packet *ret_packet, struct zcb_error *err)
{
	for (;;) {
		struct pollfd ready = {.fd = link->fd, .events = POLLIN};
		uint64_t now = zcb_now_ns();
		ssize_t n;

		if (now >= deadline)
			return zcb_fail(err, -ETIMEDOUT,
					"guest: the micro guest's vCPU, or its VMM, did "
					"not answer in %d ms",
					link->timeout_ms);
		if (poll(&ready, 1, (int)((deadline - now) / 1000000U) + 1) <= 0)
			continue;
		n = recv(link->fd, ret_packet, ZCB_MICRO_MAX_PACKET, MSG_DONTWAIT);
		if (n > 0)
			return n;
		if (n == 0 || (errno != EAGAIN && errno != EINTR))
			return is_gone(n < 0 ? errno : 0, err);
	}
}

static int check_packet(const struct zcb_micro_packet *packet, size_t length, struct zcb_error *err)
{
	if (length < sizeof(*packet) || packet->n > ZCB_ABI_MAX_PAGES ||
	    length != sizeof(*packet) + packet->n * sizeof(packet->value[0]))
		return zcb_fail(err, -EPROTO,
				"zcbench bug: the micro guest's VMM sent %zu bytes of garbage",
				length);
	if (packet->code)
		return zcb_fail(err, packet->code < 0 ? packet->code : -EPROTO, "%.*s",
				(int)sizeof(packet->text.text) - 1, packet->text.text);
	return 0;
}

/* The reply of that serial: those to requests that were given up are dropped. */
static int receive(const struct zcb_micro_link *link, uint64_t serial, uint32_t n,
		   uint64_t *ret_value, struct zcb_error *err)
{
	uint64_t deadline = zcb_now_ns() + (uint64_t)link->timeout_ms * 1000000U;
	ZCB_FREE struct zcb_micro_packet *packet = calloc(1, ZCB_MICRO_MAX_PACKET);
	ssize_t length;
	int ret;

	if (!packet)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a packet");
	do
		length = receive_packet(link, deadline, packet, err);
	while (length > 0 && packet->serial != serial);
	if (length < 0)
		return (int)length;
	ret = check_packet(packet, (size_t)length, err);
	if (!ret && packet->n != n)
		ret = zcb_fail(err, -EPROTO,
			       "zcbench bug: the micro guest's VMM sent %u values where %u "
			       "are due",
			       packet->n, n);
	if (!ret && n)
		memcpy(ret_value, packet->value, n * sizeof(*ret_value));
	return ret;
}

/* The serial is a time: no two requests have the same, of whichever fork they are. */
int zcb_micro_link_ask(const struct zcb_micro_link *link, struct zcb_micro_packet *request,
		       uint32_t n, uint64_t *ret_value, struct zcb_error *err)
{
	request->serial = zcb_now_ns();
	if (send(link->fd, request, sizeof(*request), MSG_NOSIGNAL) < 0)
		return is_gone(errno, err);
	return receive(link, request->serial, n, ret_value, err);
}

int zcb_micro_link_started(const struct zcb_micro_link *link, struct zcb_error *err)
{
	return receive(link, 0, 0, NULL, err);
}
