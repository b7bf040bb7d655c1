// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest draws. Nothing in here waits for a reader but what the fence makes wait. */
#include "bench/executor/draw.h"

/* The whole frame is of the next sequence now, or will be when its fence is signalled. */
static void note_drawn(struct zcb_running *run)
{
	run->spec.published++;
	for (uint32_t i = 0; i < run->spec.pages; i++)
		run->want[i] = run->spec.published;
}

/*
 * Spoils a word in the middle of a page, behind everybody's back: for tests, which demand of each
 * consumer that it shows that page, and no other, to be corrupt. It is a check word of line 32.
 */
static int plant(struct zcb_running *run, struct zcb_error *err)
{
	zcb_memfd_off at = run->page[run->cell->params.plant - 1];
	zcb_ns took;

	at.off += 2048 + 3 * sizeof(uint64_t);
	return run->guest->ops->touch(run->guest, at, true, UINT64_C(0x5ca1ab1e0ddba11), &took, err);
}

int zcb_draw(struct zcb_running *run, struct zcb_error *err)
{
	int ret = ZCB_METERED(&run->meter, run->guest->ops->draw(run->guest, run->frame,
								  run->spec.published + 1, err));

	if (!ret && run->opened && run->consumer.await)
		ret = ZCB_METERED(&run->meter, run->consumer.await(run->state, err));
	if (ret)
		return ret;
	note_drawn(run);
	return run->cell->params.plant ? plant(run, err) : 0;
}

int zcb_draw_begin(struct zcb_running *run, struct zcb_fenced_draw *ret_draw, struct zcb_error *err)
{
	int ret;

	*ret_draw = (struct zcb_fenced_draw){ .guest = run->guest, .frame = run->frame,
					      .sequence = run->spec.published + 1,
					      .timeline = run->timeline, .point = ++run->point };
	ret = ZCB_METERED(&run->meter, zcb_fence_draw(ret_draw, run->dmabuf, err));
	if (!ret)
		note_drawn(run);
	return ret;
}

int zcb_draw_end(struct zcb_running *run, struct zcb_fenced_draw *draw, struct zcb_error *err)
{
	return ZCB_METERED(&run->meter, zcb_fence_end(draw, err));
}
