/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_EXECUTOR_RUNNING_H
#define ZCB_EXECUTOR_RUNNING_H

#include "bench/consumers/consumer.h"
#include "bench/executor/evidence.h"
#include "bench/executor/meter.h"
#include "bench/executor/observation.h"
#include "bench/exporter/variant.h"
#include "bench/guest/frame-mask.h"
#include "bench/guest/guest.h"
#include "bench/plan/cell.h"
#include "bench/probes/probes.h"
#include "bench/results/clip.h"
#include "bench/results/recorder.h"

/** A cell while it runs, in a process of its own: set up by cell.c, played by round.c. */
struct zcb_running {
	const struct zcb_cell *cell;
	const struct zcb_workload_ops *workload;
	struct zcb_consumer_ops consumer; /* loaded */
	struct zcb_guest *guest;
	int out;
	uint32_t frame;     /* the number of the guest's frame */
	struct zcb_frame_request request; /* of that frame */
	zcb_memfd_off *page;
	struct zcb_page_verdict *verdict;
	uint64_t *want;     /* what guest RAM holds at each page: a sequence, or 0 for zeros */
	char *copy;         /* as large as the frame: a plain copy is timed beside each check; not owned */
	struct zcb_frame_spec spec;
	struct zcb_victim victim;
	struct zcb_damage damage;
	uint64_t random, refilled, round;
	int dmabuf;
	int display;  /* a connection to the VMM's, for the whole cell; -1: none */
	int timeline; /* of the fence sync-file; -1: none */
	uint32_t point; /* of it: frames drawn with a fence so far */
	void *state;        /* of the consumer */
	bool opened;
	uint64_t read_end_ns; /* of the last frame: read and checked */
	struct zcb_geometry geometry; /* settled */
	struct zcb_frame_mask mask;   /* of a consumer that does not carry each byte */
	struct zcb_view view;
	struct zcb_observation observation;
	struct zcb_evidence evidence;
	struct zcb_clip clip; /* of a cell that is to be shown */
	struct zcb_recorder recorder;
	struct zcb_meter meter;
	struct zcb_probes *probes; /* NULL: the kernel is not watched */
	uint64_t buffer;	   /* the inode number of this round's dma-buf */
	uint64_t struck_ns;	   /* when the strike of this round began */
	struct zcb_udmabuf_counters counters; /* of all rounds; no variant where none are counted */
};

/** The recorder behind a workload's samples: adds one, in ns. */
void zcb_running_sample(void *recorder, const char *metric, uint64_t operation, zcb_ns at,
			zcb_ns value);

/** Adds a sample of what began at `start` (zcb_now_ns()) and ends now. */
void zcb_running_sample_since(struct zcb_running *run, const char *metric, uint64_t operation,
			      uint64_t start);

#endif
