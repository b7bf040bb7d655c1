// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames of the guest: scattered pages, and the stamps in them. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent.h"

/* Pages are picked from a pool this many times the frame, so that neighbours are rare. */
#define SPREAD 4U

void gfns_of(const void *pages, uint32_t n, uint64_t *ret_gfns)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	ssize_t wanted = (ssize_t)n * 8;

	if (fd < 0 || pread(fd, ret_gfns, n * 8UL, (off_t)((uintptr_t)pages / ZCB_ABI_PAGE_SIZE * 8)) != wanted)
		memset(ret_gfns, 0, n * 8UL);
	if (fd >= 0)
		close(fd);
	/* Documentation/admin-guide/mm/pagemap.rst: bit 63 present, bits 0-54 the frame number */
	for (uint32_t i = 0; i < n; i++)
		ret_gfns[i] = ret_gfns[i] >> 63 ? ret_gfns[i] & ((1ULL << 55) - 1) : 0;
}

uint64_t gfn_of(const void *page)
{
	uint64_t gfn;

	gfns_of(page, 1, &gfn);
	return gfn;
}

/* Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 */
uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

static void shuffle(uint32_t *index, uint32_t n, uint64_t seed)
{
	for (uint32_t i = 0; i < n; i++)
		index[i] = i;
	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = (uint32_t)(next_random(&seed) % i);
		uint32_t kept = index[i - 1];

		index[i - 1] = index[j];
		index[j] = kept;
	}
}

/*
 * Every page of the pool is touched at once, and none may move later: a frame's page list is
 * published only once. Hence MAP_POPULATE, mlock, and no THP for single pages.
 */
static const char *map_pool(struct frame *frame, uint32_t pool_pages, int huge)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (huge ? MAP_HUGETLB : 0);

	frame->huge = huge;
	frame->mapped = (uint64_t)pool_pages * ZCB_ABI_PAGE_SIZE;
	frame->base = mmap(NULL, frame->mapped, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (frame->base == MAP_FAILED) {
		frame->base = NULL;
		return huge ? "the guest's huge page pool is too small" : "the guest has no memory left";
	}
	if (!huge)
		madvise(frame->base, frame->mapped, MADV_NOHUGEPAGE);
	if (mlock(frame->base, frame->mapped) < 0)
		return "the guest cannot lock the frame's memory";
	memset(frame->base, 0, frame->mapped);
	return NULL;
}

static const char *pick_pages(struct frame *frame, uint32_t pages, uint32_t pool_pages,
			      uint64_t seed)
{
	uint32_t *index = calloc(pool_pages, sizeof(*index));

	frame->page = calloc(pages, sizeof(*frame->page));
	frame->gfn = calloc(pages, sizeof(*frame->gfn));
	if (!index || !frame->page || !frame->gfn) {
		free(index);
		return "the guest has no memory left for a page list";
	}
	shuffle(index, pool_pages, seed);
	for (uint32_t i = 0; i < pages; i++) {
		frame->page[i] = (uint8_t *)frame->base + (uint64_t)index[i] * ZCB_ABI_PAGE_SIZE;
		frame->gfn[i] = gfn_of(frame->page[i]);
	}
	free(index);
	for (uint32_t i = 0; i < pages; i++)
		if (!frame->gfn[i])
			return "a page of the frame is not in memory";
	return NULL;
}

const char *frame_alloc(struct frame *frame, const struct zcb_abi_alloc *request)
{
	int huge = request->block_pages == ZCB_ABI_BLOCK_PAGES;
	uint32_t pool = huge ? request->blocks * ZCB_ABI_BLOCK_PAGES : request->pages * SPREAD;
	const char *problem;

	if (!request->pages || request->pages > ZCB_ABI_MAX_PAGES ||
	    request->blocks > ZCB_ABI_MAX_PAGES / ZCB_ABI_BLOCK_PAGES || request->pages > pool)
		return "a frame of that size cannot be";
	problem = map_pool(frame, pool, huge);
	if (!problem)
		problem = pick_pages(frame, request->pages, pool, request->seed);
	if (problem) {
		frame_free(frame);
		return problem;
	}
	frame->pages = request->pages;
	frame->key = request->key;
	return NULL;
}

void frame_draw(const struct frame *frame, uint32_t id, uint64_t sequence)
{
	for (uint32_t i = 0; i < frame->pages; i++)
		zcb_stamp_fill(frame->page[i], frame->key, sequence, (uint16_t)id, i);
	if (frame->shown)
		screen_update(frame);
}

void frame_read(const struct frame *frame)
{
	for (uint32_t i = 0; i < frame->pages; i++)
		(void)*(volatile uint64_t *)frame->page[i];
}

void frame_free(struct frame *frame)
{
	if (frame->base)
		munmap(frame->base, frame->mapped);
	if (frame->buffer)
		screen_drop(frame);
	free(frame->page);
	free(frame->gfn);
	memset(frame, 0, sizeof(*frame));
}
