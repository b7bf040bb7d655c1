// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/analysis/kconfig.h"
#include "reports/html/page.h"

/* How the kernels of a run are configured, and in what they differ: each is held against the first. */

#define MAX_KERNELS 12U
#define MAX_ROWS 200U

static bool is_kept(const struct zcb_results *r, const struct zcb_result_kernel *kernel)
{
	struct zcb_kconfig config;
	bool kept = zcb_kconfig_read(r, kernel, &config) == 0;

	if (kept)
		zcb_kconfig_finish(&config);
	return kept;
}

/* Browsers go to the line of the file; its name is our own or a hash, and the option a word. */
static void put_value(struct zcb_html *html, const struct zcb_result_kernel *kernel, const char *option,
		      const char *value)
{
	bool leads = value && zcb_page_is_plain(kernel->config_path) && zcb_page_is_plain(option);

	if (value)
		zcb_html_raw(html, "<td>");
	else
		zcb_html_raw(html, "<td class=\"none\">");
	if (leads)
		fprintf(html->out, "<a href=\"%s#:~:text=CONFIG_%s%%3D\">", kernel->config_path, option);
	zcb_html_clip(html, value ? value : "not set", 100);
	if (leads)
		zcb_html_raw(html, "</a>");
	zcb_html_raw(html, "</td>");
}

static void put_head(struct zcb_html *html, const char *a, const char *b)
{
	zcb_html_raw(html, "<table><thead><tr><th scope=\"col\">Option</th><th scope=\"col\">");
	zcb_html_clip(html, a, 60);
	zcb_html_raw(html, "</th><th scope=\"col\">");
	zcb_html_clip(html, b, 60);
	zcb_html_raw(html, "</th></tr></thead><tbody>\n");
}

static void put_table(struct zcb_page *page, const struct zcb_result_kernel *a, const struct zcb_result_kernel *b,
		      const struct zcb_kconfig_difference *list, size_t n)
{
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<details><summary>");
	zcb_html_count(html, n);
	if (n == 1)
		zcb_html_raw(html, " option is not the same in ");
	else
		zcb_html_raw(html, " options are not the same in ");
	zcb_html_clip(html, a->name, 60);
	zcb_html_raw(html, " and ");
	zcb_html_clip(html, b->name, 60);
	zcb_html_raw(html, "</summary>\n");
	zcb_page_open_box(page, "Options that differ, scrolls sideways");
	put_head(html, a->name, b->name);
	for (size_t i = 0; i < n && i < MAX_ROWS; i++) {
		zcb_html_raw(html, "<tr><th scope=\"row\">");
		zcb_html_clip(html, list[i].name, 80);
		zcb_html_raw(html, "</th>");
		put_value(html, a, list[i].name, list[i].a);
		put_value(html, b, list[i].name, list[i].b);
		zcb_html_raw(html, "</tr>\n");
	}
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(page);
	if (n > MAX_ROWS)
		zcb_html_textf(html,
			       "The first %u: those that both set, then those of the kernel that sets fewer by itself. "
			       "The folder kernels/ has both files.",
			       MAX_ROWS);
	zcb_html_raw(html, "</details>\n");
}

static void put_pair(struct zcb_page *page, const struct zcb_result_kernel *a, const struct zcb_result_kernel *b)
{
	ZCB_CLEANUP(zcb_kconfig_finish) struct zcb_kconfig left = {0};
	ZCB_CLEANUP(zcb_kconfig_finish) struct zcb_kconfig right = {0};
	ZCB_FREE struct zcb_kconfig_difference *list = NULL;
	size_t n = 0;

	if (zcb_kconfig_read(page->results, a, &left) || zcb_kconfig_read(page->results, b, &right) ||
	    zcb_kconfig_compare(&left, &right, &list, &n))
		return;
	if (n) {
		put_table(page, a, b, list, n);
		return;
	}
	zcb_html_raw(&page->html, "<p>");
	zcb_html_clip(&page->html, a->name, 60);
	zcb_html_raw(&page->html, " and ");
	zcb_html_clip(&page->html, b->name, 60);
	zcb_html_raw(&page->html, " have the same configuration.</p>\n");
}

static void put_file(struct zcb_page *page, const struct zcb_result_kernel *kernel)
{
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<dt>");
	zcb_html_clip(html, kernel->name, 60);
	zcb_html_raw(html, "</dt><dd>");
	if (is_kept(page->results, kernel))
		zcb_page_link(page, kernel->config_path, "configuration");
	else
		zcb_html_raw(html, "its configuration was not kept");
	if (*kernel->config) {
		zcb_html_raw(html, ", sha256 ");
		zcb_html_clip(html, kernel->config, 64);
	}
	zcb_html_raw(html, "</dd>\n");
}

void zcb_part_kconfig(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	size_t n = r->n_kernels < MAX_KERNELS ? r->n_kernels : MAX_KERNELS;

	if (!n)
		return;
	zcb_html_raw(&page->html, "<h3>Kernel configurations</h3>\n<dl class=\"facts\">\n");
	for (size_t i = 0; i < n; i++)
		put_file(page, &r->kernels[i]);
	zcb_html_raw(&page->html, "</dl>\n");
	for (size_t i = 1; i < n; i++)
		put_pair(page, &r->kernels[0], &r->kernels[i]);
}
