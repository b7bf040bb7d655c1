// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "reports/html/page.h"
#include "reports/html/topology.h"

/* Where it ran. */

#define MAX_BOOTS 200U

static void put_machine(struct zcb_page *page, uint64_t cpus, uint64_t memory_bytes)
{
	struct zcb_html *html = &page->html;

	if (!cpus && !memory_bytes)
		return;
	zcb_html_raw(html, "<dt>Size</dt><dd>");
	zcb_html_count(html, cpus);
	zcb_html_raw(html, " CPUs, ");
	zcb_html_decimal(html, (double)memory_bytes / (1U << 30), 1);
	zcb_html_raw(html, " GiB</dd>\n");
}

static void put_host(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;

	zcb_html_raw(&page->html, "<h3>The machine that ran it</h3>\n<dl class=\"facts\">\n");
	zcb_page_fact(page, "CPU", r->host_cpu);
	put_machine(page, r->host_cpus, r->host_memory_bytes);
	zcb_page_fact(page, "Topology", r->host_topology);
	zcb_page_fact(page, "Kernel", r->host_kernel);
	zcb_page_fact(page, "QEMU", r->qemu_version);
	zcb_page_fact(page, "zcbench", r->version);
	zcb_page_fact(page, "Git id", r->git);
	zcb_html_raw(&page->html, "</dl>\n");
	zcb_html_topology(&page->html, r->host_topology_xml);
}

static void put_qemu(struct zcb_page *page, const struct zcb_result_boot *boot)
{
	struct zcb_html *html = &page->html;

	if (!boot->qemu.n)
		return;
	zcb_html_raw(html, "<dt>QEMU’s command</dt><dd><code>");
	for (size_t i = 0; i < boot->qemu.n && i < 120; i++) {
		if (i)
			zcb_html_raw(html, " ");
		zcb_html_clip(html, boot->qemu.items[i], 300);
	}
	zcb_html_raw(html, "</code></dd>\n");
}

/* Boots differ in little: the first of each kernel stands for the others. */
static void put_hut(struct zcb_page *page, size_t i)
{
	const struct zcb_results *r = page->results;
	const struct zcb_result_boot *boot = &r->boots[i];

	for (size_t before = 0; before < i; before++) {
		if (strcmp(r->boots[before].kernel, boot->kernel) == 0)
			return;
	}
	zcb_html_raw(&page->html, "<h3>The host under test, kernel ");
	zcb_html_clip(&page->html, *boot->kernel ? boot->kernel : "not said", 60);
	zcb_html_raw(&page->html, "</h3>\n<dl class=\"facts\">\n");
	zcb_page_fact(page, "Release", boot->hut_release);
	zcb_page_fact(page, "CPU", boot->hut_cpu);
	put_machine(page, boot->hut_cpus, boot->hut_memory_bytes);
	zcb_page_fact(page, "CLOCK_MONOTONIC", boot->hut_clock);
	zcb_page_fact(page, "Topology", boot->hut_topology);
	zcb_page_fact(page, "Who runs where", boot->hut_placement);
	zcb_page_fact(page, "Config", boot->hut_config);
	zcb_page_fact(page, "Command line", boot->cmdline);
	put_qemu(page, boot);
	zcb_html_raw(&page->html, "</dl>\n");
	zcb_html_topology(&page->html, boot->hut_topology_xml);
}

static void put_seconds(struct zcb_html *html, double seconds)
{
	zcb_html_raw(html, "<td class=\"n\">");
	if (seconds > 0)
		zcb_html_decimal(html, seconds, 1);
	else
		zcb_html_raw(html, "–");
	zcb_html_raw(html, "</td>");
}

static void put_word(struct zcb_html *html, const char *word)
{
	zcb_html_raw(html, "<td>");
	zcb_html_clip(html, *word ? word : "–", 40);
	zcb_html_raw(html, "</td>");
}

/* The number of a boot, and its console where there is one. */
static void put_number(struct zcb_page *page, const struct zcb_result_boot *boot)
{
	char path[64], number[24];

	snprintf(path, sizeof(path), "boots/%" PRIu64 "/console.log", boot->number);
	snprintf(number, sizeof(number), "%" PRIu64, boot->number);
	if (faccessat(page->results->dirfd, path, R_OK, AT_SYMLINK_NOFOLLOW) == 0)
		zcb_page_link(page, path, number);
	else
		zcb_html_text(&page->html, number);
}

static void put_boot(struct zcb_page *page, const struct zcb_result_boot *boot)
{
	struct zcb_html *html = &page->html;

	zcb_html_raw(html, "<tr><th scope=\"row\" class=\"n\">");
	put_number(page, boot);
	zcb_html_raw(html, "</th>");
	put_word(html, boot->kernel);
	put_word(html, boot->clock);
	put_word(html, boot->accel);
	put_word(html, *boot->outcome ? boot->outcome : "not known");
	put_word(html, boot->tainted ? "⊘ tainted" : "no");
	zcb_html_raw(html, "<td class=\"n\">");
	zcb_html_count(html, boot->attempts);
	zcb_html_raw(html, "</td>");
	put_seconds(html, boot->seconds_up);
	put_seconds(html, boot->seconds_first_frame);
	put_seconds(html, boot->seconds_total);
	zcb_html_raw(html, "</tr>\n");
}

static void put_boots(struct zcb_page *page)
{
	const struct zcb_results *r = page->results;
	struct zcb_html *html = &page->html;

	if (!r->n_boots)
		return;
	zcb_html_raw(html, "<h3>Boots</h3>\n");
	zcb_page_open_box(page, "Boots, scrolls sideways");
	zcb_html_raw(
		html,
		"<table><thead><tr><th scope=\"col\" class=\"n\">Boot</th><th "
		"scope=\"col\">Kernel</th>"
		"<th scope=\"col\">Clock</th><th scope=\"col\">Back end</th>"
		"<th scope=\"col\">Outcome</th><th scope=\"col\">Tainted</th>"
		"<th scope=\"col\" class=\"n\">Attempts</th>"
		"<th scope=\"col\" class=\"n\">Up<small>s</small></th>"
		"<th scope=\"col\" class=\"n\">First frame<small>s</small></th>"
		"<th scope=\"col\" class=\"n\">Total<small>s</small></th></tr></thead><tbody>\n");
	for (size_t i = 0; i < r->n_boots && i < MAX_BOOTS; i++)
		put_boot(page, &r->boots[i]);
	zcb_html_raw(html, "</tbody></table>\n");
	zcb_page_close_box(page);
	zcb_html_raw(
		html,
		"<p class=\"note\">Seconds of the machine that ran it, from the start of QEMU; "
		"the first frame from the start of the guest.</p>\n");
}

void zcb_part_environment(struct zcb_page *page)
{
	zcb_html_raw(&page->html, "<section id=\"environment\">\n<h2>Environment</h2>\n");
	put_boots(page);
	for (size_t i = 0; i < page->results->n_boots && i < MAX_BOOTS; i++)
		put_hut(page, i);
	zcb_part_kconfig(page);
	put_host(page);
	zcb_html_raw(&page->html, "</section>\n");
}
