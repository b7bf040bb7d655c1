/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_REPORT_H
#define ZCB_REPORTS_REPORT_H

#include "bench/base/error.h"

/**
 * Makes the report of a run directory: its summary.json, its plots/, and the page, which goes to
 * output_path, or to report.html in the run directory where that is NULL. Files are replaced in one
 * step. Returns 0, with err->text either "" or a warning (a plot could not be drawn; its place in
 * the page says so); -ENOTDIR where run_dir is no run directory; -EBADMSG where it is damaged
 * beyond use; or another -errno with err filled.
 */
int zcb_report_write(const char *run_dir, const char *output_path, struct zcb_error *err);

/**
 * Makes the report as plain text for a mailing list, into output_path or, where that is NULL, to
 * standard output; the run directory is only read. Errors as above.
 */
int zcb_report_mail(const char *run_dir, const char *output_path, struct zcb_error *err);

#endif
