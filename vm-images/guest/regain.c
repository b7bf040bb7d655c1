// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pages of a frame that the guest gives back to its kernel, so that the VMM may take them, and gets
 * again. The kernel's free lists are stacks, mostly: what was freed last comes first. So one takes
 * pages until the wanted ones are among them, and frees the others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "agent.h"

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED 24 /* include/uapi/asm-generic/mman-common.h, since Linux 5.18 */
#endif

#define PAGE ((size_t)ZCB_ABI_PAGE_SIZE)
#define CHUNK_PAGES 64U
#define CHUNK_BYTES (CHUNK_PAGES * PAGE)
#define MAX_CHUNKS 16384U /* 4 GiB */
#define SPARED_BYTES (4UL << 20) /* the guest lives on; an init that takes all memory panics it */

/** A page that is to be had again, and where it was found. */
struct wanted {
	uint64_t gfn;
	uint32_t index;
	uint8_t *found;
};

static struct search {
	uint32_t n, missing;
	uint32_t chunks;
	struct wanted wanted[ZCB_ABI_MAX_PAGES]; /* sorted by gfn */
	uint8_t *chunk[MAX_CHUNKS]; /* all that was taken meanwhile */
} search;

static const char *check(const struct frame *frame, const struct zcb_abi_some *some)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ZCB_ABI_MAX_PAGES; i++) {
		if (!zcb_abi_some_has(some, i))
			continue;
		if (i >= frame->pages)
			return "the frame has not so many pages";
		n++;
	}
	if (!n || n != some->pages)
		return "not so many pages as it says";
	if (frame->buffer)
		return "the pages of a frame on the screen are the driver's";
	return frame->huge ? "single pages of a frame in huge pages cannot be freed" : NULL;
}

static uint8_t *take_chunk(void)
{
	uint8_t *chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (chunk == MAP_FAILED)
		return NULL;
	madvise(chunk, CHUNK_BYTES, MADV_NOHUGEPAGE);
	if (mlock(chunk, CHUNK_BYTES) < 0) {
		munmap(chunk, CHUNK_BYTES);
		return NULL;
	}
	memset(chunk, 0, CHUNK_BYTES);
	return chunk;
}

static int by_gfn(const void *a, const void *b)
{
	uint64_t x = ((const struct wanted *)a)->gfn, y = ((const struct wanted *)b)->gfn;

	return (x > y) - (x < y);
}

/* Memory that was plugged in is of use when its block is online, a while after the VMM has it. */
static int is_online(uint64_t gfn)
{
	unsigned long block_bytes = 0;
	FILE *f = fopen("/sys/devices/system/memory/block_size_bytes", "re");
	char path[80], state[16] = "";

	if (!f || fscanf(f, "%lx", &block_bytes) != 1 || !block_bytes)
		strcpy(state, "online"); /* a kernel that plugs no memory */
	if (f)
		fclose(f);
	if (*state)
		return 1;
	snprintf(path, sizeof(path), "/sys/devices/system/memory/memory%lu/state",
		 (unsigned long)(gfn * PAGE / block_bytes));
	f = fopen(path, "re");
	if (!f || fscanf(f, "%15s", state) != 1)
		*state = '\0';
	if (f)
		fclose(f);
	return !strcmp(state, "online");
}

static void wait_until_online(void)
{
	for (uint32_t tries = 0, i = 0; i < search.n && tries < 1000; tries++) {
		if (is_online(search.wanted[i].gfn))
			i++;
		else
			usleep(10000);
	}
}

/*
 * The agent's own first touch of a page must not take one of those that it gave: so all that the search
 * needs is touched before.
 */
static void begin(const struct frame *frame, const struct zcb_abi_some *some)
{
	memset(&search, 0, sizeof(search));
	for (uint32_t i = 0; i < frame->pages; i++)
		if (zcb_abi_some_has(some, i))
			search.wanted[search.n++] = (struct wanted){ .gfn = frame->gfn[i], .index = i };
	search.missing = search.n;
	qsort(search.wanted, search.n, sizeof(search.wanted[0]), by_gfn);
	wait_until_online();
}

/*
 * What is freed last stays on the processor's own list (pcp, mm/page_alloc.c), where neither
 * free-page reporting nor anybody else looks. So pages of no use are freed after those that matter.
 */
const char *frame_give(struct frame *frame, const struct zcb_abi_some *some)
{
	const char *problem = check(frame, some);
	uint8_t *ballast = problem ? NULL : take_chunk();

	if (!problem)
		begin(frame, some);
	for (uint32_t i = 0; i < frame->pages && !problem; i++)
		if (zcb_abi_some_has(some, i) && madvise(frame->page[i], PAGE, MADV_DONTNEED_LOCKED) < 0)
			problem = "the guest's kernel does not free locked pages";
	if (ballast)
		munmap(ballast, CHUNK_BYTES);
	return problem;
}

static void look_through(uint8_t *chunk)
{
	uint64_t gfn[CHUNK_PAGES];

	gfns_of(chunk, CHUNK_PAGES, gfn);
	for (uint32_t i = 0; i < CHUNK_PAGES; i++) {
		struct wanted key = { .gfn = gfn[i] };
		struct wanted *hit = bsearch(&key, search.wanted, search.n, sizeof(key), by_gfn);

		if (!hit || hit->found)
			continue;
		hit->found = chunk + i * PAGE;
		search.missing--;
	}
}

static int memory_is_left(void)
{
	struct sysinfo info;

	return sysinfo(&info) == 0 && (uint64_t)info.freeram * info.mem_unit > SPARED_BYTES + CHUNK_BYTES;
}

static void find_all(void)
{
	while (search.missing && search.chunks < MAX_CHUNKS && memory_is_left()) {
		uint8_t *chunk = take_chunk();

		if (!chunk)
			return;
		search.chunk[search.chunks++] = chunk;
		look_through(chunk);
	}
}

/* Who has the page, as /proc/kpageflags tells (Documentation/admin-guide/mm/pagemap.rst), or 0. */
static uint64_t flags_of(uint64_t gfn)
{
	int fd = open("/proc/kpageflags", O_RDONLY | O_CLOEXEC);
	uint64_t flags = 0;

	if (fd < 0 || pread(fd, &flags, 8, (off_t)(gfn * 8)) != 8)
		flags = 0;
	if (fd >= 0)
		close(fd);
	return flags;
}

static const char *name_missing(void)
{
	static char text[120];

	for (uint32_t i = 0; i < search.n; i++) {
		const struct wanted *wanted = &search.wanted[i];

		if (!wanted->found)
			snprintf(text, sizeof(text), "page %u of the frame, guest page %#llx, cannot be had "
				 "again (kpageflags %#llx, %u taken)", wanted->index,
				 (unsigned long long)wanted->gfn, (unsigned long long)flags_of(wanted->gfn),
				 search.chunks * CHUNK_PAGES);
	}
	return text;
}

/* A page goes with its mapping: to move that is to put the page in its place. */
static const char *put_in_place(const struct frame *frame)
{
	for (uint32_t i = 0; i < search.n; i++) {
		const struct wanted *wanted = &search.wanted[i];

		if (mremap(wanted->found, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			   frame->page[wanted->index]) == MAP_FAILED)
			return "the guest cannot move a page to its place";
	}
	return NULL;
}

const char *frame_regain(struct frame *frame, const struct zcb_abi_some *some)
{
	const char *problem = check(frame, some);

	if (problem)
		return problem;
	begin(frame, some);
	find_all();
	problem = search.missing ? name_missing() : put_in_place(frame);
	for (uint32_t i = 0; i < search.chunks; i++)
		munmap(search.chunk[i], CHUNK_BYTES);
	return problem;
}
