// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Joins shards: reads all, checks all, then writes beside the output and gives that its name in one
 * step, so that there is never a part of it under that name.
 */
#include "bench/merge/merge.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/merge/internal.h"

static int remove_one(const char *path, const struct stat *info, int flag, struct FTW *ftw)
{
	return remove(path);
}

static bool is_empty(const char *path)
{
	ZCB_CLOSEDIR DIR *folder = opendir(path);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			return false;
	return folder != NULL;
}

/* The folder that the output lies in; the caller's to free. NULL where there is none. */
static char *folder_of(const char *output)
{
	ZCB_FREE char *path = strdup(output);
	size_t n = path ? strlen(path) : 0;
	char *slash;

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	slash = path ? strrchr(path, '/') : NULL;
	if (!slash)
		return realpath(".", NULL);
	slash[slash == path] = '\0';
	return realpath(path, NULL);
}

static bool lies_in(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return !strncmp(path, folder, n) && (path[n] == '\0' || path[n] == '/');
}

/* Shards are never changed, not even by a folder in one. */
static int check_output(const struct merge *merge)
{
	const char *output = merge->options->output;
	ZCB_FREE char *folder = folder_of(output);
	struct stat info;

	if (lstat(output, &info) == 0 && !(S_ISDIR(info.st_mode) && is_empty(output)))
		return zcb_fail(merge->err, -EEXIST, "usage: %.200s is there and not empty: choose another -o", output);
	if (!folder)
		return zcb_fail(merge->err, -errno, "host set-up: the folder of %.200s cannot be opened: %m", output);
	for (size_t i = 0; i < merge->n; i++) {
		ZCB_FREE char *shard = realpath(merge->shard[i].path, NULL);

		if (shard && lies_in(folder, shard))
			return zcb_fail(merge->err, -EINVAL, "usage: %.200s would lie in the shard %.200s: choose another -o",
					output, merge->shard[i].path);
	}
	return 0;
}

static int give_name(const struct merge *merge, const char *beside)
{
	ZCB_FREE char *folder = folder_of(merge->options->output);
	ZCB_CLOSE int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (rename(beside, merge->options->output) < 0)
		return zcb_merge_blame_disk(merge, "the name", -errno);
	if (fd >= 0)
		fsync(fd);
	return 0;
}

static int write_beside(const struct merge *merge, const char *beside, const struct zcb_merged *merged)
{
	ZCB_CLOSE int fd = -1;
	int ret;

	if (mkdir(beside, 0755) < 0)
		return zcb_merge_blame_disk(merge, "a folder", -errno);
	fd = open(beside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = fd < 0 ? zcb_merge_blame_disk(merge, "a folder", -errno) : zcb_merge_write(merge, fd, merged);
	if (!ret)
		ret = give_name(merge, beside);
	if (ret)
		nftw(beside, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return ret;
}

static int write_output(const struct merge *merge, const struct zcb_merged *merged)
{
	ZCB_FREE char *beside = NULL;
	size_t n = strlen(merge->options->output);

	while (n > 1 && merge->options->output[n - 1] == '/')
		n--;
	if (asprintf(&beside, "%.*s.merging-%d", (int)n, merge->options->output, getpid()) < 0)
		return zcb_fail(merge->err, -ENOMEM, "host set-up: no memory for a name");
	return write_beside(merge, beside, merged);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct merge_shard *)a)->number, y = ((const struct merge_shard *)b)->number;

	return (x > y) - (x < y);
}

static int join(struct merge *merge, struct zcb_merged *ret_merged)
{
	struct zcb_merged merged;
	int ret = check_output(merge);

	if (!ret)
		ret = zcb_merge_check(merge);
	if (ret)
		return ret;
	zcb_merge_count(merge, &merged);
	if (*merged.missing && !merge->options->partial)
		return zcb_fail(merge->err, -EINVAL, "usage: missing: %s; go on with `zcbench run --resume -o SHARD_DIR`, or "
				"join what there is with --partial", merged.missing);
	zcb_merge_number_lives(merge);
	ret = write_output(merge, &merged);
	if (!ret)
		*ret_merged = merged;
	return ret;
}

int zcb_merge(const struct zcb_merge_options *options, struct zcb_merged *ret_merged, struct zcb_error *err)
{
	struct merge merge = { .options = options, .err = err };
	int ret = 0;

	merge.shard = calloc(options->n_dirs + 1, sizeof(*merge.shard));
	if (!merge.shard)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory to merge");
	for (; merge.n < options->n_dirs && !ret; merge.n++)
		ret = zcb_merge_read_shard(options->dirs[merge.n], &merge.shard[merge.n], err);
	if (!ret) {
		qsort(merge.shard, merge.n, sizeof(*merge.shard), by_number);
		ret = join(&merge, ret_merged);
	}
	for (size_t i = 0; i < merge.n; i++)
		zcb_merge_finish_shard(&merge.shard[i]);
	free(merge.shard);
	return ret;
}
