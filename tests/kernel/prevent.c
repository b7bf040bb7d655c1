// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Workloads whose work is prevented by the kernel they run on, without a guest: each must say so, and
 * each must work where nothing prevents it, or its complaint would show nothing. It boots a host under
 * test whose runner is this very program.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/child.h"
#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/executor/refill.h"
#include "bench/exporter/udmabuf.h"
#include "bench/results/wire.h"
#include "tests/kernel/host.h"
#include "workloads/workload.h"

#define PAGE 4096U
#define PAGES 16U
#define HUGE (2UL << 20)
#define SHMEM_ENABLED "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
#define POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

/* A frame of some pages of a memfd of 4 MiB, which this process maps as a VMM would. */
struct scene {
	struct zcb_guest guest;
	struct zcb_victim victim;
	struct zcb_damage damage;
	zcb_memfd_off page[PAGES];
	enum zcb_hit hit[PAGES];
	uint64_t random;
	char *map;
	struct zcb_error err;
	char problem[1024];
};

static void forget(void *recorder, const char *metric, uint64_t operation, zcb_ns at, zcb_ns value)
{
}

__attribute__((format(printf, 2, 3))) static void complain(struct scene *scene, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	if (!*scene->problem)
		vsnprintf(scene->problem, sizeof(scene->problem), format, args);
	va_end(args);
}

/* This process maps the memfd as a VMM would, so it asks by its own mapping. */
static int page_out(struct zcb_guest *guest, zcb_memfd_off offset, struct zcb_error *err)
{
	struct scene *scene = (struct scene *)guest;

	return madvise(scene->map + offset.off, PAGE, MADV_PAGEOUT) < 0 ?
		       zcb_fail(err, -errno, "madvise(): %m") : 0;
}

static const struct zcb_guest_ops stand_in = { .name = "stand-in", .page_out = page_out };

static int open_scene(struct scene *scene, enum zcb_memory memory)
{
	int ret;

	*scene = (struct scene){ .random = 3 };
	ret = memory == ZCB_MEMORY_HUGETLB ? zcb_hugetlb_reserve(3, &scene->err) : 0;
	if (!ret)
		ret = zcb_memfd_create(memory, 2 * HUGE, &scene->guest.memfd, &scene->err);
	if (ret)
		return ret;
	scene->map = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, scene->guest.memfd, 0);
	if (scene->map == MAP_FAILED)
		return zcb_fail(&scene->err, -errno, "mmap(): %m");
	for (uint64_t i = 0; i < 2 * HUGE; i += PAGE)
		*(uint64_t *)(scene->map + i) = i + 1;
	for (uint32_t i = 0; i < PAGES; i++)
		scene->page[i] = (zcb_memfd_off){ i * (uint64_t)(3 * PAGE) + i / 8 * HUGE };
	scene->guest.ops = &stand_in;
	scene->guest.memory = memory;
	scene->guest.ram_bytes = 2 * HUGE;
	scene->damage.hit = scene->hit;
	scene->victim = (struct zcb_victim){
		.guest = &scene->guest, .memfd = scene->guest.memfd, .memory = memory,
		.page = scene->page, .pages = PAGES, .random = &scene->random, .sample = forget,
		.operation = 1,
	};
	return 0;
}

static void close_scene(struct scene *scene)
{
	if (scene->map && scene->map != MAP_FAILED)
		munmap(scene->map, 2 * HUGE);
	if (scene->guest.memfd > 0)
		close(scene->guest.memfd);
}

/* -- a workload, as a cell would have it, with something done before the strike */

struct trial {
	const char *name, *workload;
	enum zcb_memory memory;
	struct zcb_workload_params params;
	void (*prevent)(struct scene *scene);	    /* before check(); NULL: nothing */
	void (*prevent_late)(struct scene *scene); /* between prepare() and strike() */
	void (*mend)(void);
	bool without_check, without_prepare;
	int wanted;	   /* of the step that is to fail; 0: it is to work */
	const char *words; /* of its sentence */
	enum zcb_hit hit;  /* where it is to work, what becomes of the first page that is hit */
};

static int play(struct scene *scene, const struct trial *trial)
{
	const struct zcb_workload_ops *workload = zcb_workload_find(trial->workload);
	int ret = 0;

	if (!workload)
		return zcb_fail(&scene->err, -ENOENT, "no such workload");
	if (trial->prevent)
		trial->prevent(scene);
	if (!trial->without_check)
		ret = workload->check(&trial->params, &scene->guest, &scene->err);
	if (!ret && workload->prepare && !trial->without_prepare)
		ret = workload->prepare(&trial->params, &scene->victim, &scene->err);
	if (!ret && trial->prevent_late)
		trial->prevent_late(scene);
	/* As the guest draws: its pages are mapped again. */
	for (uint32_t i = 0; i < PAGES; i++)
		*(volatile char *)(scene->map + scene->page[i].off) += 1;
	if (!ret)
		ret = workload->strike(&trial->params, &scene->victim, &scene->damage, &scene->err);
	if (workload->restore)
		workload->restore(&scene->victim);
	return ret;
}

static void judge(struct scene *scene, const struct trial *trial, int ret)
{
	if (ret != trial->wanted)
		return complain(scene, "returned %d (%s) instead of %d", ret, scene->err.text,
				trial->wanted);
	if (ret && !strstr(scene->err.text, trial->words))
		complain(scene, "said \"%s\", not \"%s\"", scene->err.text, trial->words);
	if (ret && scene->damage.work)
		complain(scene, "failed and counted %llu operations",
			 (unsigned long long)scene->damage.work);
	if (!ret && !scene->damage.work)
		complain(scene, "did nothing and said it was well");
	for (uint32_t i = 0; !ret && i < PAGES; i++)
		if (scene->hit[i] && scene->hit[i] != trial->hit)
			complain(scene, "page %u: what became of it is %d instead of %d", i,
				 (int)scene->hit[i], (int)trial->hit);
}

/* -- what prevents */

static void deny_huge(struct scene *scene)
{
	if (zcb_write_text(SHMEM_ENABLED, "deny"))
		complain(scene, SHMEM_ENABLED " takes no deny");
}

static void allow_huge(void)
{
	zcb_write_text(SHMEM_ENABLED, "never");
}

static void stop_ksmd(struct scene *scene)
{
	if (zcb_write_text("/sys/kernel/mm/ksm/run", "0"))
		complain(scene, "ksmd cannot be stopped");
}

#define BLOCKS { .pattern = ZCB_PATTERN_FRAME, .unit = ZCB_UNIT_HUGE }
#define IN_THP { .pattern = ZCB_PATTERN_SINGLE, .backing = ZCB_BACKING_THP }
#define EVERY_4TH { .pattern = ZCB_PATTERN_STRIDE, .stride = 4 }
#define DENIED "host set-up: huge pages of shmem are denied: echo never > " SHMEM_ENABLED
#define NOT_COLLAPSED "kernel: a block that nobody holds was not collapsed: MADV_COLLAPSE said Invalid"

static const struct trial trials[] = {
	{ "collapse", "thp-collapse", .params = BLOCKS, .hit = ZCB_HIT_MOVED },
	{ "collapse, denied", "thp-collapse", .params = BLOCKS, .prevent = deny_huge, .mend = allow_huge,
	  .wanted = -EOPNOTSUPP, .words = DENIED },
	{ "collapse, denied and tried", "thp-collapse", .params = BLOCKS, .prevent = deny_huge,
	  .mend = allow_huge, .without_check = true, .wanted = -EIO, .words = NOT_COLLAPSED },
	{ "collapse of hugetlb", "thp-collapse", ZCB_MEMORY_HUGETLB, BLOCKS, .wanted = -EOPNOTSUPP,
	  .words = "kernel: hugetlb memory has huge pages of its own" },
	{ "split", "thp-split", .params = BLOCKS, .hit = ZCB_HIT_MOVED },
	{ "split, denied", "thp-split", .params = BLOCKS, .prevent = deny_huge, .mend = allow_huge,
	  .without_check = true, .wanted = -EIO, .words = NOT_COLLAPSED },
	{ "split of small pages", "thp-split", .params = BLOCKS, .without_prepare = true, .wanted = -EIO,
	  .words = "kernel: page 0 of the frame is in a small page before the strike" },
	{ "punch in a huge page", "punch", .params = IN_THP, .hit = ZCB_HIT_HOLE },
	{ "punch in a huge page, denied", "punch", .params = IN_THP, .prevent = deny_huge,
	  .mend = allow_huge, .wanted = -EOPNOTSUPP, .words = DENIED },
	{ "punch in a small page", "punch", .params = IN_THP, .without_prepare = true, .wanted = -EIO,
	  .words = "is in no huge page before the punch" },
	{ "swap", "swap", .params = EVERY_4TH, .hit = ZCB_HIT_MOVED },
	{ "swap without swap space", "swap", .params = EVERY_4TH, .without_prepare = true, .wanted = -EIO,
	  .words = "0 of 16 pages that nobody holds are in swap" },
	{ "swap of hugetlb", "swap", ZCB_MEMORY_HUGETLB, EVERY_4TH, .wanted = -EOPNOTSUPP,
	  .words = "kernel: hugetlb memory is never swapped" },
	{ "ksm", "ksm" },
	{ "ksm of hugetlb", "ksm", ZCB_MEMORY_HUGETLB },
	{ "ksm, stopped", "ksm", .prevent_late = stop_ksmd, .wanted = -EIO,
	  .words = "kernel: ksmd did not merge two equal anonymous pages within" },
};

static void run_trial(struct scene *scene, const struct trial *trial)
{
	if (open_scene(scene, trial->memory))
		complain(scene, "set-up: %s", scene->err.text);
	else
		judge(scene, trial, play(scene, trial));
	if (trial->mend)
		trial->mend();
	close_scene(scene);
}

/* -- an empty pool: a huge page that is punched under a udmabuf does not come back */

static void expect_sigbus(struct scene *scene)
{
	pid_t pid = zcb_fork();
	int status = 0;

	if (!pid) {
		*(volatile char *)(scene->map + scene->page[0].off) = 1;
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status) || WTERMSIG(status) != SIGBUS)
		complain(scene, "who touches the hole ends by status %#x, not SIGBUS", status);
}

static void refill_from_nothing(struct scene *scene)
{
	struct zcb_frame_spec spec = { .key = 1, .pages = PAGES, .published = 1 };
	uint64_t want[PAGES] = { 0 }, left = 0;
	int ret;

	if (zcb_write_text(POOL, "2") || zcb_hugetlb_free_pages(&left) || left)
		complain(scene, "the pool has %llu free pages", (unsigned long long)left);
	ret = zcb_refill(ZCB_REFILL_FALLOCATE, &scene->guest, &scene->victim, scene->hit, &spec, want,
			 &scene->err);
	if (ret != -ENOSPC || !strstr(scene->err.text, "kernel: fallocate() of a page of the memfd: No space"))
		complain(scene, "the refill returned %d (%s)", ret, scene->err.text);
	expect_sigbus(scene);
}

static void empty_pool(struct scene *scene, const char *workload)
{
	const struct zcb_workload_params params = { .unit = ZCB_UNIT_HUGE };
	int dmabuf = -1, ret;
	zcb_ns took;

	ret = open_scene(scene, ZCB_MEMORY_HUGETLB);
	for (uint32_t i = 0; i < PAGES; i++)
		scene->page[i] = (zcb_memfd_off){ i * (uint64_t)PAGE };
	if (!ret)
		ret = zcb_udmabuf_create(scene->guest.memfd, scene->page, PAGES, &dmabuf, &took,
					 &scene->err);
	if (!ret)
		ret = zcb_workload_find(workload)->strike(&params, &scene->victim, &scene->damage,
							  &scene->err);
	if (ret)
		complain(scene, "%s", scene->err.text);
	else if (scene->damage.pages_held != 1)
		complain(scene, "%llu pages are held", (unsigned long long)scene->damage.pages_held);
	else
		refill_from_nothing(scene);
	if (dmabuf >= 0)
		close(dmabuf);
	close_scene(scene);
}

/* -- the runner */

static int tell(int channel, const char *name, const struct scene *scene)
{
	return zcb_wire_send(channel,
			     json_pack("{s:s, s:s, s:b, s:s, s:s}", "type", "scene", "scenario", name, "ok",
				       !*scene->problem, "problem", scene->problem, "said",
				       scene->err.text), NULL, 0);
}

static int run_all(int channel)
{
	static const char *const punches[] = { "punch", "punch-madvise" };
	unsigned int n = 0, failed = 0;
	struct scene scene;
	int ret = 0;

	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]) && !ret; i++, n++) {
		run_trial(&scene, &trials[i]);
		failed += *scene.problem != '\0';
		ret = tell(channel, trials[i].name, &scene);
	}
	for (size_t i = 0; i < 2 && !ret; i++, n++) {
		empty_pool(&scene, punches[i]);
		failed += *scene.problem != '\0';
		ret = tell(channel, punches[i], &scene);
	}
	return ret ? ret : zcb_wire_send(channel, json_pack("{s:s, s:i, s:i}", "type", "bye", "scenes",
							    (int)n, "failed", (int)failed), NULL, 0);
}

/* Called as init calls a runner: runner --channel PORT … */
static int runner(int argc, char **argv)
{
	ZCB_CLOSE int channel = argc > 3 ? open(argv[3], O_RDWR | O_CLOEXEC) : -1;
	int ret = channel < 0 ? -errno : 0;

	if (!ret)
		ret = zcb_wire_send(channel, json_pack("{s:s}", "type", "hello"), NULL, 0);
	return ret || run_all(channel) ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "runner"))
		return runner(argc, argv);
	return host_main(argc, argv);
}
