// SPDX-License-Identifier: GPL-2.0-or-later
/* What the kernel itself says that its trace lacks: with it no figure would be one. */
#include "bench/probes/lost.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/probes/rows.h"

uint64_t zcb_lost_in_stats(const char *text)
{
	/* "commit overrun" is the second line that has the first word. */
	static const char *const counts[] = { "\noverrun: ", "\ncommit overrun: ", "\ndropped events: " };
	uint64_t lost = 0;

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		const char *at = strstr(text, counts[i]);

		lost += at ? strtoull(at + strlen(counts[i]), NULL, 10) : 0;
	}
	return lost;
}

/* Others on this host may probe functions, too. */
static bool is_ours(const char *event)
{
	char begin[128], end[128];

	for (unsigned int i = 0; i < ZCB_PROBE_SOURCES * ZCB_PROBE_WAYS; i++) {
		const struct zcb_probe_way *way = &zcb_probe_sources[i / ZCB_PROBE_WAYS].way[i % ZCB_PROBE_WAYS];

		if (!way->function)
			continue;
		zcb_probe_name_events(way, begin, end, sizeof(begin));
		if (!strcmp(event, begin) || !strcmp(event, end))
			return true;
	}
	return false;
}

/* Each line: an event, how often it was hit, and how often there was no room to follow a call. */
uint64_t zcb_lost_in_profile(char *text)
{
	uint64_t lost = 0;

	for (char *save = NULL, *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		unsigned long long misses = 0;
		char event[128];

		if (sscanf(line, "%127s %*u %llu", event, &misses) == 2 && is_ours(event))
			lost += misses;
	}
	return lost;
}

uint64_t zcb_lost_calls(void)
{
	ZCB_FREE char *text = tracefs_instance_file_read(NULL, "kprobe_profile", NULL);

	return text ? zcb_lost_in_profile(text) : 0;
}

uint64_t zcb_lost_events(struct tracefs_instance *instance)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	uint64_t lost = 0;

	for (long cpu = 0; cpu < cpus; cpu++) {
		ZCB_FREE char *text = NULL;
		char name[64];

		snprintf(name, sizeof(name), "per_cpu/cpu%ld/stats", cpu);
		text = tracefs_instance_file_read(instance, name, NULL);
		lost += text ? zcb_lost_in_stats(text) : 0;
	}
	return lost;
}
