// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define JOURNAL "cells.jsonl"

/* The sentence for a failed write: a full disk is the usual culprit and has its own mend. */
static int blame_disk(const struct zcb_rundir *dir, const char *name, int code, struct zcb_error *err)
{
	if (code == -ENOSPC || code == -EDQUOT)
		return zcb_fail(err, code, "host set-up: no space left for %s/%s: free some and go on "
				"with --resume -o %s", dir->path, name, dir->path);
	return zcb_fail(err, code, "host set-up: %s/%s cannot be written: %s", dir->path, name,
			strerror(-code));
}

static int open_folder(const char *path, bool resume, struct zcb_error *err)
{
	int fd;

	if (!resume && mkdir(path, 0755) < 0 && errno != EEXIST)
		return zcb_fail(err, -errno, "host set-up: the run directory %s cannot be made: %m", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return zcb_fail(err, -errno, "usage: the run directory %s cannot be opened: %m", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return zcb_fail(err, -EWOULDBLOCK, "usage: another zcbench is writing %s", path);
	}
	return fd;
}

static int check_content(int fd, const char *path, bool resume, struct zcb_error *err)
{
	bool there = faccessat(fd, "metadata.json", F_OK, 0) == 0;

	if (there && !resume)
		return zcb_fail(err, -EEXIST, "usage: %s holds a run already: choose another -o, or go "
				"on with it by --resume", path);
	if (!there && resume)
		return zcb_fail(err, -ENOENT, "usage: %s holds no run to resume", path);
	return 0;
}

/* A torn last line, from a crash or a full disk, is cut off before anything is appended. */
static int repair_journal(int fd)
{
	struct stat st;
	char last = '\n';
	off_t end;

	if (fstat(fd, &st) < 0)
		return -errno;
	for (end = st.st_size; end > 0; end--) {
		if (pread(fd, &last, 1, end - 1) != 1)
			return -EIO;
		if (last == '\n')
			break;
	}
	return end < st.st_size && ftruncate(fd, end) < 0 ? -errno : 0;
}

int zcb_rundir_open(const char *path, bool resume, struct zcb_rundir *ret_dir, struct zcb_error *err)
{
	static const char *const parts[] = { "samples", "boots", "frames" };
	ZCB_CLOSE int fd = open_folder(path, resume, err), journal = -1;
	struct zcb_rundir dir = { .path = path };
	int ret;

	if (fd < 0)
		return fd;
	ret = check_content(fd, path, resume, err);
	if (ret)
		return ret;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (mkdirat(fd, parts[i], 0755) < 0 && errno != EEXIST)
			return blame_disk(&dir, parts[i], -errno, err);
	journal = openat(fd, JOURNAL, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	ret = journal < 0 ? -errno : repair_journal(journal);
	if (ret)
		return blame_disk(&dir, JOURNAL, ret, err);
	dir.fd = zcb_steal_fd(&fd);
	dir.journal = zcb_steal_fd(&journal);
	*ret_dir = dir;
	return 0;
}

int zcb_rundir_put(struct zcb_rundir *dir, const char *name, const void *bytes, size_t n,
		   struct zcb_error *err)
{
	int ret = zcb_replace_file(dir->fd, name, bytes, n);

	return ret ? blame_disk(dir, name, ret, err) : 0;
}

int zcb_rundir_put_json(struct zcb_rundir *dir, const char *name, json_t *json,
			struct zcb_error *err)
{
	ZCB_FREE char *text = json_dumps(json, JSON_INDENT(1));

	json_decref(json);
	if (!text)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for %s", name);
	return zcb_rundir_put(dir, name, text, strlen(text), err);
}

static int append_capped(int fd, const void *bytes, size_t n, size_t cap)
{
	static const char mark[] = "[zcbench: truncated, what follows was dropped]\n";
	struct stat st;
	size_t left;
	int ret;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((size_t)st.st_size > cap) /* the mark is there */
		return 0;
	left = cap - (size_t)st.st_size;
	if (n <= left)
		return zcb_write_all(fd, bytes, n);
	ret = zcb_write_all(fd, bytes, left);
	return ret ? ret : zcb_write_all(fd, mark, sizeof(mark) - 1);
}

int zcb_rundir_append(struct zcb_rundir *dir, const char *name, const void *bytes, size_t n, size_t cap,
		      struct zcb_error *err)
{
	ZCB_CLOSE int fd = openat(dir->fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	int ret = fd < 0 ? -errno : append_capped(fd, bytes, n, cap);

	return ret ? blame_disk(dir, name, ret, err) : 0;
}

/* Of short cells there are dozens in a second, and each sync takes as long as all else of a line. */
static int sync_journal(struct zcb_rundir *dir)
{
	uint64_t now = zcb_now_ns();

	if (now - dir->synced_ns < 1000000000ULL)
		return 0;
	dir->synced_ns = now;
	return fsync(dir->journal) < 0 ? -errno : 0;
}

int zcb_rundir_journal(struct zcb_rundir *dir, json_t *line, struct zcb_error *err)
{
	ZCB_FREE char *dump = json_dumps(line, JSON_COMPACT);
	ZCB_FREE char *text = NULL;
	off_t before = lseek(dir->journal, 0, SEEK_END);
	int n, ret;

	json_decref(line);
	n = dump ? asprintf(&text, "%s\n", dump) : -1;
	if (n < 0)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for a line of the journal");
	ret = zcb_write_all(dir->journal, text, (size_t)n);
	if (!ret)
		ret = sync_journal(dir);
	if (ret && ftruncate(dir->journal, before) < 0)
		ret = -EIO;
	return ret ? blame_disk(dir, JOURNAL, ret, err) : 0;
}

int zcb_rundir_replay(struct zcb_rundir *dir, void (*seen)(void *opaque, json_t *line), void *opaque)
{
	ZCB_FREE char *text = NULL;
	int ret = zcb_read_file(dir->fd, JOURNAL, 1U << 30, &text, NULL);

	for (char *p = text; !ret && *p;) {
		size_t n = strcspn(p, "\n");
		json_t *line = json_loadb(p, n, 0, NULL);

		if (line)
			seen(opaque, line);
		json_decref(line);
		p += n + (p[n] == '\n');
	}
	return ret;
}

void zcb_rundir_close(struct zcb_rundir *dir)
{
	if (dir->fd >= 0)
		close(dir->fd);
	if (dir->journal >= 0) {
		fsync(dir->journal);
		close(dir->journal);
	}
	dir->fd = dir->journal = -1;
}
