/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_SVG_PATH_H
#define ZCB_REPORTS_SVG_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/** The data of a path that grows, in relative places of tenths of a pixel. Zero-initialized is empty. */
struct zcb_svg_path {
	FILE *out;
	char *text;
	size_t room;
	unsigned int numbers;  /* since the last letter */
	long x, y;	       /* where it is, in tenths */
	long start_x, start_y; /* of the subpath */
	char command;	       /* the last one written */
	bool fraction;	       /* the last number had a point */
};

/**
 * Adds "M1,2 L3,4 z": lines alone, in absolute places. A move that no line follows is left out. Returns 0;
 * -EOPNOTSUPP, with nothing added, where it has anything else; or -ENOMEM.
 */
int zcb_svg_path_add(struct zcb_svg_path *path, const char *data, size_t n);

/** Ends it: text then has its data. Returns 0 or -ENOMEM. */
int zcb_svg_path_close(struct zcb_svg_path *path);

void zcb_svg_path_finish(struct zcb_svg_path *path);

#endif
