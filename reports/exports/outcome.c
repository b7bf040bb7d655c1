// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/exports/outcome.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "bench/results/utf8.h"

enum zcb_export_outcome zcb_export_outcome(const struct zcb_result_cell *cell)
{
	if (cell->kernel_faults.n)
		return ZCB_EXPORT_FAIL;
	if (cell->tainted)
		return ZCB_EXPORT_ERROR;
	switch (cell->status) {
	case ZCB_RESULT_PASS:
		return ZCB_EXPORT_PASS;
	case ZCB_RESULT_KNOWN_BUG:
		return ZCB_EXPORT_KNOWN_BUG;
	case ZCB_RESULT_FAIL:
		return ZCB_EXPORT_FAIL;
	case ZCB_RESULT_SKIP:
		return ZCB_EXPORT_SKIP;
	case ZCB_RESULT_NOT_RUN:
		return ZCB_EXPORT_NOT_RUN;
	case ZCB_RESULT_CRASH:
	case ZCB_RESULT_ERROR:
	case ZCB_RESULT_STATUSES:
		break;
	}
	return ZCB_EXPORT_ERROR;
}

uint64_t zcb_export_hash(uint64_t state, const char *text)
{
	do {
		state = (state ^ (unsigned char)*text) * 0x100000001b3U;
	} while (*text++);
	return state;
}

static const char *or_nothing(const char *word)
{
	return *word ? word : "nothing";
}

char *zcb_export_reason(const struct zcb_result_cell *cell)
{
	char *text = NULL;
	int n;

	if (cell->kernel_faults.n)
		n = asprintf(&text, "the kernel reported: %.1000s", cell->kernel_faults.items[0]);
	else if (cell->tainted)
		n = asprintf(&text, "boot %" PRIu64 " is tainted: no result of it counts",
			     cell->boot);
	else if (cell->status == ZCB_RESULT_NOT_RUN)
		n = asprintf(&text, "not run");
	else if (!zcb_result_is_whole(cell->status))
		n = asprintf(&text, "%s: %.2000s", zcb_result_status_name(cell->status),
			     *cell->reason ? cell->reason : "no reason was given");
	else
		n = asprintf(&text, "declared %.60s, observed %.60s%s%.2000s",
			     or_nothing(cell->expected), or_nothing(cell->observed),
			     *cell->reason ? "; " : "", cell->reason);
	return n < 0 ? NULL : text;
}

char *zcb_export_name(const struct zcb_result_cell *cell)
{
	char *text = NULL;
	int n = asprintf(&text, "%.80s/%.80s%s%.300s, boot %" PRIu64, cell->workload, cell->consumer,
			 *cell->brief ? " " : "", cell->brief, cell->boot);

	return n < 0 ? NULL : text;
}

void zcb_export_letter(FILE *out, uint32_t code)
{
	char bytes[4];

	fwrite(bytes, 1, zcb_utf8_encode(code, bytes), out);
}

void zcb_export_text(FILE *out, const char *text, void (*put)(FILE *out, uint32_t code))
{
	size_t n = strlen(text), at = 0;
	uint32_t code;

	while (at < n) {
		at += zcb_utf8_decode(text + at, n - at, &code);
		if (zcb_utf8_is_invisible(code))
			fprintf(out, "[U+%04" PRIX32 "]", code);
		else
			put(out, code);
	}
}

time_t zcb_export_time(const char *text)
{
	struct tm tm = {0};
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);

	/* strptime() takes fewer digits and spaces, too. */
	if (!end || *end || strlen(text) != strlen("2026-01-31T12:00:00Z"))
		return -1;
	return timegm(&tm);
}

/* Two runs that agree in all of this are one. */
static uint64_t hash_run(const struct zcb_results *r)
{
	uint64_t state = ZCB_EXPORT_HASH;
	char number[64];

	snprintf(number, sizeof(number), "%" PRIu64 " %zu %.9f", r->seed, r->n_cells,
		 r->seconds_total);
	state = zcb_export_hash(state, number);
	state = zcb_export_hash(state, r->started);
	state = zcb_export_hash(state, r->ended);
	state = zcb_export_hash(state, r->host_cpu);
	for (size_t i = 0; i < r->command.n; i++)
		state = zcb_export_hash(state, r->command.items[i]);
	for (size_t i = 0; i < r->n_kernels; i++) {
		state = zcb_export_hash(state, r->kernels[i].release);
		state = zcb_export_hash(state, r->kernels[i].config);
	}
	return state;
}

void zcb_export_run_name(const struct zcb_results *r, char name[ZCB_EXPORT_RUN_ROOM])
{
	char *at = name, *end = name + 20;

	for (const char *from = *r->plan ? r->plan : "run"; *from && at < end; from++)
		*at++ = isascii((unsigned char)*from) && isalnum((unsigned char)*from) ? *from
										       : '_';
	*at++ = '-';
	for (const char *from = zcb_export_time(r->started) < 0 ? "" : r->started; *from; from++) {
		if (isalnum((unsigned char)*from))
			*at++ = *from;
	}
	snprintf(at, (size_t)(name + ZCB_EXPORT_RUN_ROOM - at), "-%016" PRIx64, hash_run(r));
}
