/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_TOPOLOGY_H
#define ZCB_REPORTS_HTML_TOPOLOGY_H

#include "reports/html/writer.h"

/**
 * Draws a machine from hwloc's XML as boxes within boxes: packages, memory nodes, caches, cores and
 * processors. In words it is a list of lists. The XML is hostile: what is not understood is left
 * out. Nothing where there is no machine in it.
 */
void zcb_html_topology(struct zcb_html *html, const char *xml);

#endif
