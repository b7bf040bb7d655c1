// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * udmabufs of a second frame are created, mapped, read, unmapped and closed, over and over, while
 * another workload strikes the first: the VMM's mm gains and loses a subscriber in the middle of
 * its faults, its invalidations and its updates.
 */
#include <errno.h>
#include <linux/dma-buf.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench/base/cleanup.h"
#include "bench/base/io.h"
#include "bench/guest/stamp.h"
#include "workloads/beside.h"

#define SEQUENCE 1U /* of the second frame: it is drawn once */
#define AT_LEAST 2U /* cycles, however quick the strike */
#define SAMPLES 4096U /* more are counted, and not kept */

/** The thread that churns. It has times of its own: the recorder is the strike's meanwhile. */
struct churn {
	const struct zcb_beside *beside;
	atomic_bool over;
	uint64_t cycles;
	zcb_ns *at, *took; /* of the first SAMPLES cycles; owned */
	int ret;
	struct zcb_error err;
};

static int read_all(const struct zcb_beside *beside, int dmabuf, const char *bytes,
		    struct zcb_error *err)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_READ | DMA_BUF_SYNC_START };
	char drawn[ZCB_STAMP_PAGE_SIZE];

	if (ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) < 0)
		return zcb_fail(err, -errno, "kernel: DMA_BUF_IOCTL_SYNC: %m");
	for (uint32_t i = 0; i < beside->pages; i++) {
		zcb_stamp_fill(drawn, beside->key, SEQUENCE, (uint16_t)beside->frame, i);
		if (memcmp(bytes + i * sizeof(drawn), drawn, sizeof(drawn)) != 0)
			return zcb_fail(err, -EIO, "kernel: a new dma-buf of a frame that nobody touches is "
					"wrong at page %u", i);
	}
	sync.flags = DMA_BUF_SYNC_READ | DMA_BUF_SYNC_END;
	return ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) < 0 ?
		       zcb_fail(err, -errno, "kernel: DMA_BUF_IOCTL_SYNC: %m") :
		       0;
}

static int cycle(const struct zcb_beside *beside, struct zcb_error *err)
{
	size_t size = (size_t)beside->pages * ZCB_STAMP_PAGE_SIZE;
	ZCB_CLOSE int dmabuf = -1;
	zcb_ns took;
	char *bytes;
	int ret = beside->guest->ops->export(beside->guest, beside->page, beside->pages, &dmabuf, &took,
					     err);

	if (ret)
		return ret;
	bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, dmabuf, 0);
	if (bytes == MAP_FAILED)
		return zcb_fail(err, -errno, "kernel: the dma-buf cannot be mapped: %m");
	ret = read_all(beside, dmabuf, bytes, err);
	munmap(bytes, size);
	return ret;
}

static void *run(void *opaque)
{
	struct churn *churn = opaque;

	while (!churn->ret && (churn->cycles < AT_LEAST || !atomic_load(&churn->over))) {
		uint64_t start = zcb_now_ns();

		churn->ret = cycle(churn->beside, &churn->err);
		if (churn->cycles < SAMPLES) {
			churn->at[churn->cycles].ns = start;
			churn->took[churn->cycles].ns = zcb_now_ns() - start;
		}
		churn->cycles += !churn->ret;
	}
	return NULL;
}

static void finish_churn(struct churn *churn)
{
	free(churn->at);
	free(churn->took);
}

static void note(const struct churn *churn, struct zcb_victim *victim, struct zcb_damage *damage)
{
	for (uint64_t i = 0; i < churn->cycles && i < SAMPLES; i++)
		victim->sample(victim->recorder, "churn", victim->operation++, churn->at[i],
			       churn->took[i]);
	damage->work += churn->cycles;
}

static int churn_during(const struct zcb_workload_params *params, struct zcb_victim *victim,
			struct zcb_beside *beside, struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_CLEANUP(finish_churn) struct churn churn = {
		.beside = beside, .at = calloc(SAMPLES, sizeof(zcb_ns)),
		.took = calloc(SAMPLES, sizeof(zcb_ns)) };
	pthread_t thread;
	int ret;

	if (!churn.at || !churn.took)
		return zcb_fail(err, -ENOMEM, "host set-up: no memory for samples");
	ret = pthread_create(&thread, NULL, run, &churn);
	if (ret)
		return zcb_fail(err, -ret, "host set-up: no thread for the churn: %s", strerror(ret));
	ret = beside->under->strike(params, victim, damage, err);
	atomic_store(&churn.over, true);
	pthread_join(thread, NULL);
	if (!ret && churn.ret)
		return zcb_fail(err, churn.ret, "%s", churn.err.text);
	if (!ret)
		note(&churn, victim, damage);
	return ret;
}

static int churn_strike(const struct zcb_workload_params *params, struct zcb_victim *victim,
			struct zcb_damage *damage, struct zcb_error *err)
{
	ZCB_CLEANUP(zcb_beside_close) struct zcb_beside beside = { 0 };
	int ret = zcb_beside_open(params, victim, &beside, err);

	if (!ret)
		ret = beside.guest->ops->draw(beside.guest, beside.frame, SEQUENCE, err);
	return ret ? ret : churn_during(params, victim, &beside, damage, err);
}

const struct zcb_workload_ops zcb_workload_churn = {
	.name = "churn",
	.summary = "creates, maps, reads and closes udmabufs of a second frame while `under` strikes the first",
	.needs = "what the workload named by \"under\" needs",
	.effect = "that of `under`; the second frame's pages are pinned and let go all the time",
	.event = ZCB_EVENT_UNDER,
	.check = zcb_beside_check,
	.prepare = zcb_beside_prepare,
	.strike = churn_strike,
	.give_back = zcb_beside_give_back,
	.restore = zcb_beside_restore,
};
