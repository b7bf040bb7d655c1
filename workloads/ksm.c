// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Has ksmd look for equal pages, with guest RAM among what it is advised to look at. KSM merges
 * anonymous memory alone: MADV_MERGEABLE of a shared mapping is taken, and ignored
 * (vma_ksm_compatible() in mm/ksm.c). So nothing may happen to the frame. That ksmd merges here is
 * shown by two anonymous pages with the bytes of a page of the frame.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "workloads/pages.h"
#include "workloads/workload.h"

#define PAGE 4096U
#define FOLDER "/sys/kernel/mm/ksm/"
#define PATIENCE_MS 10000

/* How ksmd was set before, and how it has to be to come round soon. */
struct knob {
	const char *path;
	uint64_t value;
};

static const struct knob wanted_knobs[] = {
	{ FOLDER "sleep_millisecs", 10 },
	{ FOLDER "pages_to_scan", 4096 },
	{ FOLDER "run", 1 },
};

#define KNOBS (sizeof(wanted_knobs) / sizeof(wanted_knobs[0]))

struct knobs {
	uint64_t before[KNOBS];
	uint32_t set;
};

static int ksm_check(const struct zcb_workload_params *params, const struct zcb_guest *guest,
		     struct zcb_error *err)
{
	if (access(FOLDER "run", W_OK) < 0)
		return zcb_fail(err, -EOPNOTSUPP, "kernel: " FOLDER "run: %m (it takes CONFIG_KSM, and root)");
	return 0;
}

static int set_knob(const struct knob *knob, uint64_t value, struct zcb_error *err)
{
	char text[32];
	int ret;

	snprintf(text, sizeof(text), "%" PRIu64, value);
	ret = zcb_write_text(knob->path, text);
	return ret ? zcb_fail(err, ret, "kernel: %s: %s", knob->path, strerror(-ret)) : 0;
}

static int ksm_prepare(const struct zcb_workload_params *params, struct zcb_victim *victim,
		       struct zcb_error *err)
{
	struct knobs *knobs = calloc(1, sizeof(*knobs));
	int ret = 0;

	victim->state = knobs;
	if (!knobs)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory");
	for (; knobs->set < KNOBS && !ret; knobs->set += !ret) {
		const struct knob *knob = &wanted_knobs[knobs->set];

		ret = zcb_read_number(knob->path, &knobs->before[knobs->set]);
		ret = ret ? zcb_fail(err, ret, "kernel: %s: %s", knob->path, strerror(-ret)) :
			    set_knob(knob, knob->value, err);
	}
	return ret;
}

static void ksm_restore(struct zcb_victim *victim)
{
	struct knobs *knobs = victim->state;

	while (knobs && knobs->set-- > 0)
		set_knob(&wanted_knobs[knobs->set], knobs->before[knobs->set], NULL);
	free(knobs);
	victim->state = NULL;
}

/* Memory that ksmd is advised to look at. */
struct advised {
	char *at;
	size_t bytes;
};

static void unmap(struct advised *advised)
{
	if (advised->at)
		munmap(advised->at, advised->bytes);
}

static int advise(struct advised *advised, struct zcb_error *err)
{
	if (madvise(advised->at, advised->bytes, MADV_MERGEABLE) < 0)
		return zcb_fail(err, -errno, "kernel: MADV_MERGEABLE: %m");
	return 0;
}

/* The huge page, or page, that page i of the frame is in; a page inside it. */
static int map_guest(const struct zcb_victim *victim, uint32_t i, struct advised *ret_map, char **ret_page,
		     struct zcb_error *err)
{
	uint64_t size = zcb_memory_page_size(victim->memory), inside = victim->page[i].off % size;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, victim->memfd,
			(off_t)(victim->page[i].off - inside));

	if (at == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: mapping a page of the memfd: %m");
	*ret_map = (struct advised){ .at = at, .bytes = size };
	*ret_page = at + inside;
	return advise(ret_map, err);
}

/* Two pages of their own that are equal to it. */
static int make_decoys(const char *like, struct advised *ret_map, struct zcb_error *err)
{
	char *at = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return zcb_fail(err, -errno, "host set-up: no memory for two pages: %m");
	*ret_map = (struct advised){ .at = at, .bytes = 2 * PAGE };
	memcpy(at, like, PAGE);
	memcpy(at + PAGE, like, PAGE);
	return advise(ret_map, err);
}

struct seen {
	zcb_page_number guest, decoy[2];
	bool guest_merged, decoy_merged;
};

static int look(const char *guest, const char *decoys, struct seen *ret_seen, struct zcb_error *err)
{
	int ret = zcb_page_at(guest, &ret_seen->guest, err);

	if (!ret)
		ret = zcb_page_at(decoys, &ret_seen->decoy[0], err);
	if (!ret)
		ret = zcb_page_at(decoys + PAGE, &ret_seen->decoy[1], err);
	if (!ret)
		ret = zcb_page_has(ret_seen->guest, ZCB_PAGE_KSM, &ret_seen->guest_merged, err);
	return ret ? ret : zcb_page_has(ret_seen->decoy[0], ZCB_PAGE_KSM, &ret_seen->decoy_merged, err);
}

static bool are_merged(const struct seen *seen)
{
	return seen->decoy_merged && seen->decoy[0].n == seen->decoy[1].n;
}

/* Until ksmd has merged the decoys, and has come round once more. */
static int wait_for_ksmd(const char *guest, const char *decoys, struct seen *ret_seen,
			 struct zcb_error *err)
{
	uint64_t start = zcb_now_ns(), scans = 0, last = UINT64_MAX;
	int ret = 0;

	while (!ret && scans <= last && zcb_now_ns() - start < PATIENCE_MS * 1000000ULL) {
		nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
		ret = zcb_read_number(FOLDER "full_scans", &scans);
		if (ret)
			return zcb_fail(err, ret, "kernel: " FOLDER "full_scans: %s", strerror(-ret));
		ret = look(guest, decoys, ret_seen, err);
		if (!ret && last == UINT64_MAX && are_merged(ret_seen))
			last = scans + 1;
	}
	if (ret || are_merged(ret_seen))
		return ret;
	return zcb_fail(err, -EIO, "kernel: ksmd did not merge two equal anonymous pages within %d s, in %" PRIu64
			" scans: pages %#" PRIx64 " and %#" PRIx64 " (does " FOLDER "run say 1?)",
			PATIENCE_MS / 1000, scans, ret_seen->decoy[0].n, ret_seen->decoy[1].n);
}

static int ksm_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
		      struct zcb_damage *damage, struct zcb_error *err)
{
	uint32_t page = (uint32_t)(zcb_random_next(victim->random) % victim->pages);
	ZCB_CLEANUP(unmap) struct advised ram = { 0 }, decoys = { 0 };
	uint64_t start = zcb_now_ns();
	zcb_page_number before;
	struct seen seen = { 0 };
	char *guest = NULL;
	int ret = map_guest(victim, page, &ram, &guest, err);

	if (!ret)
		ret = make_decoys(guest, &decoys, err);
	if (!ret)
		ret = zcb_page_at(guest, &before, err);
	if (!ret)
		ret = wait_for_ksmd(guest, decoys.at, &seen, err);
	if (ret)
		return ret;
	victim->sample(victim->recorder, "ksm.merge", victim->operation++, (zcb_ns){ start },
		       (zcb_ns){ zcb_now_ns() - start });
	if (seen.guest_merged || seen.guest.n != before.n || seen.guest.n == seen.decoy[0].n)
		return zcb_fail(err, -EIO, "kernel: ksmd touched page %" PRIu32 " of the frame, shared memory: it was "
				"page %#" PRIx64 " and is %#" PRIx64 "%s; the decoys are %#" PRIx64, page,
				before.n, seen.guest.n, seen.guest_merged ? ", merged" : "",
				seen.decoy[0].n);
	damage->work++;
	return 0;
}

const struct zcb_workload_ops zcb_workload_ksm = {
	.name = "ksm",
	.summary = "has ksmd merge pages equal to one of the frame, with guest RAM advised as mergeable",
	.needs = "CONFIG_KSM",
	.effect = "none: KSM merges anonymous memory alone, and ignores shared mappings",
	.event = ZCB_EVENT_NONE,
	.check = ksm_check,
	.prepare = ksm_prepare,
	.strike = ksm_strike,
	.restore = ksm_restore,
};
