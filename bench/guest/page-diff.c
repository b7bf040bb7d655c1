// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/guest/page-diff.h"

#include <string.h>

#ifdef __x86_64__
#define ZCB_TARGET(isa) __attribute__((target(isa)))
#endif

static bool usable_always(void)
{
	return true;
}

/* Written apart from the vectors below on purpose: the tests hold one against the other. */
static uint64_t differs_scalar(const struct zcb_stamp_page *pattern, const void *bytes)
{
	const unsigned char *at = bytes;
	uint64_t diff = 0;

	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++) {
		uint64_t want[ZCB_STAMP_WORDS], seen[ZCB_STAMP_WORDS];

		zcb_stamp_line(pattern, line, want);
		memcpy(seen, at + line * ZCB_STAMP_LINE_SIZE, sizeof(seen));
		for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
			diff |= want[i] ^ seen[i];
	}
	return diff;
}

static uint64_t differs_scalar_masked(const struct zcb_stamp_page *pattern, const void *mask,
				      const void *bytes)
{
	const unsigned char *at = bytes, *mask_at = mask;
	uint64_t diff = 0;

	for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++) {
		uint64_t want[ZCB_STAMP_WORDS], seen[ZCB_STAMP_WORDS], bits[ZCB_STAMP_WORDS];

		zcb_stamp_line(pattern, line, want);
		memcpy(seen, at + line * ZCB_STAMP_LINE_SIZE, sizeof(seen));
		memcpy(bits, mask_at + line * ZCB_STAMP_LINE_SIZE, sizeof(bits));
		for (size_t i = 0; i < ZCB_STAMP_WORDS; i++)
			diff |= (want[i] ^ seen[i]) & bits[i];
	}
	return diff;
}

/*
 * How far ahead memory is asked for, in bytes. The processor's own prefetchers stop at the end of
 * a page; asking across it is worth a fifth of the speed. What lies past the frame's end is never
 * read: a prefetch of an unmapped address does nothing.
 */
#define ZCB_AHEAD 2048u

static inline void fetch_ahead(const void *at)
{
	__builtin_prefetch((const void *)((uintptr_t)at + ZCB_AHEAD));
}

/*
 * Two functions for each width; MASKED leaves bits out. A macro, since the compiler splits a vector wider than the
 * function's target into pieces before it inlines: a shared inline body would never be wide.
 */
#define ZCB_MASK_NONE(i) ((vec){0} - 1)
#define ZCB_MASK_BYTES(i) (bits[i])

#define ZCB_DIFFERS_BODY(width, MASK)                                                            \
	{                                                                                        \
		typedef uint64_t vec __attribute__((vector_size(width)));                        \
		typedef uint64_t mem __attribute__((vector_size(width), aligned(1), may_alias)); \
		enum { PARTS = ZCB_STAMP_LINE_SIZE / (width), WORDS = (width) / 8 };             \
		const mem *base = (const void *)pattern->base;                                   \
		const mem *step = (const void *)pattern->step;                                   \
		const mem *seen = bytes;                                                         \
		const mem *bits = mask;                                                          \
		vec want[PARTS], diff[PARTS], all = {0};                                         \
		uint64_t any = 0;                                                                \
                                                                                                 \
		_Pragma("GCC unroll 4") for (int i = 0; i < PARTS; i++)                          \
		{                                                                                \
			want[i] = base[i];                                                       \
			diff[i] = all;                                                           \
		}                                                                                \
		for (unsigned int line = 0; line < ZCB_STAMP_LINES; line++, seen += PARTS) {     \
			fetch_ahead(seen);                                                       \
			_Pragma("GCC unroll 4") for (int i = 0; i < PARTS; i++)                  \
			{                                                                        \
				diff[i] |= (seen[i] ^ want[i]) & MASK(i);                        \
				want[i] += step[i];                                              \
			}                                                                        \
			bits += PARTS;                                                           \
		}                                                                                \
		_Pragma("GCC unroll 4") for (int i = 0; i < PARTS; i++) all |= diff[i];          \
		_Pragma("GCC unroll 8") for (int i = 0; i < WORDS; i++) any |= all[i];           \
		return any;                                                                      \
	}

#define ZCB_DIFFERS(function, width, isa)                                                        \
	isa static uint64_t function##_masked(const struct zcb_stamp_page *pattern,              \
					      const void *mask, const void *bytes)               \
	ZCB_DIFFERS_BODY(width, ZCB_MASK_BYTES)                                                  \
	isa static uint64_t function(const struct zcb_stamp_page *pattern, const void *bytes)    \
	{                                                                                        \
		const void *mask = bytes;                                                        \
                                                                                                 \
		ZCB_DIFFERS_BODY(width, ZCB_MASK_NONE)                                           \
	}

static const struct zcb_page_diff diff_scalar = {"scalar", usable_always, differs_scalar,
						 differs_scalar_masked};

ZCB_DIFFERS(differs_vector, 16, )
static const struct zcb_page_diff diff_vector = {"vector128", usable_always, differs_vector,
						 differs_vector_masked};

#ifdef __x86_64__
ZCB_DIFFERS(differs_avx2, 32, ZCB_TARGET("avx2"))

ZCB_DIFFERS(differs_avx512, 64, ZCB_TARGET("avx512f"))

static bool usable_avx2(void)
{
	return __builtin_cpu_supports("avx2");
}

static bool usable_avx512(void)
{
	return __builtin_cpu_supports("avx512f");
}

static const struct zcb_page_diff diff_avx2 = {"avx2", usable_avx2, differs_avx2,
					       differs_avx2_masked};
static const struct zcb_page_diff diff_avx512 = {"avx512", usable_avx512, differs_avx512,
						 differs_avx512_masked};
#endif

const struct zcb_page_diff *const zcb_page_diffs[] = {
	&diff_scalar,
	&diff_vector,
#ifdef __x86_64__
	&diff_avx2,
	&diff_avx512,
#endif
};

const size_t zcb_page_diff_count = sizeof(zcb_page_diffs) / sizeof(zcb_page_diffs[0]);

const struct zcb_page_diff *zcb_page_diff_best(void)
{
	size_t i = zcb_page_diff_count - 1;

	while (i > 0 && !zcb_page_diffs[i]->usable())
		i--;
	return zcb_page_diffs[i];
}
