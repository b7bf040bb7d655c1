/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_GNUPLOT_H
#define ZCB_REPORTS_GNUPLOT_H

#include "bench/base/error.h"

/**
 * Runs `gnuplot -d script` with dirfd as its working folder, its messages in the file log there,
 * and no shell. Waits at most a minute. Returns 0; -ENOENT where there is no gnuplot; -ETIME; or
 * -EIO where it failed. err then says so, and names the mend.
 */
int zcb_gnuplot_run(int dirfd, const char *script, const char *log, struct zcb_error *err);

#endif
