// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest gives pages to its kernel, which by itself tells QEMU of all that are free, some seconds
 * later (PAGE_REPORTING_DELAY in mm/page_reporting.c); and QEMU punches them. By default the kernel tells of
 * 2 MiB at a time; this guest tells of single pages, too.
 */
#include <unistd.h>

#include "bench/base/io.h"
#include "workloads/taken.h"

#define PATIENCE_S 30 /* the guest waits 2 s of its own, and may need several times */

static int report_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
			struct zcb_error *err)
{
	return zcb_taken_check(params, guest, ZCB_GUEST_REPORTING, err);
}

static int report_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			 struct zcb_damage *damage, struct zcb_error *err)
{
	uint64_t deadline = zcb_now_ns() + PATIENCE_S * 1000000000ULL;
	uint32_t left;
	int ret = zcb_taken_give(params, victim, &left, err);

	while (!ret && left && zcb_now_ns() < deadline) {
		usleep(20000);
		left = zcb_taken_left(victim);
	}
	return ret ? ret : zcb_taken_note(victim, damage, left, "guest: it reports no free pages, or not all, "
					  "in 30 s", err);
}

static int report_give_back(const struct zcb_workload_params *params, struct zcb_victim *victim,
			    struct zcb_error *err)
{
	return zcb_taken_regain(victim, err);
}

const struct zcb_workload_ops zcb_workload_free_page_report = {
	.name = "free-page-report",
	.summary = "the guest frees pages, its kernel reports them, and QEMU takes them",
	.needs = "the guest linux, on shmem",
	.effect = "its pages leave the memfd, punched by QEMU",
	.event = ZCB_EVENT_FAULT,
	.devices = ZCB_GUEST_REPORTING,
	.check = report_check,
	.strike = report_strike,
	.give_back = report_give_back,
	.restore = zcb_taken_restore,
};
