/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_VMM_H
#define ZCB_TESTS_KERNEL_VMM_H

#include "tests/kernel/ram.h"
#include "tests/kernel/scene.h"

/** How many processes get the dma-bufs. */
enum { CONSUMERS = 3 };

/**
 * The storm's VMM: a process with threads that each do one thing to its memory until the stage
 * stops, and hand dma-bufs to the consumers' sockets. At last, when all is quiet, it writes each
 * page and counts the pages of its dma-bufs that show it. Does not return.
 */
_Noreturn void vmm_main(const struct scene *scene, struct ram *ram, const int *consumers);

/** Another process that has the memfd mapped, and changes it. Does not return. */
_Noreturn void outsider_main(const struct scene *scene, struct ram *ram);

#endif
