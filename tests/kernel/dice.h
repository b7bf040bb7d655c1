/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_DICE_H
#define ZCB_TESTS_KERNEL_DICE_H

#include <stdbool.h>
#include <stdint.h>

/* Seeded chance: what a process or thread does follows from its seed, how they interleave does not.
 */
struct dice {
	uint64_t state;
};

/** The next 64 bits, by Steele, Lea and Flood's SplitMix64 (OOPSLA 2014). */
static inline uint64_t dice_throw(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/** A number from 0 to n - 1. */
static inline uint32_t dice_below(struct dice *dice, uint32_t n)
{
	return (uint32_t)(dice_throw(dice) % n);
}

static inline bool dice_one_in(struct dice *dice, uint32_t n)
{
	return dice_below(dice, n) == 0;
}

/** Seeded by a seed and the number of who throws. */
static inline struct dice dice_of(uint64_t seed, uint64_t who)
{
	struct dice dice = {seed ^ (who * 0xd1342543de82ef95U)};

	dice_throw(&dice);
	return dice;
}

#endif
