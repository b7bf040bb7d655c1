// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <string.h>

#include "reports/html/trends-page.h"

/* What changed: in words first, then one line an alert, the newest first. */

#define MAX_ALERTS 100U
#define MAX_NAMED 4U

static const char *state_of(const struct zcb_trends *t, const struct zcb_alert *alert)
{
	if (alert->withdrawn)
		return "withdrawn";
	if (alert->acknowledged)
		return "acknowledged";
	if (alert->returned)
		return "returned";
	return zcb_alert_is_new(t, alert) ? "new" : "open";
}

/* So far off a normal night is once in some thousands. */
#define SUSPECT 4.0

/* Series whose last night alone is far off: no alerts, and in other words than those. */
static void put_suspects(struct zcb_trends_page *page)
{
	const struct zcb_trends *t = page->trends;
	struct zcb_html *html = &page->page.html;
	size_t n = 0;

	for (size_t i = 0; i < t->n_trends; i++) {
		double off = t->changes[i].last_off;

		if (isnan(off) || fabs(off) < SUSPECT)
			continue;
		if (!n)
			zcb_html_raw(html, "<p class=\"note\"><strong>Suspected</strong>, for the last night is far off, and one "
					   "night is no change: ");
		if (n++ >= MAX_NAMED)
			continue;
		zcb_html_text(html, n > 1 ? "; " : "");
		zcb_html_clip(html, t->trends[i].part[ZCB_TREND_METRIC], 40);
		zcb_html_raw(html, " of ");
		zcb_html_series(html, &t->trends[i]);
		zcb_html_textf(html, ", %+.0f σ", fmax(-99, fmin(off, 99)));
	}
	if (n > MAX_NAMED)
		zcb_html_textf(html, "; and %zu more", n - MAX_NAMED);
	if (n)
		zcb_html_raw(html, ".</p>\n");
}

static void put_words(struct zcb_trends_page *page)
{
	const struct zcb_trends *t = page->trends;
	size_t fresh = 0, open = 0, worse = 0;

	for (size_t i = 0; i < t->n_alerts; i++) {
		const struct zcb_alert *alert = &t->alerts[i];

		open += zcb_alert_is_open(alert);
		fresh += zcb_alert_is_open(alert) && zcb_alert_is_new(t, alert);
		worse += zcb_alert_is_open(alert) && zcb_alert_is_new(t, alert) && alert->worse;
	}
	if (worse)
		zcb_html_raw(&page->page.html, "<p class=\"alarm\"><strong>✗ Worse:</strong> ");
	else if (open)
		zcb_html_raw(&page->page.html, "<p class=\"warn\"><strong>! Changed:</strong> ");
	else
		zcb_html_raw(&page->page.html, "<p><strong>✓ No open change.</strong> ");
	zcb_html_textf(&page->page.html,
		       "The last night has %zu new alert%s, %zu of them a regression; %zu alert%s of "
		       "%zu in all %s open. %zu series were looked at.",
		       fresh, fresh == 1 ? "" : "s", worse, open, open == 1 ? "" : "s", t->n_alerts,
		       open == 1 ? "is" : "are", t->n_trends);
	zcb_html_raw(&page->page.html, "</p>\n");
	if (t->unreadable)
		zcb_html_textf(&page->page.html, "%zu files of the store are no nights of schema 1.",
			       t->unreadable);
}

static void put_series_names(struct zcb_html *html, const struct zcb_trends *t,
			     const struct zcb_alert *alert)
{
	for (size_t i = 0; i < alert->n && i < MAX_NAMED; i++) {
		const struct zcb_trend *trend = &t->trends[alert->trends[i]];

		zcb_html_raw(html, "<div>");
		zcb_html_series(html, trend);
		zcb_html_raw(html, " ");
		zcb_html_change(html, alert->ratios[i]);
		zcb_html_raw(html, "</div>");
	}
	if (alert->n > MAX_NAMED)
		zcb_html_textf(html, "and %zu more", alert->n - MAX_NAMED);
}

static void put_alert(struct zcb_html *html, const struct zcb_trends *t,
		      const struct zcb_alert *alert)
{
	const char *state = state_of(t, alert);
	bool alarming = zcb_alert_is_open(alert) && alert->worse;

	zcb_html_raw(html, "<tr><th scope=\"row\"><code>");
	zcb_html_text(html, alert->id);
	zcb_html_raw(html, "</code></th><td");
	zcb_html_attribute(html, "class", alarming ? "fail" : "");
	zcb_html_raw(html, ">");
	zcb_html_text(html, state);
	if (*alert->reason) {
		zcb_html_raw(html, "<small>");
		zcb_html_clip(html, alert->reason, 300);
		zcb_html_raw(html, "</small>");
	}
	zcb_html_raw(html, "</td><td>");
	zcb_html_text(html, alert->worse ? "worse" : alert->ratio < 1 ? "less" : "more");
	zcb_html_raw(html, "</td><td class=\"n\">");
	zcb_html_change(html, alert->ratio);
	zcb_html_raw(html, "</td><td>");
	zcb_html_textf(html, "%.10s", t->nights[alert->found].started);
	zcb_html_raw(html, "</td><td class=\"names\">");
	put_series_names(html, t, alert);
	zcb_html_raw(html, "</td></tr>\n");
}

void zcb_part_alerts(struct zcb_trends_page *page)
{
	const struct zcb_trends *t = page->trends;
	struct zcb_html *html = &page->page.html;

	zcb_html_raw(html, "<section id=\"changed\">\n<h2>What changed</h2>\n");
	put_words(page);
	put_suspects(page);
	if (t->n_alerts) {
		zcb_page_open_box(&page->page, "Alerts, scrolls sideways");
		zcb_html_raw(html,
			     "<table><thead><tr><th scope=\"col\">Alert</th><th scope=\"col\">State</th>"
			     "<th scope=\"col\">Direction</th><th scope=\"col\" class=\"n\">Median "
			     "change</th><th scope=\"col\">Found in the night of</th>"
			     "<th scope=\"col\">Series</th></tr></thead><tbody>\n");
		for (size_t i = 0; i < t->n_alerts && i < MAX_ALERTS; i++)
			put_alert(html, t, &t->alerts[i]);
		zcb_html_raw(html, "</tbody></table>\n");
		zcb_page_close_box(&page->page);
	}
	if (t->n_alerts > MAX_ALERTS)
		zcb_html_textf(html, "The last %u of %zu.", MAX_ALERTS, t->n_alerts);
	zcb_html_raw(html, "</section>\n");
}
