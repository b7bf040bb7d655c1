/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_REPORT_H
#define ZCB_REPORTS_REPORT_H
#include "bench/base/error.h"
int zcb_report_write(const char *run_dir, const char *output_path, struct zcb_error *err);
#endif
