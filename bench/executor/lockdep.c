// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/lockdep.h"

#include <stdio.h>

#include "bench/base/cleanup.h"

bool zcb_lockdep_is_off(const char *stats)
{
	char line[256];
	int on;
	ZCB_FCLOSE FILE *f = fopen(stats, "re");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, " debug_locks: %d", &on) == 1)
			return on == 0;
	return false;
}
