// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/records.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "reports/plots/plot.h"

/* More than the largest plan needs: tables have limits of their own. */
#define MAX_BLOCKS 4000U
#define MAX_TITLE 240U

struct zcb_records {
	FILE *out;
	char *text;
	size_t size;
	char *title[MAX_BLOCKS];
	unsigned int n;
	bool in_line;
};

struct zcb_records *zcb_records_new(void)
{
	struct zcb_records *records = calloc(1, sizeof(*records));

	if (!records)
		return NULL;
	records->out = open_memstream(&records->text, &records->size);
	if (records->out)
		return records;
	free(records);
	return NULL;
}

void zcb_records_free(struct zcb_records *records)
{
	if (!records)
		return;
	if (records->out)
		fclose(records->out);
	free(records->text);
	for (unsigned int i = 0; i < records->n; i++)
		free(records->title[i]);
	free(records);
}

static void end_line(struct zcb_records *records)
{
	if (records->in_line)
		fputc('\n', records->out);
	records->in_line = false;
}

/* What leads to a block looks for its number in brackets: nothing else of the file has one. */
static void put_plain(FILE *out, const char *text, size_t most)
{
	for (size_t i = 0; text[i] && i < most; i++)
		fputc(text[i] == '[' ? '(' : text[i] >= ' ' && text[i] <= '~' ? text[i] : '?', out);
}

unsigned int zcb_records_block(struct zcb_page *page, const char *title, bool *ret_new)
{
	struct zcb_records *records = page->records;

	*ret_new = false;
	for (unsigned int i = 0; records && i < records->n; i++) {
		if (strcmp(records->title[i], title) == 0)
			return i + 1;
	}
	if (!records || records->n == MAX_BLOCKS || !(records->title[records->n] = strdup(title)))
		return 0;
	*ret_new = true;
	end_line(records);
	fprintf(records->out, "%s[%u] ", records->n ? "\n" : "", records->n + 1);
	put_plain(records->out, title, MAX_TITLE);
	fputc('\n', records->out);
	return ++records->n;
}

void zcb_records_cell(struct zcb_page *page, const struct zcb_result_cell *cell, const char *metric)
{
	FILE *out = page->records->out;
	const char *path = metric ? zcb_page_samples_path(page, cell, metric) : NULL;

	end_line(page->records);
	page->records->in_line = true;
	fprintf(out, "cells.jsonl index %" PRIu64 "\tboot %" PRIu64 "\t", cell->index, cell->boot);
	put_plain(out, cell->cell, 160);
	fputc('\t', out);
	put_plain(out, cell->brief, 120);
	if (metric)
		fprintf(out, "\t%s", path ? path : "its samples were not kept");
}

void zcb_records_say(struct zcb_page *page, const char *format, ...)
{
	char text[240];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fputc('\t', page->records->out);
	put_plain(page->records->out, text, sizeof(text));
}

void zcb_records_open(struct zcb_page *page, unsigned int block)
{
	if (!block)
		return;
	zcb_html_raw(&page->html, "<a href=\"plots/records.txt#:~:text=%5B");
	zcb_html_textf(&page->html, "%u", block);
	zcb_html_raw(&page->html, "%5D\">");
}

void zcb_records_close(struct zcb_page *page, unsigned int block)
{
	if (block)
		zcb_html_raw(&page->html, "</a>");
}

void zcb_records_link(struct zcb_page *page, unsigned int block, const char *text)
{
	zcb_records_open(page, block);
	zcb_html_text(&page->html, text);
	zcb_records_close(page, block);
}

int zcb_records_write(struct zcb_page *page, struct zcb_error *err)
{
	struct zcb_records *records = page->records;
	ZCB_CLOSE int dirfd = -1;
	int result;

	end_line(records);
	if (!records->n) {
		unlinkat(page->plots_dirfd, "plots/records.txt", 0);
		return 0;
	}
	dirfd = zcb_plot_folder(page->plots_dirfd);
	result = dirfd < 0 ? dirfd : fflush(records->out) != 0 ? -ENOMEM : 0;
	if (!result)
		result = zcb_replace_file(dirfd, "records.txt", records->text, records->size);
	return result ? zcb_fail(err, result, "host set-up: writing plots/records.txt of the run directory: %s",
				 strerror(-result)) :
			0;
}
