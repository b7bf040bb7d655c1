/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_FRAME_PLANTS_H
#define ZCB_TESTS_FRAME_PLANTS_H

#include "tests/unit/frame-scene.h"

/** A kind of damage: makes a scene of the seed, damages it and says what must be found. */
struct frame_plant {
	const char *name;
	void (*plant)(struct scene *s, uint64_t seed);
};

/** Lines in their own place, but of the wrong time. */
extern const struct frame_plant frame_plants_time[];
extern const size_t frame_plants_time_count;

/** Lines in the wrong place, and bytes that are no line. */
extern const struct frame_plant frame_plants_place[];
extern const size_t frame_plants_place_count;

#endif
