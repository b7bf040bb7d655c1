/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_KERNELS_H
#define ZCB_BASE_KERNELS_H

#include <stdbool.h>

/** A kernel that scripts/setup makes: its folder in build/images has its name. */
struct zcb_kernel {
	const char *name;
	const char *title;   /* "kernel NAME", where it stands among other things */
	const char *summary; /* one line for people */
	const char *mend;    /* the command that makes it */
};

/** All of them; the last has no name. */
extern const struct zcb_kernel zcb_kernels[];

/** The row of that name, or NULL. */
const struct zcb_kernel *zcb_kernel_find(const char *name);

/**
 * Whether this is the name of a Debian package with a kernel, as linux-image-6.12.94+deb13-amd64:
 * `./scripts/setup --kernel-package NAME` makes its folder in build/images.
 */
bool zcb_kernel_is_package(const char *name);

#endif
