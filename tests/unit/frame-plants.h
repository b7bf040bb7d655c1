/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_FRAME_PLANTS_H
#define ZCB_TESTS_FRAME_PLANTS_H

#include "tests/unit/frame-scene.h"

/** A kind of damage: makes a scene of the seed, damages it and says what must be found. */
struct frame_plant {
	const char *name;
	void (*plant)(struct scene *s, uint64_t seed);
};

extern const struct frame_plant frame_plants[];
extern const size_t frame_plant_count;

#endif
