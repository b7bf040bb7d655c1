/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "vm-images/host/init.h"

enum { CPUID_1_ECX_VMX = 1 << 5, CPUID_80000001_ECX_SVM = 1 << 2 };

/*
 * Whether it is the KVM of the other vendor. It would only refuse, but is half a second under
 * emulation.
 */
static int is_foreign(const char *name)
{
	unsigned int a, b, c, d;

	if (!strcmp(name, "kvm-intel.ko"))
		return !__get_cpuid(1, &a, &b, &c, &d) || !(c & CPUID_1_ECX_VMX);
	if (!strcmp(name, "kvm-amd.ko") || !strcmp(name, "ccp.ko"))
		return !__get_cpuid(0x80000001, &a, &b, &c, &d) || !(c & CPUID_80000001_ECX_SVM);
	return 0;
}

static int load_module(const char *dir, const char *name, const char *words)
{
	char path[256];

	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >= (int)sizeof(path))
		return -ENAMETOOLONG;

	ZCB_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, words, 0) < 0 && errno != EEXIST)
		return -errno;
	return 0;
}

int zcb_load_modules(const char *dir)
{
	char path[256], line[256];

	snprintf(path, sizeof(path), "%s/order", dir);

	ZCB_FCLOSE FILE *order = fopen(path, "re");

	if (!order)
		return 0;
	while (fgets(line, sizeof(line), order)) {
		int optional = line[0] == '?';
		char *name = line + optional, *words = name + strcspn(name, " \n");

		words[strcspn(words, "\n")] = '\0';
		if (*words)
			*words++ = '\0';
		int err = *name && !is_foreign(name) ? load_module(dir, name, words) : 0;

		if (err && !optional) {
			zcb_say("module %s: %s", name, strerror(-err));
			return err;
		}
	}
	return 0;
}
