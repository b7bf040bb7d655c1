/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_MICRO_IMAGE_H
#define ZCB_GUEST_MICRO_IMAGE_H

#include <stdint.h>

/** No RAM above: page tables and memory slot stay below what KVM and a PC keep at the end of 4 GiB.
 */
#define ZCB_MICRO_MAX_RAM (UINT64_C(3) << 30)

/** The payload, as meson made it of vm-images/micro. */
extern const char zcb_embedded_micro_payload_bin[];
extern const unsigned long zcb_embedded_micro_payload_bin_size;

/**
 * Fills the first 2 MiB of a guest's RAM of that many bytes, at most ZCB_MICRO_MAX_RAM: page tables
 * that map RAM, and nothing else, to itself, and the payload.
 */
void zcb_micro_image_load(void *ram, uint64_t ram_bytes);

#endif
