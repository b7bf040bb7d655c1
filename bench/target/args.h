/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_ARGS_H
#define ZCB_TARGET_ARGS_H

#include <stddef.h>

/** A growing, NULL-terminated argument vector that owns its strings. All zero is empty. */
struct zcb_args {
	char **items;
	size_t n;
	int error; /* -ENOMEM from the first add that failed; later adds do nothing */
};

/** Appends one argument, formatted. */
void zcb_args_add(struct zcb_args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Appends each of a NULL-terminated list. */
void zcb_args_add_all(struct zcb_args *args, const char *const *items);

/** Frees the strings and the vector; as a cleanup attribute too. */
void zcb_args_finish(struct zcb_args *args);

/** For QEMU's option lists, where a comma in a value is written twice. The caller's to free. */
char *zcb_args_escape_commas(const char *value);

#endif
