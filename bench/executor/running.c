// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/running.h"

#include "bench/base/io.h"

void zcb_running_sample(void *recorder, const char *metric, uint64_t operation, zcb_ns at,
			zcb_ns value)
{
	zcb_recorder_add(recorder, metric, "ns", operation, at.ns, value.ns);
}

void zcb_running_sample_since(struct zcb_running *run, const char *metric, uint64_t operation,
			      uint64_t start)
{
	zcb_running_sample(&run->recorder, metric, operation, (zcb_ns){start},
			   (zcb_ns){zcb_now_ns() - start});
}
