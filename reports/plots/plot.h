/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_PLOT_H
#define ZCB_REPORTS_PLOT_H

#include <stdio.h>

#include "bench/base/error.h"
#include "reports/plots/svg.h"

/**
 * Writes a label into a field of a data file, in quotes. The label is hostile: only letters, digits
 * and a few signs that mean nothing to gnuplot stay, the rest becomes '?', and long ones are cut.
 */
void zcb_plot_label(FILE *data, const char *label);

/**
 * The folder plots/ of a run directory, made where there is none; the descriptor is the caller's. A link that was planted
 * in its place is not followed. Returns it or -errno.
 */
int zcb_plot_folder(int run_dirfd);

/**
 * Draws one plot in the folder plots/ of the run directory, and leaves NAME.gp, NAME.dat and
 * NAME.svg there, so that `gnuplot NAME.gp` draws it again. script is one of reports/embedded.h;
 * variables are gnuplot assignments made of numbers of our own ("rows = 3\n"); data is the text of
 * NAME.dat. The picture's ids begin with prefix. Returns 0 or -errno with err filled.
 */
int zcb_plot_draw(int run_dirfd, const char *name, const char *script, const char *variables,
		  const char *data, const char *prefix, struct zcb_svg *ret_svg, struct zcb_error *err);

#endif
