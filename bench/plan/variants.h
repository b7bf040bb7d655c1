/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_VARIANTS_H
#define ZCB_PLAN_VARIANTS_H

#include <stdbool.h>

#include "bench/consumers/consumer.h"
#include "workloads/workload.h"

/** "fault", "refill-write"…: as in the journal. */
const char *zcb_event_name(enum zcb_event event);

/**
 * How a kernel tells udmabuf about replaced pages, and what it declares that a reader will see
 * through a CPU mapping then. The words are those of "expected" in docs/run-directory.md.
 */
struct zcb_variant {
	const char *name;    /* as udmabuf.variant has it */
	const char *summary; /* one line for `zcbench list` */
	bool tells_importers; /* dma_buf_move_notify() follows where a page leaves */
	const char *declares[ZCB_EVENTS];
};

/** All variants; the last has no name. */
extern const struct zcb_variant zcb_variants[];

/** What a variant declares that who reads like that will see of an event. */
const char *zcb_variant_declares(const struct zcb_variant *variant, enum zcb_reading reading,
				 enum zcb_event event);

/** The variant of that name, or NULL. */
const struct zcb_variant *zcb_variant_find(const char *name);

/**
 * Whether a kernel can have a variant, as far as its name tells: Debian's kernels pin, and nothing
 * else; what another kernel has, it says when it is asked.
 */
bool zcb_kernel_may_have(const char *kernel, const char *variant);

#endif
