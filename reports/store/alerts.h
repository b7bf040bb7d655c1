/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_ALERTS_H
#define ZCB_REPORTS_ALERTS_H

#include "reports/store/trends.h"

/** Makes the alerts of what changed: those of a metric that began in one night are one. */
int zcb_alerts_make(struct zcb_trends *trends);

#endif
