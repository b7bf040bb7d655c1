/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_VARIANTS_H
#define ZCB_PLAN_VARIANTS_H

/** What can happen to pages that a udmabuf wraps: the rows of the table of declarations. */
enum zcb_event {
	ZCB_EVENT_NONE,         /* nothing: the control */
	ZCB_EVENT_FAULT,        /* taken away; then the guest or the VMM faults on the hole */
	ZCB_EVENT_REFILL_WRITE, /* refilled by another way in; then the guest writes */
	ZCB_EVENT_REFILL_READ,  /* the same, and the guest reads: fault-around maps the page */
	ZCB_EVENT_REFILL_READ_FAULT, /* the same without fault-around: the page's own fault does */
	ZCB_EVENT_REFILL_ONLY,  /* refilled by another way in, and the VMM never faults */
	ZCB_EVENT_ZEROED,       /* zeroed in place: a hole smaller than a huge page */
	ZCB_EVENT_MIGRATE,      /* the kernel is asked to move the pages */
	ZCB_EVENTS,
};

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
