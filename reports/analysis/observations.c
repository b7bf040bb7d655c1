// SPDX-License-Identifier: GPL-2.0-or-later
#include "reports/analysis/observations.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/cleanup.h"

const char *zcb_statistic_name(enum zcb_statistic statistic)
{
	static const char *const names[] = { "p50", "p99", "mean" };

	return names[statistic];
}

/* Room for one more: arrays grow at powers of two. */
static void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	return reallocarray(array, n ? n * 2 : 1, size);
}

#define GROW(array, n)                                                                             \
	({                                                                                         \
		void *__grown = grow(array, n, sizeof(*(array)));                                  \
		if (__grown)                                                                       \
			(array) = __grown;                                                         \
		__grown != NULL;                                                                   \
	})

int zcb_observations_add(struct zcb_observations *o, const struct zcb_observation *item)
{
	if (!GROW(o->items, o->n))
		return -ENOMEM;
	o->items[o->n++] = *item;
	return 0;
}

int zcb_observations_subject(struct zcb_observations *o, size_t cell, size_t metric,
			     size_t *ret_subject)
{
	for (size_t i = 0; i < o->n_subjects; i++) {
		if (o->subjects[i].cell == cell && o->subjects[i].metric == metric) {
			*ret_subject = i;
			return 0;
		}
	}
	if (!GROW(o->subjects, o->n_subjects))
		return -ENOMEM;
	o->subjects[o->n_subjects] = (struct zcb_subject){ cell, metric };
	*ret_subject = o->n_subjects++;
	return 0;
}

int zcb_observations_cell(struct zcb_observations *o, const char *name, const char *params,
			  size_t *ret_cell)
{
	for (size_t i = 0; i < o->n_cells; i++) {
		if (!strcmp(o->cells[i].name, name) && !strcmp(o->cells[i].params, params)) {
			*ret_cell = i;
			return 0;
		}
	}
	if (!GROW(o->cells, o->n_cells))
		return -ENOMEM;
	o->cells[o->n_cells] = (struct zcb_compared_cell){
		.name = name, .params = params, .brief = "", .expected = "", .observed = ""
	};
	*ret_cell = o->n_cells++;
	return 0;
}

int zcb_observations_metric(struct zcb_observations *o, const char *name, const char *unit,
			    size_t *ret_metric)
{
	for (size_t i = 0; i < o->n_metrics; i++) {
		if (!strcmp(o->metrics[i].name, name)) {
			*ret_metric = i;
			return 0;
		}
	}
	if (!GROW(o->metrics, o->n_metrics))
		return -ENOMEM;
	o->metrics[o->n_metrics] = (struct zcb_metric_name){ name, unit };
	*ret_metric = o->n_metrics++;
	return 0;
}

static const char *keep(struct zcb_observations *o, char *text)
{
	if (text && GROW(o->strings, o->n_strings)) {
		o->strings[o->n_strings++] = text;
		return text;
	}
	free(text);
	return "";
}

__attribute__((format(printf, 2, 0))) static const char *
format_kept(struct zcb_observations *o, const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		return "";
	return keep(o, text);
}

const char *zcb_observations_string(struct zcb_observations *o, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = format_kept(o, format, arguments);
	va_end(arguments);
	return text;
}

void zcb_observations_note(struct zcb_observations *o, const char *format, ...)
{
	va_list arguments;
	const char *text;

	va_start(arguments, format);
	text = format_kept(o, format, arguments);
	va_end(arguments);
	if (*text && GROW(o->notes.items, o->notes.n))
		o->notes.items[o->notes.n++] = text;
}

void zcb_observations_free(struct zcb_observations *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->n_strings; i++)
		free(o->strings[i]);
	free(o->strings);
	free(o->notes.items);
	free(o->items);
	free(o->subjects);
	free(o->metrics);
	free(o->cells);
	free(o);
}
