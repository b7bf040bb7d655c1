/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_PLAN_VARIANTS_H
#define ZCB_PLAN_VARIANTS_H

/**
 * How a kernel tells udmabuf about replaced pages, and what that leads a reader to see. The words
 * are those of "expected" in docs/run-directory.md.
 */
struct zcb_variant {
	const char *name;
	const char *summary;     /* one line for `zcbench list` */
	const char *after_hole;  /* whole pages left the memfd and the guest wrote its next frame */
	const char *after_zeroing; /* pages were zeroed in place */
};

/** All variants; the last has no name. */
extern const struct zcb_variant zcb_variants[];

/** The variant of that name, or NULL. */
const struct zcb_variant *zcb_variant_find(const char *name);

#endif
