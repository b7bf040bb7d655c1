// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "reports/html/trends-page.h"

/* The nights themselves: how each ended, and where a kernel or zcbench is not that of before. */

#define MAX_NIGHTS 60U

static const struct {
	int code;
	const char *class, *says;
} endings[] = {
	{0, "", "✓ as declared"},      {10, "fail", "✗ regression"},
	{11, "fail", "✗ wrong frame"}, {12, "fail", "✗ not as declared"},
	{13, "error", "! infrastructure"}, {14, "fail", "✗ kernel fault"},
	{77, "skip", "– nothing ran"},
};

static void put_ending(struct zcb_html *html, int code)
{
	size_t i = 0;

	while (i < sizeof(endings) / sizeof(endings[0]) && endings[i].code != code)
		i++;
	zcb_html_raw(html, "<td");
	if (i == sizeof(endings) / sizeof(endings[0])) {
		zcb_html_raw(html, " class=\"skip\">– did not end</td>");
		return;
	}
	zcb_html_attribute(html, "class", endings[i].class);
	zcb_html_raw(html, ">");
	zcb_html_text(html, endings[i].says);
	zcb_html_raw(html, "</td>");
}

static void put_count(struct zcb_html *html, size_t n)
{
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_html_count(html, n);
	zcb_html_raw(html, "</td>");
}

static void put_if_changed(struct zcb_html *html, const char *before, const char *now)
{
	zcb_html_raw(html, "<td>");
	if (strcmp(before, now) != 0)
		zcb_html_clip(html, *now ? now : "not said", 160);
	zcb_html_raw(html, "</td>");
}

static void put_night(struct zcb_html *html, const struct zcb_trends *t, size_t i)
{
	const struct zcb_trend_night *night = &t->nights[i];
	size_t alerts = 0;

	for (size_t a = 0; a < t->n_alerts; a++)
		alerts += t->alerts[a].found == i;
	zcb_html_raw(html, "<tr><th scope=\"row\">");
	zcb_html_textf(html, "%.10s %.5s", night->started, night->started + 11);
	zcb_html_raw(html, "<small>");
	zcb_html_clip(html, night->plan, 40);
	zcb_html_raw(html, "</small></th>");
	put_ending(html, night->exit_code);
	put_count(html, night->pass);
	put_count(html, night->fail);
	put_count(html, night->broken);
	put_count(html, night->skipped + night->not_run);
	put_count(html, night->kernel_faults);
	put_count(html, alerts);
	put_if_changed(html, i ? t->nights[i - 1].kernels : "", night->kernels);
	put_if_changed(html, i ? t->nights[i - 1].version : "", night->version);
	zcb_html_raw(html, "</tr>\n");
}

void zcb_part_nights(struct zcb_trends_page *page)
{
	const struct zcb_trends *t = page->trends;
	struct zcb_html *html = &page->page.html;

	zcb_html_raw(html, "<section id=\"nights\">\n<h2>Nights</h2>\n");
	zcb_page_open_box(&page->page, "Nights, scrolls sideways");
	zcb_html_raw(
		html,
		"<table><thead><tr><th scope=\"col\">Night</th><th scope=\"col\">Ended</th>"
		"<th scope=\"col\" class=\"n\">As declared</th><th scope=\"col\" class=\"n\">Not</th>"
		"<th scope=\"col\" class=\"n\">Errors</th><th scope=\"col\" class=\"n\">Skipped, not "
		"run</th><th scope=\"col\" class=\"n\">Kernel faults</th><th scope=\"col\" "
		"class=\"n\">Alerts</th><th scope=\"col\">New kernels</th><th scope=\"col\">New "
		"zcbench</th></tr></thead><tbody>\n");
	for (size_t n = 0; n < t->n_nights && n < MAX_NIGHTS; n++)
		put_night(html, t, t->n_nights - 1 - n);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(&page->page);
	if (t->n_nights > MAX_NIGHTS)
		zcb_html_textf(html, "The last %u of %zu nights.", MAX_NIGHTS, t->n_nights);
	zcb_html_raw(html, "</section>\n");
}
