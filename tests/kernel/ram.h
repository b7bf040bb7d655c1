/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_KERNEL_RAM_H
#define ZCB_TESTS_KERNEL_RAM_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "tests/kernel/dice.h"

#define RAM_PAGE 4096U

/** What a memfd can be made of. */
struct memory {
	const char *name;
	unsigned int flags;  /* of memfd_create() */
	uint32_t unit_pages; /* 4 KiB pages that are punched and brought together */
	uint32_t pages;	     /* of a memfd */
	uint32_t pool;	     /* units that the hugetlb pool is to have; 0: there is none */
	const char *pool_file;
	bool advise_huge; /* shmem that asks for huge folios */
	/* Processes that map it share the page tables: huge_pmd_share() in mm/hugetlb.c. */
	bool shares_tables;
};

extern const struct memory memories[];
extern const unsigned int n_memories;

/** Fills the pool. Returns 0, or -EOPNOTSUPP with what is missing. */
int memory_prepare(const struct memory *memory, struct zcb_error *err);

/** Clearing one takes so long under emulation that whole ones are punched but now and then. */
static inline bool memory_is_gigantic(const struct memory *memory)
{
	return memory->unit_pages > 512;
}

static inline bool memory_is_hugetlb(const struct memory *memory)
{
	return memory->pool > 0;
}

/** A memfd sealed as udmabuf demands, and where the calling process has it mapped. */
struct ram {
	const struct memory *memory;
	int fd;
	char *map;
};

/** Makes the memfd and maps it, shared. Returns 0 or -errno. */
int ram_open(const struct memory *memory, struct ram *ret_ram);

/** Another mapping, in the calling process, of the same memfd. Returns 0 or -errno. */
int ram_map(struct ram *ram);

void ram_close(struct ram *ram);

static inline uint64_t ram_bytes(const struct ram *ram)
{
	return (uint64_t)ram->memory->pages * RAM_PAGE;
}

/** Some pages in a row. */
struct range {
	uint32_t first, n;
};

/** A page, a short run, or whole units. */
struct range ram_pick(const struct ram *ram, struct dice *dice);

/** Whole units. */
struct range ram_pick_units(const struct ram *ram, struct dice *dice);

/** Holes, by fallocate() or by MADV_REMOVE. They return 0 or -errno. */
int ram_punch(const struct ram *ram, struct range range);
int ram_remove(const struct ram *ram, struct range range);

/** Pages, by fallocate(), or by write() with their stamps; hugetlbfs cannot do the latter. */
int ram_allocate(const struct ram *ram, struct range range);
int ram_write(const struct ram *ram, struct range range, uint32_t generation);

/*
 * All that is ever written is stamps, at the beginning and the end of a page. So who reads a page
 * knows whether it is one of this memfd's, and which.
 */
uint64_t stamp_of(uint32_t page, uint32_t generation);

/** Whether a page may show this: its own stamp of any generation, or nothing yet. */
bool stamp_fits(uint64_t word, uint32_t page);

/** The word at the beginning or the end of page i of a mapping. */
volatile uint64_t *stamp_in(char *map, uint32_t page, bool at_end);

#endif
