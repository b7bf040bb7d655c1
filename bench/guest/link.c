// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/link.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define FOUR_GIB (1ULL << 32)

int zcb_ram_map_offset(const struct zcb_ram_map *map, zcb_gpa gpa, zcb_memfd_off *ret_offset)
{
	if (gpa.gpa < map->below_4g)
		ret_offset->off = gpa.gpa;
	else if (gpa.gpa >= FOUR_GIB && gpa.gpa - FOUR_GIB < map->above_4g)
		ret_offset->off = map->below_4g + (gpa.gpa - FOUR_GIB);
	else if (gpa.gpa >= map->plug_at && gpa.gpa - map->plug_at < map->plug)
		ret_offset->off = map->below_4g + map->above_4g + (gpa.gpa - map->plug_at);
	else
		return -EFAULT;
	return 0;
}

static int receive(struct zcb_link *link, void *bytes, size_t n, struct zcb_error *err)
{
	uint64_t deadline = zcb_now_ns() + (uint64_t)link->timeout_ms * 1000000U;
	char *p = bytes;

	while (n > 0) {
		struct pollfd poll_fd = { .fd = link->fd, .events = POLLIN };
		uint64_t now = zcb_now_ns();
		ssize_t done;

		if (now >= deadline)
			return zcb_fail(err, -ETIMEDOUT, "guest: the agent did not answer in %d s",
					link->timeout_ms / 1000);
		if (poll(&poll_fd, 1, (int)((deadline - now) / 1000000U) + 1) <= 0)
			continue;
		done = recv(link->fd, p, n, MSG_DONTWAIT);
		if (done == 0 || (done < 0 && errno == ECONNRESET))
			return zcb_fail(err, -ENOTCONN, "guest: it is gone (QEMU closed the link)");
		if (done < 0 && errno != EAGAIN && errno != EINTR)
			return zcb_fail(err, -errno, "zcbench bug: the link cannot be read: %m");
		if (done < 0)
			continue;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int check_header(const struct zcb_abi_header *header, struct zcb_error *err)
{
	if (header->magic != ZCB_ABI_MAGIC)
		return zcb_fail(err, -EPROTO, "guest: a message starts with %#x, not with %#x",
				header->magic, ZCB_ABI_MAGIC);
	if (header->version != ZCB_ABI_VERSION)
		return zcb_fail(err, -EPROTO,
				"guest: the agent speaks version %u of the link, not %u: rebuild the "
				"guest image with ./scripts/setup image",
				header->version, ZCB_ABI_VERSION);
	if (header->length > ZCB_ABI_MAX_LENGTH)
		return zcb_fail(err, -EPROTO, "guest: a message of %u bytes is longer than any",
				header->length);
	return 0;
}

/* Receives one message. *ret_payload is the caller's to free. */
static int receive_message(struct zcb_link *link, struct zcb_abi_header *ret_header,
			   void **ret_payload, struct zcb_error *err)
{
	struct zcb_abi_header header;
	ZCB_FREE void *payload = NULL;
	int ret = receive(link, &header, sizeof(header), err);

	if (!ret)
		ret = check_header(&header, err);
	if (ret)
		return ret;
	payload = calloc(1, header.length + 1U);
	if (!payload)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a guest message");
	ret = receive(link, payload, header.length, err);
	if (ret)
		return ret;
	*ret_header = header;
	*ret_payload = zcb_steal_ptr(&payload);
	return 0;
}

/* The text is shown to people: nothing but printable ASCII goes through. */
static int agent_error(const void *payload, size_t n, struct zcb_error *err)
{
	struct zcb_abi_error error = { 0 };

	memcpy(&error, payload, n < sizeof(error) ? n : sizeof(error));
	error.text[sizeof(error.text) - 1] = '\0';
	for (char *p = error.text; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
	return zcb_fail(err, -EREMOTEIO, "guest: the agent says \"%s\"", error.text);
}

static int receive_reply(struct zcb_link *link, uint16_t type, void **ret_payload, size_t *ret_n,
			 struct zcb_error *err)
{
	struct zcb_abi_header header = { 0 };
	ZCB_FREE void *payload = NULL;
	int ret = receive_message(link, &header, &payload, err);

	if (ret)
		return ret;
	if (header.serial == link->serial && header.type == ZCB_ABI_ERROR)
		return agent_error(payload, header.length, err);
	if (header.serial != link->serial || header.type != type)
		return zcb_fail(err, -EPROTO,
				"guest: message type %u serial %u where type %u serial %u is due",
				header.type, header.serial, type, link->serial);
	*ret_payload = zcb_steal_ptr(&payload);
	*ret_n = header.length;
	return 0;
}

/* A guest that is gone must be an error of ours and not a signal: a cell's process has SIGPIPE. */
static int transmit(struct zcb_link *link, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = send(link->fd, p, n, MSG_NOSIGNAL);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

static int send_request(struct zcb_link *link, uint16_t type, const void *payload, uint32_t n,
			struct zcb_error *err)
{
	struct zcb_abi_header header = {
		.magic = ZCB_ABI_MAGIC,
		.version = ZCB_ABI_VERSION,
		.type = type,
		.serial = ++link->serial,
		.length = n,
	};
	int ret = transmit(link, &header, sizeof(header));

	if (!ret)
		ret = transmit(link, payload, n);
	return ret ? zcb_fail(err, -ENOTCONN, "guest: it is gone (%s)", strerror(-ret)) : 0;
}

static int ask(struct zcb_link *link, uint16_t type, const void *request, uint32_t n,
	       uint16_t reply_type, void **ret_payload, size_t *ret_n, struct zcb_error *err)
{
	int ret = send_request(link, type, request, n, err);

	return ret ? ret : receive_reply(link, reply_type, ret_payload, ret_n, err);
}

int zcb_link_hello(struct zcb_link *link, struct zcb_abi_hello *ret_hello, struct zcb_error *err)
{
	ZCB_FREE void *payload = NULL;
	size_t n;
	int ret;

	link->serial = 0;
	ret = receive_reply(link, ZCB_ABI_HELLO, &payload, &n, err);
	if (ret)
		return ret;
	if (n != sizeof(*ret_hello))
		return zcb_fail(err, -EPROTO, "guest: its greeting has %zu bytes, not %zu", n,
				sizeof(*ret_hello));
	memcpy(ret_hello, payload, sizeof(*ret_hello));
	return 0;
}

static int compare_offsets(const void *a, const void *b)
{
	uint64_t x = ((const zcb_memfd_off *)a)->off, y = ((const zcb_memfd_off *)b)->off;

	return (x > y) - (x < y);
}

static int refuse_repeats(const zcb_memfd_off *offsets, uint32_t n, struct zcb_error *err)
{
	ZCB_FREE zcb_memfd_off *sorted = calloc(n, sizeof(*sorted));

	if (!sorted)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a page list");
	memcpy(sorted, offsets, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_offsets);
	for (uint32_t i = 1; i < n; i++)
		if (sorted[i].off == sorted[i - 1].off)
			return zcb_fail(err, -EPROTO, "guest: offset %#llx is in the page list twice",
					(unsigned long long)sorted[i].off);
	return 0;
}

static int translate(uint64_t gfn, const struct zcb_ram_map *map, zcb_memfd_off *ret_offset,
		     struct zcb_error *err)
{
	zcb_gpa gpa = { gfn * ZCB_ABI_PAGE_SIZE };

	if (gfn > UINT64_MAX / ZCB_ABI_PAGE_SIZE || zcb_ram_map_offset(map, gpa, ret_offset))
		return zcb_fail(err, -EPROTO, "guest: page frame %#llx is not in its memory",
				(unsigned long long)gfn);
	return 0;
}

static int translate_all(const char *gfns, uint32_t n, const struct zcb_ram_map *map,
			 zcb_memfd_off *ret_offsets, struct zcb_error *err)
{
	int ret = 0;

	for (uint32_t i = 0; i < n && !ret; i++) {
		uint64_t gfn;

		memcpy(&gfn, gfns + 8 * (size_t)i, 8);
		ret = translate(gfn, map, &ret_offsets[i], err);
	}
	return ret;
}

int zcb_link_parse_pages(const void *payload, size_t n, const struct zcb_abi_alloc *request,
			 const struct zcb_ram_map *map, zcb_memfd_off *ret_offsets,
			 struct zcb_error *err)
{
	struct zcb_abi_pages head;
	size_t wanted = sizeof(head) + 8 * (size_t)request->pages;
	ZCB_FREE zcb_memfd_off *offsets = NULL;
	int ret;

	if (n != wanted)
		return zcb_fail(err, -EPROTO, "guest: a page list of %zu bytes where %zu are due", n,
				wanted);
	memcpy(&head, payload, sizeof(head));
	if (head.frame != request->frame || head.pages != request->pages)
		return zcb_fail(err, -EPROTO, "guest: the page list of another frame");
	offsets = calloc(request->pages, sizeof(*offsets));
	if (!offsets)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a page list");
	ret = translate_all((const char *)payload + sizeof(head), request->pages, map, offsets, err);
	if (!ret)
		ret = refuse_repeats(offsets, request->pages, err);
	if (!ret)
		memcpy(ret_offsets, offsets, request->pages * sizeof(*offsets));
	return ret;
}

int zcb_link_alloc(struct zcb_link *link, const struct zcb_abi_alloc *request,
		   const struct zcb_ram_map *map, zcb_memfd_off *ret_offsets,
		   struct zcb_error *err)
{
	ZCB_FREE void *payload = NULL;
	size_t n;
	int ret;

	if (!request->pages || request->pages > ZCB_ABI_MAX_PAGES)
		return zcb_fail(err, -EINVAL, "usage: a frame has 1 to %u pages, not %u",
				ZCB_ABI_MAX_PAGES, request->pages);
	ret = ask(link, ZCB_ABI_ALLOC, request, sizeof(*request), ZCB_ABI_PAGES, &payload, &n, err);
	return ret ? ret : zcb_link_parse_pages(payload, n, request, map, ret_offsets, err);
}

/* A request that DRAWN answers; *ret_sequence is what was published of that frame. */
static int ask_drawn(struct zcb_link *link, enum zcb_abi_type type, const void *request, size_t size,
		     uint32_t frame, uint64_t *ret_sequence, struct zcb_error *err)
{
	struct zcb_abi_drawn drawn;
	ZCB_FREE void *payload = NULL;
	size_t n;
	int ret = ask(link, type, request, size, ZCB_ABI_DRAWN, &payload, &n, err);

	if (ret)
		return ret;
	if (n != sizeof(drawn))
		return zcb_fail(err, -EPROTO, "guest: a reply of %zu bytes where %zu are due", n,
				sizeof(drawn));
	memcpy(&drawn, payload, sizeof(drawn));
	if (drawn.frame != frame)
		return zcb_fail(err, -EPROTO, "guest: it drew another frame than it was asked for");
	*ret_sequence = drawn.sequence;
	return 0;
}

int zcb_link_show(struct zcb_link *link, const struct zcb_abi_show *request, struct zcb_error *err)
{
	uint64_t drawn;
	int ret = ask_drawn(link, ZCB_ABI_SHOW, request, sizeof(*request), request->frame, &drawn, err);

	if (!ret && drawn != request->sequence)
		ret = zcb_fail(err, -EPROTO, "guest: it shows another frame than it was asked for");
	return ret;
}

static int ask_to_draw(struct zcb_link *link, enum zcb_abi_type type, uint32_t frame,
		       uint64_t sequence, struct zcb_error *err)
{
	struct zcb_abi_draw request = { .frame = frame, .sequence = sequence };
	uint64_t drawn;
	int ret = ask_drawn(link, type, &request, sizeof(request), frame, &drawn, err);

	if (!ret && drawn != sequence)
		ret = zcb_fail(err, -EPROTO, "guest: it drew another frame than it was asked for");
	return ret;
}

int zcb_link_draw(struct zcb_link *link, uint32_t frame, uint64_t sequence, struct zcb_error *err)
{
	return ask_to_draw(link, ZCB_ABI_DRAW, frame, sequence, err);
}

int zcb_link_storm(struct zcb_link *link, uint32_t frame, uint64_t sequence, struct zcb_error *err)
{
	return ask_to_draw(link, ZCB_ABI_STORM, frame, sequence, err);
}

int zcb_link_calm(struct zcb_link *link, uint32_t frame, uint64_t first, uint64_t *ret_sequence,
		  struct zcb_error *err)
{
	struct zcb_abi_free request = { .frame = frame };
	uint64_t last;
	int ret = ask_drawn(link, ZCB_ABI_CALM, &request, sizeof(request), frame, &last, err);

	if (!ret && last < first)
		ret = zcb_fail(err, -EPROTO, "guest: it says that its storm ended with sequence %llu, "
			       "and it began with %llu", (unsigned long long)last,
			       (unsigned long long)first);
	if (!ret)
		*ret_sequence = last;
	return ret;
}

int zcb_link_read(struct zcb_link *link, uint32_t frame, struct zcb_error *err)
{
	struct zcb_abi_read request = { .frame = frame }, reply;
	ZCB_FREE void *payload = NULL;
	size_t n;
	int ret = ask(link, ZCB_ABI_READ, &request, sizeof(request), ZCB_ABI_WAS_READ, &payload, &n,
		      err);

	if (ret)
		return ret;
	if (n != sizeof(reply))
		return zcb_fail(err, -EPROTO, "guest: a reply of %zu bytes where %zu are due", n,
				sizeof(reply));
	memcpy(&reply, payload, sizeof(reply));
	if (reply.frame != frame)
		return zcb_fail(err, -EPROTO, "guest: it read another frame than it was asked for");
	return 0;
}

static int make_some(uint32_t frame, const uint32_t *page, uint32_t n, struct zcb_abi_some *ret_some,
		     struct zcb_error *err)
{
	*ret_some = (struct zcb_abi_some){ .frame = frame, .pages = n };
	for (uint32_t i = 0; i < n; i++) {
		if (page[i] >= ZCB_ABI_MAX_PAGES || zcb_abi_some_has(ret_some, page[i]))
			return zcb_fail(err, -EINVAL, "zcbench bug: page %u of a frame, too far or twice",
					page[i]);
		ret_some->bits[page[i] / 64] |= 1ULL << page[i] % 64;
	}
	return 0;
}

static int ask_about_some(struct zcb_link *link, uint16_t type, uint32_t frame, const uint32_t *page,
			  uint32_t n, struct zcb_error *err)
{
	struct zcb_abi_some request;
	struct zcb_abi_some_done done;
	ZCB_FREE void *payload = NULL;
	size_t got;
	int ret = make_some(frame, page, n, &request, err);

	if (!ret)
		ret = ask(link, type, &request, sizeof(request), type + 1, &payload, &got, err);
	if (ret)
		return ret;
	if (got != sizeof(done))
		return zcb_fail(err, -EPROTO, "guest: a reply of %zu bytes where %zu are due", got,
				sizeof(done));
	memcpy(&done, payload, sizeof(done));
	if (done.frame != frame || done.pages != n)
		return zcb_fail(err, -EPROTO, "guest: it gave or got other pages than it was asked for");
	return 0;
}

int zcb_link_give(struct zcb_link *link, uint32_t frame, const uint32_t *page, uint32_t n,
		  struct zcb_error *err)
{
	return ask_about_some(link, ZCB_ABI_GIVE, frame, page, n, err);
}

int zcb_link_regain(struct zcb_link *link, uint32_t frame, const uint32_t *page, uint32_t n,
		    struct zcb_error *err)
{
	return ask_about_some(link, ZCB_ABI_REGAIN, frame, page, n, err);
}

int zcb_link_free(struct zcb_link *link, uint32_t frame, struct zcb_error *err)
{
	struct zcb_abi_free request = { .frame = frame };
	ZCB_FREE void *payload = NULL;
	size_t n;

	return ask(link, ZCB_ABI_FREE, &request, sizeof(request), ZCB_ABI_FREED, &payload, &n, err);
}
