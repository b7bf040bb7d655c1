// SPDX-License-Identifier: GPL-2.0-or-later
/* Keeps the configuration of each kernel in the run directory, once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/conductor/internal.h"

/* Debian's has 280 KB. */
#define MAX_CONFIG (4U << 20)

/* Beside the kernel: in a folder of the images, in a folder anywhere, or beside a file. */
static int read_beside(const struct conduct *run, const char *kernel, char **ret_text, size_t *ret_n)
{
	ZCB_FREE char *path = NULL, *dir = strdup(kernel);
	struct stat info;
	char *slash = dir ? strrchr(dir, '/') : NULL;
	int n;

	if (!dir)
		return -ENOMEM;
	if (slash && stat(kernel, &info) == 0 && !S_ISDIR(info.st_mode))
		*slash = '\0';
	n = slash ? asprintf(&path, "%s/config", dir) : asprintf(&path, "%s/%s/config", run->config->images, dir);
	if (n < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return zcb_read_file(AT_FDCWD, path, MAX_CONFIG, ret_text, ret_n);
}

/* Where Debian and others put that of the kernel that runs here. */
static int read_running(const char *release, char **ret_text, size_t *ret_n)
{
	char path[160];

	if (!release || strchr(release, '/'))
		return -ENOENT;
	snprintf(path, sizeof(path), "/boot/config-%.128s", release);
	return zcb_read_file(AT_FDCWD, path, MAX_CONFIG, ret_text, ret_n);
}

static bool is_hash(const char *text)
{
	return text && strlen(text) == 64 && strspn(text, "0123456789abcdef") == 64;
}

/* By the hash that its maker wrote down; or where nobody did, by one of ours (FNV-1a). */
static void name_it(const char *hash, const char *text, size_t n, char *ret_name, size_t room)
{
	uint64_t own = 0xcbf29ce484222325ULL;

	if (is_hash(hash)) {
		snprintf(ret_name, room, "kernels/%s.config", hash);
		return;
	}
	for (size_t i = 0; i < n; i++)
		own = (own ^ (unsigned char)text[i]) * 0x100000001b3ULL;
	snprintf(ret_name, room, "kernels/fnv1a-%016" PRIx64 ".config", own);
}

int zcb_keep_config(struct conduct *run, const char *kernel, json_t *about)
{
	ZCB_FREE char *text = NULL;
	const char *release = json_string_value(json_object_get(about, "release"));
	const char *hash = json_string_value(json_object_get(about, "config_sha256"));
	char name[96];
	size_t n = 0;
	int ret = run->config->native ? read_running(release, &text, &n) : read_beside(run, kernel, &text, &n);

	if (ret)
		return 0; /* a kernel may have none that is known */
	name_it(hash, text, n, name, sizeof(name));
	json_object_set_new(about, "config", json_string(name));
	if (faccessat(run->dir->fd, name, R_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (mkdirat(run->dir->fd, "kernels", 0755) < 0 && errno != EEXIST)
		return zcb_fail(run->err, -errno, "host set-up: making %s/kernels: %m", run->dir->path);
	return zcb_rundir_put(run->dir, name, text, n, run->err);
}
