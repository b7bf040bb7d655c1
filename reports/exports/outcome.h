/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_OUTCOME_H
#define ZCB_REPORTS_OUTCOME_H

#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "bench/results/reader.h"

/** What a cell is to systems that know tests: staleness that is declared is a pass. */
enum zcb_export_outcome {
	ZCB_EXPORT_PASS,
	ZCB_EXPORT_KNOWN_BUG, /* not as declared, by a bug of its kernel that is known */
	ZCB_EXPORT_FAIL,  /* not as declared, or the kernel reported a fault */
	ZCB_EXPORT_ERROR, /* no verdict: the harness, or a boot that does not count */
	ZCB_EXPORT_SKIP,
	ZCB_EXPORT_NOT_RUN,
	ZCB_EXPORT_OUTCOMES,
};

enum zcb_export_outcome zcb_export_outcome(const struct zcb_result_cell *cell);

/** Why, in one line: "declared fresh, observed stale; 3 of 64 pages…". The caller's to free. */
char *zcb_export_reason(const struct zcb_result_cell *cell);

/** "punch/mmap stride, boot 1": a cell among those of its variant, memory and guest; to free. */
char *zcb_export_name(const struct zcb_result_cell *cell);

/**
 * Calls put for each letter of text; what cannot be seen, invalid UTF-8 included, becomes its code
 * point: [U+000A]. So there is no new line in it, and no control character.
 */
void zcb_export_text(FILE *out, const char *text, void (*put)(FILE *out, uint32_t code));

/** What zcb_export_hash() begins with. */
#define ZCB_EXPORT_HASH 0xcbf29ce484222325U

/** FNV-1a over a string and its end: it tells things apart, it proves nothing. */
uint64_t zcb_export_hash(uint64_t state, const char *text);

/** Writes a letter as UTF-8. */
void zcb_export_letter(FILE *out, uint32_t code);

/** The seconds of "2026-01-31T12:00:00Z", or -1 where text is nothing of the kind. */
time_t zcb_export_time(const char *text);

#define ZCB_EXPORT_RUN_ROOM 64U

/** PLAN-TIME-HASH, which names a run among all: letters, digits, '-' and '_'. */
void zcb_export_run_name(const struct zcb_results *results, char name[ZCB_EXPORT_RUN_ROOM]);

#endif
