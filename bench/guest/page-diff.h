/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_PAGE_DIFF_H
#define ZCB_GUEST_PAGE_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/guest/stamp.h"

/**
 * One way to compare a page with its pattern, as fast as memory is read. All give the same
 * answer; they differ in the vector instructions they need.
 */
struct zcb_page_diff {
	const char *name;

	/** Whether this CPU has the instructions. */
	bool (*usable)(void);

	/**
	 * Reads all 4096 bytes, of any alignment, once. Returns 0 if each is what the pattern
	 * says, anything else if not.
	 */
	uint64_t (*differs)(const struct zcb_stamp_page *pattern, const void *bytes);

	/** The same for those bits alone that are set in the 4096 bytes at mask, aligned to 64. */
	uint64_t (*differs_masked)(const struct zcb_stamp_page *pattern, const void *mask,
				   const void *bytes);
};

/** Every way this build knows, from the plainest to the widest; the first runs on any CPU. */
extern const struct zcb_page_diff *const zcb_page_diffs[];
extern const size_t zcb_page_diff_count;

/** The widest way that this CPU can run; never NULL. */
const struct zcb_page_diff *zcb_page_diff_best(void);

#endif
