/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_CONSUMER_H
#define ZCB_TESTS_KERNEL_CONSUMER_H

#include "tests/kernel/scene.h"

/**
 * A process that takes dma-bufs from a socket, maps them whole and in part, reads them, forks with
 * them mapped, moves and drops the mappings. What a page shows must be its own stamp, or nothing:
 * anything else was somebody else's memory. Does not return.
 */
_Noreturn void consumer_main(const struct scene *scene, uint32_t number, int socket);

#endif
