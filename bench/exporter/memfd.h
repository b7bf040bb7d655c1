/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXPORTER_MEMFD_H
#define ZCB_EXPORTER_MEMFD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"

/** What a guest's RAM is made of. */
enum zcb_memory { ZCB_MEMORY_SHMEM, ZCB_MEMORY_HUGETLB };

/** "shmem", "hugetlb". */
const char *zcb_memory_name(enum zcb_memory memory);

/** Returns 0, or -EINVAL where there is no memory of that name. */
int zcb_memory_parse(const char *name, enum zcb_memory *ret_memory);

/** The bytes of one page of the memfd: 4 KiB, or 2 MiB for hugetlb. */
uint64_t zcb_memory_page_size(enum zcb_memory memory);

/**
 * Creates the memfd of a guest's RAM, sealed against shrinking as udmabuf demands
 * (drivers/dma-buf/udmabuf.c, SEALS_WANTED). Returns 0 or -errno.
 */
int zcb_memfd_create(enum zcb_memory memory, uint64_t bytes, int *ret_fd, struct zcb_error *err);

/** Punches a hole: fallocate(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE). Returns 0 or -errno. */
int zcb_memfd_punch(int fd, zcb_memfd_off offset, uint64_t bytes);

/** The bytes that the memfd really holds, from st_blocks. Returns 0 or -errno. */
int zcb_memfd_allocated(int fd, uint64_t *ret_bytes);

/**
 * Reads through the file, which never fills a hole, unlike a mapping. Returns 0 or -errno.
 */
int zcb_memfd_read(int fd, zcb_memfd_off offset, void *bytes, uint64_t n);

/** Whether the memfd has no page at this offset. Shmem only: hugetlbfs knows no SEEK_HOLE. */
bool zcb_memfd_is_hole(int fd, zcb_memfd_off offset);

/**
 * Whether the memfd has a page at this offset, one that fallocate() brought and nobody has touched
 * yet, too: SEEK_HOLE calls that a hole. Shmem only. Without cachestat(), which Linux has since 6.5,
 * it is as SEEK_HOLE says.
 */
bool zcb_memfd_has_page(int fd, zcb_memfd_off offset);

/**
 * Whether the page at this offset has left the page cache for swap: cachestat() counts it as evicted.
 * Shmem only; false for holes, and on Linux before 6.5.
 */
bool zcb_memfd_is_swapped(int fd, zcb_memfd_off offset);

/** The free pages of the 2 MiB hugetlb pool. Returns 0 or -errno. */
int zcb_hugetlb_free_pages(uint64_t *ret_pages);

/** Grows the 2 MiB pool until it has this many free pages. */
int zcb_hugetlb_reserve(uint64_t free_pages, struct zcb_error *err);

#endif
