/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_BALANCE_H
#define ZCB_TESTS_KERNEL_BALANCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/** What the kernel has given out. */
struct balance {
	int64_t udmabufs;	  /* files in debugfs */
	int64_t pins;		  /* pages that are pinned: /proc/vmstat */
	int64_t huge_2m, huge_1g; /* free pages of the pools; 0 where there is none */
	int64_t reserved_2m, reserved_1g;
	int64_t slab_kib; /* unreclaimable slab */
	int64_t free_kib;
};

/** Drops caches, drains what processors keep for themselves, adds up what they count. */
void balance_settle(void);

/** Takes the balance of a settled machine: caches dropped, counters of all processors added up. */
void balance_take(struct balance *ret_balance);

/** What may be lost, in KiB, before it counts as a leak. */
struct balance_tolerance {
	int64_t slab_kib, free_kib;
};

/**
 * Waits until what is closed is gone, at most some seconds, and compares. Each difference is a
 * sentence in the array that is returned. The udmabufs, pins and huge pages must be the same.
 */
json_t *balance_compare(const struct balance *before, const struct balance_tolerance *tolerance,
			struct balance *ret_after);

/** Whether the kernel keeps freed memory for a while, as KASAN does. */
bool balance_has_quarantine(void);

/** All memory. */
int64_t balance_total_kib(void);

/** As members of an object: "udmabufs": [before, after] and so on. */
json_t *balance_json(const struct balance *before, const struct balance *after);

#endif
