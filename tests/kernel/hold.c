// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages that were punched while an importer has them mapped are the importer's: they are free when
 * it detaches, and not before. Huge pages are counted one by one. Of small ones so many are kept that
 * the figure of free memory, which moves by itself, must show them; but for KASAN's quarantine, which
 * moves it by more: there the scene only plays, for the kernel's own checkers.
 */
#include <inttypes.h>
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

enum { ROUNDS = 64, UNCOUNTED_ROUNDS = 4, TRIES = 80, TRY_US = 50000, TOLERANCE_KIB = 8192 };

struct play {
	struct ram ram;
	int importer[ROUNDS];
	unsigned int rounds;
	uint32_t pages; /* of each buffer */
};

/* What one round takes away from the memfd. */
static int64_t round_kib(const struct play *play)
{
	return (int64_t)play->pages * (play->ram.memory->unit_pages * RAM_PAGE / 1024);
}

static int64_t free_kib(const struct play *play)
{
	struct balance now;

	balance_take(&now);
	return memory_is_hugetlb(play->ram.memory) ? now.huge_2m * 2048 : now.free_kib;
}

/* Memory is given back a moment later, if at all: by works, or after RCU. */
static void expect_free(const struct play *play, const char *when, int64_t wanted)
{
	int64_t tolerance = memory_is_hugetlb(play->ram.memory) ? 0 : TOLERANCE_KIB, is = 0;

	if (tolerance && balance_has_quarantine())
		return;
	for (unsigned int i = 0; i < TRIES; i++) {
		is = free_kib(play);
		if (is >= wanted - tolerance && is <= wanted + tolerance)
			return;
		usleep(TRY_US);
	}
	stage_problem("%s: %" PRId64 " KiB are free and not %" PRId64, when, is, wanted);
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
	int64_t start, held;
	char when[64];

	touch(play, play->pages);
	start = free_kib(play);
	for (unsigned int i = 0; i < rounds && !stage->problems; i++)
		take_round(play, mode, follows);
	held = follows ? 0 : round_kib(play) * rounds;
	snprintf(when, sizeof(when), "%s, attached", name);
	expect_free(play, when, start + round_kib(play) - held);
	while (play->rounds) {
		close(play->importer[--play->rounds]);
		tally(TALLY_detaches);
	}
	snprintf(when, sizeof(when), "%s, detached", name);
	expect_free(play, when, start + round_kib(play));
}

static void play_all(const struct scene *scene)
{
	bool huge = memory_is_hugetlb(scene->memory), told = !strcmp(scene->variant, "invalidate");
	unsigned int rounds = huge ? 1 : balance_has_quarantine() ? UNCOUNTED_ROUNDS : ROUNDS;
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
