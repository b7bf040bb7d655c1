/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_WORKLOADS_WORKLOAD_H
#define ZCB_WORKLOADS_WORKLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/types.h"
#include "bench/exporter/memfd.h"
#include "bench/guest/guest.h"

#define ZCB_WORKLOAD_NAME 24

/** How a strike is laid over the frame's pages. */
enum zcb_pattern {
	ZCB_PATTERN_SINGLE,
	ZCB_PATTERN_STRIDE,
	ZCB_PATTERN_RUNS,
	ZCB_PATTERN_RANDOM,
	ZCB_PATTERN_FRAME,
	ZCB_PATTERNS,
};

/** What one strike takes at a time. */
enum zcb_unit { ZCB_UNIT_PAGE, ZCB_UNIT_HUGE };

/** What the frame's pages are in when it is struck. */
enum zcb_backing {
	ZCB_BACKING_GIVEN, /* as the guest's RAM came */
	ZCB_BACKING_THP,   /* in transparent huge pages: their blocks are collapsed before */
};

/** Who brings pages back that were taken away, before the guest touches them again. */
enum zcb_refill {
	ZCB_REFILL_NONE,      /* nobody: the guest's own touch does */
	ZCB_REFILL_FALLOCATE, /* fallocate() on the memfd */
	ZCB_REFILL_WRITE,     /* write() to the memfd */
	ZCB_REFILL_OTHER,     /* a store through another process's mapping */
	ZCB_REFILL_VMM,       /* a store through the VMM's own mapping */
	ZCB_REFILL_UFFD_COPY, /* UFFDIO_COPY into the VMM's mapping */
	ZCB_REFILL_UFFD_CONTINUE, /* another process stores, and UFFDIO_CONTINUE maps that page */
	ZCB_REFILLS,
};

/** How the guest touches the frame first after that. */
enum zcb_touch {
	ZCB_TOUCH_WRITE, /* it draws its next frame */
	ZCB_TOUCH_READ,  /* it reads each page, and then draws */
	ZCB_TOUCH_NONE,  /* not at all */
	ZCB_TOUCHES,
};

/**
 * What can happen to pages that a udmabuf wraps: the rows of the table of declarations, which
 * docs/methodology.md explains. A workload names the one it makes. One that takes pages away says
 * ZCB_EVENT_FAULT, and who brings them back decides further.
 */
enum zcb_event {
	ZCB_EVENT_NONE,         /* nothing: controls, and loads beside */
	ZCB_EVENT_FAULT,        /* taken away; then the guest or the VMM faults on the hole */
	ZCB_EVENT_REFILL_WRITE, /* refilled by another way in; then the guest writes */
	ZCB_EVENT_REFILL_READ,  /* the same, and the guest reads: fault-around maps the page */
	ZCB_EVENT_REFILL_READ_FAULT, /* the same without fault-around: the page's own fault does */
	ZCB_EVENT_REFILL_ONLY,  /* refilled by another way in, and the VMM never faults */
	ZCB_EVENT_REFILL_UFFD,  /* put into the VMM's page table by userfaultfd, without a fault */
	ZCB_EVENT_ZEROED,       /* zeroed in place: a hole smaller than a page of hugetlb */
	ZCB_EVENT_THP_PUNCH,    /* holes in some pages of a transparent huge page */
	ZCB_EVENT_THP_PUNCH_ALL, /* holes in all pages that the udmabuf has of it */
	ZCB_EVENT_MIGRATE,      /* the kernel is asked to move the pages */
	ZCB_EVENT_MOVABLE,      /* it clears memory that must stay movable: CMA, ZONE_MOVABLE */
	ZCB_EVENT_COLLAPSE,     /* asked to make one huge page of them */
	ZCB_EVENT_SPLIT,        /* asked to split the huge page they are in */
	ZCB_EVENT_SWAP,         /* asked to write them to swap */
	ZCB_EVENT_UNDER,        /* that of the workload it runs beside */
	ZCB_EVENT_MIX,          /* in each round another of these: each is held to its own declaration */
	ZCB_EVENTS,
};

/** The parameters of a workload, from the plan. */
struct zcb_workload_params {
	enum zcb_pattern pattern;
	enum zcb_unit unit;
	enum zcb_backing backing;
	enum zcb_refill refill;
	enum zcb_touch touch;
	char under[ZCB_WORKLOAD_NAME]; /* of a load: the workload that strikes meanwhile */
	uint32_t stride; /* in pages, for ZCB_PATTERN_STRIDE and ZCB_PATTERN_RUNS */
	uint32_t run;    /* pages, for ZCB_PATTERN_RUNS */
	uint32_t count;  /* pages, for ZCB_PATTERN_RANDOM */
	uint32_t rate;   /* operations of a strike per second; 0: as fast as it can */
	uint32_t burst;  /* operations at each tick of that */
};

/** What became of a page of the frame. */
enum zcb_hit {
	ZCB_HIT_NONE,
	ZCB_HIT_HOLE,   /* gone from the memfd: the next access finds a new page */
	ZCB_HIT_ZEROED, /* the same page, its bytes zero */
	ZCB_HIT_MOVED,  /* the same bytes in another page, or in another folio */
	ZCB_HIT_REFUSED, /* was to be moved, and stayed as it was */
};

/** Whether the page reads as zeros since. */
static inline bool zcb_hit_clears(enum zcb_hit hit)
{
	return hit == ZCB_HIT_HOLE || hit == ZCB_HIT_ZEROED;
}

/** Takes a sample of a metric; `at` is the intended start. */
typedef void zcb_sample_fn(void *recorder, const char *metric, uint64_t operation, zcb_ns at,
			   zcb_ns value);

/** What a workload works on: one frame of a running guest, wrapped by a udmabuf and being read. */
struct zcb_victim {
	struct zcb_guest *guest; /* idle, except while it is asked something */
	int memfd;
	enum zcb_memory memory;
	const zcb_memfd_off *page; /* of the frame, in the order of its bytes */
	uint32_t pages;
	uint32_t frame; /* the guest's number of it; the next one is free, for a frame beside */
	const struct zcb_workload_params *params; /* of the cell, or of the round of a mix */
	uint64_t *random; /* the state of the cell's random numbers */
	zcb_sample_fn *sample;
	void *recorder;
	uint64_t operation; /* the id of the next operation; count it up */
	/*
	 * Of each page the operation that struck it in this round, 0: none did. What is then seen of the
	 * page has that id. A strike that does not say gets ids for the pages that it hit.
	 */
	uint64_t *struck_by;
	void *state; /* the workload's own, from prepare() to restore(); NULL at first */
};

/** Notes that an operation struck all pages of the frame within these bytes of the memfd. */
void zcb_victim_struck(struct zcb_victim *victim, zcb_memfd_off at, uint64_t bytes, uint64_t operation);

/** What the strikes of a cell did, counted from outside the calls that did it. */
struct zcb_damage {
	uint64_t work;         /* operations that were proven, in the workload's own unit */
	uint64_t punched;      /* pages of 4 KiB */
	uint64_t pages_held;   /* pages the memfd lost and its pool did not get back */
	uint64_t moved, refused; /* pages of 4 KiB that migration was tried on */
	enum zcb_hit *hit;     /* one per page of the frame; the caller's, zeroed before a strike */
};

/** A workload: one file ending in one of these, and one row in workloads/meson.build. */
struct zcb_workload_ops {
	const char *name;
	const char *summary; /* one line for `zcbench list` */
	const char *needs;   /* what it needs of the host under test, for `zcbench list` */
	const char *effect;  /* what it does to guest RAM that is a shared memfd, for `zcbench list` */
	enum zcb_event event; /* what happens to the pages it strikes */
	bool control;        /* it is meant to do nothing */
	unsigned int devices; /* enum zcb_guest_device: what the guest must be started with */
	bool plugged;        /* the frame is of memory that is plugged in for it */

	/**
	 * Says why this cannot be run on that guest and its memory, in err with -EOPNOTSUPP: a skip.
	 * Called once per cell before anything else.
	 */
	int (*check)(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		     struct zcb_error *err);
	/**
	 * Makes ready what the strike needs, at the start of each round: the frame has its pages, and
	 * is drawn and exported only afterwards, so its bytes may be lost here. NULL: nothing to do.
	 */
	int (*prepare)(const struct zcb_workload_params *params, struct zcb_victim *victim,
		       struct zcb_error *err);
	/**
	 * Strikes the frame once, and proves it: what cannot be seen from outside (st_blocks, pool
	 * counters, bytes) did not happen, and is -EIO with the figures in err. The guest is quiet
	 * meanwhile. damage->hit says what became of each page; the counters are added to, and
	 * damage->work above all: a strike that adds nothing to it is an error.
	 */
	int (*strike)(const struct zcb_workload_params *params, struct zcb_victim *victim,
		      struct zcb_damage *damage, struct zcb_error *err);
	/**
	 * Has the guest get back what it had to give for the strike, before anybody refills or touches
	 * the frame: so holes are still looked at as holes. NULL: nothing to do.
	 */
	int (*give_back)(const struct zcb_workload_params *params, struct zcb_victim *victim,
			 struct zcb_error *err);
	/**
	 * Puts the host back as it was before prepare(), at the end of each round, after the dma-buf
	 * is closed and whatever failed; frees victim->state. NULL: nothing to do.
	 */
	void (*restore)(struct zcb_victim *victim);
};

/** All workloads, NULL-terminated; made by meson from the rows. */
extern const struct zcb_workload_ops *const zcb_workloads[];

/** The workload of that name, or NULL. */
const struct zcb_workload_ops *zcb_workload_find(const char *name);

/** The devices that a guest must have for a workload, and for the one under it where it is a load. */
unsigned int zcb_workload_devices(const struct zcb_workload_ops *workload, const char *under);

/** The next number of the cell's seeded sequence. */
uint64_t zcb_random_next(uint64_t *state);

#endif
