/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_REPORTS_KCONFIG_H
#define ZCB_REPORTS_KCONFIG_H

#include "bench/results/reader.h"

/** A kernel's configuration: options that are set. Zero-initialized is empty. */
struct zcb_kconfig {
	char *text;
	struct zcb_kconfig_option {
		const char *name, *value; /* without CONFIG_; as written: y, m, 250, "a string" */
	} *options;			  /* by name, each once */
	size_t n;
};

/**
 * Parses a .config. What "is not set", or is "n", is off, as is what is not there at all, and so is none of the
 * options. Takes text, which is changed, also on failure. Returns 0 or -ENOMEM.
 */
int zcb_kconfig_parse(char *text, struct zcb_kconfig *ret_config);

/**
 * Reads that of a kernel out of the run directory. Returns 0, -ENOENT where it was not kept, or another -errno.
 */
int zcb_kconfig_read(const struct zcb_results *results, const struct zcb_result_kernel *kernel,
		     struct zcb_kconfig *ret_config);

void zcb_kconfig_finish(struct zcb_kconfig *config);

/** An option that is not the same in both. */
struct zcb_kconfig_difference {
	const char *name, *a, *b; /* borrowed from the configurations; NULL where it is off */
};

/**
 * All that differ: first those that are on in both, then those that are on in the one that has fewer of such, then
 * the others; modules come last of each. *ret_list is the caller's to free. Returns 0 or -ENOMEM.
 */
int zcb_kconfig_compare(const struct zcb_kconfig *a, const struct zcb_kconfig *b,
			struct zcb_kconfig_difference **ret_list, size_t *ret_n);

/**
 * "HZ 250 and 1000, KASAN off and y and 12 more" for messages, printable whatever the files hold; "" where nothing
 * differs. Returns how many differ, or -errno where one of the files is not there.
 */
int zcb_kconfig_brief(const struct zcb_results *of_a, const struct zcb_result_kernel *a,
		      const struct zcb_results *of_b, const struct zcb_result_kernel *b, char *ret_text, size_t room);

#endif
