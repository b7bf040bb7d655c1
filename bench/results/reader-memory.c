// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/reader-internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/results/utf8.h"

/* More notes than this help nobody, and a hostile run directory could fill the page with them. */
#define MAX_NOTES 40U

struct block {
	struct block *next;
	max_align_t bytes[];
};

struct document {
	struct document *next;
	json_t *json;
};

struct zcb_results_memory {
	struct block *blocks;
	struct document *documents;
};

void *zcb_results_alloc(struct zcb_results *results, size_t n)
{
	struct block *block = calloc(1, sizeof(*block) + n);

	if (!block)
		return NULL;
	if (!results->memory)
		results->memory = calloc(1, sizeof(*results->memory));
	if (!results->memory) {
		free(block);
		return NULL;
	}
	block->next = results->memory->blocks;
	results->memory->blocks = block;
	return block->bytes;
}

const char *zcb_results_string(struct zcb_results *results, const char *format, ...)
{
	ZCB_FREE char *text = NULL;
	char *kept;
	va_list args;
	int n;

	va_start(args, format);
	n = vasprintf(&text, format, args);
	va_end(args);
	if (n < 0) {
		text = NULL;
		return "";
	}
	kept = zcb_results_alloc(results, (size_t)n + 1);
	return kept ? memcpy(kept, text, (size_t)n + 1) : "";
}

int zcb_results_keep(struct zcb_results *results, json_t *json)
{
	struct document *document = zcb_results_alloc(results, sizeof(*document));

	if (!document) {
		json_decref(json);
		return -ENOMEM;
	}
	document->json = json;
	document->next = results->memory->documents;
	results->memory->documents = document;
	return 0;
}

void zcb_results_note(struct zcb_results *results, const char *format, ...)
{
	struct zcb_result_strings *notes = &results->notes;
	ZCB_FREE char *whole = NULL;
	char text[400];
	size_t n;
	va_list args;

	if (!notes->items)
		notes->items = zcb_results_alloc(results, (MAX_NOTES + 1) * sizeof(*notes->items));
	if (!notes->items)
		return;
	if (notes->n >= MAX_NOTES) {
		notes->items[MAX_NOTES] = "There are more such notes, which are left out.";
		notes->n = MAX_NOTES + 1;
		return;
	}
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* A file's name need not be UTF-8, and the cut may go through a letter. */
	if (zcb_utf8_repair(text, strlen(text), &whole, &n) == 0)
		notes->items[notes->n++] = zcb_results_string(results, "%s", whole);
}

void zcb_results_free(struct zcb_results *results)
{
	struct zcb_results_memory *memory;

	if (!results)
		return;
	memory = results->memory;
	for (struct document *d = memory ? memory->documents : NULL; d; d = d->next)
		json_decref(d->json);
	for (struct block *b = memory ? memory->blocks : NULL, *next; b; b = next) {
		next = b->next;
		free(b);
	}
	free(memory);
	if (results->dirfd >= 0)
		close(results->dirfd);
	free(results);
}
