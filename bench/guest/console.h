/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_GUEST_CONSOLE_H
#define ZCB_GUEST_CONSOLE_H

#include <stddef.h>
#include <sys/types.h>

#include "bench/base/error.h"

/** The last line that is not blank, as printable ASCII; shared with the keeper. */
struct zcb_last_line {
	char text[160];
	size_t n;
	int ended; /* the next character begins a new line */
};

/**
 * A guest's console on its way out of the host under test: a process of its own carries it to where
 * it is kept, byte for byte, so that it is there whatever becomes of the guest or of the runner.
 */
struct zcb_guest_console {
	pid_t keeper;
	struct zcb_last_line *last;
};

/**
 * Starts the keeper. The console goes to path (a port or a pipe; NULL: nowhere), after a line with
 * the title. Whoever prints gets *ret_writer, which is the caller's to close. Returns 0 or -errno.
 */
int zcb_guest_console_start(const char *path, const char *title,
			    struct zcb_guest_console *ret_console, int *ret_writer,
			    struct zcb_error *err);

/** When all writers have ended: waits until the last byte is out, 2 s at most. */
void zcb_guest_console_end(struct zcb_guest_console *console);

/** The last line so far, or "". It is whole after zcb_guest_console_end(). */
const char *zcb_guest_console_last(const struct zcb_guest_console *console);

/** Ends it and frees; one that was never started (zeroes) is allowed. */
void zcb_guest_console_finish(struct zcb_guest_console *console);

#endif
