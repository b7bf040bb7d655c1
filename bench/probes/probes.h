/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PROBES_PROBES_H
#define ZCB_PROBES_PROBES_H

#include <jansson.h>

#include "bench/guest/guest.h"
#include "bench/probes/rows.h"
#include "bench/results/recorder.h"

/** What the kernel is seen doing while a cell runs: the metrics of zcb_probe_metrics. */
struct zcb_probes;

/** The frame that it does it to. Borrowed during a call. */
struct zcb_probes_scene {
	const zcb_memfd_off *page; /* in the order of the frame's bytes, as the dma-buf has them */
	uint32_t pages;
	const uint64_t *operation; /* of each page: the one that struck it in this round; 0: none did */
	uint64_t buffer;	   /* the inode number of its dma-buf, to leave others out; 0: not known */
	uint64_t struck_ns;	   /* when the strike began */
	uint64_t *next;		   /* the id of the next operation, for pages that none struck */
};

/**
 * Makes the probes ready, with so many KiB per processor to record a round into. What this kernel has not is a metric that is unavailable, never an error:
 * without tracefs all of them are. Returns 0 or -ENOMEM.
 */
int zcb_probes_open(const struct zcb_guest *guest, uint32_t kib, struct zcb_probes **ret_probes,
		    struct zcb_error *err);

/** A round begins; what the kernel does from now on is recorded. NULL is allowed. */
void zcb_probes_begin(struct zcb_probes *probes);

/** The round has ended: its samples go to the recorder. NULL is allowed. Returns 0 or -errno. */
int zcb_probes_end(struct zcb_probes *probes, const struct zcb_probes_scene *scene,
		   struct zcb_recorder *recorder, struct zcb_error *err);

/**
 * What became of each metric, for the journal. Where the kernel lost events nothing of them is a figure:
 * those metrics are taken out of the recorder. A new reference; NULL without probes.
 */
json_t *zcb_probes_report(struct zcb_probes *probes, struct zcb_recorder *recorder);

/** How a metric was seen over a cell. */
struct zcb_probes_seen {
	const char *lacks; /* why this kernel cannot tell it; NULL: it can */
	const char *by;	   /* by what events */
	uint64_t lost;	   /* events of the cell that the kernel dropped, whatever they were of */
	uint64_t unended, unbegun; /* begins and ends of its source that have no other half */
};

/** What becomes of one metric: see zcb_probes_report(), which asks this of each. A new reference. */
json_t *zcb_probes_judge(const struct zcb_probe_metric *metric, const struct zcb_probes_seen *seen,
			 struct zcb_recorder *recorder);

/** NULL is allowed. */
void zcb_probes_close(struct zcb_probes *probes);

/** What keeps the kernel's code patched between cells. */
struct zcb_trace;

/**
 * Has the code of the kernel stay as it is when cells with probes come and go; if it cannot, nothing is
 * held. zcb_probes_let_go() ends that.
 */
void zcb_probes_hold(struct zcb_trace **held);
void zcb_probes_let_go(struct zcb_trace *held);

/** Removes what a cell that died has left in the kernel. */
void zcb_probes_sweep(void);

#endif
