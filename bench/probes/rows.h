/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PROBES_ROWS_H
#define ZCB_PROBES_ROWS_H

#include <stdbool.h>
#include <stddef.h>

/** What the kernel can be seen doing, from a begin to an end: rows of zcb_probe_sources. */
enum zcb_probe_source {
	ZCB_PROBE_INVALIDATE,
	ZCB_PROBE_UPDATE,
	ZCB_PROBE_WALK,
	ZCB_PROBE_WALK_UPDATE,
	ZCB_PROBE_ZAP,
	ZCB_PROBE_LOOKUP,
	ZCB_PROBE_FAULT,
	ZCB_PROBE_DRIVER_FAULT,
	ZCB_PROBE_VCPU_FAULT,
	ZCB_PROBE_SOURCES,
};

#define ZCB_PROBE_WAYS 3

/** By what events a source is seen. One that this kernel has not is left out. */
struct zcb_probe_way {
	const char *system, *begin, *end; /* tracepoints; where there are none: */
	const char *function, *fetch;	  /* a function that is probed, and what of its arguments is kept */
	const char *value[2];		  /* the fields that become the values of a span; NULL: none */
	const char *buffer;		  /* the field that tells which dma-buf it is about; NULL: none */
};

/** The names of a way's events; those of a probed function are named for it. */
void zcb_probe_name_events(const struct zcb_probe_way *way, char *ret_begin, char *ret_end, size_t room);

/** What the values of a span say of the place. */
enum zcb_probe_place {
	ZCB_PLACE_HVA,	 /* an address in the VMM, and how many pages from there */
	ZCB_PLACE_RANGE, /* two addresses in the VMM, from and to */
	ZCB_PLACE_FAULT, /* an address in whoever faults, and the fault's flags */
	ZCB_PLACE_GPA,	 /* an address in the guest */
	ZCB_PLACE_SLOT,	 /* a page of the dma-buf, and how many from there */
};

struct zcb_probe_source_row {
	struct zcb_probe_way way[ZCB_PROBE_WAYS]; /* all of them that there are */
	enum zcb_probe_place place;
	/* Its end is common, as each entry of a vCPU is: one without a begin is none of ours. */
	bool loose;
	const char *lacks; /* why a kernel has none of the ways */
};

extern const struct zcb_probe_source_row zcb_probe_sources[ZCB_PROBE_SOURCES];

/** What a metric takes of a span of its source. */
enum zcb_probe_take {
	ZCB_TAKE_WHOLE,	    /* from begin to end */
	ZCB_TAKE_OWN,	    /* without the spans inside it */
	ZCB_TAKE_AROUND,    /* of the fault around it */
	ZCB_TAKE_FROM_USER, /* the whole, where a thread of the VMM faulted by its own mapping */
	ZCB_TAKE_FIRST,	    /* the whole, the first of each page after the strike */
};

/** A metric: a row. */
struct zcb_probe_metric {
	const char *name;
	const char *summary; /* one line for `zcbench list` */
	enum zcb_probe_source source;
	enum zcb_probe_take take;
	bool struck; /* only of pages that were struck, and after that */
};

/** All of them; the last has no name. */
extern const struct zcb_probe_metric zcb_probe_metrics[];

#endif
