/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXPORTER_VARIANT_H
#define ZCB_EXPORTER_VARIANT_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"

/**
 * Has the kernel make udmabufs of this variant from now on (udmabuf.variant of the kernel patches).
 * A kernel without the parameter has one variant, `stock`. Returns 0, -EOPNOTSUPP where the kernel
 * does not have that variant, or -errno.
 */
int zcb_variant_select(const char *name, struct zcb_error *err);

/** What a udmabuf has counted so far, from its file in debugfs; see udmabuf-debugfs.c there. */
struct zcb_udmabuf_counters {
	char variant[32];
	uint64_t slots;  /* pages of the buffer */
	uint64_t mapped; /* of them, those that the creator's mm had mapped */
	uint64_t held;   /* pages it keeps that its memfd no longer has */
	uint64_t stale;  /* slots that are known to be stale */
	uint64_t updates, same, misses, dropped, retries, zaps, lookups;
};

/**
 * Reads the counters of a dma-buf. Returns 0, -ENOENT where the kernel counts nothing (no patches,
 * no debugfs), or -errno.
 */
int zcb_udmabuf_counters(int dmabuf, struct zcb_udmabuf_counters *ret_counters);

/** Adds what one udmabuf counted to a sum; `held` and `stale` too, as they were at its end. */
void zcb_udmabuf_counters_add(struct zcb_udmabuf_counters *sum,
			      const struct zcb_udmabuf_counters *one);

#endif
