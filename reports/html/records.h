/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_HTML_RECORDS_H
#define ZCB_REPORTS_HTML_RECORDS_H

#include "reports/html/page.h"

/*
 * A figure of one cell leads to that cell's line or samples. One that is made of many leads to a block of
 * plots/records.txt, which names them all:
 *
 *	[17] fault.guest of variants:update-ptl, arm B
 *	cells.jsonl index 812	boot 3	update-ptl/shmem/micro/punch/mmap	pages 64	samples/812.fault.guest.zcs	p50 5210 ns
 */

/**
 * The number of the block with this title. *ret_new: it was begun by this call, and lines added from now on
 * are its. 0: there is no room for it, and nothing leads to it.
 */
unsigned int zcb_records_block(struct zcb_page *page, const char *title, bool *ret_new);

/** Begins the line of a cell in the last block; metric: whose samples are named, or NULL. */
void zcb_records_cell(struct zcb_page *page, const struct zcb_result_cell *cell, const char *metric);

/** More of the line: what of the cell the figure is made of. */
void zcb_records_say(struct zcb_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/** Begins and ends a link to a block; with 0 there is none. */
void zcb_records_open(struct zcb_page *page, unsigned int block);
void zcb_records_close(struct zcb_page *page, unsigned int block);

/** Text that leads to a block. */
void zcb_records_link(struct zcb_page *page, unsigned int block, const char *text);

/** Writes the file, or removes an older one where nothing leads to it. Returns 0 or -errno with err filled. */
int zcb_records_write(struct zcb_page *page, struct zcb_error *err);

void zcb_records_free(struct zcb_records *records);

static inline void zcb_records_free_p(struct zcb_records **records)
{
	zcb_records_free(*records);
}

#define ZCB_RECORDS_FREE __attribute__((cleanup(zcb_records_free_p)))

/** NULL where memory is short. */
struct zcb_records *zcb_records_new(void);

#endif
