/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_ERROR_H
#define ZCB_BASE_ERROR_H

/**
 * One sentence for the person who reads the terminal: it names the party to blame (`guest:`,
 * `kernel:`, `qemu:`, `host set-up:`, `usage:`, `zcbench bug:`), the culprit, and the mend.
 * A function that fills one returns the matching -errno beside it.
 */
struct zcb_error {
	char text[512];
};

/**
 * Formats the sentence into err (NULL is allowed) and returns code unchanged, so that a failure is
 * one statement: `return zcb_fail(err, -ENOENT, "host set-up: …")`.
 */
int zcb_fail(struct zcb_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/** The documented exit codes of every zcbench command. */
enum zcb_exit {
	ZCB_EXIT_CLEAN = 0,
	ZCB_EXIT_USAGE = 2,
	ZCB_EXIT_REGRESSION = 10,
	ZCB_EXIT_CORRUPTION = 11,
	ZCB_EXIT_INCONCLUSIVE = 12,
	ZCB_EXIT_INFRASTRUCTURE = 13,
	ZCB_EXIT_KERNEL_FAULT = 14,
	ZCB_EXIT_NOTHING_RAN = 77,
};

/** The worse of two exit codes, in the order 14, 11, 13, 10, 12; anything else loses to these. */
enum zcb_exit zcb_exit_worse(enum zcb_exit a, enum zcb_exit b);

#endif
