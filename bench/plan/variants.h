/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_VARIANTS_H
#define ZCB_PLAN_VARIANTS_H

#include "workloads/workload.h"

/** "fault", "refill-write"…: as in the journal. */
const char *zcb_event_name(enum zcb_event event);

/**
 * How a kernel tells udmabuf about replaced pages, and what it declares that a reader will see
 * then. The words are those of "expected" in docs/run-directory.md.
 */
struct zcb_variant {
	const char *name;    /* as udmabuf.variant has it */
	const char *summary; /* one line for `zcbench list` */
	const char *declares[ZCB_EVENTS];
};

/** All variants; the last has no name. */
extern const struct zcb_variant zcb_variants[];

/** The variant of that name, or NULL. */
const struct zcb_variant *zcb_variant_find(const char *name);

#endif
