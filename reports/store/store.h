/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_STORE_H
#define ZCB_REPORTS_STORE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "bench/base/error.h"

/*
 * A store of nights: a folder to which runs are added, and in which nothing is ever changed
 * (docs/store.md). Its files are as hostile as a run directory.
 */

/** Makes the folder where there is none, and opens it. Returns its descriptor or -errno. */
int zcb_store_open(const char *path, bool create, struct zcb_error *err);

/**
 * Adds the summary of a run directory. Returns 0; -EEXIST, with nothing done, where the run is
 * there already; -EINVAL where it does not say when it started; or another -errno.
 */
int zcb_store_add(int storefd, const char *run_dir, struct zcb_error *err);

/** Notes that somebody took an alert's level as the new base line, and why. 0 or -errno. */
int zcb_store_acknowledge(int storefd, const char *alert, const char *reason,
			  struct zcb_error *err);

/** The alerts that were acknowledged, as a list of objects with `alert` and `reason`. */
json_t *zcb_store_acknowledged(int storefd);

struct zcb_store_files {
	char **names; /* below nights/, in the order of time */
	size_t n;
};

/** What nights a store has. Returns 0 or -errno. */
int zcb_store_list(int storefd, struct zcb_store_files *ret_files);

void zcb_store_files_finish(struct zcb_store_files *files);

/** Reads one of them; NULL where it is none of schema 1. The caller gives it back. */
json_t *zcb_store_night(int storefd, const char *name);

/** A member of a night as a text, "" where there is none. */
const char *zcb_store_text(const json_t *object, const char *key);

#endif
