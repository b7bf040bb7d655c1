/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_TYPES_H
#define ZCB_BASE_TYPES_H

#include <stdint.h>

/*
 * Quantities that must not mix are structs of one member: the compiler then refuses to pass a
 * guest address where a memfd offset is wanted.
 */

/** A guest physical address, in bytes. */
typedef struct {
	uint64_t gpa;
} zcb_gpa;

/** An offset into the memfd that is the guest's RAM, in bytes. */
typedef struct {
	uint64_t off;
} zcb_memfd_off;

/** A duration in nanoseconds of the clock that the run directory names. */
typedef struct {
	uint64_t ns;
} zcb_ns;

#endif
