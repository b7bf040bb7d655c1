// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/base/kernels.h"

#include <stddef.h>
#include <string.h>

const struct zcb_kernel zcb_kernels[] = {
	{ "stock", "kernel stock", "Debian 13's own kernel", "./scripts/setup image" },
	{ "variants", "kernel variants", "our build of Debian 13's source", "./scripts/setup kernel" },
	{ "debug", "kernel debug", "the same with lockdep, KASAN and more: to find bugs",
	  "./scripts/setup debug" },
	{ "delays", "kernel delays", "the same as variants with delays on demand: to test what is measured",
	  "./scripts/setup delays" },
	{ 0 },
};

const struct zcb_kernel *zcb_kernel_find(const char *name)
{
	for (const struct zcb_kernel *kernel = zcb_kernels; kernel->name; kernel++)
		if (!strcmp(kernel->name, name))
			return kernel;
	return NULL;
}

bool zcb_kernel_is_package(const char *name)
{
	static const char first[] = "linux-image-";
	size_t n = strlen(name);

	return !strncmp(name, first, sizeof(first) - 1) && n > sizeof(first) - 1 && n < 128 &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+.-") == n;
}
