/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_READER_INTERNAL_H
#define ZCB_RESULTS_READER_INTERNAL_H

#include <jansson.h>

#include "bench/results/reader.h"

/*
 * Inside the reader: everything a struct zcb_results points to is allocated by zcb_results_alloc()
 * or lives in a JSON document it keeps, and goes away with it.
 */

/** Zeroed memory that lives as long as the results; NULL when there is none left. */
void *zcb_results_alloc(struct zcb_results *results, size_t n);

/** A formatted string that lives as long as the results; "" when memory is short. */
const char *zcb_results_string(struct zcb_results *results, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Hands a document over: it is freed with the results. */
int zcb_results_keep(struct zcb_results *results, json_t *document);

/**
 * Reads and parses one JSON file, which must be an object of schema 1; it is kept. On failure *why
 * says in a few words what is wrong, and lives as long as the results.
 */
int zcb_results_load(struct zcb_results *results, const char *path, json_t **ret_document,
		     const char **why);

/** Parses n bytes, as zcb_results_load() does. */
int zcb_results_parse(struct zcb_results *results, const char *bytes, size_t n,
		      json_t **ret_document, const char **why);

/* Where a member is read from, for notes about it. */
struct zcb_place {
	struct zcb_results *results;
	const char *name;
};

/*
 * Members of an object, or a default with a note where the type is wrong. A missing member is no
 * error: "", 0, false, an empty list. A null string is "".
 */
const char *zcb_member_string(const struct zcb_place *place, const json_t *object, const char *key);
uint64_t zcb_member_count(const struct zcb_place *place, const json_t *object, const char *key);
/* Any 64 bits: JSON's integers are signed, so a seed above 2^63 is written as a negative number. */
uint64_t zcb_member_seed(const struct zcb_place *place, const json_t *object, const char *key);
double zcb_member_real(const struct zcb_place *place, const json_t *object, const char *key);
bool zcb_member_bool(const struct zcb_place *place, const json_t *object, const char *key);
const json_t *zcb_member_object(const struct zcb_place *place, const json_t *object,
				const char *key);
const json_t *zcb_member_array(const struct zcb_place *place, const json_t *object,
			       const char *key);
struct zcb_result_strings zcb_member_strings(const struct zcb_place *place, const json_t *object,
					     const char *key);

/** All parameters in words: "stride, count 12, pages 64": the pattern first, then by name. */
const char *zcb_params_describe(struct zcb_results *results, const json_t *params);

/** Fills each cell's `brief`, and the run's `usual_params`, when all cells are read. */
void zcb_params_shorten(struct zcb_results *results);

/* The parts of a run directory; each returns 0, or -errno when memory is short. */
int zcb_results_read_cells(struct zcb_results *results, bool *ret_any);
int zcb_results_read_samples_list(struct zcb_results *results);
int zcb_results_read_boots(struct zcb_results *results);
int zcb_results_read_frames(struct zcb_results *results);

/** Opens a regular file as zcb_results_read_file() does. Returns its descriptor, or -errno. */
int zcb_results_open(const struct zcb_results *results, const char *path, size_t *ret_size);

/**
 * The names in a folder of the run directory that begin with a digit, sorted as numbers go. The
 * list lives as long as the results; an absent folder is an empty list.
 */
int zcb_results_list(struct zcb_results *results, const char *folder,
		     struct zcb_result_strings *ret_names);

#endif
