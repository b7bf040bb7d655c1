// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/target/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"

#define JOINT 512 /* archives are padded to it, as cpio itself does */
#define TRAILER "TRAILER!!!"

struct archive {
	int fd;
	unsigned int inode;
	size_t skip;	/* of each path: what `to` stands for */
	const char *to;
};

int zcb_archive_copy(int from, int to)
{
	ssize_t done;

	do
		done = sendfile(to, from, NULL, (size_t)1 << 30);
	while (done > 0 || (done < 0 && errno == EINTR));
	return done < 0 ? -errno : 0;
}

/* Zeros up to the next multiple of `unit`, a power of two, as seen from the start of the file. */
static int pad(int fd, off_t unit)
{
	static const char zeros[JOINT];
	off_t at = lseek(fd, 0, SEEK_END);

	return at < 0 ? -errno : zcb_write_all(fd, zeros, (size_t)(-at & (unit - 1)));
}

int zcb_archive_append(int fd, const char *path)
{
	ZCB_CLOSE int from = open(path, O_RDONLY | O_CLOEXEC);
	int err = from < 0 ? -errno : zcb_archive_copy(from, fd);

	return err ? err : pad(fd, JOINT);
}

static int put_header(struct archive *archive, const char *name, mode_t mode, off_t size)
{
	char header[112 + PATH_MAX];
	int n = snprintf(header, sizeof(header),
			 "070701%08X%08X%08X%08X%08X%08X%08lX%08X%08X%08X%08X%08zX%08X%s",
			 archive->inode, mode, 0, 0, 1, 0, (unsigned long)size, 0, 0, 0, 0,
			 strlen(name) + 1, 0, name);
	int err = n >= (int)sizeof(header) ? -ENAMETOOLONG : 0;

	if (!err && size > UINT_MAX)
		err = -EFBIG;
	archive->inode++;
	if (!err)
		err = zcb_write_all(archive->fd, header, (size_t)n + 1);
	return err ? err : pad(archive->fd, 4);
}

static int put_file(struct archive *archive, const char *name, const FTSENT *entry)
{
	ZCB_CLOSE int from = open(entry->fts_accpath, O_RDONLY | O_CLOEXEC);
	struct stat info;
	int err = from < 0 || fstat(from, &info) < 0 ? -errno : 0;

	if (!err)
		err = put_header(archive, name, S_IFREG | (info.st_mode & 0755), info.st_size);
	if (!err)
		err = zcb_archive_copy(from, archive->fd);
	return err ? err : pad(archive->fd, 4);
}

static int put_link(struct archive *archive, const char *name, const FTSENT *entry)
{
	char target[PATH_MAX];
	ssize_t n = readlink(entry->fts_accpath, target, sizeof(target));
	int err = n < 0 ? -errno : put_header(archive, name, S_IFLNK | 0777, n);

	if (!err)
		err = zcb_write_all(archive->fd, target, (size_t)n);
	return err ? err : pad(archive->fd, 4);
}

static int put(struct archive *archive, const FTSENT *entry)
{
	char name[PATH_MAX];

	if (snprintf(name, sizeof(name), "%s%s", archive->to, entry->fts_path + archive->skip) >=
	    (int)sizeof(name))
		return -ENAMETOOLONG;
	switch (entry->fts_info) {
	case FTS_D: return put_header(archive, name, S_IFDIR | 0755, 0);
	case FTS_F: return put_file(archive, name, entry);
	case FTS_SL:
	case FTS_SLNONE: return put_link(archive, name, entry);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS: return -entry->fts_errno;
	default: return 0;
	}
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int is_except(const char *name, const char *const *except)
{
	for (size_t i = 0; except && except[i]; i++)
		if (fnmatch(except[i], name, 0) == 0)
			return 1;
	return 0;
}

int zcb_archive_tree(int fd, const char *from, const char *to, const char *const *except)
{
	char *const roots[] = {(char *)from, NULL};
	FTS *tree = fts_open(roots, FTS_PHYSICAL, by_name);
	struct archive archive = {.fd = fd, .inode = 1, .skip = strlen(from), .to = to};
	FTSENT *entry;
	int err = tree ? 0 : -errno;

	while (!err && (errno = 0, entry = fts_read(tree)))
		if (!is_except(entry->fts_name, except))
			err = put(&archive, entry);
	if (!err)
		err = -errno;
	if (tree)
		fts_close(tree);
	if (!err)
		err = put_header(&archive, TRAILER, 0, 0);
	return err ? err : pad(fd, JOINT);
}
