// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/executor/hut.h"

#include <fcntl.h>
#include <hwloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/executor/clock.h"

static void add_topology(json_t *json, hwloc_topology_t topology)
{
	char synthetic[512], *xml = NULL;
	int length;

	if (hwloc_topology_export_synthetic(topology, synthetic, sizeof(synthetic),
					    HWLOC_TOPOLOGY_EXPORT_SYNTHETIC_FLAG_NO_ATTRS) > 0)
		json_object_set_new(json, "topology", json_string(synthetic));
	if (hwloc_topology_export_xmlbuffer(topology, &xml, &length, 0) == 0) {
		json_object_set_new(json, "topology_xml", json_string(xml));
		hwloc_free_xmlbuffer(topology, xml);
	}
}

static void add_cpu(json_t *json)
{
	char line[256], model[128];
	ZCB_FCLOSE FILE *f = fopen("/proc/cpuinfo", "re");

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "model name : %127[^\n]", model) == 1) {
			json_object_set_new(json, "cpu", json_string(model));
			return;
		}
	}
}

static void add_text(json_t *json, const char *key, const char *path)
{
	ZCB_FREE char *text = NULL;

	if (zcb_read_file(AT_FDCWD, path, 65536, &text, NULL) == 0) {
		text[strcspn(text, "\n")] = '\0';
		json_object_set_new(json, key, json_string(text));
	}
}

static void add_placement(json_t *json, const struct zcb_placement *placement)
{
	json_t *list;

	if (!placement)
		return;
	list = json_array();
	for (int i = 0; placement->cpus && i < ZCB_ROLES; i++)
		json_array_append_new(list, json_pack("{s:s, s:i, s:i}", "role", zcb_role_name(i), "cpu",
						      placement->role[i].cpu, "node", placement->role[i].node));
	json_object_set_new(json, "placement", list);
}

static void add_clock(json_t *json)
{
	struct zcb_clock_check check;

	zcb_clock_check(zcb_now_ns, &check);
	json_object_set_new(json, "monotonic",
			    json_pack("{s:I, s:I, s:I, s:I}", "readings", (json_int_t)check.readings,
				      "backwards", (json_int_t)check.backwards, "resolution_ns",
				      (json_int_t)check.resolution_ns, "reading_ns",
				      (json_int_t)check.reading_ns));
}

json_t *zcb_hut_describe(hwloc_topology_t topology, const struct zcb_placement *placement)
{
	struct utsname name = { 0 };
	struct sysinfo info = { 0 };
	json_t *json;

	uname(&name);
	sysinfo(&info);
	json = json_pack("{s:s, s:i, s:s, s:i, s:I}", "type", "hello", "schema", 1, "release",
			 name.release, "cpus", get_nprocs(), "memory_bytes",
			 (json_int_t)info.totalram * info.mem_unit);
	add_text(json, "cmdline", "/proc/cmdline");
	add_text(json, "clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	add_cpu(json);
	if (topology)
		add_topology(json, topology);
	add_placement(json, placement);
	add_clock(json);
	return json;
}
