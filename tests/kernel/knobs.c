// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/knobs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/executor/fault-around.h"
#include "bench/exporter/variant.h"
#include "tests/kernel/stage.h"

#define FAULT_AROUND 65536

unsigned int knobs_variants(char names[KNOBS_VARIANTS][KNOBS_NAME])
{
	ZCB_FREE char *text = NULL;
	char *save = NULL;
	unsigned int n = 0;

	if (zcb_read_file(AT_FDCWD, KNOBS_VARIANT, 4096, &text, NULL))
		return 0;
	/* The one that is selected stands in brackets. */
	for (char *name = strtok_r(text, " []\n", &save); name && n < KNOBS_VARIANTS;
	     name = strtok_r(NULL, " []\n", &save))
		snprintf(names[n++], KNOBS_NAME, "%s", name);
	return n;
}

int knobs_reset(const char *variant)
{
	int ret = zcb_variant_select(variant, NULL);

	return ret ? ret : zcb_fault_around_set(FAULT_AROUND, NULL);
}

bool knobs_names(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += n)
		if ((at == list || at[-1] == ',') && (!at[n] || at[n] == ','))
			return true;
	return !*list;
}

static void turn_fault_around(struct dice *dice)
{
	if (!zcb_fault_around_set(dice_one_in(dice, 2) ? 4096 : FAULT_AROUND, NULL))
		tally(TALLY_fault_arounds);
}

/* For a moment only: the storm is to be about the scene's variant. */
static void switch_variant(const struct scene *scene, struct dice *dice)
{
	char names[KNOBS_VARIANTS][KNOBS_NAME];
	unsigned int n = knobs_variants(names);

	const char *name = n ? names[dice_below(dice, n)] : "";

	/* A run of some variants is one without the others. */
	if (!knobs_names(scene->among, name))
		name = scene->variant;
	if (zcb_variant_select(name, NULL))
		return stage_problem("the variant cannot be switched");
	usleep(dice_below(dice, 20000));
	if (zcb_variant_select(scene->variant, NULL))
		return stage_problem("the variant cannot be switched back");
	tally(TALLY_switches);
}

static void turn(const struct scene *scene, struct dice *dice)
{
	switch (dice_below(dice, 16)) {
	case 0:
		zcb_write_text("/proc/sys/vm/drop_caches", "3");
		return tally(TALLY_drops);
	case 1:
		zcb_write_text("/proc/sys/vm/compact_memory", "1");
		return tally(TALLY_compactions);
	case 2:
	case 3:
	case 4:
	case 5:
		return switch_variant(scene, dice);
	default:
		return turn_fault_around(dice);
	}
}

void knobs_main(const struct scene *scene)
{
	struct dice dice = dice_of(scene->seed, 300);

	switch_variant(scene, &dice);
	turn_fault_around(&dice);
	while (stage_goes_on()) {
		turn(scene, &dice);
		usleep(20000 + dice_below(&dice, 80000));
	}
	if (knobs_reset(scene->variant))
		stage_problem("the knobs cannot be turned back");
	_exit(0);
}
