// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that were punched while an importer has them mapped are the importer's: they are free when
 * it detaches, and not before. All are counted one by one, for the figure of free memory moves by
 * more than an importer holds: huge pages by their pool, small ones by their flags, of which a page
 * loses the last when it is freed (free_pages_prepare() in mm/page_alloc.c).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/io.h"
#include "bench/consumers/importer.h"
#include "tests/kernel/balance.h"
#include "tests/kernel/export.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/reap.h"
#include "tests/kernel/scene.h"
#include "tests/kernel/stage.h"
#include "workloads/pages.h"

enum { ROUNDS = 4, TRIES = 80, TRY_US = 50000 };

struct play {
	struct ram ram;
	int importer[ROUNDS];
	unsigned int rounds;
	uint32_t pages; /* of each buffer */
	zcb_page_number punched[ROUNDS * EXPORT_PAGES];
	uint32_t n_punched;
};

static int by_number(const void *a, const void *b)
{
	const zcb_page_number *x = a, *y = b;

	return (x->n > y->n) - (x->n < y->n);
}

/* The pages of the buffer as they are now; what was punched once may have come back as one of them. */
static uint32_t find_pages(const struct play *play, zcb_page_number *ret_page)
{
	struct zcb_error err;
	uint32_t n = 0;

	for (uint32_t i = 0; i < play->pages; i++)
		n += !zcb_page_at(play->ram.map + (size_t)i * RAM_PAGE, &ret_page[n], &err);
	qsort(ret_page, n, sizeof(*ret_page), by_number);
	return n;
}

static bool has_flag(zcb_page_number page, int bit)
{
	struct zcb_error err;
	bool set;

	if (!zcb_page_has(page, bit, &set, &err))
		return set;
	stage_problem("%s", err.text);
	return false;
}

/* The memory of a tmpfs that is no page of the buffer, and was one before. */
static uint32_t count_kept(struct play *play)
{
	zcb_page_number now[EXPORT_PAGES];
	uint32_t n = find_pages(play, now), kept = 0;

	balance_settle();
	qsort(play->punched, play->n_punched, sizeof(*play->punched), by_number);
	for (uint32_t i = 0; i < play->n_punched && !stage->problems; i++) {
		zcb_page_number page = play->punched[i];

		if ((i && page.n == play->punched[i - 1].n) ||
		    bsearch(&page, now, n, sizeof(*now), by_number))
			continue;
		kept += has_flag(page, ZCB_PAGE_SWAPBACKED) && !has_flag(page, ZCB_PAGE_ANON);
	}
	return kept;
}

/* Of huge pages `start` were free when all the buffer's were there. */
static int64_t count_held(struct play *play, int64_t start)
{
	struct balance now;

	if (!memory_is_hugetlb(play->ram.memory))
		return count_kept(play);
	balance_take(&now);
	return start + play->pages - now.huge_2m;
}

/* Memory is given back a moment later, if at all: by works, or after RCU. */
static void expect_held(struct play *play, const char *when, int64_t start, int64_t wanted)
{
	int64_t is = -1;

	for (unsigned int i = 0; i < TRIES && is != wanted && !stage->problems; i++) {
		usleep(i ? TRY_US : 0);
		is = count_held(play, start);
	}
	if (is != wanted)
		stage_problem("%s: %" PRId64 " punched pages are held and not %" PRId64, when, is,
			      wanted);
}

/* All of the memfd, so that nothing but the punches changes how much it has. */
static void touch(const struct play *play, uint32_t n)
{
	uint32_t unit = play->ram.memory->unit_pages;

	for (uint32_t i = 0; i < n; i++)
		if (!guard_write(stamp_in(play->ram.map, i * unit, false), stamp_of(i * unit, 0)))
			stage_problem("the VMM got no page");
}

static int attach_one(struct play *play, enum zcb_importer_mode mode)
{
	uint32_t unit = play->ram.memory->unit_pages;
	struct export export = {.n = play->pages};
	struct zcb_error err;
	int ret, fd;

	for (uint32_t i = 0; i < export.n; i++)
		export.page[i] = i * unit;
	ret = export_pages(&play->ram, &export);
	if (ret)
		return ret;
	ret = zcb_importer_attach(export.fd, mode, &fd, &err);
	close(export.fd);
	if (ret)
		return ret;
	play->importer[play->rounds++] = fd;
	tally(TALLY_attaches);
	return 0;
}

static void wait_until_told(int importer)
{
	struct zcb_importer_counts counts = {0};

	for (unsigned int i = 0; i < TRIES && !counts.told; i++) {
		if (zcb_importer_read(importer, 0, NULL, 0, &counts))
			break;
		usleep(counts.told ? 0 : TRY_US);
	}
	if (!counts.told)
		stage_problem("an importer was not told that its pages went");
	tally(TALLY_told);
}

static void take_round(struct play *play, enum zcb_importer_mode mode, bool follows)
{
	uint32_t unit = play->ram.memory->unit_pages;

	touch(play, play->pages);
	if (!memory_is_hugetlb(play->ram.memory))
		play->n_punched += find_pages(play, play->punched + play->n_punched);
	if (attach_one(play, mode))
		return stage_problem("no importer: %m");
	if (ram_punch(&play->ram, (struct range){0, play->pages * unit}))
		stage_problem("no hole could be punched: %m");
	tally(TALLY_punches);
	if (follows)
		wait_until_told(play->importer[play->rounds - 1]);
}

static void hold(struct play *play, const char *name, enum zcb_importer_mode mode, bool follows,
		 unsigned int rounds)
{
	struct balance before;
	char when[64];

	play->n_punched = 0;
	touch(play, play->pages);
	balance_take(&before);
	for (unsigned int i = 0; i < rounds && !stage->problems; i++)
		take_round(play, mode, follows);
	snprintf(when, sizeof(when), "%s, attached", name);
	expect_held(play, when, before.huge_2m, follows ? 0 : (int64_t)rounds * play->pages);
	while (play->rounds) {
		close(play->importer[--play->rounds]);
		tally(TALLY_detaches);
	}
	snprintf(when, sizeof(when), "%s, detached", name);
	expect_held(play, when, before.huge_2m, 0);
}

static void play_all(const struct scene *scene)
{
	bool huge = memory_is_hugetlb(scene->memory), told = !strcmp(scene->variant, "invalidate");
	unsigned int rounds = huge ? 1 : ROUNDS;
	static struct play play;

	guard_install();
	if (ram_open(scene->memory, &play.ram)) {
		stage_problem("no memfd: %m");
		_exit(1);
	}
	play.pages = huge ? 2 : EXPORT_PAGES;
	hold(&play, "static", ZCB_IMPORTER_STATIC, false, rounds);
	hold(&play, "vmap", ZCB_IMPORTER_VMAP, false, rounds);
	hold(&play, "dynamic", ZCB_IMPORTER_DYNAMIC, told, rounds);
	_exit(0);
}

void scene_hold(struct scene *scene)
{
	static const enum tally wanted[] = {TALLY_attaches, TALLY_detaches, TALLY_punches, TALLIES};
	struct balance before, after;
	json_t *differences, *difference;
	pid_t vmm;
	size_t i;

	balance_take(&before);
	vmm = zcb_fork();
	if (!vmm)
		play_all(scene);
	reap_sound(vmm, "the VMM");
	differences = balance_compare(&before, &(struct balance_tolerance){INT64_MAX, INT64_MAX}, &after);
	json_array_foreach(differences, i, difference)
		stage_problem("%s", json_string_value(difference));
	json_decref(differences);
	stage_demand(wanted);
}
