/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ZCB_BASE_EMULATED_H
#define ZCB_BASE_EMULATED_H

#include <cpuid.h>
#include <stdbool.h>
#include <string.h>

/** Whether this machine is QEMU's software emulation (TCG), by the hypervisor's CPUID leaf. */
static inline bool zcb_emulated(void)
{
	char vendor[13] = "";
	unsigned int eax, ebx, ecx, edx;

	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(vendor, &ebx, 4);
	memcpy(vendor + 4, &ecx, 4);
	memcpy(vendor + 8, &edx, 4);
	return !strcmp(vendor, "TCGTCGTCGTCG");
}

#endif
