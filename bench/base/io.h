/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_IO_H
#define ZCB_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** Writes all n bytes, over short writes and signals. Returns 0 or -errno. */
int zcb_write_all(int fd, const void *bytes, size_t n);

/** Reads exactly n bytes. Returns 0, -ENODATA at an early end of file, or -errno. */
int zcb_read_all(int fd, void *bytes, size_t n);

/**
 * Reads a whole file of at most max bytes, relative to dirfd (AT_FDCWD is allowed).
 * *ret_bytes is NUL-terminated and the caller's to free; *ret_n does not count the NUL.
 * Returns 0, -EFBIG, or -errno.
 */
int zcb_read_file(int dirfd, const char *path, size_t max, char **ret_bytes, size_t *ret_n);

/**
 * Replaces a file in one step (write beside it, fsync, rename): a reader or a crash sees the old
 * content or the new, never a part. Returns 0 or -errno.
 */
int zcb_replace_file(int dirfd, const char *path, const void *bytes, size_t n);

/** Reads a decimal number from a file such as those in /proc and /sys. Returns 0 or -errno. */
int zcb_read_number(const char *path, uint64_t *ret_value);

/** Writes a short string to an existing file, as one does to /proc and /sys. 0 or -errno. */
int zcb_write_text(const char *path, const char *text);

/** Now, in nanoseconds of CLOCK_MONOTONIC. */
uint64_t zcb_now_ns(void);

#endif
