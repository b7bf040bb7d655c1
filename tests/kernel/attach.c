// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The VMM and three importers take turns: one with a table that is kept, one that maps again when it
 * is told, one with a kernel mapping. What each holds follows from the variant alone: a page that was
 * taken away stays with whoever was not told, byte for byte, and is nobody else's before it detaches.
 */
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/consumers/importer.h"
#include "tests/kernel/export.h"
#include "tests/kernel/guard.h"
#include "tests/kernel/reap.h"
#include "tests/kernel/scene.h"
#include "tests/kernel/stage.h"

enum { SLOTS = 32, PUNCHED = 8, PLANTED = SLOTS - 1, TOLD_TRIES = 500, TOLD_US = 10000 };

/** What an importer is to show: of a page that it lost the last bytes, of others what the memfd has. */
struct importer {
	const char *name;
	enum zcb_importer_mode mode;
	bool follows;
	int fd;
	bool is_lost[SLOTS];
	uint64_t kept[SLOTS];
};

struct play {
	struct ram ram;
	struct export export;
	struct importer importer[3];
	uint32_t generation, moved, tried;
	uint64_t now[SLOTS];
	bool is_punched[SLOTS];
};

/* -- the importers */

static bool follows(const struct scene *scene, enum zcb_importer_mode mode)
{
	return mode == ZCB_IMPORTER_DYNAMIC && !strcmp(scene->variant, "invalidate");
}

static int attach_all(struct play *play, const struct scene *scene)
{
	static const char *const names[] = {"static", "dynamic", "vmap"};

	for (unsigned int i = 0; i < 3; i++) {
		struct importer *importer = &play->importer[i];
		struct zcb_error err;

		*importer = (struct importer){.name = names[i], .mode = (enum zcb_importer_mode)i};
		importer->follows = follows(scene, importer->mode);
		if (zcb_importer_attach(play->export.fd, importer->mode, &importer->fd, &err)) {
			stage_problem("%s: %s", names[i], err.text);
			return -1;
		}
		tally(TALLY_attaches);
	}
	return 0;
}

static void detach(struct importer *importer)
{
	close(importer->fd);
	importer->fd = -1;
	tally(TALLY_detaches);
}

static uint64_t right_word(const struct play *play, const struct importer *importer, uint32_t i)
{
	return importer->is_lost[i] ? importer->kept[i] : play->now[i];
}

/* How many slots do not show what they should, and the first of them. A page has a word at each end. */
static uint32_t count_wrong(const struct play *play, const struct importer *importer, uint32_t *ret_slot)
{
	static char bytes[SLOTS * RAM_PAGE];
	uint32_t wrong = 0;

	memset(bytes, 0xa5, sizeof(bytes));
	if (zcb_importer_read(importer->fd, 0, bytes, sizeof(bytes), NULL)) {
		stage_problem("the %s importer cannot read", importer->name);
		return SLOTS;
	}
	for (uint32_t i = 0; i < SLOTS; i++) {
		uint64_t right = right_word(play, importer, i);

		tally(TALLY_slots_compared);
		if (right != play->now[i])
			tally(TALLY_told_apart);
		if (*stamp_in(bytes, i, false) == right && *stamp_in(bytes, i, true) == right)
			continue;
		*ret_slot = wrong++ ? *ret_slot : i;
	}
	return wrong;
}

static void judge(const struct play *play, const char *step)
{
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t slot = 0, wrong = play->importer[i].fd < 0 ? 0 : count_wrong(play, &play->importer[i], &slot);

		if (wrong)
			stage_problem("%s: the %s importer shows other bytes in %u slots, first in slot %u",
				      step, play->importer[i].name, wrong, slot);
	}
	tally(TALLY_steps);
}

/* -- what the VMM does */

static void write_slot(struct play *play, uint32_t i)
{
	uint64_t stamp = stamp_of(play->export.page[i], play->generation);

	if (!guard_write(stamp_in(play->ram.map, play->export.page[i], false), stamp) ||
	    !guard_write(stamp_in(play->ram.map, play->export.page[i], true), stamp))
		stage_problem("the VMM got no page for slot %u", i);
}

static void write_all(struct play *play)
{
	play->generation++;
	for (uint32_t i = 0; i < SLOTS; i++) {
		write_slot(play, i);
		play->now[i] = stamp_of(play->export.page[i], play->generation);
	}
}

static void lose(struct play *play, uint32_t i)
{
	for (unsigned int k = 0; k < 3; k++) {
		struct importer *importer = &play->importer[k];

		if (!importer->follows && !importer->is_lost[i]) {
			importer->is_lost[i] = true;
			importer->kept[i] = play->now[i];
		}
	}
	play->now[i] = 0;
}

static void punch(struct play *play)
{
	uint32_t unit = play->ram.memory->unit_pages;

	for (uint32_t i = 0; i < SLOTS; i++) {
		if (!play->is_punched[i])
			continue;
		if (ram_punch(&play->ram, (struct range){play->export.page[i] / unit * unit, unit}))
			stage_problem("no hole could be punched: %m");
		lose(play, i);
	}
}

/* An importer is told by a work, a moment later. */
static uint32_t told_of(const struct importer *importer, bool wait)
{
	struct zcb_importer_counts counts = {0};

	for (unsigned int i = 0; i < TOLD_TRIES && !counts.told; i++) {
		if (zcb_importer_read(importer->fd, 0, NULL, 0, &counts) || !wait)
			break;
		usleep(counts.told ? 0 : TOLD_US);
	}
	tally_add(TALLY_told, counts.told);
	return counts.told;
}

static void expect_told(const struct play *play)
{
	for (unsigned int i = 0; i < 3; i++) {
		const struct importer *importer = &play->importer[i];

		if (importer->follows != (told_of(importer, importer->follows) > 0))
			stage_problem("the %s importer was%s told that pages went", importer->name,
				      importer->follows ? " not" : "");
	}
}

/* The checker is shown bytes that changed behind its back, and must say where. */
static void plant(struct play *play)
{
	play->generation++;
	write_slot(play, PLANTED);
	for (unsigned int i = 0; i < 3; i++) {
		uint32_t slot = 0, wrong = count_wrong(play, &play->importer[i], &slot);

		if (wrong != 1 || slot != PLANTED)
			stage_problem("planted bytes in slot %u: the %s importer is found to differ in %u "
				      "slots, first in slot %u", PLANTED, play->importer[i].name, wrong, slot);
	}
	play->now[PLANTED] = stamp_of(play->export.page[PLANTED], play->generation);
}

/* -- migration */

static int move_pages_of(void *address, const int *node, int *status)
{
	return (int)syscall(SYS_move_pages, 0, 1UL, &address, node, status, 1 << 1 /* MPOL_MF_MOVE */);
}

static bool moves(struct play *play, uint32_t page)
{
	void *address = (void *)stamp_in(play->ram.map, page, false);
	int before = -1, after = -1, status = -1, target;

	move_pages_of(address, NULL, &before);
	target = before == 0;
	move_pages_of(address, &target, &status);
	move_pages_of(address, NULL, &after);
	tally(TALLY_moves);
	return before >= 0 && after == target;
}

/* What was punched has pages that no kept table knows; all others must be where they were. */
static void move_all(struct play *play)
{
	uint32_t bystander = play->ram.memory->pages - 1;

	play->moved = play->tried = 0;
	if (!guard_write(stamp_in(play->ram.map, bystander, false), stamp_of(bystander, 0)) ||
	    !moves(play, bystander))
		stage_problem("a page that nobody holds was not moved");
	for (uint32_t i = 0; i < SLOTS; i++) {
		if (play->is_punched[i])
			continue;
		play->moved += moves(play, play->export.page[i]);
		play->tried++;
	}
	tally_add(TALLY_moved, play->moved);
}

/*
 * The one that is told lets go a moment later, while migration tries a few times: so not every page
 * need be moved, but a page that is held by a kept table must not.
 */
static void migrate(struct play *play, const struct scene *scene)
{
	bool can = !strcmp(scene->variant, "invalidate");

	move_all(play);
	if (play->moved)
		stage_problem("%u of %u pages were moved under a device", play->moved, play->tried);
	judge(play, "asked to move, all attached");
	detach(&play->importer[ZCB_IMPORTER_STATIC]);
	detach(&play->importer[ZCB_IMPORTER_VMAP]);
	move_all(play);
	tally_add(TALLY_moved_told, play->moved);
	tally_add(TALLY_kept_told, play->tried - play->moved);
	if (can ? !play->moved : play->moved)
		stage_problem("with a dynamic importer %u of %u pages were moved", play->moved, play->tried);
	judge(play, "moved");
	write_all(play);
	judge(play, "moved and written");
	detach(&play->importer[ZCB_IMPORTER_DYNAMIC]);
	move_all(play);
	if (can ? play->moved != play->tried : play->moved)
		stage_problem("with all detached %u of %u pages were moved", play->moved, play->tried);
}

/* -- refusals */

static void expect_error(const char *what, int ret, int wanted)
{
	if (ret != wanted)
		stage_problem("%s: %s and not %s", what, strerror(-ret), strerror(-wanted));
}

static void refuse(const struct play *play)
{
	int fd = play->importer[0].fd, other;
	uint64_t size = SLOTS * RAM_PAGE, word;
	struct zcb_error err;

	expect_error("a memfd attached", zcb_importer_attach(play->ram.fd, ZCB_IMPORTER_STATIC, &other, &err),
		     -EINVAL);
	expect_error("no such mode", zcb_importer_attach(play->export.fd, (enum zcb_importer_mode)3, &other,
							 &err), -EINVAL);
	expect_error("a read beyond the end", zcb_importer_read(fd, size - 4, &word, 8, NULL), -EINVAL);
	expect_error("an offset that wraps", zcb_importer_read(fd, -8ULL, &word, 16, NULL), -EINVAL);
	expect_error("no place to read to", zcb_importer_read(fd, 0, NULL, 8, NULL), -EFAULT);
}

/* -- the set-up */

/* The second half of the memfd is nobody's: of it one page is moved to see that they can be. */
static void choose_pages(struct play *play, struct dice *dice)
{
	uint32_t unit = play->ram.memory->unit_pages, stride = play->ram.memory->pages / 2 / SLOTS;

	play->export.n = SLOTS;
	for (uint32_t i = 0; i < SLOTS; i++)
		play->export.page[i] = (SLOTS - 1 - i) * stride + dice_below(dice, stride);
	for (uint32_t i = 0; i < SLOTS; i++)
		play->is_punched[i] = unit == 1 ? i < PUNCHED
						: play->export.page[i] / unit == play->export.page[0] / unit;
}

static void run_steps(struct play *play, const struct scene *scene)
{
	judge(play, "as attached");
	refuse(play);
	plant(play);
	judge(play, "planted bytes taken for right");
	punch(play);
	expect_told(play);
	judge(play, "punched");
	write_all(play);
	judge(play, "written");
	migrate(play, scene);
}

static void play_all(const struct scene *scene)
{
	struct dice dice = dice_of(scene->seed, 1);
	static struct play play;

	guard_install();
	if (ram_open(scene->memory, &play.ram)) {
		stage_problem("no memfd: %m");
		_exit(1);
	}
	choose_pages(&play, &dice);
	write_all(&play);
	if (export_pages(&play.ram, &play.export))
		stage_problem("no udmabuf: %m");
	else if (!attach_all(&play, scene))
		run_steps(&play, scene);
	_exit(0);
}

void scene_attach(struct scene *scene)
{
	static const enum tally wanted[] = {TALLY_steps, TALLY_slots_compared, TALLY_told_apart,
					    TALLY_attaches, TALLY_detaches, TALLY_moves, TALLIES};
	pid_t vmm = zcb_fork();

	if (!vmm)
		play_all(scene);
	reap_sound(vmm, "the VMM");
	stage_demand(wanted);
}
