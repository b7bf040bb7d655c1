// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is seen of the kernel, by which of its events; and the metrics that are made of it. A metric more is
 * a row more in the second table, and where nobody looked there before, one in the first.
 *
 * Arguments of probed functions are fetched by register, since not every kernel tells their types: the
 * System V ABI has the first three in di, si and dx.
 */
#include "bench/probes/rows.h"

#include <stddef.h>
#include <stdio.h>

const struct zcb_probe_source_row zcb_probe_sources[ZCB_PROBE_SOURCES] = {
	[ZCB_PROBE_INVALIDATE] = {
		.way = { { .system = "udmabuf", .begin = "udmabuf_invalidate_begin",
			   .end = "udmabuf_invalidate_end", .value = { "address", "nr" }, .buffer = "buffer" } },
		.place = ZCB_PLACE_HVA,
		.lacks = "its udmabuf has no callback that invalidates",
	},
	[ZCB_PROBE_UPDATE] = {
		.way = { { .system = "udmabuf", .begin = "udmabuf_update_begin", .end = "udmabuf_update_end",
			   .value = { "address", "nr" }, .buffer = "buffer" } },
		.place = ZCB_PLACE_HVA,
		.lacks = "its udmabuf has no callback that updates",
	},
	[ZCB_PROBE_WALK] = {
		/* struct mmu_notifier_range (include/linux/mmu_notifier.h): mm, start, end */
		.way = { { .function = "__mmu_notifier_invalidate_range_start",
			   .fetch = "start=+8(%di):x64 end=+16(%di):x64", .value = { "start", "end" } } },
		.place = ZCB_PLACE_RANGE,
		.lacks = "it cannot probe the walk over those who are told of an invalidation",
	},
	[ZCB_PROBE_WALK_UPDATE] = {
		.way = { { .system = "mmu_notifier", .begin = "mmu_notifier_update_begin",
			   .end = "mmu_notifier_update_end", .value = { "address", "nr" } } },
		.place = ZCB_PLACE_HVA,
		.lacks = "its mmu notifiers do not tell of new pages",
	},
	[ZCB_PROBE_ZAP] = {
		.way = { { .system = "udmabuf", .begin = "udmabuf_zap_begin", .end = "udmabuf_zap_end",
			   .value = { "first", "nr" }, .buffer = "buffer" } },
		.place = ZCB_PLACE_SLOT,
		.lacks = "its udmabuf zaps no consumers",
	},
	[ZCB_PROBE_LOOKUP] = {
		.way = { { .system = "udmabuf", .begin = "udmabuf_lookup_begin", .end = "udmabuf_lookup_end",
			   .value = { "slot" }, .buffer = "buffer" } },
		.place = ZCB_PLACE_SLOT,
		.lacks = "its udmabuf looks no pages up",
	},
	[ZCB_PROBE_FAULT] = {
		/* vm_fault_t handle_mm_fault(vma, address, flags, regs), mm/memory.c */
		.way = { { .function = "handle_mm_fault", .fetch = "address=%si:x64 flags=%dx:x32",
			   .value = { "address", "flags" } } },
		.place = ZCB_PLACE_FAULT,
		.lacks = "it cannot probe page faults",
	},
	[ZCB_PROBE_DRIVER_FAULT] = {
		/* struct vm_fault (include/linux/mm.h): vma, gfp_mask, pgoff */
		.way = { { .function = "udmabuf_vm_fault", .fetch = "slot=+16(%di):x64", .value = { "slot" } },
			 { .function = "notify_fault", .fetch = "slot=+16(%di):x64", .value = { "slot" } } },
		.place = ZCB_PLACE_SLOT,
		.lacks = "it cannot probe the faults of udmabuf's consumers",
	},
	[ZCB_PROBE_VCPU_FAULT] = {
		.way = { { .system = "kvm", .begin = "kvm_page_fault", .end = "kvm_entry",
			   .value = { "fault_address" } } },
		.place = ZCB_PLACE_GPA,
		.loose = true,
		.lacks = "KVM has no tracepoints",
	},
};

const struct zcb_probe_metric zcb_probe_metrics[] = {
	{ "notifier.invalidate", "ns: udmabuf's callback that pages leave", ZCB_PROBE_INVALIDATE, ZCB_TAKE_WHOLE },
	{ "notifier.update", "ns: udmabuf's callback that a page came", ZCB_PROBE_UPDATE, ZCB_TAKE_WHOLE },
	{ "notifier.dispatch", "ns: all subscribers are told that pages leave, KVM included", ZCB_PROBE_WALK,
	  ZCB_TAKE_WHOLE },
	{ "notifier.dispatch.own", "ns: the same without udmabuf's callbacks", ZCB_PROBE_WALK, ZCB_TAKE_OWN },
	{ "notifier.came", "ns: all subscribers are told that a page came", ZCB_PROBE_WALK_UPDATE, ZCB_TAKE_WHOLE },
	{ "notifier.came.own", "ns: the same without udmabuf's callbacks", ZCB_PROBE_WALK_UPDATE, ZCB_TAKE_OWN },
	{ "udmabuf.zap", "ns: the consumers' mappings of neighbouring slots are zapped", ZCB_PROBE_ZAP,
	  ZCB_TAKE_WHOLE },
	{ "udmabuf.lookup", "ns: udmabuf looks a slot's page up in the memfd", ZCB_PROBE_LOOKUP, ZCB_TAKE_WHOLE },
	{ "fault.vmm.kernel", "ns: the VMM's first touch of a struck page, from handle_mm_fault() to its return",
	  ZCB_PROBE_FAULT, ZCB_TAKE_FROM_USER, .struck = true },
	{ "fault.kvm", "ns: the vCPU's first touch of a struck page, from KVM's hearing of it to the next entry",
	  ZCB_PROBE_VCPU_FAULT, ZCB_TAKE_FIRST, .struck = true },
	{ "fault.consumer", "ns: a consumer's first touch after its mapping was zapped, by handle_mm_fault()",
	  ZCB_PROBE_DRIVER_FAULT, ZCB_TAKE_AROUND, .struck = true },
	{ 0 },
};

void zcb_probe_name_events(const struct zcb_probe_way *way, char *ret_begin, char *ret_end, size_t room)
{
	snprintf(ret_begin, room, "%s", way->function ? way->function : way->begin);
	snprintf(ret_end, room, "%s%s", way->function ? way->function : way->end, way->function ? "_return" : "");
}
