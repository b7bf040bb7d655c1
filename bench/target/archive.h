/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_ARCHIVE_H
#define ZCB_TARGET_ARCHIVE_H

/**
 * Appends a folder and all in it to fd, as a cpio archive that a kernel unpacks
 * (Documentation/driver-api/early-userspace/buffer-format.rst, "newc"): below `to`, a path without
 * a leading slash whose own folders an earlier archive has. The same tree gives the same bytes: in
 * the order of names, without owners and times. Files whose name matches one of `except`
 * (fnmatch(), NULL-terminated; NULL: none) are left out, and so is all that is neither folder, file nor symbolic
 * link. Returns 0 or -errno.
 */
int zcb_archive_tree(int fd, const char *from, const char *to, const char *const *except);

/** Appends a file to fd and pads it to 512 bytes, which is how cpio archives are joined. 0 or
 * -errno. */
int zcb_archive_append(int fd, const char *path);

/** Appends the bytes of one file, without more. 0 or -errno. */
int zcb_archive_copy(int from, int to);

#endif
