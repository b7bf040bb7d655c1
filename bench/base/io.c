// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/cleanup.h"

int zcb_write_all(int fd, const void *bytes, size_t n)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t done = write(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int zcb_read_all(int fd, void *bytes, size_t n)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t done = read(fd, p, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			return -ENODATA;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}

int zcb_read_file(int dirfd, const char *path, size_t max, char **ret_bytes, size_t *ret_n)
{
	ZCB_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
	ZCB_FREE char *bytes = NULL;
	size_t used = 0, room = 0;

	if (fd < 0)
		return -errno;
	for (;;) {
		ssize_t done;

		if (used + 1 >= room) {
			char *grown;

			room = room ? room * 2 : 4096;
			grown = realloc(bytes, room);
			if (!grown)
				return -ENOMEM;
			bytes = grown;
		}
		done = read(fd, bytes + used, room - used - 1);
		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return -errno;
		if (done == 0)
			break;
		used += (size_t)done;
		if (used > max)
			return -EFBIG;
	}
	bytes[used] = '\0';
	*ret_bytes = zcb_steal_ptr(&bytes);
	if (ret_n)
		*ret_n = used;
	return 0;
}

static int write_and_sync(int dirfd, const char *path, const void *bytes, size_t n)
{
	ZCB_CLOSE int fd = openat(dirfd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
				   0644);
	int err;

	if (fd < 0)
		return -errno;
	err = zcb_write_all(fd, bytes, n);
	if (!err && fsync(fd) < 0)
		err = -errno;
	return err;
}

int zcb_replace_file(int dirfd, const char *path, const void *bytes, size_t n)
{
	ZCB_FREE char *beside = NULL;
	int err;

	if (asprintf(&beside, "%s.new", path) < 0)
		return -ENOMEM;
	err = write_and_sync(dirfd, beside, bytes, n);
	if (!err && renameat(dirfd, beside, dirfd, path) < 0)
		err = -errno;
	if (err)
		unlinkat(dirfd, beside, 0);
	return err;
}

int zcb_read_number(const char *path, uint64_t *ret_value)
{
	ZCB_FREE char *text = NULL;
	char *end;
	uint64_t value;
	int err = zcb_read_file(AT_FDCWD, path, 4096, &text, NULL);

	if (err)
		return err;
	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || end == text)
		return -EINVAL;
	*ret_value = value;
	return 0;
}

int zcb_write_text(const char *path, const char *text)
{
	ZCB_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return zcb_write_all(fd, text, strlen(text));
}

uint64_t zcb_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}
