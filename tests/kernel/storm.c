// SPDX-License-Identifier: GPL-2.0-or-later
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/io.h"
#include "tests/kernel/balance.h"
#include "tests/kernel/consumer.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/knobs.h"
#include "tests/kernel/reap.h"
#include "tests/kernel/scene.h"
#include "tests/kernel/stage.h"
#include "tests/kernel/vmm.h"

/* A machine that is slow, or busy, gets through less in its time: everybody is to have a turn. */
enum { PATIENCE_S = 120 };

static const uint64_t none[TALLIES];

/*
 * One buffer that is lost is a file in debugfs, a pin or a huge page, which are counted one by one.
 * Of the slab and of free memory a storm leaves some behind that is no leak, such as the page
 * tables' and tasks' caches, so those are left to the leak scenario.
 */
static const struct balance_tolerance no_matter = {INT64_MAX, INT64_MAX};

struct cast {
	struct ram ram;
	pid_t vmm, outsider, knobs, consumer[CONSUMERS];
	int ours[CONSUMERS], theirs[CONSUMERS]; /* ends of sockets: the VMM's and the consumers' */
};

static int open_sockets(struct cast *cast)
{
	for (unsigned int i = 0; i < CONSUMERS; i++) {
		int ends[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
			return -1;
		cast->ours[i] = ends[0];
		cast->theirs[i] = ends[1];
	}
	return 0;
}

static void close_sockets(struct cast *cast)
{
	for (unsigned int i = 0; i < CONSUMERS; i++) {
		close(cast->ours[i]);
		close(cast->theirs[i]);
	}
}

/* The memfd is mapped by who changes it, and by nobody else. */
static void enter(const struct scene *scene, struct cast *cast)
{
	cast->vmm = zcb_fork();
	if (!cast->vmm)
		vmm_main(scene, &cast->ram, cast->ours);
	cast->outsider = zcb_fork();
	if (!cast->outsider)
		outsider_main(scene, &cast->ram);
	ram_close(&cast->ram);
	cast->knobs = zcb_fork();
	if (!cast->knobs)
		knobs_main(scene);
	for (unsigned int i = 0; i < CONSUMERS; i++) {
		cast->consumer[i] = zcb_fork();
		if (!cast->consumer[i])
			consumer_main(scene, i, cast->theirs[i]);
	}
	close_sockets(cast);
}

static bool start(struct scene *scene, struct cast *cast)
{
	if (ram_open(scene->memory, &cast->ram)) {
		stage_problem("no memfd of %s: %m", scene->memory->name);
		return false;
	}
	guard_install();
	/* The first huge page is cleared before the time begins. */
	if (!guard_write(stamp_in(cast->ram.map, 0, false), stamp_of(0, 0)))
		stage_problem("no page of %s", scene->memory->name);
	if (open_sockets(cast)) {
		stage_problem("no sockets: %m");
		return false;
	}
	enter(scene, cast);
	return true;
}

static void leave(struct cast *cast, bool vmm_is_killed)
{
	stage->stop = true;
	reap_sound(cast->outsider, "the outsider");
	reap_sound(cast->knobs, "who turns the knobs");
	stage->quiet = true;
	if (!vmm_is_killed)
		reap_sound(cast->vmm, "the VMM");
	for (unsigned int i = 0; i < CONSUMERS; i++)
		reap_sound(cast->consumer[i], "a consumer");
}

static void nothing_left(struct scene *scene, const struct balance *before)
{
	struct balance after;
	json_t *differences = balance_compare(before, &no_matter, &after), *difference;
	size_t i;

	json_array_foreach(differences, i, difference)
		stage_problem("%s", json_string_value(difference));
	json_decref(differences);
	json_object_set_new(scene->line, "balance", balance_json(before, &after));
}

void scene_storm(struct scene *scene)
{
	static const enum tally wanted[] = {
		TALLY_writes,	      TALLY_reads,   TALLY_punches,    TALLY_refills,
		TALLY_creates,	      TALLY_closes,  TALLY_sent,       TALLY_received,
		TALLY_maps,	      TALLY_looks,   TALLY_pages_seen, TALLY_forks,
		TALLY_moves,	      TALLY_remaps,  TALLY_switches,   TALLY_fault_arounds,
		TALLY_consumer_forks, TALLY_mremaps, TALLY_attaches,   TALLY_device_looks,
		TALLIES};
	struct balance before;
	struct cast cast;

	balance_take(&before);
	if (!start(scene, &cast))
		return;
	sleep(scene->seconds);
	stage_await(wanted, none, PATIENCE_S);
	leave(&cast, false);
	nothing_left(scene, &before);
	stage_demand(wanted);
}

static void kill_vmm(struct cast *cast)
{
	int status;

	kill(cast->vmm, SIGKILL);
	status = reap(cast->vmm, "the VMM that was killed");
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		stage_problem("the VMM ended by %s before it was killed",
			      zcb_child_describe(status));
	stage->killed = true;
	tally(TALLY_kills);
}

/* Somebody has something to hold when the VMM dies, and reads it afterwards. */
static void kill_in_time(struct cast *cast, unsigned int slower, struct dice *dice)
{
	static const enum tally held[] = {TALLY_maps, TALLIES};
	static const enum tally read[] = {TALLY_looks_after_kill, TALLIES};
	uint64_t before[TALLIES];

	for (unsigned int i = 0; i < TALLIES; i++)
		before[i] = stage->tally[i];
	usleep(slower * (300000 + dice_below(dice, 500000)));
	stage_await(held, before, PATIENCE_S);
	kill_vmm(cast);
	usleep(slower * 300000);
	stage_await(read, before, PATIENCE_S);
}

static void survive_once(struct scene *scene, struct dice *dice)
{
	unsigned int slower = memory_is_gigantic(scene->memory) ? 4 : 1;
	struct balance before;
	struct cast cast;

	balance_take(&before);
	stage->stop = stage->quiet = stage->killed = false;
	if (!start(scene, &cast))
		return;
	kill_in_time(&cast, slower, dice);
	leave(&cast, true);
	nothing_left(scene, &before);
}

void scene_survivor(struct scene *scene)
{
	static const enum tally wanted[] = {TALLY_kills, TALLY_received, TALLY_looks_after_kill,
					    TALLIES};
	uint64_t end = zcb_now_ns() + scene->seconds * 1000000000ULL;
	struct dice dice = dice_of(scene->seed, 400);

	do
		survive_once(scene, &dice);
	while (zcb_now_ns() < end && !stage->problems);
	stage_demand(wanted);
}
