/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_EMBEDDED_H
#define ZCB_REPORTS_EMBEDDED_H

/* Files of reports/ that the program carries inside itself; embed.py turns them into C. */

extern const char zcb_embedded_curves_gp[];
extern const char zcb_embedded_density_gp[];
extern const char zcb_embedded_latency_gp[];
extern const char zcb_embedded_operation_gp[];
extern const char zcb_embedded_stages_gp[];
extern const char zcb_embedded_staleness_gp[];
extern const char zcb_embedded_sweep_gp[];
extern const char zcb_embedded_style_css[];
extern const char zcb_embedded_trend_gp[];

#endif
