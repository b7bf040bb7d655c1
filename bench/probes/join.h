/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PROBES_JOIN_H
#define ZCB_PROBES_JOIN_H

#include "bench/probes/probes.h"
#include "bench/probes/mapped-ram.h"
#include "bench/probes/spans.h"

/** How addresses lead to pages of the frame. */
struct zcb_join {
	const struct zcb_probes_scene *scene;
	const struct zcb_mapped_ram *ram;
	uint64_t ram_below_4g;
	/** Whether a thread is the VMM's. NULL: all are. */
	bool (*is_vmm)(const struct zcb_mapped_ram *ram, pid_t thread);
};

/**
 * Samples of a metric out of a round's spans: each span of its source that is about a page of the frame,
 * under the id of the operation that struck the page. A span that is about several is of the first one
 * that was struck. Returns 0 or -ENOMEM.
 */
int zcb_join(const struct zcb_join *join, const struct zcb_probe_metric *metric, const struct zcb_spans *spans,
	     struct zcb_recorder *recorder);

#endif
