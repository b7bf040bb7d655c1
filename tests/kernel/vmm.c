// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/vmm.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/exporter/variant.h"
#include "tests/kernel/export.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/stage.h"

enum { LIVE = 12, MOVED_AT_ONCE = 32, QUIET_TRIES = 20000, QUIET_US = 5000 };

/** One thread, which does one kind of thing again and again. */
struct actor {
	const struct scene *scene;
	struct ram *ram;
	const int *consumers;
	void (*act)(struct actor *actor);
	struct dice dice;
	pthread_t thread;
	struct export live[LIVE];
	unsigned int n_live;
};

/* Some give way, or the fastest would have the machine for themselves. */
static void nap(struct actor *actor, uint32_t most_us)
{
	usleep(dice_below(&actor->dice, most_us));
}

/* The longer, the longer it takes to bring back what was taken. */
static void nap_after(struct actor *actor, struct range range)
{
	bool is_gigantic =
		memory_is_gigantic(actor->ram->memory) && range.n >= actor->ram->memory->unit_pages;

	nap(actor, is_gigantic ? 4000000 : 2000);
}

static uint32_t any_page(struct actor *actor)
{
	return dice_below(&actor->dice, actor->ram->memory->pages);
}

static uint32_t any_generation(struct actor *actor)
{
	return dice_below(&actor->dice, 1 << 24);
}

/* -- touching */

static void write_one(struct actor *actor, uint32_t page)
{
	volatile uint64_t *word = stamp_in(actor->ram->map, page, dice_one_in(&actor->dice, 2));
	bool done = guard_write(word, stamp_of(page, any_generation(actor)));

	tally(done ? TALLY_writes : TALLY_faults_denied);
}

static void read_one(struct actor *actor, uint32_t page)
{
	uint64_t word;

	if (!guard_read(stamp_in(actor->ram->map, page, dice_one_in(&actor->dice, 2)), &word))
		return tally(TALLY_faults_denied);
	tally(TALLY_reads);
	if (!stamp_fits(word, page))
		stage_problem("the VMM's page %u shows %#llx, which is not its own", page,
			      (unsigned long long)word);
}

static void act_write(struct actor *actor)
{
	for (uint32_t i = 0; i < 16; i++)
		write_one(actor, any_page(actor));
	nap(actor, 200);
}

static void act_read(struct actor *actor)
{
	uint32_t first = any_page(actor), pages = actor->ram->memory->pages;

	for (uint32_t i = 0; i < 32; i++)
		read_one(actor, (first + i) % pages);
	nap(actor, 200);
}

/* -- taking away and bringing back */

static void act_punch(struct actor *actor)
{
	struct range range = ram_pick(actor->ram, &actor->dice);

	if (dice_one_in(&actor->dice, 4)) {
		if (!ram_remove(actor->ram, range))
			tally(TALLY_removes);
	} else if (!ram_punch(actor->ram, range)) {
		tally(TALLY_punches);
	}
	nap_after(actor, range);
}

static void act_refill(struct actor *actor)
{
	struct range range = ram_pick(actor->ram, &actor->dice);
	bool by_write = !memory_is_hugetlb(actor->ram->memory) && dice_one_in(&actor->dice, 2);
	int ret = by_write ? ram_write(actor->ram, range, any_generation(actor))
			   : ram_allocate(actor->ram, range);

	tally(ret ? TALLY_faults_denied : TALLY_refills);
	nap_after(actor, range);
}

/* -- the VMM's own page tables */

static void map_again(struct ram *ram, char *at, size_t bytes, uint64_t offset)
{
	int flags = MAP_SHARED | MAP_FIXED;

	/* Neighbours never see the address free: nobody else may get it meanwhile. */
	mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (mmap(at, bytes, PROT_READ | PROT_WRITE, flags, ram->fd, (off_t)offset) == MAP_FAILED &&
	    mmap(at, bytes, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, ram->fd,
		 (off_t)offset) == MAP_FAILED)
		stage_problem("a part of the memfd cannot be mapped again: %m");
	if (ram->memory->advise_huge)
		madvise(at, bytes, MADV_HUGEPAGE);
}

static void act_remap(struct actor *actor)
{
	struct range range = ram_pick_units(actor->ram, &actor->dice);
	uint64_t offset = (uint64_t)range.first * RAM_PAGE;
	size_t bytes = (size_t)range.n * RAM_PAGE;
	char *at = actor->ram->map + offset;

	switch (dice_below(&actor->dice, 3)) {
	case 0:
		madvise(at, bytes, MADV_DONTNEED);
		break;
	case 1:
		mprotect(at, bytes, PROT_READ);
		mprotect(at, bytes, PROT_READ | PROT_WRITE);
		break;
	default:
		map_again(actor->ram, at, bytes, offset);
	}
	tally(TALLY_remaps);
	nap(actor, 4000);
}

static void act_move(struct actor *actor)
{
	uint32_t first = any_page(actor), pages = actor->ram->memory->pages;
	int status[MOVED_AT_ONCE], nodes[MOVED_AT_ONCE];
	int node = (int)dice_below(&actor->dice, 2);
	void *address[MOVED_AT_ONCE];

	for (uint32_t i = 0; i < MOVED_AT_ONCE; i++) {
		address[i] = (void *)stamp_in(actor->ram->map, (first + i) % pages, false);
		nodes[i] = node;
		status[i] = -1;
	}
	if (syscall(SYS_move_pages, 0, (unsigned long)MOVED_AT_ONCE, address, nodes, status,
		    1 << 1 /* MPOL_MF_MOVE */) < 0)
		return nap(actor, 10000);
	tally(TALLY_moves);
	for (uint32_t i = 0; i < MOVED_AT_ONCE; i++)
		if (status[i] == node)
			tally(TALLY_moved);
	nap(actor, 4000);
}

static void act_fork(struct actor *actor)
{
	pid_t pid = zcb_fork();

	if (!pid) {
		guard_install();
		for (uint32_t i = 0; i < 32; i++)
			if (dice_one_in(&actor->dice, 2))
				write_one(actor, any_page(actor));
			else
				read_one(actor, any_page(actor));
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
	if (pid > 0)
		tally(TALLY_forks);
	nap(actor, 20000);
}

/* -- dma-bufs */

static void drop(struct actor *actor, unsigned int i)
{
	close(actor->live[i].fd);
	actor->live[i] = actor->live[--actor->n_live];
	tally(TALLY_closes);
}

static void hand_over(struct actor *actor, unsigned int i)
{
	if (!export_send(&actor->live[i], actor->consumers[dice_below(&actor->dice, CONSUMERS)]))
		tally(TALLY_sent);
}

static void make(struct actor *actor)
{
	int ret = export_random(actor->ram, &actor->dice, &actor->live[actor->n_live]);

	if (ret)
		return tally(TALLY_refused);
	tally(TALLY_creates);
	hand_over(actor, actor->n_live++);
}

static void act_export(struct actor *actor)
{
	unsigned int i = dice_below(&actor->dice, LIVE);

	if (i >= actor->n_live)
		return make(actor);
	if (dice_one_in(&actor->dice, 3))
		return hand_over(actor, i);
	drop(actor, i);
}

/* -- the last look */

static void wait_until_quiet(void)
{
	for (unsigned int i = 0; i < QUIET_TRIES && !stage->quiet; i++)
		usleep(QUIET_US);
}

static void write_exported(struct actor *actor, const struct export *export)
{
	for (uint32_t i = 0; i < export->n; i++)
		guard_write(stamp_in(actor->ram->map, export->page[i], false),
			    stamp_of(export->page[i], any_generation(actor)));
}

/* For the console: what the udmabuf itself counted tells where it lost a page. */
static void tell_stale(const struct export *export, uint32_t stale)
{
	struct zcb_udmabuf_counters c;

	if (!zcb_udmabuf_counters(export->fd, &c))
		fprintf(stderr,
			"stress: %s: %u of %" PRIu64 " pages stale; known %" PRIu64
			", held %" PRIu64 ", updates %" PRIu64 ", same %" PRIu64 ", misses %" PRIu64
			", dropped %" PRIu64 ", retries %" PRIu64 "\n",
			c.variant, stale, c.slots, c.stale, c.held, c.updates, c.same, c.misses,
			c.dropped, c.retries);
}

/* `invalidate` looks pages up again when it is asked to: it has no excuse. */
static void judge(const struct scene *scene, const struct export *export, uint32_t stale)
{
	if (!stale)
		return;
	if (strcmp(scene->variant, "stock") != 0)
		tell_stale(export, stale);
	if (!strcmp(scene->variant, "invalidate"))
		stage_problem("%u of %u pages are stale although all is quiet", stale, export->n);
}

static void compare(struct actor *actor, const struct export *export, char *map)
{
	uint32_t stale = 0;

	for (uint32_t i = 0; i < export->n; i++) {
		uint64_t ours, theirs;

		if (!guard_read(stamp_in(actor->ram->map, export->page[i], false), &ours) ||
		    !guard_read(stamp_in(map, i, false), &theirs))
			continue;
		tally(ours == theirs ? TALLY_fresh_at_end : TALLY_stale_at_end);
		stale += ours != theirs;
	}
	judge(actor->scene, export, stale);
}

/*
 * Only buffers of the scene's variant: others were made while it was another one's turn. And only
 * those of which all was mapped when they were made: what was not is not told of, under none.
 */
static bool is_ours(struct actor *actor, const struct export *export)
{
	struct zcb_udmabuf_counters counters;

	if (zcb_udmabuf_counters(export->fd, &counters) ||
	    strcmp(counters.variant, actor->scene->variant) != 0)
		return false;
	return counters.mapped == counters.slots || !strcmp(counters.variant, "stock");
}

static void look_at(struct actor *actor, const struct export *export)
{
	size_t bytes = export->n * RAM_PAGE;
	char *map;

	if (!is_ours(actor, export))
		return;
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, export->fd, 0);
	if (map == MAP_FAILED)
		return stage_problem("the VMM cannot map its dma-buf: %m");
	write_exported(actor, export);
	export_sync(export->fd, false);
	compare(actor, export, map);
	export_sync(export->fd, true);
	munmap(map, bytes);
}

static void look_at_last(struct actor *actors, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		for (unsigned int j = 0; j < actors[i].n_live; j++)
			look_at(&actors[i], &actors[i].live[j]);
}

/* -- the cast */

static void *actor_main(void *opaque)
{
	struct actor *actor = opaque;

	while (stage_goes_on())
		actor->act(actor);
	return NULL;
}

static void start(struct actor *actors, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (pthread_create(&actors[i].thread, NULL, actor_main, &actors[i]))
			abort();
}

static void finish(struct actor *actors, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		pthread_join(actors[i].thread, NULL);
}

#define ACTORS(acts) (sizeof(acts) / sizeof((acts)[0]))

void vmm_main(const struct scene *scene, struct ram *ram, const int *consumers)
{
	static void (*const acts[])(struct actor *) = {
		act_write,  act_read,	act_punch, act_refill, act_export,
		act_export, act_export, act_fork,  act_move,   act_remap,
	};
	static struct actor actors[ACTORS(acts)];

	guard_install();
	for (unsigned int i = 0; i < ACTORS(acts); i++)
		actors[i] = (struct actor){.scene = scene,
					   .ram = ram,
					   .consumers = consumers,
					   .act = acts[i],
					   .dice = dice_of(scene->seed, i)};
	start(actors, ACTORS(acts));
	finish(actors, ACTORS(acts));
	wait_until_quiet();
	look_at_last(actors, ACTORS(acts));
	_exit(0);
}

void outsider_main(const struct scene *scene, struct ram *ram)
{
	static void (*const acts[])(struct actor *) = {act_write, act_read, act_punch, act_refill};
	struct actor actor = {.scene = scene, .ram = ram, .dice = dice_of(scene->seed, 100)};

	guard_install();
	while (stage_goes_on())
		acts[dice_below(&actor.dice, ACTORS(acts))](&actor);
	_exit(0);
}
