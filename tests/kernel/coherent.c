// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The VMM and a consumer take turns: the VMM does a step, the consumer says what its mappings of
 * the dma-buf show. Nothing else runs, so what is seen follows from the variant alone.
 */
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/executor/fault-around.h"
#include "tests/kernel/export.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/reap.h"
#include "tests/kernel/scene.h"
#include "tests/kernel/stage.h"

/* The last few slots repeat the first ones; the partial mapping begins and ends in the middle. */
enum { SLOTS = 64, REPEATED = 4, PUNCHED = 16, PART_FIRST = 16, PART_N = 32 };

static const uint64_t denied = ~0ULL;

/*
 * Whether a slot that was punched is fresh (F) or stale (S) after each step. Under fault-around a
 * read maps what is in the page cache without a fault of the file's: shmem only. Where processes
 * share page tables, a fault of one fills them for all, and tells only its own subscribers: what
 * was refilled elsewhere the VMM never faults on.
 */
static const struct expectation {
	const char *variant;
	char punched, written, elsewhere, read_around, read_alone, rewritten, shared;
} expectations[] = {
	{"stock", 'S', 'S', 'S', 'S', 'S', 'S', 'S'},
	{"update-nolock", 'S', 'F', 'S', 'S', 'F', 'F', 'S'},
	{"update-ptl", 'S', 'F', 'S', 'F', 'F', 'F', 'S'},
	{"change-pte", 'S', 'F', 'S', 'F', 'F', 'F', 'S'},
	{"update-lookup", 'S', 'F', 'S', 'S', 'F', 'F', 'S'},
	{"update-seq", 'S', 'F', 'S', 'F', 'F', 'F', 'S'},
	{"invalidate", 'F', 'F', 'F', 'F', 'F', 'F', 'F'},
};

struct play {
	struct ram ram;
	struct export export;
	int consumer; /* its socket */
	const char *pass;
	uint32_t generation;
	uint64_t now[SLOTS];   /* what the memfd has at each slot */
	uint64_t shown[SLOTS]; /* what the consumer saw last */
	bool is_punched[SLOTS];
};

/* -- the consumer */

struct look {
	uint64_t whole[SLOTS], part[PART_N];
};

static uint64_t see(char *map, uint32_t i)
{
	uint64_t word;

	return guard_read(stamp_in(map, i, false), &word) ? word : denied;
}

static void look_at(int dmabuf, char *whole, char *part, struct look *look)
{
	if (export_sync(dmabuf, false))
		stage_problem("a consumer's DMA_BUF_IOCTL_SYNC failed");
	for (uint32_t i = 0; i < SLOTS; i++)
		look->whole[i] = see(whole, i);
	for (uint32_t i = 0; i < PART_N; i++)
		look->part[i] = see(part, i);
	export_sync(dmabuf, true);
}

static void consumer_main(int dmabuf, int socket)
{
	char *whole = mmap(NULL, SLOTS * RAM_PAGE, PROT_READ, MAP_SHARED, dmabuf, 0);
	char *part =
		mmap(NULL, PART_N * RAM_PAGE, PROT_READ, MAP_SHARED, dmabuf, PART_FIRST * RAM_PAGE);
	struct look look;
	char turn;

	guard_install();
	if (whole == MAP_FAILED || part == MAP_FAILED)
		_exit(1);
	while (!zcb_read_all(socket, &turn, 1)) {
		look_at(dmabuf, whole, part, &look);
		if (zcb_write_all(socket, &look, sizeof(look)))
			break;
	}
	_exit(0);
}

/* -- steps of the VMM */

static uint32_t unit_of(const struct play *play, uint32_t slot)
{
	return play->export.page[slot] / play->ram.memory->unit_pages;
}

static void punch(struct play *play)
{
	uint32_t unit = play->ram.memory->unit_pages;

	for (uint32_t i = 0; i < SLOTS; i++) {
		if (!play->is_punched[i])
			continue;
		if (ram_punch(&play->ram, (struct range){unit_of(play, i) * unit, unit}))
			stage_problem("no hole could be punched: %m");
		play->now[i] = 0;
	}
}

static void set_now(struct play *play)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		if (play->is_punched[i])
			play->now[i] = stamp_of(play->export.page[i], play->generation);
}

static void write_mapped(struct play *play)
{
	for (uint32_t i = 0; i < SLOTS; i++)
		if (play->is_punched[i] &&
		    !guard_write(stamp_in(play->ram.map, play->export.page[i], false),
				 stamp_of(play->export.page[i], play->generation)))
			stage_problem("the VMM got no page for slot %u", i);
}

static void write_step(struct play *play)
{
	play->generation++;
	write_mapped(play);
	set_now(play);
}

/* write() where there is one; else a mapping in another process, which shares the VMM's file. */
static void refill_elsewhere(struct play *play)
{
	pid_t pid;

	play->generation++;
	if (!memory_is_hugetlb(play->ram.memory)) {
		for (uint32_t i = 0; i < SLOTS; i++)
			if (play->is_punched[i])
				ram_write(&play->ram, (struct range){play->export.page[i], 1},
					  play->generation);
	} else {
		pid = zcb_fork();
		if (!pid) {
			guard_install();
			write_mapped(play);
			_exit(0);
		}
		reap_sound(pid, "who refills elsewhere");
	}
	set_now(play);
}

static void punch_and_refill(struct play *play)
{
	punch(play);
	refill_elsewhere(play);
}

static void read_step(struct play *play)
{
	uint64_t word = 0;

	for (uint32_t i = 0; i < SLOTS; i++)
		if (play->is_punched[i] &&
		    (!guard_read(stamp_in(play->ram.map, play->export.page[i], false), &word) ||
		     word != play->now[i]))
			stage_problem("the VMM itself sees %#" PRIx64 " at slot %u", word, i);
}

static void rewrite_step(struct play *play)
{
	punch_and_refill(play);
	write_step(play);
}

/* -- judging */

static void judge_slot(struct play *play, const char *step, uint32_t i, uint64_t seen, char wanted)
{
	uint64_t right = wanted == 'F' ? play->now[i] : play->shown[i];

	tally(TALLY_slots_compared);
	if (play->now[i] != play->shown[i])
		tally(TALLY_told_apart);
	if (seen != right)
		stage_problem("%s, %s: slot %u shows %#" PRIx64 " and not %#" PRIx64 " (%s)",
			      play->pass, step, i, seen, right, wanted == 'F' ? "fresh" : "stale");
}

static void judge(struct play *play, const char *step, char wanted, const struct look *look)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		judge_slot(play, step, i, look->whole[i], play->is_punched[i] ? wanted : 'F');
		if (i >= PART_FIRST && i < PART_FIRST + PART_N &&
		    look->part[i - PART_FIRST] != look->whole[i])
			stage_problem("%s, %s: slot %u shows %#" PRIx64 " in the partial mapping",
				      play->pass, step, i, look->part[i - PART_FIRST]);
	}
	memcpy(play->shown, look->whole, sizeof(play->shown));
}

static void step(struct play *play, const char *name, void (*act)(struct play *), char wanted)
{
	struct look look;

	if (act)
		act(play);
	if (zcb_write_all(play->consumer, "", 1) ||
	    zcb_read_all(play->consumer, &look, sizeof(look)))
		return stage_problem("%s, %s: the consumer is gone", play->pass, name);
	judge(play, name, wanted, &look);
	tally(TALLY_steps);
}

/* A part of a huge page is zeroed in place: everybody sees that, who has not lost the page before.
 */
static void punch_in_part(struct play *play)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (play->is_punched[i])
			continue;
		ram_punch(&play->ram, (struct range){play->export.page[i], 1});
		play->now[i] = 0;
	}
}

static void run_steps(struct play *play, const struct expectation *wanted, bool around)
{
	char read = around ? wanted->read_around : wanted->read_alone;
	char rewritten = wanted->rewritten;

	if (play->ram.memory->shares_tables)
		read = rewritten = wanted->shared;
	step(play, "as exported", NULL, 'F');
	step(play, "punched", punch, wanted->punched);
	step(play, "written", write_step, wanted->written);
	step(play, "punched and refilled elsewhere", punch_and_refill, wanted->elsewhere);
	step(play, "then read", read_step, read);
	step(play, "refilled elsewhere and written", rewrite_step, rewritten);
	if (memory_is_hugetlb(play->ram.memory))
		step(play, "punched in part", punch_in_part, rewritten);
}

/* -- the set-up */

/* Each unit gets its share of the slots; a page is in it only once, but for the repeated ones. */
static void choose_pages(struct play *play, struct dice *dice)
{
	uint32_t pages = play->ram.memory->pages, unit = play->ram.memory->unit_pages;
	uint32_t stride = pages / SLOTS;

	for (uint32_t i = 0; i < SLOTS; i++)
		play->export.page[i] = i * stride + dice_below(dice, stride);
	for (uint32_t i = SLOTS - 1; i > 0; i--) {
		uint32_t j = dice_below(dice, i + 1), other = play->export.page[j];

		play->export.page[j] = play->export.page[i];
		play->export.page[i] = other;
	}
	for (uint32_t i = 0; i < REPEATED; i++)
		play->export.page[SLOTS - 1 - i] = play->export.page[i];
	play->export.n = SLOTS;
	for (uint32_t i = 0; i < SLOTS; i++)
		play->is_punched[i] = unit == 1 ? false : unit_of(play, i) == unit_of(play, 0);
}

/* Of single pages the first ones, wherever they are; the repeated ones are among them. */
static void choose_punched(struct play *play)
{
	for (uint32_t i = 0; play->ram.memory->unit_pages == 1 && i < SLOTS; i++)
		play->is_punched[i] = i < PUNCHED || i >= SLOTS - REPEATED;
}

static int stamp_all(struct play *play)
{
	for (uint32_t i = 0; i < SLOTS; i++) {
		uint32_t page = play->export.page[i];

		play->now[i] = stamp_of(page, 0);
		if (!guard_write(stamp_in(play->ram.map, page, false), play->now[i]))
			return -1;
	}
	return 0;
}

static const struct expectation *expectation_of(const char *variant)
{
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]); i++)
		if (!strcmp(expectations[i].variant, variant))
			return &expectations[i];
	return NULL;
}

static void run_pass(struct scene *scene, struct play *play, bool around)
{
	const struct expectation *wanted = expectation_of(scene->variant);
	int sockets[2];
	pid_t consumer;

	if (!wanted)
		return stage_problem("nothing is declared of the variant %s", scene->variant);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
		return stage_problem("no socket: %m");
	consumer = zcb_fork();
	if (!consumer) {
		close(sockets[0]);
		consumer_main(play->export.fd, sockets[1]);
	}
	close(sockets[1]);
	play->consumer = sockets[0];
	run_steps(play, wanted, around);
	close(sockets[0]);
	reap_sound(consumer, "the consumer");
}

static void play_pass(struct scene *scene, uint64_t fault_around)
{
	bool around = fault_around > RAM_PAGE && !memory_is_hugetlb(scene->memory);
	struct play play = {.pass = around ? "fault-around" : "no fault-around"};
	struct dice dice = dice_of(scene->seed, fault_around);

	if (zcb_fault_around_set(fault_around, NULL))
		stage_problem("fault_around_bytes cannot be set");
	if (ram_open(scene->memory, &play.ram))
		return stage_problem("no memfd: %m");
	choose_pages(&play, &dice);
	choose_punched(&play);
	if (stamp_all(&play) || export_pages(&play.ram, &play.export))
		stage_problem("no udmabuf: %m");
	else
		run_pass(scene, &play, around);
	close(play.export.fd);
	ram_close(&play.ram);
}

/* The VMM is a process of its own, so that its end is the end of its mm. */
static void play_all(struct scene *scene)
{
	guard_install();
	play_pass(scene, 65536);
	if (!memory_is_hugetlb(scene->memory))
		play_pass(scene, RAM_PAGE);
	zcb_fault_around_set(65536, NULL);
	_exit(0);
}

void scene_coherent(struct scene *scene)
{
	static const enum tally wanted[] = {TALLY_steps, TALLY_slots_compared, TALLY_told_apart,
					    TALLIES};
	pid_t vmm = zcb_fork();

	if (!vmm)
		play_all(scene);
	reap_sound(vmm, "the VMM");
	stage_demand(wanted);
}
