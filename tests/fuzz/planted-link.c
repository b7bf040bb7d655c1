// SPDX-License-Identifier: GPL-2.0-or-later
/* The link with one fault planted into it: the corpus must find each. */
#include <stdint.h>
#include <stdlib.h>

#if PLANT == 1 /* repeated pages are found only where they are neighbours */
#define qsort(base, n, size, compare) ((void)(compare))
#else /* a page frame number times 4096 may overflow: the limit becomes ~0 + 0 / 4096 */
#undef UINT64_MAX
#define UINT64_MAX ~0ULL + 0ULL
#endif

#include "bench/guest/link.c"
