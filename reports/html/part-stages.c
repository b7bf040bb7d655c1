// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/page.h"

/* Where the time of one operation goes, from the strike to the fresh frame. */

static bool has_probes(const struct zcb_page *page)
{
	for (size_t i = 0; i < page->results->n_cells; i++) {
		if (page->results->cells[i].n_probes)
			return true;
	}
	return false;
}

void zcb_part_stages(struct zcb_page *page)
{
	zcb_html_raw(&page->html, "<section id=\"stages\">\n<h2>Stages of an operation</h2>\n");
	if (has_probes(page))
		zcb_part_probes(page);
	else
		zcb_html_raw(&page->html,
			     "<p>No cell of this run watched the kernel, for that costs a third of a punch: "
			     "<code>zcbench run --plan stages -o DIR</code> makes a run that does, and so does "
			     "<code>\"probes\": \"on\"</code> among a plan’s parameters.</p>\n");
	zcb_html_raw(&page->html, "</section>\n");
}
