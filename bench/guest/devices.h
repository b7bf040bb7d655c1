/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_DEVICES_H
#define ZCB_GUEST_DEVICES_H

#include <stdint.h>

#include "bench/base/error.h"
#include "bench/guest/guest.h"
#include "bench/guest/qmp.h"

/** What can be plugged into a guest. */
#define ZCB_PLUG_BYTES (128ULL << 20) /* a memory block of the guest's kernel (memory_block_size_bytes()) */

/** QEMU's command line while it is made; strings are never freed, for an exec comes. */
struct zcb_words {
	const char *word[96]; /* NULL-terminated */
	unsigned int n;
};

/** Adds words up to a NULL. */
void zcb_words_add(struct zcb_words *words, ...) __attribute__((sentinel));

/** Adds one formatted word. */
void zcb_words_format(struct zcb_words *words, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * Adds QEMU's control socket and RAM, and the devices that the configuration asks for. The memfd has
 * ZCB_PLUG_BYTES behind RAM where that is so.
 */
void zcb_devices_add(struct zcb_words *words, const struct zcb_guest_config *config, int memfd,
		     int control);

/** What the guest's kernel is told for the sake of its devices, to go on its command line. */
const char *zcb_devices_kernel_words(unsigned int devices);

/** As the operations of a guest of these names; devices is what the guest has. */
int zcb_devices_resize(const struct zcb_qmp *qmp, unsigned int devices, enum zcb_guest_device device,
		       uint64_t bytes, struct zcb_error *err);
int zcb_devices_size(const struct zcb_qmp *qmp, unsigned int devices, enum zcb_guest_device device,
		     uint64_t *ret_bytes, struct zcb_error *err);

/** The guest physical address at which memory is plugged in. */
int zcb_devices_plug_at(const struct zcb_qmp *qmp, uint64_t *ret_gpa, struct zcb_error *err);

#endif
