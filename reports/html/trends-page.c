// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/trends-page.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

void zcb_html_series(struct zcb_html *html, const struct zcb_trend *trend)
{
	zcb_html_clip(html, trend->part[ZCB_TREND_KERNEL], 40);
	zcb_html_raw(html, ":");
	zcb_html_clip(html, trend->part[ZCB_TREND_VARIANT], 40);
	zcb_html_raw(html, " ");
	zcb_html_clip(html, trend->part[ZCB_TREND_MEMORY], 40);
	zcb_html_raw(html, " ");
	zcb_html_clip(html, trend->part[ZCB_TREND_WORKLOAD], 40);
}

void zcb_html_change(struct zcb_html *html, double ratio)
{
	double percent = (ratio - 1) * 100;

	if (percent > 0)
		zcb_html_raw(html, "+");
	zcb_html_decimal(html, percent, fabs(percent) < 99.95 ? 1 : 0);
	zcb_html_raw(html, " %");
}

static void put_head(struct zcb_trends_page *page)
{
	const struct zcb_trends *t = page->trends;
	struct zcb_html *html = &page->page.html;

	zcb_page_begin(html, "zcbench: nights");
	zcb_html_raw(html, "<p class=\"when\">");
	if (t->n_nights)
		zcb_html_textf(html, "%zu night%s, %s to %s", t->n_nights,
			       t->n_nights == 1 ? "" : "s", t->nights[0].started,
			       t->nights[t->n_nights - 1].started);
	else
		zcb_html_raw(html, "no night yet");
	zcb_html_raw(html,
		     "</p>\n<nav aria-label=\"Parts of this page\"><a href=\"#changed\">Changed</a> "
		     "<a href=\"#nights\">Nights</a> <a href=\"#metrics\">Metrics</a> "
		     "<a href=\"#series\">Series</a> <a href=\"#words\">How to read it</a></nav>\n"
		     "</header>\n<main>\n");
}

static void put_words(struct zcb_html *html)
{
	zcb_html_raw(
		html,
		"<section id=\"words\">\n<h2>How to read it</h2>\n<dl class=\"words\">\n"
		"<dt>series</dt><dd>The median of a metric in the cells of one workload, on one kernel, "
		"variant and memory: one level a night, by a median polish over the cells. Another "
		"clock, KVM back end or processor is another series.</dd>\n"
		"<dt>change</dt><dd>The last nights differ from all since the last change by more than "
		"noise, and would without any one of them. It takes 12 nights before there is a base line.</dd>\n"
		"<dt>suspected</dt><dd>Only the last night is far off: a spike, or the first night of a change. It is no "
		"alert, and none comes of it unless other nights bear it out.</dd>\n"
		"<dt>open</dt><dd>The new level stands and nobody acknowledged it.</dd>\n"
		"<dt>acknowledged</dt><dd>Somebody took the new level as the base line, by "
		"<code>zcbench trends STORE --acknowledge ALERT --because WHY</code>.</dd>\n"
		"<dt>returned, withdrawn</dt><dd>The old level came back; or later nights showed that "
		"there was no change.</dd>\n"
		"<dt>gap</dt><dd>A night without a value: the line is broken there. Days without a run are "
		"empty space.</dd>\n"
		"</dl>\n</section>\n");
}

int zcb_trends_page_make(const struct zcb_trends *trends, int outputfd, char **ret_text,
			 size_t *ret_n, struct zcb_error *warning)
{
	struct zcb_trends_page page = {
		.page = {.warning = warning, .plots_dirfd = outputfd},
		.trends = trends,
	};
	char *text = NULL;

	warning->text[0] = '\0';
	page.page.html.out = open_memstream(&text, ret_n);
	if (!page.page.html.out)
		return -ENOMEM;
	put_head(&page);
	zcb_part_alerts(&page);
	zcb_part_nights(&page);
	zcb_part_metrics(&page);
	zcb_part_series(&page);
	put_words(&page.page.html);
	zcb_html_raw(&page.page.html,
		     "</main>\n<footer><p>Made by zcbench " ZCB_VERSION
		     " from the store alone; <code>zcbench trends STORE -o DIR</code> makes it again. "
		     "Each plot’s script and data are in <code>plots/</code>.</p></footer>\n</body>\n"
		     "</html>\n");
	if (fclose(page.page.html.out) != 0) {
		free(text);
		return -ENOMEM;
	}
	*ret_text = text;
	return 0;
}
