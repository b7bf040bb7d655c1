/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_GUARD_H
#define ZCB_TESTS_KERNEL_GUARD_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Memory that may not be there: an empty hugetlb pool makes SIGBUS of a fault, a neighbour who just
 * changes the mapping makes SIGSEGV. Both are legal, and counted by who touched.
 */

/** For each process: a fault outside of these functions ends it with GUARD_EXIT. */
void guard_install(void);

enum { GUARD_EXIT = 99 };

/** Reads or writes a word. Returns false where the kernel did not let us. */
bool guard_read(const volatile uint64_t *word, uint64_t *ret_value);
bool guard_write(volatile uint64_t *word, uint64_t value);

#endif
