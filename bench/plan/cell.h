/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_CELL_H
#define ZCB_PLAN_CELL_H

#include <jansson.h>
#include <stdint.h>

#include "bench/base/error.h"
#include "bench/base/geometry.h"
#include "bench/plan/variants.h"
#include "workloads/workload.h"

#define ZCB_NAME_SIZE 64

/** When a consumer that imports the dma-buf into a device or a library does so. */
enum zcb_import {
	ZCB_IMPORT_ONCE, /* when it is opened, and keeps it for all its readings */
	ZCB_IMPORT_EACH, /* anew for each reading */
};

/** How guest and reader take turns. */
enum zcb_fence {
	ZCB_FENCE_HANDSHAKE, /* the guest publishes a frame, and draws the next when it is asked to */
	ZCB_FENCE_SYNC_FILE, /* the reader is there first, and waits for a fence that the dma-buf carries */
	ZCB_FENCE_NONE,      /* not at all: the guest goes on drawing while the reader reads */
};

/** Of which wrong frames pictures are kept, which takes half a second of an emulated processor. */
enum zcb_evidence_of {
	ZCB_EVIDENCE_WRONG,      /* of any, declared or not */
	ZCB_EVIDENCE_UNDECLARED, /* of cells alone that were not as declared */
};
enum zcb_switch { ZCB_OFF, ZCB_ON };

/** The parameters of a cell beside its name. */
struct zcb_cell_params {
	struct zcb_workload_params workload;
	uint32_t pages;  /* of a frame */
	uint32_t blocks; /* huge pages of the guest that the frame is drawn from; 0: from all over */
	uint32_t rounds; /* how often the frame is exported, struck and looked at */
	uint32_t frames; /* how many frames the guest draws after each strike */
	uint32_t ram_mib;
	uint32_t seconds; /* rounds go on until so much time has passed */
	uint32_t udmabufs;      /* others of the VMM's that live meanwhile, of other pages */
	uint32_t udmabuf_pages; /* of each of them; 0: as many as the frame has */
	uint32_t subscribers;   /* more of the VMM's MMU notifiers: virtual machines of nothing */
	uint32_t fault_around; /* bytes that a read fault maps around it; 0: as the kernel has it */
	struct zcb_geometry geometry; /* as the plan has it: zcb_geometry_settle() fills in zeros */
	enum zcb_import import;
	uint32_t show;  /* 1: a clip of its frames is kept */
	enum zcb_fence fence;
	enum zcb_evidence_of evidence;
	enum zcb_switch probes; /* the kernel is watched while the cell runs */
	uint32_t probes_kib;    /* per processor, to record into; 0: as the frame is large */
	char delay[ZCB_NAME_SIZE]; /* for tests: a knob of the kernel delays that is set, or "" */
	uint32_t delay_by;	   /* what to: ns, or as the knob has it */
	uint32_t plant; /* for tests of the harness: a page, from 1, that is spoiled after each draw */
};

/** One cell of a plan: the unit that is executed. docs/run-directory.md has its JSON form. */
struct zcb_cell {
	uint32_t index; /* within the run */
	uint32_t boot;  /* from 1 */
	char arm;       /* A, B or Z of a comparison: bench/plan/arms.h; else A */
	uint32_t block; /* which turn of its cell in its boot, from 0 */
	char kernel[256];
	char variant[ZCB_NAME_SIZE];
	enum zcb_memory memory;
	char guest[ZCB_NAME_SIZE];
	char workload[ZCB_NAME_SIZE];
	char consumer[ZCB_NAME_SIZE];
	struct zcb_cell_params params;
	uint64_t seed;
};

/** VARIANT/MEMORY/GUEST/WORKLOAD/CONSUMER into a buffer. */
void zcb_cell_key(const struct zcb_cell *cell, char *ret_key, size_t room);

/** A new reference, or NULL without memory. */
json_t *zcb_cell_to_json(const struct zcb_cell *cell);
json_t *zcb_cell_params_to_json(const struct zcb_cell_params *params);

/**
 * The least that zcb_cell_from_json() makes the same cell of: parameters that are 0, and what follows from
 * others, are left out. It is read where an emulated processor takes its time.
 */
json_t *zcb_cell_to_request(const struct zcb_cell *cell);

/** Reads what one of these two made. Returns 0 or -EINVAL. */
int zcb_cell_from_json(json_t *json, struct zcb_cell *ret_cell, struct zcb_error *err);

/**
 * Reads the "params" of a plan over defaults that *params holds. Unknown members, wrong types and
 * impossible values are refused by name. Returns 0 or -EINVAL.
 */
int zcb_cell_params_from_json(json_t *json, struct zcb_cell_params *params, struct zcb_error *err);

/** Whether parameters go together. Returns 0 or -EINVAL. */
int zcb_cell_params_check(const struct zcb_cell_params *params, struct zcb_error *err);

/** "single", "stride", "runs", "random", "frame". */
const char *zcb_pattern_name(enum zcb_pattern pattern);

/**
 * What the guest of a cell must have: enum zcb_guest_device. On hugetlb nothing that takes memory: no
 * workload can use it there, and a guest that reports free pages of 2 MiB would have QEMU take huge
 * pages behind all proofs.
 */
unsigned int zcb_cell_devices(const struct zcb_cell *cell);

/** What happens to the frame's pages in this cell, as the variants' declarations see it. */
enum zcb_event zcb_cell_event(const struct zcb_cell *cell);

/** What the kernel's variant declares for this cell, or NULL where the consumer reads nothing. */
const char *zcb_cell_expected(const struct zcb_cell *cell);

/**
 * Where such a cell comes out wrong: what is known of kernels that do so, as a sentence; NULL: nothing
 * is.
 */
const char *zcb_cell_known_bug(const struct zcb_cell *cell);

#endif
