// SPDX-License-Identifier: GPL-2.0-or-later
/* The dma-buf of a round, from its export to its close, and the consumer that opens it. */
#include "bench/executor/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/base/io.h"

/* To count what it holds the kernel looks up each page, which is most of what a short round costs. */
#define ROUNDS_A_CHECK 16

/*
 * The kernel must really have made a udmabuf of this variant, and one that is told of each page:
 * else the cell would measure something else under its name.
 */
static int check_variant(const struct zcb_running *run, struct zcb_error *err)
{
	const char *variant = run->cell->variant;
	struct zcb_udmabuf_counters counters;
	int ret = zcb_udmabuf_counters(run->dmabuf, &counters);

	if (ret == -ENOENT && !strcmp(variant, "stock"))
		return 0;
	if (ret)
		return zcb_fail(err, ret,
				"kernel: the udmabuf's counters: %s (debugfs must be mounted)",
				strerror(-ret));
	if (strcmp(counters.variant, variant) != 0)
		return zcb_fail(err, -EIO, "kernel: it made a udmabuf of the variant %s, not %s",
				counters.variant, variant);
	if (strcmp(variant, "stock") != 0 && counters.mapped != run->spec.pages)
		return zcb_fail(err, -EIO,
				"zcbench bug: only %" PRIu64 " of %u pages are mapped by the "
				"process that made the udmabuf",
				counters.mapped, run->spec.pages);
	return 0;
}

static int export(struct zcb_running *run, struct zcb_error *err)
{
	uint64_t start = zcb_now_ns();
	zcb_ns took;
	int ret = ZCB_METERED(&run->meter, run->guest->ops->export(run->guest, run->page, run->spec.pages,
								   &run->dmabuf, &took, err));

	if (!ret)
		zcb_running_sample(&run->recorder, "export.create", run->victim.operation++,
				   (zcb_ns){ start }, took);
	return ret;
}

static int open_display(struct zcb_running *run, struct zcb_error *err)
{
	int ret = run->display < 0 ? run->guest->ops->look(run->guest, &run->display, err) : 0, dmabuf;

	run->view.display = run->display;
	if (!ret)
		ret = run->consumer.open(&run->view, &run->state, err);
	if (ret)
		return ret;
	run->opened = true;
	dmabuf = fcntl(run->consumer.dmabuf(run->state), F_DUPFD_CLOEXEC, 0);
	if (dmabuf < 0)
		return zcb_fail(err, -errno, "host set-up: no file for the dma-buf: %m");
	run->dmabuf = dmabuf;
	return 0;
}

static int open_consumer(struct zcb_running *run, struct zcb_error *err)
{
	int ret;

	if (run->consumer.display)
		return open_display(run, err);
	ret = run->consumer.open(&run->view, &run->state, err);
	run->opened = ret == 0;
	return ret;
}

/* What the kernel's trace calls the dma-buf. */
static void note_buffer(struct zcb_running *run)
{
	struct stat file;

	run->buffer = run->dmabuf >= 0 && fstat(run->dmabuf, &file) == 0 ? file.st_ino : 0;
}

int zcb_buffer_open(struct zcb_running *run, struct zcb_error *err)
{
	int ret = run->consumer.display ? 0 : export(run, err);

	if (ret)
		return ret;
	note_buffer(run);
	run->view = (struct zcb_view){.dmabuf = run->dmabuf,
				      .display = -1,
				      .memfd = run->guest->memfd,
				      .page = run->page,
				      .pages = run->spec.pages,
				      .geometry = run->geometry,
				      .import_each = run->cell->params.import == ZCB_IMPORT_EACH};
	ret = ZCB_METERED(&run->meter, open_consumer(run, err));
	return ret || run->round % ROUNDS_A_CHECK ? ret : check_variant(run, err);
}

void zcb_buffer_close(struct zcb_running *run)
{
	struct zcb_udmabuf_counters counters;
	uint64_t start;

	zcb_meter_enter(&run->meter);
	if (run->opened)
		run->consumer.close(run->state);
	zcb_meter_leave(&run->meter);
	run->opened = false;
	if (run->dmabuf < 0)
		return;
	if (!zcb_udmabuf_counters(run->dmabuf, &counters))
		zcb_udmabuf_counters_add(&run->counters, &counters);
	zcb_meter_enter(&run->meter);
	start = zcb_now_ns();
	close(run->dmabuf);
	zcb_running_sample_since(run, "export.close", run->victim.operation++, start);
	zcb_meter_leave(&run->meter);
	run->dmabuf = -1;
}
