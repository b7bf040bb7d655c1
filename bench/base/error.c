// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/error.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

int zcb_fail(struct zcb_error *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return code;
	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}

static unsigned int severity(enum zcb_exit code)
{
	static const enum zcb_exit worst_first[] = {
		ZCB_EXIT_KERNEL_FAULT, ZCB_EXIT_CORRUPTION,   ZCB_EXIT_INFRASTRUCTURE,
		ZCB_EXIT_REGRESSION,   ZCB_EXIT_INCONCLUSIVE, ZCB_EXIT_USAGE,
		ZCB_EXIT_NOTHING_RAN,  ZCB_EXIT_CLEAN,
	};
	unsigned int rank = 0;

	while (rank + 1 < sizeof(worst_first) / sizeof(worst_first[0]) && worst_first[rank] != code)
		rank++;
	return 100 - rank;
}

enum zcb_exit zcb_exit_worse(enum zcb_exit a, enum zcb_exit b)
{
	return severity(a) >= severity(b) ? a : b;
}
