// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <string.h>

#include "reports/html/page.h"

/* What was run: enough to run it again. */

static void put_command(struct zcb_page *page)
{
	const struct zcb_result_strings *command = &page->results->command;

	if (!command->n)
		return;
	zcb_html_raw(&page->html, "<dt>Command</dt><dd><code>");
	for (size_t i = 0; i < command->n && i < 60; i++) {
		if (i)
			zcb_html_raw(&page->html, " ");
		zcb_html_clip(&page->html, command->items[i], 200);
	}
	zcb_html_raw(&page->html, "</code></dd>\n");
}

static void put_kernels(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;

	if (!r->n_kernels)
		return;
	zcb_html_raw(&page->html, "<dt>Kernels</dt><dd>");
	for (size_t i = 0; i < r->n_kernels && i < 20; i++) {
		if (i)
			zcb_html_raw(&page->html, "<br>");
		zcb_html_raw(&page->html, "<strong>");
		zcb_html_clip(&page->html, r->kernels[i].name, 60);
		zcb_html_raw(&page->html, "</strong> ");
		zcb_html_clip(&page->html, r->kernels[i].release, 80);
		if (*r->kernels[i].package)
			zcb_html_raw(&page->html, ", ");
		zcb_html_clip(&page->html, r->kernels[i].package, 120);
	}
	zcb_html_raw(&page->html, "</dd>\n");
}

static void put_clock(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;

	if (!*r->clock && !*r->accel)
		return;
	zcb_html_raw(&page->html, "<dt>Clock</dt><dd><strong>");
	zcb_html_clip(&page->html, *r->clock ? r->clock : "unknown", 40);
	zcb_html_raw(&page->html, "</strong> on ");
	zcb_html_clip(&page->html, *r->accel ? r->accel : "an unknown KVM back end", 40);
	zcb_html_raw(&page->html, ". ");
	zcb_html_text(&page->html, zcb_page_clock_caveat(r->clock, r->accel));
	zcb_html_raw(&page->html, "</dd>\n");
}

static void put_seconds(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	const struct {
		const char *name;
		double seconds;
	} times[] = {
		{"first boot", r->seconds_first_boot},
		{"first guest frame", r->seconds_first_frame},
		{"past the first boot", r->seconds_past_first_boot},
		{"whole run", r->seconds_total},
	};
	const char *comma = "";

	if (!(r->seconds_total > 0))
		return;
	zcb_html_raw(&page->html, "<dt>Host time</dt><dd>");
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (!(times[i].seconds > 0))
			continue;
		zcb_html_textf(&page->html, "%s%s ", comma, times[i].name);
		zcb_html_decimal(&page->html, times[i].seconds, 1);
		zcb_html_raw(&page->html, " s");
		comma = ", ";
	}
	zcb_html_raw(&page->html, "</dd>\n");
}

/* One part of a plan, or all parts together. */
static void put_shards(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;

	if (r->shards) {
		zcb_html_raw(&page->html, "<dt>Shard</dt><dd><strong>");
		zcb_html_textf(&page->html, "%" PRIu64 " of %" PRIu64, r->shard, r->shards);
		zcb_html_raw(&page->html, "</strong>: boots ");
		zcb_html_clip(&page->html, r->shard_boots, 400);
		zcb_html_textf(&page->html, " of the plan’s %" PRIu64 ". The others are in the other shards’ run "
			       "directories; ", r->plan_boots);
		zcb_html_raw(&page->html, "<code>zcbench merge</code> joins them.</dd>\n");
	}
	if (!r->n_merged)
		return;
	zcb_html_raw(&page->html, "<dt>Joined of shards</dt><dd>");
	for (size_t i = 0; i < r->n_merged && i < 100; i++) {
		const struct zcb_result_merged *shard = &r->merged[i];

		if (i)
			zcb_html_raw(&page->html, "<br>");
		zcb_html_textf(&page->html, "%" PRIu64 " of %" PRIu64 ": ", shard->number, shard->of);
		zcb_html_clip(&page->html, shard->started, 40);
		zcb_html_raw(&page->html, ", on ");
		zcb_html_clip(&page->html, *shard->host_cpu ? shard->host_cpu : "an unknown processor", 80);
		if (*shard->host_kernel)
			zcb_html_raw(&page->html, ", Linux ");
		zcb_html_clip(&page->html, shard->host_kernel, 80);
	}
	zcb_html_raw(&page->html, "</dd>\n");
}

void zcb_part_run(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	char seed[24];

	zcb_html_raw(&page->html, "<section id=\"run\">\n<h2>What was run</h2>\n");
	if (!r->has_metadata)
		zcb_html_raw(&page->html, "<p class=\"warn\"><strong>! Not known:</strong> "
					  "metadata.json is missing or unreadable.</p>\n");
	zcb_html_raw(&page->html, "<dl class=\"facts\">\n");
	zcb_page_fact(page, "Plan", r->plan);
	put_command(page);
	put_shards(page);
	snprintf(seed, sizeof(seed), "%" PRIu64, r->seed);
	zcb_page_fact(page, "Seed", r->has_metadata ? seed : "");
	put_kernels(page);
	zcb_page_fact(page, "Cells, unless they say so", r->usual_params);
	zcb_page_fact(page, "Target", r->target);
	zcb_page_fact(page, "Back end", r->accel_reason);
	put_clock(page);
	put_seconds(page);
	zcb_html_raw(&page->html, "</dl>\n</section>\n");
}
