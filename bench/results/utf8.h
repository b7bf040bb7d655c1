/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_RESULTS_UTF8_H
#define ZCB_RESULTS_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZCB_UTF8_REPLACEMENT 0xfffdU

/**
 * Decodes the first code point of n > 0 bytes. Returns the bytes it took (at least one); *ret_code
 * is U+FFFD for what is not UTF-8 (overlong forms, surrogates and torn sequences included).
 */
size_t zcb_utf8_decode(const char *bytes, size_t n, uint32_t *ret_code);

/** Encodes a code point below U+110000 into at most four bytes. Returns their number. */
size_t zcb_utf8_encode(uint32_t code, char bytes[4]);

/**
 * Control characters, and letters that show nothing, reorder what is around them, or end a line:
 * what is shown to people has their code points instead.
 */
bool zcb_utf8_is_invisible(uint32_t code);

/**
 * A copy of n bytes in which each invalid sequence is U+FFFD; NUL-terminated, the caller's to free.
 * Returns 0 or -ENOMEM.
 */
int zcb_utf8_repair(const char *bytes, size_t n, char **ret_text, size_t *ret_n);

#endif
