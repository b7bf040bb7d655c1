// SPDX-License-Identifier: GPL-2.0-or-later
/* The joined run directory: copies of what the shards left, its own journal, plan and metadata. */
#include "bench/merge/internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define MAX_DEPTH 8U

int zcb_merge_blame_disk(const struct merge *merge, const char *name, int code)
{
	if (code == -ENOSPC || code == -EDQUOT)
		return zcb_fail(merge->err, code, "host set-up: no space left to write %.100s of %.200s: free some, and merge "
				"again", name, merge->options->output);
	return zcb_fail(merge->err, code, "host set-up: %.100s of %.200s cannot be written: %s", name,
			merge->options->output, strerror(-code));
}

/** Where a copy comes from, and goes to. */
struct copy {
	const struct merge *merge;
	const struct merge_shard *shard;
	const char *name; /* of the file, for sentences */
};

static int blame_input(const struct copy *copy, int code)
{
	return zcb_fail(copy->merge->err, code == -ENOENT ? -EBADMSG : code,
			"host set-up: %.100s of %.200s cannot be read: %s", copy->name, copy->shard->path, strerror(-code));
}

static int copy_bytes(const struct copy *copy, int from, int to)
{
	ZCB_FREE char *bytes = malloc(1U << 20);
	ssize_t n;

	/* Within one file system the kernel can share the blocks; where it cannot, it says so at once. */
	while ((n = copy_file_range(from, NULL, to, NULL, 1U << 30, 0)) > 0)
		;
	if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG))
		return zcb_merge_blame_disk(copy->merge, copy->name, -errno);
	if (!bytes)
		return zcb_fail(copy->merge->err, -ENOMEM, "host set-up: no memory to copy %.100s", copy->name);
	while ((n = read(from, bytes, 1U << 20)) > 0) {
		int ret = zcb_write_all(to, bytes, (size_t)n);

		if (ret)
			return zcb_merge_blame_disk(copy->merge, copy->name, ret);
	}
	return n < 0 ? blame_input(copy, -errno) : 0;
}

static bool are_equal(int a, int b)
{
	char bytes_a[4096], bytes_b[4096];
	ssize_t n;
	off_t at = 0;

	while ((n = pread(a, bytes_a, sizeof(bytes_a), at)) > 0) {
		if (pread(b, bytes_b, (size_t)n, at) != n || memcmp(bytes_a, bytes_b, (size_t)n) != 0)
			return false;
		at += n;
	}
	return n == 0 && pread(b, bytes_b, 1, at) == 0;
}

/* A name that is there already is another shard's: the same file is, whatever it is, one file. */
static int meet(const struct copy *copy, int from, int to_folder, const char *file)
{
	ZCB_CLOSE int there = openat(to_folder, file, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (there >= 0 && are_equal(from, there))
		return 0;
	return zcb_fail(copy->merge->err, -EINVAL, "usage: %.150s and another shard both have %.100s, and not the same",
			copy->shard->path, copy->name);
}

static int copy_file(const struct copy *copy, int from_folder, int to_folder, const char *file)
{
	ZCB_CLOSE int from = openat(from_folder, file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	ZCB_CLOSE int to = -1;
	struct stat info;

	if (from < 0 || fstat(from, &info) < 0)
		return blame_input(copy, -errno);
	if (!S_ISREG(info.st_mode))
		return blame_input(copy, -EINVAL);
	to = openat(to_folder, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (to < 0 && errno == EEXIST)
		return meet(copy, from, to_folder, file);
	if (to < 0)
		return zcb_merge_blame_disk(copy->merge, copy->name, -errno);
	return copy_bytes(copy, from, to);
}

/* Hidden files and what a torn write left beside a file are nobody's. */
static bool is_content(const char *file)
{
	size_t n = strlen(file);

	return *file != '.' && !(n > 4 && !strcmp(file + n - 4, ".new"));
}

static int copy_folder(const struct copy *parent, int from_folder, int to_folder, const char *from_name,
		       const char *to_name, unsigned int depth);

static int copy_entry(const struct copy *parent, int from, int to, const char *file, unsigned int depth)
{
	char name[256];
	struct copy copy = { parent->merge, parent->shard, name };
	struct stat info;

	snprintf(name, sizeof(name), "%.120s/%.120s", parent->name, file);
	if (copy.merge->options->interrupted && copy.merge->options->interrupted())
		return zcb_fail(copy.merge->err, -EINTR, "interrupted: nothing was made");
	if (fstatat(from, file, &info, AT_SYMLINK_NOFOLLOW) < 0)
		return blame_input(&copy, -errno);
	if (S_ISDIR(info.st_mode))
		return copy_folder(&copy, from, to, file, file, depth + 1);
	return copy_file(&copy, from, to, file);
}

static int copy_folder(const struct copy *copy, int from_folder, int to_folder, const char *from_name,
		       const char *to_name, unsigned int depth)
{
	ZCB_CLOSE int from = openat(from_folder, from_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	ZCB_CLOSE int to = -1;
	ZCB_CLOSEDIR DIR *folder = NULL;
	struct dirent *entry;
	int ret = 0;

	if (from < 0 || depth > MAX_DEPTH)
		return blame_input(copy, depth > MAX_DEPTH ? -ELOOP : -errno);
	if (mkdirat(to_folder, to_name, 0755) < 0 && errno != EEXIST)
		return zcb_merge_blame_disk(copy->merge, to_name, -errno);
	to = openat(to_folder, to_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	folder = to < 0 ? NULL : fdopendir(dup(from));
	if (!folder)
		return zcb_merge_blame_disk(copy->merge, to_name, -errno);
	while (!ret && (entry = readdir(folder)))
		if (is_content(entry->d_name))
			ret = copy_entry(copy, from, to, entry->d_name, depth);
	return ret;
}

static int put_json(const struct merge *merge, int fd, const char *name, json_t *json)
{
	ZCB_FREE char *text = json ? json_dumps(json, JSON_INDENT(1)) : NULL;
	int ret;

	json_decref(json);
	if (!text)
		return zcb_fail(merge->err, -ENOMEM, "host set-up: no memory for %s", name);
	ret = zcb_replace_file(fd, name, text, strlen(text));
	return ret ? zcb_merge_blame_disk(merge, name, ret) : 0;
}

/* A life that got another number says so itself. */
static int rename_life(const struct merge *merge, int fd, uint32_t becomes)
{
	ZCB_FREE char *text = NULL;
	char name[48];
	json_t *json;

	snprintf(name, sizeof(name), "boots/%u/boot.json", becomes);
	if (zcb_read_file(fd, name, 1U << 28, &text, NULL))
		return 0; /* it was killed before it wrote one */
	json = json_loads(text, 0, NULL);
	if (!json)
		return 0;
	json_object_set_new(json, "boot", json_integer(becomes));
	return put_json(merge, fd, name, json);
}

static int write_lives(const struct copy *copy, int fd)
{
	char from[32], to[32];
	int ret = 0;

	for (size_t i = 0; i < copy->shard->n_lives && !ret; i++) {
		const struct merge_life *life = &copy->shard->life[i];

		snprintf(from, sizeof(from), "boots/%u", life->number);
		snprintf(to, sizeof(to), "boots/%u", life->becomes);
		if (faccessat(copy->shard->fd, from, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		ret = copy_folder(&(struct copy){ copy->merge, copy->shard, from }, copy->shard->fd, fd, from, to, 1);
		if (!ret && life->becomes != life->number)
			ret = rename_life(copy->merge, fd, life->becomes);
	}
	return ret;
}

/* Every folder but boots, whose names are ours to choose, and the report's, which is made anew. */
static int write_shard(const struct copy *copy, int fd)
{
	ZCB_CLOSEDIR DIR *folder = fdopendir(openat(copy->shard->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *entry;
	struct stat info;
	int ret = 0;

	if (!folder)
		return blame_input(copy, -errno);
	while (!ret && (entry = readdir(folder))) {
		const char *name = entry->d_name;

		if (*name != '.' && strcmp(name, "boots") != 0 && strcmp(name, "plots") != 0 &&
		    fstatat(copy->shard->fd, name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(info.st_mode))
			ret = copy_folder(&(struct copy){ copy->merge, copy->shard, name }, copy->shard->fd, fd, name,
					  name, 1);
	}
	return ret ? ret : write_lives(copy, fd);
}

/* As it was, unless its boot has another number now. */
static int write_line(const struct merge_shard *shard, const struct merge_line *line, FILE *out)
{
	uint32_t becomes = zcb_merge_life_becomes(shard, line->life);
	int ret = 0;

	if (becomes == line->life) {
		fwrite(line->text, 1, line->n, out);
	} else {
		json_object_set_new(line->json, "boot", json_integer(becomes));
		ret = json_dumpf(line->json, out, JSON_COMPACT);
	}
	return ret || fputc('\n', out) == EOF ? -ENOMEM : 0;
}

static int write_journal(const struct merge *merge, int fd)
{
	ZCB_FREE char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);
	int ret = out ? 0 : -ENOMEM;

	for (uint32_t cell = 0; cell < merge->shard[0].n_cells && !ret; cell++)
		for (size_t i = 0; i < merge->n && !ret; i++)
			if (merge->shard[i].line[cell].json)
				ret = write_line(&merge->shard[i], &merge->shard[i].line[cell], out);
	if (out && fclose(out) != 0)
		ret = -ENOMEM;
	if (ret)
		return zcb_fail(merge->err, ret, "host set-up: no memory for a journal");
	ret = zcb_replace_file(fd, "cells.jsonl", text, n);
	return ret ? zcb_merge_blame_disk(merge, "cells.jsonl", ret) : 0;
}

int zcb_merge_write(const struct merge *merge, int fd, const struct zcb_merged *merged)
{
	static const char *const parts[] = { "samples", "boots", "frames" };
	int ret = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdirat(fd, parts[i], 0755) < 0)
			return zcb_merge_blame_disk(merge, parts[i], -errno);
	for (size_t i = 0; i < merge->n && !ret; i++)
		ret = write_shard(&(struct copy){ merge, &merge->shard[i], "." }, fd);
	if (!ret)
		ret = put_json(merge, fd, "plan.json", zcb_merge_plan(merge));
	if (!ret)
		ret = write_journal(merge, fd);
	if (!ret)
		ret = put_json(merge, fd, "metadata.json", zcb_merge_metadata(merge, merged));
	if (!ret && syncfs(fd) < 0)
		ret = zcb_merge_blame_disk(merge, "all", -errno);
	return ret;
}
