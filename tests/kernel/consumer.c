// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/consumer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/consumers/importer.h"
#include "tests/kernel/export.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/stage.h"

/* Some are always kept: a VMM that is killed does not send others. */
enum { HELD = 8, KEPT = 3, READ_AT_ONCE = 16, WAIT_MS = 20 };

/**
 * A dma-buf and a mapping of n of its pages from the page `first` on; NULL: none. And a device that
 * has it attached; -1: none.
 */
struct held {
	struct export export;
	int device;
	char *map;
	uint32_t first, n;
};

struct consumer {
	const struct scene *scene;
	struct dice dice;
	int socket;
	struct held held[HELD];
	unsigned int n_held;
};

static void unmap(struct held *held)
{
	if (held->map)
		munmap(held->map, held->n * RAM_PAGE);
	held->map = NULL;
}

static void detach(struct held *held)
{
	if (held->device < 0)
		return;
	close(held->device);
	held->device = -1;
	tally(TALLY_detaches);
}

static void drop(struct consumer *consumer, unsigned int i)
{
	unmap(&consumer->held[i]);
	detach(&consumer->held[i]);
	close(consumer->held[i].export.fd);
	consumer->held[i] = consumer->held[--consumer->n_held];
}

/* A VMM that is gone sends nothing more, and what was sent stays good. */
static void receive(struct consumer *consumer)
{
	struct pollfd event = {.fd = consumer->socket, .events = POLLIN};
	struct held *held = &consumer->held[consumer->n_held];

	if (consumer->n_held == HELD)
		return;
	if (!consumer->n_held)
		poll(&event, 1, WAIT_MS);
	if (export_receive(consumer->socket, &held->export))
		return;
	held->map = NULL;
	held->device = -1;
	consumer->n_held++;
	tally(TALLY_received);
}

static void map(struct consumer *consumer, struct held *held)
{
	uint32_t n = held->export.n;

	unmap(held);
	held->first = dice_one_in(&consumer->dice, 2) ? 0 : dice_below(&consumer->dice, n);
	held->n = held->first ? 1 + dice_below(&consumer->dice, n - held->first) : n;
	held->map = mmap(NULL, held->n * RAM_PAGE, PROT_READ, MAP_SHARED, held->export.fd,
			 (off_t)held->first * RAM_PAGE);
	if (held->map == MAP_FAILED) {
		held->map = NULL;
		return stage_problem("a consumer cannot map: %m");
	}
	tally(TALLY_maps);
}

static void see(struct consumer *consumer, struct held *held, uint32_t i)
{
	uint32_t page = held->export.page[held->first + i];
	uint64_t word;

	if (!guard_read(stamp_in(held->map, i, dice_one_in(&consumer->dice, 2)), &word))
		return tally(TALLY_looks_denied);
	tally(TALLY_pages_seen);
	if (!stamp_fits(word, page))
		stage_problem("a dma-buf shows %#llx where page %u is meant: other memory",
			      (unsigned long long)word, page);
}

/*
 * Where there is no page for it, it cannot attach either. A kernel mapping that cannot be made is a
 * warning to dma_buf_vmap(), whatever the reason: so there is none where a pool may be empty.
 */
static void attach(struct consumer *consumer, struct held *held)
{
	unsigned int modes = memory_is_hugetlb(consumer->scene->memory) ? ZCB_IMPORTER_VMAP
									: ZCB_IMPORTER_VMAP + 1;
	enum zcb_importer_mode mode = (enum zcb_importer_mode)dice_below(&consumer->dice, modes);

	detach(held);
	tally(zcb_importer_attach(held->export.fd, mode, &held->device, NULL) ? TALLY_looks_denied
									     : TALLY_attaches);
}

static void device_see(struct consumer *consumer, struct held *held)
{
	uint32_t i = dice_below(&consumer->dice, held->export.n), page = held->export.page[i];
	uint64_t word, offset = (uint64_t)i * RAM_PAGE;

	offset += dice_one_in(&consumer->dice, 2) ? RAM_PAGE - sizeof(word) : 0;
	if (zcb_importer_read(held->device, offset, &word, sizeof(word), NULL))
		return tally(TALLY_looks_denied);
	tally(TALLY_device_looks);
	if (!stamp_fits(word, page))
		stage_problem("a device sees %#llx where page %u is meant: other memory",
			      (unsigned long long)word, page);
}

static void device_look(struct consumer *consumer, struct held *held)
{
	if (held->device < 0)
		return attach(consumer, held);
	for (uint32_t i = 0; i < READ_AT_ONCE; i++)
		device_see(consumer, held);
}

static void look(struct consumer *consumer, struct held *held)
{
	if (!held->map)
		return map(consumer, held);
	export_sync(held->export.fd, false);
	for (uint32_t i = 0; i < READ_AT_ONCE; i++)
		see(consumer, held, dice_below(&consumer->dice, held->n));
	export_sync(held->export.fd, true);
	tally(stage->killed ? TALLY_looks_after_kill : TALLY_looks);
}

static void fork_mapped(struct consumer *consumer, struct held *held)
{
	pid_t pid;

	if (!held->map)
		return;
	pid = zcb_fork();
	if (!pid) {
		guard_install();
		for (uint32_t i = 0; i < READ_AT_ONCE; i++)
			see(consumer, held, dice_below(&consumer->dice, held->n));
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (pid > 0)
		tally(TALLY_consumer_forks);
}

/* To another address, where there is room for it; or the end of it is dropped. */
static void remap(struct consumer *consumer, struct held *held)
{
	size_t bytes = held->n * RAM_PAGE;
	uint32_t n = held->n;
	void *room = NULL, *moved;

	if (!held->map)
		return;
	if (dice_one_in(&consumer->dice, 3) && n > 1) {
		n = 1 + dice_below(&consumer->dice, n - 1);
		moved = mremap(held->map, bytes, n * RAM_PAGE, 0);
	} else {
		room = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (room == MAP_FAILED)
			return;
		moved = mremap(held->map, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, room);
	}
	if (moved == MAP_FAILED)
		return stage_problem("a consumer's mremap() failed: %m");
	held->map = moved;
	held->n = n;
	tally(TALLY_mremaps);
}

static void act(struct consumer *consumer)
{
	struct held *held;
	unsigned int i;

	receive(consumer);
	if (!consumer->n_held)
		return;
	i = dice_below(&consumer->dice, consumer->n_held);
	held = &consumer->held[i];
	switch (dice_below(&consumer->dice, 20)) {
	case 0:
		return map(consumer, held);
	case 1:
		return fork_mapped(consumer, held);
	case 2:
	case 3:
		return remap(consumer, held);
	case 4:
		return unmap(held);
	case 5:
		return consumer->n_held > KEPT ? drop(consumer, i) : look(consumer, held);
	case 6:
		return attach(consumer, held);
	case 7:
		return detach(held);
	case 8:
	case 9:
		return device_look(consumer, held);
	default:
		return look(consumer, held);
	}
}

void consumer_main(const struct scene *scene, uint32_t number, int socket)
{
	struct consumer consumer = {.scene = scene,
				    .dice = dice_of(scene->seed, 200 + number),
				    .socket = socket};

	guard_install();
	while (stage_goes_on())
		act(&consumer);
	while (consumer.n_held)
		drop(&consumer, 0);
	_exit(0);
}
