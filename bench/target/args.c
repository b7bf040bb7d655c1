// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void append(struct zcb_args *args, char *item)
{
	char **grown = item ? realloc(args->items, (args->n + 2) * sizeof(*grown)) : NULL;

	if (!grown) {
		args->error = -ENOMEM;
		free(item);
		return;
	}
	args->items = grown;
	args->items[args->n++] = item;
	args->items[args->n] = NULL;
}

void zcb_args_add(struct zcb_args *args, const char *format, ...)
{
	char *item = NULL;
	va_list list;

	if (args->error)
		return;
	va_start(list, format);
	if (vasprintf(&item, format, list) < 0)
		item = NULL;
	va_end(list);
	append(args, item);
}

void zcb_args_add_all(struct zcb_args *args, const char *const *items)
{
	for (; *items; items++)
		zcb_args_add(args, "%s", *items);
}

void zcb_args_finish(struct zcb_args *args)
{
	for (size_t i = 0; i < args->n; i++)
		free(args->items[i]);
	free(args->items);
	*args = (struct zcb_args){0};
}

char *zcb_args_escape_commas(const char *value)
{
	char *escaped = malloc(2 * strlen(value) + 1), *to = escaped;

	if (!escaped)
		return NULL;
	for (; *value; value++) {
		if (*value == ',')
			*to++ = ',';
		*to++ = *value;
	}
	*to = '\0';
	return escaped;
}
