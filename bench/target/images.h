/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_IMAGES_H
#define ZCB_TARGET_IMAGES_H

#include <stdbool.h>

#include "bench/base/error.h"
#include "bench/target/target.h"

/** Where the files of a boot are. All are absolute paths and owned. */
struct zcb_images {
	char *root;	     /* the HUT's root file system; holds QEMU too */
	char *kernel;	     /* of the HUT */
	bool kasan;	     /* by the configuration beside it, it has KASAN */
	char *modules;	     /* the HUT's cpio of modules, or NULL: its drivers are built in */
	char *init;	     /* the cpio with the HUT's /init */
	char *guest_kernel;  /* stock's */
	char *guest_modules; /* stock's for guests, or NULL */
	char *display_modules; /* the same for guests with a display, or NULL */
	char *agent;	     /* the cpio with the guest's /init, or NULL: no Linux guest */
};

/**
 * Finds the files of config->kernel. Returns 0, or -ENOENT with the missing file and the command
 * that makes it.
 */
int zcb_images_find(const struct zcb_target_config *config, struct zcb_images *ret_images,
		    struct zcb_error *err);

/** Frees the paths; as a cleanup attribute too. */
void zcb_images_finish(struct zcb_images *images);

/** The folder of images that goes with this program: DIR/images for DIR/zcbench. NULL, or to free.
 */
char *zcb_images_default(void);

/** Finds the tree of the root file system alone: the caller's to free. 0 or -ENOENT as above. */
int zcb_images_root(const char *images, char **ret_root, struct zcb_error *err);

#endif
