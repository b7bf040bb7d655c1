// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/html/operation.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/cleanup.h"
#include "reports/embedded.h"
#include "reports/plots/plot.h"

#define MAX_LINES 40U
#define MAX_CHOICE 10000U
/* A wait of more than this share of all that was done is cut, and shown as wide as the second. */
#define CUT 0.12
#define GAP 0.06

struct choice {
	const struct zcb_stage_span *first;
	size_t n;
	unsigned int stages;
	uint64_t took;
};

/* Spans of one operation on an axis without its waits. */
struct line {
	const struct zcb_stage_span *span;
	double from, to;
};

struct course {
	const struct zcb_operation_picture *picture;
	struct line line[MAX_LINES];
	size_t n;
	double cut_at[MAX_LINES + 1], cut_ns[MAX_LINES + 1];
	size_t cuts;
	double high;
};

static uint64_t end_of(const struct zcb_stage_span *span)
{
	return span->start_ns + span->value;
}

static struct choice choice_of(const struct zcb_stage_span *first, size_t n)
{
	struct choice c = {.first = first, .n = n};
	unsigned int seen = 0;

	for (size_t i = 0; i < n; i++) {
		seen |= 1U << first[i].stage;
		c.took += first[i].own;
	}
	c.stages = seen & 1U << ZCB_STAGE_CALL ? (unsigned int)__builtin_popcount(seen) : 0;
	return c;
}

static size_t collect(const struct zcb_stage_spans *spans, struct choice *choices, size_t n)
{
	size_t next;

	for (size_t i = 0; i < spans->n && n < MAX_CHOICE; i = next) {
		for (next = i + 1; next < spans->n && spans->span[next].operation == spans->span[i].operation;)
			next++;
		choices[n++] = choice_of(&spans->span[i], next - i);
	}
	return n;
}

/* Most stages first, then by time. */
static int by_stages(const void *a, const void *b)
{
	const struct choice *left = a, *right = b;

	if (left->stages != right->stages)
		return left->stages > right->stages ? -1 : 1;
	return left->took < right->took ? -1 : left->took > right->took;
}

static bool choose(const struct zcb_operation_picture *picture, struct choice *ret)
{
	ZCB_FREE struct choice *choices = calloc(MAX_CHOICE, sizeof(*choices));
	size_t n = 0, alike = 0;

	for (size_t i = 0; choices && i < picture->n; i++)
		n = collect(&picture->spans[i], choices, n);
	if (!n)
		return false;
	qsort(choices, n, sizeof(*choices), by_stages);
	while (alike < n && choices[alike].stages == choices[0].stages)
		alike++;
	*ret = choices[alike / 2];
	return ret->stages > 0;
}

/* The wait for the frame is longer than all else by far: of it only the beginning is shown. */
static double done(const struct course *c)
{
	uint64_t end = 0;
	double sum = 0;

	for (size_t i = 0; i < c->n; i++) {
		const struct zcb_stage_span *span = c->line[i].span;
		uint64_t from = span->start_ns > end ? span->start_ns : end;

		if (span->stage == ZCB_STAGE_FRESH)
			continue;

		if (end_of(span) > from)
			sum += (double)(end_of(span) - from);
		end = end_of(span) > end ? end_of(span) : end;
	}
	return sum;
}

/* Shown to a little beyond all else. */
static void cut_short(struct course *c, struct line *fresh, double busy)
{
	double end = fmax(c->high, fresh->from) + GAP * busy;

	if (fresh->to > end) {
		c->cut_at[c->cuts] = end;
		c->cut_ns[c->cuts++] = fresh->to - end;
		fresh->to = end;
	}
	c->high = fmax(c->high, fresh->to);
}

/* Spans come by their begins: where all before have ended, there may be a wait. */
static void lay_out(struct course *c)
{
	double busy = done(c), removed = (double)c->line[0].span->start_ns;
	uint64_t end = c->line[0].span->start_ns;
	struct line *fresh = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct zcb_stage_span *span = c->line[i].span;
		double wait = span->start_ns > end ? (double)(span->start_ns - end) : 0;

		if (wait > CUT * busy) {
			c->cut_at[c->cuts] = (double)end - removed + GAP * busy / 2;
			c->cut_ns[c->cuts++] = wait;
			removed += wait - GAP * busy;
		}
		c->line[i].from = (double)span->start_ns - removed;
		c->line[i].to = (double)end_of(span) - removed;
		if (span->stage == ZCB_STAGE_FRESH) {
			fresh = &c->line[i];
			end = span->start_ns > end ? span->start_ns : end;
			continue;
		}
		c->high = fmax(c->high, c->line[i].to);
		end = end_of(span) > end ? end_of(span) : end;
	}
	if (fresh)
		cut_short(c, fresh, busy);
}

static void label_line(const struct course *c, const struct zcb_stage_span *span, char *text, size_t room)
{
	snprintf(text, room, "%d %s  %.*f", span->stage + 1, zcb_stage_metric(span->stage),
		 c->picture->divisor > 1 ? 2 : 0, (double)span->value / c->picture->divisor);
}

static void put_data(const struct course *c, FILE *data, size_t *ret_longest)
{
	static const int colours[] = {1, 2, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 6, 8};
	double divisor = c->picture->divisor;
	char text[80];

	*ret_longest = 0;
	for (size_t i = 0; i < c->n; i++) {
		label_line(c, c->line[i].span, text, sizeof(text));
		if (strlen(text) > *ret_longest)
			*ret_longest = strlen(text);
		fprintf(data, "%zu\t", i + 1);
		zcb_plot_label(data, text);
		fprintf(data, "\t%.7g\t%.7g\t%d\n", c->line[i].from / divisor, c->line[i].to / divisor,
			colours[c->line[i].span->stage]);
	}
	fputs("\n\nNaN\t\"\"\n", data);
	for (size_t i = 0; i < c->cuts; i++)
		fprintf(data, "%.7g\t%.*f\n", c->cut_at[i] / divisor, divisor > 1 ? 1 : 0, c->cut_ns[i] / divisor);
}

static void draw(struct zcb_page *page, const struct course *c, const struct choice *of, size_t number)
{
	ZCB_FREE char *data = NULL;
	char name[32], variables[160], text[500];
	size_t n, longest;
	FILE *out = open_memstream(&data, &n);

	if (!out)
		return;
	put_data(c, out, &longest);
	if (fclose(out) != 0)
		return;
	snprintf(name, sizeof(name), "operation-%zu", number);
	snprintf(variables, sizeof(variables), "rows = %zu\nlabel_chars = %zu\nhigh = %.9g\nunit = %u\ncuts = %zu\n", c->n,
		 longest, c->high * 1.01 / c->picture->divisor, c->picture->unit, c->cuts);
	snprintf(text, sizeof(text),
		 "Operation %" PRIu64 " of %.80s as it went, %zu parts, the first at the top; each with its whole time in "
		 "%s. Dashed: a wait was cut out here, so long as it says. Where fault.guest and fault.vmm lie is not known, "
		 "only how long they took.",
		 of->first->operation, c->picture->label, c->n, c->picture->unit_name);
	zcb_page_plot(page, name, zcb_embedded_operation_gp, variables, data, "One operation as it went", text);
}

void zcb_page_operation(struct zcb_page *page, const struct zcb_operation_picture *picture, size_t number)
{
	struct course c = {.picture = picture};
	struct choice of;

	if (!choose(picture, &of))
		return;
	for (size_t i = 0; i < of.n && c.n < MAX_LINES; i++) {
		if (of.first[i].placed)
			c.line[c.n++].span = &of.first[i];
	}
	if (!c.n)
		return;
	lay_out(&c);
	draw(page, &c, &of, number);
}
