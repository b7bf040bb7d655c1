// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Takes a block of memory offline that pages of the guest's lie in: what unplugging memory comes down
 * to, virtio-mem's or a DIMM's. The kernel moves what is in it (offline_pages() in
 * mm/memory_hotplug.c), and goes on for as long as something does not: so it is asked by a child,
 * which a time limit ends.
 *
 * Only ZONE_MOVABLE is sure to be movable. So prepare() looks for a block that can be taken offline, has it
 * come back as ZONE_MOVABLE, and has the guest's pages moved to that node: movable pages are taken
 * from that zone first. Huge pages come from a pool, which is grown for each of them: the last one in
 * is the first one out. restore() makes the block and the pool what they were.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/area.h"

#define PAGE 4096U
#define BLOCKS "/sys/devices/system/memory"
#define LIMIT_MS 30000
#define SEARCH_LIMIT_MS 5000
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"
#define NODE_POOL "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/nr_hugepages"

struct state {
	uint64_t block;
	bool taken; /* the block is not what it was */
	uint64_t pool; /* huge pages that there were; 0: the guest has none */
	struct zcb_area area;
};

static int write_state(uint64_t block, const char *word)
{
	char path[96];

	snprintf(path, sizeof(path), BLOCKS "/memory%" PRIu64 "/state", block);
	return zcb_write_text(path, word);
}

static bool is_offline(uint64_t block)
{
	ZCB_FREE char *text = NULL;
	char path[96];

	snprintf(path, sizeof(path), BLOCKS "/memory%" PRIu64 "/state", block);
	return !zcb_read_file(AT_FDCWD, path, 64, &text, NULL) && !strcmp(text, "offline\n");
}

static int wait_for(int done, int limit_ms)
{
	struct pollfd pollfd = { .fd = done, .events = POLLIN };
	int ret, n = poll(&pollfd, 1, limit_ms);

	if (n <= 0)
		return n ? -errno : -ETIMEDOUT;
	return zcb_read_all(done, &ret, sizeof(ret)) ? -EIO : ret;
}

/* A signal ends what does not end by itself. */
static int take_offline(uint64_t block, int limit_ms)
{
	int fds[2], ret;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = zcb_fork();
	if (pid == 0) {
		ret = write_state(block, "offline");
		_exit(write(fds[1], &ret, sizeof(ret)) != sizeof(ret));
	}
	ret = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (!ret)
		ret = wait_for(fds[0], limit_ms);
	close(fds[0]);
	if (pid > 0)
		zcb_child_end(pid, LIMIT_MS);
	return ret;
}

static int offline_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			 struct zcb_error *err)
{
	int ret = zcb_two_nodes_check(err);

	if (!ret && access(BLOCKS "/block_size_bytes", F_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: it has no " BLOCKS ": it needs CONFIG_MEMORY_HOTPLUG "
				"and CONFIG_MEMORY_HOTREMOVE");
	return ret ? ret : zcb_move_check(params, guest, err);
}

/* Whether the block is one, all of it, with nothing in it that cannot be moved. */
static bool try_block(struct state *state, uint64_t block, uint64_t bytes)
{
	uint64_t first = block * (bytes / PAGE);
	int node = zcb_node_of_frame(first), ret;

	if (node < 0 || is_offline(block) || take_offline(block, SEARCH_LIMIT_MS))
		return false;
	state->block = block;
	state->taken = true;
	state->area = (struct zcb_area){ .first_pfn = first, .pages = bytes / PAGE, .node = node };
	ret = write_state(block, "online_movable");
	return !ret;
}

/* From the top: what the kernel keeps for itself is below, mostly. */
static int find_block(struct state *state, struct zcb_error *err)
{
	ZCB_FREE char *text = NULL;
	uint64_t bytes, tried = 0;
	int ret = zcb_read_file(AT_FDCWD, BLOCKS "/block_size_bytes", 64, &text, NULL);

	if (ret || !(bytes = strtoull(text, NULL, 16)))
		return zcb_fail(err, ret ? ret : -EIO, "kernel: " BLOCKS "/block_size_bytes says nothing");
	for (uint64_t block = (8ULL << 30) / bytes; block-- > 0 && !state->taken;) {
		char path[96];

		snprintf(path, sizeof(path), BLOCKS "/memory%" PRIu64, block);
		if (access(path, F_OK) < 0)
			continue;
		tried++;
		if (try_block(state, block, bytes))
			return 0;
	}
	return zcb_fail(err, -EOPNOTSUPP, "kernel: of %" PRIu64 " blocks of memory none can be taken offline and "
			"come back as ZONE_MOVABLE: give the host more with --ram", tried);
}

static int clear(const struct zcb_area *area, void *opaque, zcb_ns *ret_start, zcb_ns *ret_took,
		 struct zcb_error *err)
{
	struct state *state = opaque;
	uint64_t start = zcb_now_ns();
	int ret = take_offline(state->block, LIMIT_MS);

	*ret_start = (zcb_ns){ start };
	*ret_took = (zcb_ns){ zcb_now_ns() - start };
	if (!ret && !is_offline(state->block))
		ret = -EIO;
	return ret ? zcb_fail(err, ret, "kernel: block %" PRIu64 " of memory was to be taken offline: %s",
			      state->block, strerror(-ret)) : 0;
}

static int set_pool(const char *path, uint64_t pages)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, pages);
	return zcb_write_text(path, text);
}

static int offer(const struct zcb_area *area, void *opaque, struct zcb_error *err)
{
	struct state *state = opaque;
	uint64_t pages;
	char path[128];
	int ret;

	if (!state->pool)
		return 0;
	snprintf(path, sizeof(path), NODE_POOL, area->node);
	ret = zcb_read_number(path, &pages);
	if (!ret)
		ret = set_pool(path, pages + 1);
	return ret ? zcb_fail(err, ret, "kernel: growing the pool of huge pages: %s", strerror(-ret)) : 0;
}

static const struct zcb_area_ops ops = { .offer = offer, .clear = clear };

static int offline_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
			   struct zcb_error *err)
{
	struct state *state = calloc(1, sizeof(*state));
	int ret;

	if (!state)
		return zcb_fail(err, -ENOMEM, "host set-up: out of memory");
	victim->state = state;
	if (victim->memory == ZCB_MEMORY_HUGETLB && (ret = zcb_read_number(POOL, &state->pool)))
		return zcb_fail(err, ret, "kernel: the pool of huge pages: %s", strerror(-ret));
	ret = find_block(state, err);
	return ret ? ret : zcb_area_bring_frame(&state->area, &ops, victim, state, err);
}

static int offline_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			  struct zcb_damage *damage, struct zcb_error *err)
{
	struct state *state = victim->state;

	return zcb_area_strike(&state->area, &ops, state, params, victim, damage, err);
}

static void offline_restore(struct zcb_victim *victim)
{
	struct state *state = victim->state;

	if (state && state->taken) {
		if (!is_offline(state->block))
			take_offline(state->block, LIMIT_MS);
		write_state(state->block, "online_kernel");
	}
	if (state && state->pool)
		set_pool(POOL, state->pool);
	free(state);
	victim->state = NULL;
}

const struct zcb_workload_ops zcb_workload_memory_offline = {
	.name = "memory-offline",
	.summary = "takes a block of ZONE_MOVABLE offline that pages of the guest's lie in",
	.needs = "CONFIG_MEMORY_HOTREMOVE, a block that can be taken offline, two NUMA nodes",
	.effect = "pages that lie in the block are replaced by others; those of a udmabuf left it before",
	.event = ZCB_EVENT_MOVABLE,
	.check = offline_check,
	.prepare = offline_prepare,
	.strike = offline_strike,
	.restore = offline_restore,
};
