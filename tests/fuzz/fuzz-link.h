/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_TESTS_FUZZ_LINK_H
#define ZCB_TESTS_FUZZ_LINK_H

#include <stddef.h>
#include <stdint.h>

/** What the first byte of an input, modulo FUZZ_ACTIONS, has the host do. */
enum fuzz_action {
	FUZZ_HELLO,
	FUZZ_ALLOC,
	FUZZ_DRAW,
	FUZZ_FREE,
	FUZZ_READ,
	FUZZ_GIVE,
	FUZZ_REGAIN,
	FUZZ_PARSE,
	FUZZ_ACTIONS
};

#define FUZZ_CHOICES 3 /* bytes: action, memory map, pages less one */
#define FUZZ_FRAME 2
#define FUZZ_SEQUENCE 9
#define FUZZ_SOME 2 /* pages that are given and regained */
#define FUZZ_MAPS 6

/** libFuzzer's entry. Aborts where the link breaks a promise. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
