// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/plan/plan.h"

#include <stddef.h>

/* The files of this folder become part of the program; they end in a NUL. */
#define PLAN(name)                                                                                 \
	__asm__(".pushsection .rodata\n"                                                           \
		"zcb_plan_" #name ": .incbin \"" ZCB_PLAN_FOLDER "/" #name ".json\"\n"             \
		".byte 0\n.popsection\n");                                                         \
	extern const char zcb_plan_##name[]

PLAN(smoke);
PLAN(default);

const struct zcb_builtin_plan zcb_builtin_plans[] = {
	{ "smoke", zcb_plan_smoke },
	{ "default", zcb_plan_default },
	{ NULL, NULL },
};
