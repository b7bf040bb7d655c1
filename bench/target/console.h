/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TARGET_CONSOLE_H
#define ZCB_TARGET_CONSOLE_H

#include <stddef.h>

/*
 * The log of a console, capped: its head and its tail are kept, and the line
 * "[zcbench: truncated, N bytes dropped]" stands where the rest was. The bytes are the target's and
 * hostile; they are stored as they came.
 */

#define ZCB_CONSOLE_HEAD_BYTES ((size_t)768 << 10)
#define ZCB_CONSOLE_TAIL_BYTES ((size_t)256 << 10)

struct zcb_console;

/** Creates the log file, relative to dirfd, with these caps. Returns 0 or -errno. */
int zcb_console_open(int dirfd, const char *path, size_t head_bytes, size_t tail_bytes,
		     struct zcb_console **ret_console);

/**
 * Appends. The head is on the disk at once, the tail within a second while writes come. An error of
 * the disk (-ENOSPC) is returned once; what the disk did not take is held in the tail's memory, and
 * every later write and the finish try again.
 */
int zcb_console_write(struct zcb_console *console, const char *bytes, size_t n);

/** Brings the rest to the disk. Returns 0 or -errno, even where it was told before. */
int zcb_console_finish(struct zcb_console *console);

/** Finishes and frees; NULL is allowed. */
void zcb_console_free(struct zcb_console *console);

#endif
