/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_KNOBS_H
#define ZCB_TESTS_KERNEL_KNOBS_H

#include <stdbool.h>

#include "tests/kernel/scene.h"

#define KNOBS_VARIANT "/sys/module/udmabuf/parameters/variant"

/**
 * A process that turns what is global: fault-around on and off, other variants while udmabufs of
 * this one live, caches dropped, memory compacted. All is as it was at its end. Does not return.
 */
_Noreturn void knobs_main(const struct scene *scene);

/** The names of the kernel's variants; NAME_MAX_VARIANTS at most. Returns how many. */
enum { KNOBS_VARIANTS = 16, KNOBS_NAME = 32 };
unsigned int knobs_variants(char names[KNOBS_VARIANTS][KNOBS_NAME]);

/** Whether a list such as "storm,leak" has this name; "" has all. */
bool knobs_names(const char *list, const char *name);

/** Selects a variant and turns fault-around on. Returns 0 or -errno. */
int knobs_reset(const char *variant);

#endif
