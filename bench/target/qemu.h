/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_QEMU_H
#define ZCB_TARGET_QEMU_H

#include "bench/base/error.h"
#include "bench/target/args.h"

/** How to start the QEMU that boots the HUT. */
struct zcb_qemu {
	struct zcb_args command; /* the program, behind its loader where it needs one */
	char *program;		 /* its file */
	char *modules;		 /* "QEMU_MODULE_DIR=…", or NULL */
};

/**
 * The QEMU of the images' root file system, run in place through its own loader and libraries, so
 * that every machine runs the same one; or the program that ZCB_QEMU in the environment names.
 * Returns 0 or -errno.
 */
int zcb_qemu_find(const char *images, struct zcb_qemu *ret_qemu, struct zcb_error *err);

/** Frees; as a cleanup attribute too. */
void zcb_qemu_finish(struct zcb_qemu *qemu);

/** Runs it for its version, such as "10.0.2 (Debian …)". Returns 0 or -errno. */
int zcb_qemu_version(const char *images, char *ret_version, size_t room, struct zcb_error *err);

#endif
