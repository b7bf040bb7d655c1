// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

/* The absolute path of FOLDER/NAME, or NULL with errno. */
static char *existing(const char *folder, const char *name)
{
	ZCB_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		return NULL;
	}
	return realpath(path, NULL);
}

int zcb_part_find(const char *program, const char *name, char **ret_path, struct zcb_error *err)
{
	ZCB_FREE char *folder = realpath(program, NULL);
	char *slash = folder ? strrchr(folder, '/') : NULL;
	char *path;

	if (!slash)
		return zcb_fail(err, -errno, "host set-up: %s cannot be found: %m", program);
	*slash = '\0';
	path = existing(folder, name);
	if (!path)
		path = existing(ZCB_LIBEXEC, name);
	if (!path)
		return zcb_fail(err, -ENOENT, "host set-up: %s/%s is missing: run ninja -C build",
				folder, name);
	*ret_path = path;
	return 0;
}
