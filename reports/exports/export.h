/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_EXPORT_H
#define ZCB_REPORTS_EXPORT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench/base/error.h"
#include "reports/analysis/summary.h"
#include "reports/exports/outcome.h"

/** A run on its way into another system's format. */
struct zcb_export {
	const struct zcb_summary *summary;
	const struct zcb_results *results;
	const char *origin; /* who reports it: lower-case letters, digits and '_' */
	char run[ZCB_EXPORT_RUN_ROOM]; /* names the run among all: PLAN-TIME-HASH, letters, digits, '-', '_' */
};

/** One format: exports/NAME.c ends in one, and exports.c has a row for it. */
struct zcb_export_format {
	const char *name;
	const char *summary; /* a line for `--help` */
	/* Writes all of it. Returns 0 or -ENOMEM; what goes wrong with the stream is its own. */
	int (*write)(const struct zcb_export *export, FILE *out);
};

/** The format of that name, or NULL. */
const struct zcb_export_format *zcb_export_format(const char *name);

/** The formats in order, NULL at the end. */
const struct zcb_export_format *zcb_export_format_at(size_t i);

/**
 * Exports a run directory, which is only read, to output_path or, where that is NULL, to standard
 * output. Returns 0; -EINVAL where origin is no name for one; -ENOTDIR, -EBADMSG or another -errno
 * as zcb_results_read(). err is filled.
 */
int zcb_export_run(const char *run_dir, const struct zcb_export_format *format, const char *origin,
		   const char *output_path, struct zcb_error *err);

#endif
