// SPDX-License-Identifier: GPL-2.0-or-later
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "reports/analysis/events.h"
#include "reports/mail/mail.h"
#include "reports/mail/text.h"

/*
 * The table of events in 72 columns: the variants are numbers with a key above, and there are as
 * many tables as it takes.
 */

#define COLUMNS 5U
#define MAX_NAMED 20U

/* What fits into a box; the key says what it means. */
static const struct {
	const char *word, *says, *means;
} words[] = {
	{"fresh", "fresh", "the guest's last write is seen"},
	{"stale", "STALE", "old pages for good"},
	{"stale-until-refill", "until", "old pages until the VMM faults on them"},
	{"lookup", "lookup", "right at the next access"},
	{"zero-in-place", "zero", "zeroed in place, and coherent"},
	{"refused", "stays", "the kernel refused to move the pages"},
	{"declared", "each", "each round as declared"},
	{"skipped", "skip", NULL},
	{"crashed", "crash", NULL},
	{"not run", "no run", NULL},
	{"tainted boot", "taint", NULL},
	{"undeclared", "undecl", NULL},
};

#define WORDS (sizeof(words) / sizeof(words[0]))

static const char *word_of(const struct zcb_summary_row *row)
{
	const char *word = zcb_observed_word(row);

	for (size_t i = 0; i < WORDS; i++) {
		if (strcmp(word, words[i].word) == 0)
			return words[i].says;
	}
	return word;
}

static bool is_failure(const struct zcb_summary_row *row)
{
	return row->status == ZCB_RESULT_FAIL || row->status == ZCB_RESULT_CRASH ||
	       row->status == ZCB_RESULT_ERROR;
}

/* What a box of several shows: what went wrong, else what was seen, else why nothing was. */
static size_t most_telling(const struct zcb_agreement *found, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (is_failure(found[i].row))
			return i;
	}
	for (size_t i = 0; i < n; i++) {
		if (zcb_is_as_declared(found[i].row))
			return i;
	}
	return 0;
}

static size_t print_box(const struct zcb_event_table *t, size_t line, size_t column, char *to,
			size_t room)
{
	struct zcb_agreement found[ZCB_EVENT_GROUPS];
	size_t n = zcb_event_box(t, line, column, found), shown = most_telling(found, n);
	char text[7] = "-", mark = n > 1 ? '+' : ' ';

	if (n)
		zcb_mail_clean(text, sizeof(text), word_of(found[shown].row));
	if (n && is_failure(found[shown].row))
		mark = '!';
	return (size_t)snprintf(to, room, " %6s%c", text, mark);
}

static void put_line(const struct zcb_event_table *t, size_t i, size_t first, size_t last, FILE *out)
{
	char event[18], memory[8], text[2 * ZCB_MAIL_WIDTH];
	size_t used;

	zcb_mail_clean(event, sizeof(event), t->line[i].event);
	zcb_mail_clean(memory, sizeof(memory), t->line[i].memory);
	used = (size_t)snprintf(text, sizeof(text), "  %-17s %-7s", event, memory);
	for (size_t column = first; column < last; column++)
		used += print_box(t, i, column, text + used, sizeof(text) - used);
	zcb_mail_line(out, text);
}

static const char *reader_of(const char *reading)
{
	static const struct {
		const char *word, *says;
	} readers[] = {
		{"mapping", "read by page tables"},
		{"table", "read by a device that keeps its sg_table"},
		{"dynamic", "read by a device that maps its sg_table again when told"},
		{"vmap", "read by a kernel mapping of each frame"},
		{"kept-vmap", "read by a kernel mapping that is kept"},
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		if (strcmp(readers[i].word, reading) == 0)
			return readers[i].says;
	}
	return *reading ? reading : "read in a way that is not said";
}

static bool same_reading(const struct zcb_event_table *t, size_t a, size_t b)
{
	return strcmp(t->line[a].reading, t->line[b].reading) == 0;
}

/* The lines of one reading, where this is the first of them: other readings are declared apart. */
static void put_reading(const struct zcb_event_table *t, size_t i, size_t first, size_t last,
			FILE *out)
{
	for (size_t before = 0; before < i; before++) {
		if (same_reading(t, before, i))
			return;
	}
	zcb_mail_paragraph(out, " ", "%.60s:", reader_of(t->line[i].reading));
	for (size_t line = i; line < t->n_lines; line++) {
		if (same_reading(t, line, i))
			put_line(t, line, first, last, out);
	}
}

static void put_block(const struct zcb_event_table *t, size_t first, FILE *out)
{
	size_t last = first + COLUMNS < t->n_columns ? first + COLUMNS : t->n_columns, used;
	char text[2 * ZCB_MAIL_WIDTH], column[24];

	for (size_t i = first; i < last; i++)
		zcb_mail_paragraph(out, "  ", "[%zu] %.40s on %.20s", i + 1,
				   t->column[i]->first->variant, t->column[i]->first->kernel);
	used = (size_t)snprintf(text, sizeof(text), "\n  %-17s %-7s", "event", "memory");
	for (size_t i = first; i < last; i++) {
		snprintf(column, sizeof(column), "[%zu]", i + 1);
		used += (size_t)snprintf(text + used, sizeof(text) - used, " %6s ", column);
	}
	zcb_mail_line(out, text);
	for (size_t i = 0; i < t->n_lines; i++)
		put_reading(t, i, first, last, out);
	fputc('\n', out);
}

static void put_key(FILE *out)
{
	for (size_t i = 0; i < WORDS && words[i].means; i++)
		fprintf(out, "  %-7s %s\n", words[i].says, words[i].means);
	fputs("  !       not as declared\n"
	      "  +       not all cells are alike: summary.json has them\n"
	      "  -       not in the plan\n\n",
	      out);
}

static void put_failure(const struct zcb_summary_row *row, FILE *out)
{
	zcb_mail_paragraph(out, "  ", "%.120s (%.120s) on %.40s: declared %.40s, %.40s; %.400s",
			   row->first->cell, row->first->brief, row->first->kernel,
			   *row->first->expected ? row->first->expected : "nothing",
			   zcb_observed_word(row), row->first->reason);
}

static void put_failures(const struct zcb_summary *s, FILE *out)
{
	size_t named = 0, all = 0;

	for (size_t i = 0; i < s->n_rows; i++) {
		const struct zcb_summary_row *row = &s->rows[i];

		if (!row->counts[ZCB_RESULT_FAIL] && !row->counts[ZCB_RESULT_CRASH] &&
		    !row->counts[ZCB_RESULT_ERROR] && !row->counts[ZCB_RESULT_KNOWN_BUG])
			continue;
		if (!all++)
			fputs("Not as declared, crashed, or without a result:\n", out);
		if (named < MAX_NAMED && ++named)
			put_failure(row, out);
	}
	if (all > named)
		fprintf(out, "  and %zu more, see summary.json\n", all - named);
	if (all)
		fputc('\n', out);
}

static void put_faults(const struct zcb_results *r, FILE *out)
{
	size_t named = 0;

	for (size_t i = 0; i < r->n_boots && named < MAX_NAMED; i++) {
		for (size_t f = 0; f < r->boots[i].kernel_faults.n && named < MAX_NAMED; f++) {
			if (!named++)
				fputs("Kernel faults:\n", out);
			zcb_mail_paragraph(out, "  ", "boot %" PRIu64 ", kernel %.40s: %.300s",
					   r->boots[i].number, r->boots[i].kernel,
					   r->boots[i].kernel_faults.items[f]);
		}
	}
	if (named)
		fputc('\n', out);
}

void zcb_mail_verdicts(const struct zcb_summary *s, FILE *out)
{
	struct zcb_event_table t;

	fputc('\n', out);
	put_faults(s->results, out);
	put_failures(s, out);
	zcb_event_table_make(s->rows, s->n_rows, &t);
	if (!t.n_lines)
		return;
	zcb_mail_heading(out, "What readers of the dma-buf see, by what happens to its pages");
	put_key(out);
	for (size_t first = 0; first < t.n_columns; first += COLUMNS)
		put_block(&t, first, out);
}
