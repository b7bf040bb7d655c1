/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_MAIL_H
#define ZCB_REPORTS_MAIL_H

#include <stdio.h>

#include "reports/analysis/summary.h"

/**
 * Writes a run as plain text for a mailing list: printable ASCII, 72 columns, to be pasted into a
 * cover letter: what was run and how to run it again, verdicts first, then times. Whether writing
 * went well is the stream's to say.
 */
void zcb_mail_write(const struct zcb_summary *summary, FILE *out);

/* The parts of it. */
void zcb_mail_verdicts(const struct zcb_summary *summary, FILE *out);
void zcb_mail_times(const struct zcb_summary *summary, FILE *out);

#endif
