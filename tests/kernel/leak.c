// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/io.h"
#include "tests/kernel/balance.h"
#include "tests/kernel/export.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/reap.h"
#include "tests/kernel/scene.h"
#include "tests/kernel/stage.h"

/*
 * udmabufs, pins and huge pages are counted one by one: of them nothing may be lost. Slab and free
 * memory move by themselves: SLUB keeps some empty slabs of each cache and processor, which was
 * seen to be 60 KiB; the page allocator its lists of pages, seen to be 5 MiB. So 1 and 8 MiB are
 * allowed, and what a cycle may lose beside is a quarter of the least there is to lose: an object
 * of the smallest udmabuf (192 bytes of slab), or a page of memory. With few cycles the allowance
 * alone decides, so the line says what a cycle could have lost unseen. KASAN keeps what is freed in
 * a quarantine of a 32nd of all memory (mm/kasan/quarantine.c), which has to be allowed on top.
 */
static struct balance_tolerance tolerance_of(unsigned int cycles)
{
	int64_t quarantine_kib = balance_has_quarantine() ? balance_total_kib() / 32 : 0;

	return (struct balance_tolerance){
		.slab_kib = 1024 + (int64_t)cycles * 192 / 4 / 1024 + quarantine_kib,
		.free_kib = 8192 + (int64_t)cycles * 4 / 4 + quarantine_kib,
	};
}

/* What the first udmabuf, fork, huge page and so on leave behind is no leak. */
enum { WARM_UP = 64, KEPT = 1000, KEPT_PAGES = 64 };

static void look_once(const struct export *export)
{
	char *map = mmap(NULL, export->n * RAM_PAGE, PROT_READ, MAP_SHARED, export->fd, 0);
	uint64_t word;

	if (map == MAP_FAILED)
		return stage_problem("a dma-buf cannot be mapped: %m");
	export_sync(export->fd, false);
	for (uint32_t i = 0; i < export->n; i += 8)
		tally(guard_read(stamp_in(map, i, false), &word) ? TALLY_pages_seen
								 : TALLY_looks_denied);
	export_sync(export->fd, true);
	munmap(map, export->n * RAM_PAGE);
}

static void strike(struct ram *ram, const struct export *export, struct dice *dice)
{
	uint32_t page = export->page[dice_below(dice, export->n)];
	uint32_t unit = ram->memory->unit_pages;

	if (ram_punch(ram, (struct range){page / unit * unit, unit}))
		stage_problem("no hole could be punched: %m");
	tally(TALLY_punches);
	tally(guard_write(stamp_in(ram->map, page, false), stamp_of(page, 1))
		      ? TALLY_writes
		      : TALLY_faults_denied);
}

static void cycle(struct ram *ram, struct dice *dice, unsigned int i)
{
	struct export export;

	if (export_random(ram, dice, &export))
		return tally(TALLY_refused);
	strike(ram, &export, dice);
	if (i % 4 == 0)
		look_once(&export);
	close(export.fd);
	tally(TALLY_cycles);
}

static void cycle_all(struct scene *scene, unsigned int cycles)
{
	struct dice dice = dice_of(scene->seed, cycles);
	struct ram ram;

	guard_install();
	if (ram_open(scene->memory, &ram)) {
		stage_problem("no memfd: %m");
		_exit(1);
	}
	for (unsigned int i = 0; i < cycles && !stage->problems; i++)
		cycle(&ram, &dice, i);
	_exit(0);
}

/* In a process of its own: what is left when it has ended, nobody will ever give back. */
static void cycle_in_child(struct scene *scene, unsigned int cycles)
{
	pid_t pid = zcb_fork();

	if (!pid)
		cycle_all(scene, cycles);
	/* However many they are, each is quick. */
	while (!stage->problems) {
		uint64_t before = stage->tally[TALLY_cycles] + stage->tally[TALLY_refused];
		siginfo_t info = {0};

		waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
		if (info.si_pid == pid)
			break;
		sleep(1);
		if (before == stage->tally[TALLY_cycles] + stage->tally[TALLY_refused])
			break;
	}
	reap_sound(pid, "who makes udmabufs");
}

void scene_leak(struct scene *scene)
{
	static const enum tally wanted[] = {TALLY_cycles, TALLY_punches, TALLY_writes,
					    TALLY_pages_seen, TALLIES};
	struct balance_tolerance tolerance = tolerance_of(scene->cycles);
	struct balance before, after;
	json_t *differences, *difference;
	size_t i;

	cycle_in_child(scene, WARM_UP);
	stage_clear();
	balance_take(&before);
	cycle_in_child(scene, scene->cycles);
	differences = balance_compare(&before, &tolerance, &after);
	json_array_foreach(differences, i, difference)
		stage_problem("%s", json_string_value(difference));
	json_decref(differences);
	json_object_set_new(scene->line, "balance", balance_json(&before, &after));
	json_object_set_new(scene->line, "unseen_slab_bytes_a_cycle",
			    json_integer(tolerance.slab_kib * 1024 / scene->cycles));
	json_object_set_new(scene->line, "unseen_free_bytes_a_cycle",
			    json_integer(tolerance.free_kib * 1024 / scene->cycles));
	stage_demand(wanted);
}

/* -- the planted leak */

static void keep_udmabufs(struct scene *scene, int ready)
{
	struct rlimit limit = {KEPT + 64, KEPT + 64};
	struct dice dice = dice_of(scene->seed, 1);
	struct export export = {.n = KEPT_PAGES};
	struct ram ram;

	setrlimit(RLIMIT_NOFILE, &limit);
	guard_install();
	if (ram_open(scene->memory, &ram))
		_exit(1);
	for (unsigned int i = 0; i < KEPT; i++) {
		for (uint32_t k = 0; k < KEPT_PAGES; k++)
			export.page[k] = dice_below(&dice, scene->memory->pages);
		if (export_pages(&ram, &export))
			_exit(2);
		tally(TALLY_creates);
	}
	/* The memfd goes, its pages do not. */
	ram_close(&ram);
	zcb_write_all(ready, "", 1);
	pause();
	_exit(0);
}

static bool names(json_t *differences, const char *what)
{
	json_t *difference;
	size_t i;

	json_array_foreach(differences, i,
			   difference) if (strstr(json_string_value(difference), what)) return true;
	return false;
}

static void demand(json_t *differences, const char *what)
{
	if (!names(differences, what))
		stage_problem("the balance does not tell of planted %s", what);
}

/* What must be missed: the files always, the pins where a variant pins, huge pages where it keeps.
 */
static void judge(struct scene *scene, json_t *differences)
{
	bool is_stock = !strcmp(scene->variant, "stock");

	demand(differences, "udmabufs");
	if (!balance_has_quarantine())
		demand(differences, "KiB of slab");
	if (is_stock)
		demand(differences, "pinned pages");
	if (memory_is_hugetlb(scene->memory))
		demand(differences, "huge pages");
}

void scene_plant(struct scene *scene)
{
	struct balance_tolerance tolerance = tolerance_of(KEPT);
	struct balance before, after;
	json_t *differences;
	int ends[2];
	pid_t pid;
	char byte;

	balance_take(&before);
	if (pipe(ends) < 0)
		return stage_problem("no pipe: %m");
	pid = zcb_fork();
	if (!pid)
		keep_udmabufs(scene, ends[1]);
	close(ends[1]);
	if (zcb_read_all(ends[0], &byte, 1))
		stage_problem("the udmabufs to be kept could not be made");
	close(ends[0]);
	differences = balance_compare(&before, &tolerance, &after);
	judge(scene, differences);
	json_object_set_new(scene->line, "said", differences);
	json_object_set_new(scene->line, "balance", balance_json(&before, &after));
	zcb_child_end(pid, 0);
}
