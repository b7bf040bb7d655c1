/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_PART_H
#define ZCB_BASE_PART_H

#include "bench/base/error.h"

/**
 * Finds a file that is part of the program: beside it, as in the build folder and in the host under
 * test, or where `meson install` puts it. *ret_path is the caller's to free. Returns 0, -ENOMEM, or
 * -ENOENT with the file and its mend.
 */
int zcb_part_find(const char *program, const char *name, char **ret_path, struct zcb_error *err);

#endif
