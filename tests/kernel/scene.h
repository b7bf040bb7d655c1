/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_SCENE_H
#define ZCB_TESTS_KERNEL_SCENE_H

#include <jansson.h>
#include <stdint.h>

#include "tests/kernel/ram.h"

/** One scenario on one variant and one kind of memory. */
struct scene {
	const char *variant; /* selected already */
	const char *among;   /* a list of those that may be selected meanwhile; "": all */
	const struct memory *memory;
	uint64_t seed;
	unsigned int seconds, cycles;
	json_t *line; /* what is told of it; a scenario may add members */
};

/*
 * Each runs in the host under test, counts what it does on the stage, and notes what is wrong as a
 * problem there.
 */

/** Each page is as fresh or as stale as the variant declares, step by step. */
void scene_coherent(struct scene *scene);

/** Importers keep the pages that they were not told of, byte for byte, and migration is refused. */
void scene_attach(struct scene *scene);

/** Those pages are free once the importers have detached, and not before. */
void scene_hold(struct scene *scene);

/** Everybody at once for some seconds, and nothing is left behind. */
void scene_storm(struct scene *scene);

/** The VMM is killed in the middle of a storm, and the consumers go on. */
void scene_survivor(struct scene *scene);

/** One operation is traced, from its beginning to its end. */
void scene_trace(struct scene *scene);

/** Many udmabufs are made and closed while holes are punched, and no memory is lost. */
void scene_leak(struct scene *scene);

/** udmabufs are kept open on purpose, and the balance that the others end with must say so. */
void scene_plant(struct scene *scene);

#endif
