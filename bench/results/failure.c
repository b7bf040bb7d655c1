// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/results/failure.h"

json_t *zcb_failure(const char *reason)
{
	return json_pack("{s:s, s:s, s:s, s:n, s:{}, s:{}, s:{}, s:[], s:f}", "type", "result",
			 "status", "error", "reason", reason, "observed", "pages", "frames", "events",
			 "kernel_faults", "seconds", 0.0);
}
