/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_PAGES_H
#define ZCB_WORKLOADS_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"

/* What the kernel tells root of pages of memory: Documentation/admin-guide/mm/pagemap.rst. */

/** The number of a page of memory, not of a frame. */
typedef struct {
	uint64_t n;
} zcb_page_number;

/** Bits of a page's flags, of include/uapi/linux/kernel-page-flags.h. */
enum { ZCB_PAGE_ANON = 12, ZCB_PAGE_SWAPBACKED = 14, ZCB_PAGE_KSM = 21, ZCB_PAGE_THP = 22 };

/**
 * The page that is mapped here in this process. Returns 0, -ENOENT where nothing is mapped, or -errno
 * with the sentence in err.
 */
int zcb_page_at(const void *address, zcb_page_number *ret_page, struct zcb_error *err);

/** Whether a bit of the page's flags is set, of /proc/kpageflags. Returns 0 or -errno. */
int zcb_page_has(zcb_page_number page, int bit, bool *ret_set, struct zcb_error *err);

/** How many page tables map the page, of /proc/kpagecount. Returns 0 or -errno. */
int zcb_page_mapped(zcb_page_number page, uint64_t *ret_times, struct zcb_error *err);

/** A counter of /proc/vmstat, or of a file like it. Returns 0, -ENOENT without such a row, or -errno. */
int zcb_vmstat(const char *name, uint64_t *ret_value);

#endif
