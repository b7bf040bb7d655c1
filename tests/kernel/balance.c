// SPDX-License-Identifier: GPL-2.0-or-later
#include "tests/kernel/balance.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "tests/kernel/export.h"

#define FREE_HUGE(size) "/sys/kernel/mm/hugepages/hugepages-" size "kB/free_hugepages"
#define RESERVED_HUGE(size) "/sys/kernel/mm/hugepages/hugepages-" size "kB/resv_hugepages"

enum { GRACE_TRIES = 40, GRACE_US = 250000 };

/* "NAME VALUE" or "NAME: VALUE kB" at the beginning of a line; 0 where there is no such line. */
static int64_t number_in(const char *path, const char *name)
{
	ZCB_FCLOSE FILE *f = fopen(path, "re");
	size_t n = strlen(name);
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, n) && (line[n] == ' ' || line[n] == ':'))
			return strtoll(line + n + 1, NULL, 10);
	return 0;
}

static int64_t number_of(const char *path)
{
	uint64_t value = 0;

	zcb_read_number(path, &value);
	return (int64_t)value;
}

/* What is closed goes at the end of a system call, what is freed when RCU says so. */
void balance_settle(void)
{
	sync();
	zcb_write_text("/proc/sys/vm/drop_caches", "3");
	/* Else what a processor has counted for itself is missing: mm/vmstat.c, vmstat_refresh().
	 */
	zcb_write_text("/proc/sys/vm/stat_refresh", "1");
}

void balance_take(struct balance *ret_balance)
{
	balance_settle();
	*ret_balance = (struct balance){
		.udmabufs = export_count_live(),
		.pins = number_in("/proc/vmstat", "nr_foll_pin_acquired") -
			number_in("/proc/vmstat", "nr_foll_pin_released"),
		.huge_2m = number_of(FREE_HUGE("2048")),
		.huge_1g = number_of(FREE_HUGE("1048576")),
		.reserved_2m = number_of(RESERVED_HUGE("2048")),
		.reserved_1g = number_of(RESERVED_HUGE("1048576")),
		.slab_kib = number_in("/proc/meminfo", "SUnreclaim"),
		.free_kib = number_in("/proc/meminfo", "MemFree"),
	};
}

static void compare(json_t *problems, const char *what, int64_t lost, int64_t tolerance)
{
	if (lost > tolerance || (!tolerance && lost))
		json_array_append_new(problems,
				      json_sprintf("left behind: %" PRId64 " %s", lost, what));
}

static json_t *differences(const struct balance *before, const struct balance *after,
			   const struct balance_tolerance *tolerance)
{
	json_t *problems = json_array();

	compare(problems, "udmabufs", after->udmabufs - before->udmabufs, 0);
	compare(problems, "pinned pages", after->pins - before->pins, 0);
	compare(problems, "huge pages of 2 MiB", before->huge_2m - after->huge_2m, 0);
	compare(problems, "huge pages of 1 GiB", before->huge_1g - after->huge_1g, 0);
	compare(problems, "reservations of 2 MiB", after->reserved_2m - before->reserved_2m, 0);
	compare(problems, "reservations of 1 GiB", after->reserved_1g - before->reserved_1g, 0);
	compare(problems, "KiB of slab", after->slab_kib - before->slab_kib, tolerance->slab_kib);
	compare(problems, "KiB of memory", before->free_kib - after->free_kib, tolerance->free_kib);
	return problems;
}

json_t *balance_compare(const struct balance *before, const struct balance_tolerance *tolerance,
			struct balance *ret_after)
{
	for (unsigned int i = 0;; i++) {
		json_t *problems;

		balance_take(ret_after);
		problems = differences(before, ret_after, tolerance);
		if (!json_array_size(problems) || i == GRACE_TRIES)
			return problems;
		json_decref(problems);
		usleep(GRACE_US);
	}
}

bool balance_has_quarantine(void)
{
	static int known = -1;
	ZCB_FCLOSE FILE *f = known < 0 ? fopen("/proc/kallsyms", "re") : NULL;
	char line[256];

	if (known >= 0)
		return known;
	known = 0;
	while (f && !known && fgets(line, sizeof(line), f))
		known = strstr(line, " kasan_quarantine_put\n") != NULL;
	return known;
}

int64_t balance_total_kib(void)
{
	return number_in("/proc/meminfo", "MemTotal");
}

json_t *balance_json(const struct balance *before, const struct balance *after)
{
	return json_pack("{s:[I,I], s:[I,I], s:[I,I], s:[I,I], s:[I,I], s:[I,I]}", "udmabufs",
			 (json_int_t)before->udmabufs, (json_int_t)after->udmabufs, "pins",
			 (json_int_t)before->pins, (json_int_t)after->pins, "huge_2m",
			 (json_int_t)before->huge_2m, (json_int_t)after->huge_2m, "huge_1g",
			 (json_int_t)before->huge_1g, (json_int_t)after->huge_1g, "slab_kib",
			 (json_int_t)before->slab_kib, (json_int_t)after->slab_kib, "free_kib",
			 (json_int_t)before->free_kib, (json_int_t)after->free_kib);
}
