// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fuzzes the only reader of the guest's bytes. The first byte of an input chooses what the host
 * does, the second the memory map, the third how many pages it asks for; the rest is what the guest
 * says. Whatever that is, the link must come back with a documented error, a sentence that is safe
 * to print, and offsets that are in RAM, aligned and different from each other.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/guest/link.h"
#include "tests/fuzz/fuzz-link.h"

#define MIB (1ULL << 20)

static const struct zcb_ram_map maps[FUZZ_MAPS] = {
	{ .below_4g = 192 * MIB },
	{ .below_4g = 2048 * MIB, .above_4g = 64 * MIB },
	{ .below_4g = 2 * MIB },
	{ .below_4g = 2048 * MIB, .above_4g = 1ULL << 50 },
	{ .below_4g = 2 * MIB, .plug_at = 1ULL << 32, .plug = 128 * MIB },
	{ .below_4g = 2048 * MIB, .above_4g = 64 * MIB, .plug_at = 3ULL << 31, .plug = 2 * MIB },
};

static void demand(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "the link broke a promise: %s\n", what);
	abort();
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(zcb_memfd_off));
}

static void check_offsets(zcb_memfd_off *offset, uint32_t n, const struct zcb_ram_map *map)
{
	for (uint32_t i = 0; i < n; i++) {
		demand(offset[i].off % ZCB_ABI_PAGE_SIZE == 0, "an offset is not aligned");
		demand(offset[i].off < map->below_4g + map->above_4g + map->plug, "an offset is out of RAM");
	}
	qsort(offset, n, sizeof(*offset), compare);
	for (uint32_t i = 1; i < n; i++)
		demand(offset[i].off != offset[i - 1].off, "an offset is there twice");
}

/* The same translation again, in numbers that cannot overflow. */
static void check_translation(const uint8_t *bytes, const zcb_memfd_off *offset, uint32_t n,
			      const struct zcb_ram_map *map)
{
	const unsigned __int128 four_gib = 1ULL << 32;

	for (uint32_t i = 0; i < n; i++) {
		unsigned __int128 gpa;
		uint64_t gfn;

		memcpy(&gfn, bytes + sizeof(struct zcb_abi_pages) + 8 * (size_t)i, 8);
		gpa = (unsigned __int128)gfn * ZCB_ABI_PAGE_SIZE;
		if (map->plug && gpa >= map->plug_at) {
			demand(gpa < (unsigned __int128)map->plug_at + map->plug, "an offset is not that of its page, which is behind all");
			gpa = gpa - map->plug_at + map->below_4g + map->above_4g;
		} else if (gpa >= four_gib) {
			demand(gpa < four_gib + map->above_4g || !map->plug, "an offset is not that of its page, which is in a gap");
			gpa = gpa - four_gib + map->below_4g;
		} else {
			demand(gpa < map->below_4g, "an offset is not that of its page, which is in the hole");
		}
		demand(gpa == offset[i].off, "an offset is not that of its page");
	}
}

static void check_untouched(const zcb_memfd_off *offset, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		demand(offset[i].off == UINT64_MAX, "offsets were touched on failure");
}

static void check_error(int ret, const struct zcb_error *err)
{
	demand(ret == 0 || ret == -EPROTO || ret == -ENOTCONN || ret == -EREMOTEIO,
	       "an error that is not documented");
	if (!ret)
		return;
	demand(!strncmp(err->text, "guest: ", 7), "the guest is not blamed");
	demand(memchr(err->text, '\0', sizeof(err->text)) != NULL, "the sentence has no end");
	for (const char *p = err->text; *p; p++)
		demand(*p >= ' ' && *p <= '~', "the sentence is not safe to print");
}

/* The guest has said all of it and is gone, so that no read waits. */
static struct zcb_link guest_that_said(const uint8_t *bytes, size_t n, int *ret_guest)
{
	int fds[2];

	demand(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0, "no socket");
	while (n > 0) {
		ssize_t done = send(fds[1], bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (done <= 0)
			break;
		bytes += done;
		n -= (size_t)done;
	}
	shutdown(fds[1], SHUT_WR);
	*ret_guest = fds[1];
	return (struct zcb_link){ .fd = fds[0], .timeout_ms = 20000 };
}

static void ask(enum fuzz_action action, const struct zcb_abi_alloc *request,
		const struct zcb_ram_map *map, const uint8_t *bytes, size_t n)
{
	zcb_memfd_off *offset = malloc(request->pages * sizeof(*offset));
	struct zcb_abi_hello hello;
	struct zcb_error err = { "" };
	int guest, ret;
	struct zcb_link link = guest_that_said(bytes, n, &guest);

	memset(offset, 0xff, request->pages * sizeof(*offset));
	if (action == FUZZ_HELLO)
		ret = zcb_link_hello(&link, &hello, &err);
	else if (action == FUZZ_DRAW)
		ret = zcb_link_draw(&link, request->frame, FUZZ_SEQUENCE, &err);
	else if (action == FUZZ_READ)
		ret = zcb_link_read(&link, request->frame, &err);
	else if (action == FUZZ_GIVE)
		ret = zcb_link_give(&link, request->frame, (const uint32_t[]){ 1, 70 }, FUZZ_SOME, &err);
	else if (action == FUZZ_REGAIN)
		ret = zcb_link_regain(&link, request->frame, (const uint32_t[]){ 1, 70 }, FUZZ_SOME, &err);
	else if (action == FUZZ_FREE)
		ret = zcb_link_free(&link, request->frame, &err);
	else
		ret = zcb_link_alloc(&link, request, map, offset, &err);
	check_error(ret, &err);
	if (action == FUZZ_ALLOC && !ret)
		check_offsets(offset, request->pages, map);
	else
		check_untouched(offset, request->pages);
	free(offset);
	close(link.fd);
	close(guest);
}

static void parse(const struct zcb_abi_alloc *request, const struct zcb_ram_map *map,
		  const uint8_t *bytes, size_t n)
{
	zcb_memfd_off *offset = malloc(request->pages * sizeof(*offset));
	struct zcb_error err = { "" };
	int ret;

	memset(offset, 0xff, request->pages * sizeof(*offset));
	ret = zcb_link_parse_pages(bytes, n, request, map, offset, &err);
	check_error(ret, &err);
	if (ret) {
		check_untouched(offset, request->pages);
	} else {
		check_translation(bytes, offset, request->pages, map);
		check_offsets(offset, request->pages, map);
	}
	free(offset);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct zcb_abi_alloc request = { .frame = FUZZ_FRAME, .block_pages = 1 };
	const struct zcb_ram_map *map;
	enum fuzz_action action;

	if (size < FUZZ_CHOICES)
		return 0;
	action = (enum fuzz_action)(data[0] % FUZZ_ACTIONS);
	map = &maps[data[1] % FUZZ_MAPS];
	request.pages = 1 + data[2];
	if (action == FUZZ_PARSE)
		parse(&request, map, data + FUZZ_CHOICES, size - FUZZ_CHOICES);
	else
		ask(action, &request, map, data + FUZZ_CHOICES, size - FUZZ_CHOICES);
	return 0;
}
