// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/micro/image.h"

#include <string.h>

#include "bench/guest/micro/abi.h"

/*
 *   PML4 ──► PDPT ──► PD of the first GiB ──► pages of 2 MiB
 *                └──► PD of the next …
 *
 * Any processor in long mode has pages of 2 MiB; not all have those of 1 GiB.
 */
#define PML4 ZCB_MICRO_TABLES
#define PDPT (PML4 + 0x1000U)
#define PD (PDPT + 0x1000U)

#define ENTRIES 512U
#define PRESENT_WRITABLE 0x3U
#define IS_PAGE 0x80U
#define PAGE_BYTES (UINT64_C(2) << 20)

static void set_entry(void *ram, uint64_t table, uint64_t index, uint64_t entry)
{
	memcpy((char *)ram + table + index * sizeof(entry), &entry, sizeof(entry));
}

/* The directories lie one after another, so that their entries can be counted through. */
static void map_ram(void *ram, uint64_t ram_bytes)
{
	uint64_t pages = ram_bytes / PAGE_BYTES;

	set_entry(ram, PML4, 0, PDPT | PRESENT_WRITABLE);
	for (uint64_t i = 0; i * ENTRIES < pages; i++)
		set_entry(ram, PDPT, i, (PD + i * 0x1000U) | PRESENT_WRITABLE);
	for (uint64_t i = 0; i < pages; i++)
		set_entry(ram, PD, i, i * PAGE_BYTES | IS_PAGE | PRESENT_WRITABLE);
}

void zcb_micro_image_load(void *ram, uint64_t ram_bytes)
{
	memset(ram, 0, ZCB_MICRO_USED);
	map_ram(ram, ram_bytes);
	memcpy((char *)ram + ZCB_MICRO_PAYLOAD, zcb_embedded_micro_payload_bin,
	       zcb_embedded_micro_payload_bin_size);
}
